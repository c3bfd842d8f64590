"""How long a proof is: short by default and in CI, the whole of it under PROVE=full."""

from __future__ import annotations

import os
from typing import TypeVar

Number = TypeVar("Number", int, float)

IS_FULL = os.environ.get("PROVE", "short") == "full"
SEED = int(os.environ.get("PROVE_SEED", "20261124"))
"""What every random choice of a proof begins with: the same seed repeats the same run."""


def rounds(*, full: Number, short: Number) -> Number:
    """Return how many rounds, seconds or rows this run has."""
    return full if IS_FULL else short
