"""What holding running clocks to other terms would do, clock by clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import ngettext

from people.actors import Actor
from workflows.models import Case
from workflows.retiming import Move

SHOWN = 20


@dataclass(frozen=True)
class Moved:
    """A clock before and after; `case` is nothing where the reader may not see it."""

    case: Case | None
    label: str
    due_before: datetime | None
    due_after: datetime | None
    is_overdue_then: bool


def told(moves: list[Move], who: Actor) -> dict[str, Any]:
    """Return how many clocks get another due time, how many are overdue then, and the first of
    them, the gravest on top (1 query)."""
    felt = [move for move in moves if move.is_felt]
    flips = {id(move) for move in felt if move.flips_to_breached(who.at)}
    felt.sort(key=lambda move: (id(move) not in flips, move.due_after or who.at))
    first = felt[:SHOWN]
    cases = Case.objects.visible_to(who).in_bulk([move.clock.case_id for move in first])
    rows = [
        Moved(
            cases.get(move.clock.case_id), move.clock.label, move.clock.due_at, move.due_after,
            id(move) in flips,
        )
        for move in first
    ]  # fmt: skip
    return {"moves": len(felt), "flips": len(flips), "rows": rows, "rest": len(felt) - len(rows)}


def moved_words(number: int) -> str:
    said = ngettext(
        "%(number)d running clock is held to it now.",
        "%(number)d running clocks are held to it now.", number,
    )  # fmt: skip
    return said % {"number": number}
