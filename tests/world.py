"""The people every test of a process meets, by their user names; the world stands still at NOON."""

from __future__ import annotations

from datetime import UTC, datetime

import agreements.demo
import people.demo

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, 10:00 in Shanghai: working time, no holiday near."""


def build_world() -> None:
    people.demo.build(NOON)
    agreements.demo.build(NOON)
