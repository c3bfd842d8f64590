"""Strangers: who gets what at which address, and what nobody gets at all."""
