"""Proofs against real servers: races, faults, strangers; short in CI, whole in `make prove`."""
