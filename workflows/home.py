"""What people see who ask for things: what is theirs to do, and how their requests stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from people.actors import Actor
from workflows.clocks import ClockReading
from workflows.inbox import TaskRow, leading_clocks, rows_of, tasks_of
from workflows.models import Case
from workflows.search import tokens

SHOWN = 20
CLOSED_SHOWN = 5


@dataclass(frozen=True)
class Request:
    """One request of the reader: how it stands in plain words, and the day that was promised."""

    case: Case
    promised_at: datetime | None
    owed: TaskRow | None


def own_requests(who: Actor) -> QuerySet[Case]:
    """Return what `who` asked for, or what was asked for on their behalf, newest first."""
    own = Case.objects.filter(Q(requester=who.user) | Q(on_behalf_of=who.user))
    return own.select_related("requester", "service").defer("search_tokens")


def overview(who: Actor, words: str = "") -> dict[str, Any]:
    """Return the requests of `who`, those with something for them to do on top (4 queries)."""
    owed = {task.case_id: task for task in reversed(rows_of(tasks_of(who, "mine")[:SHOWN]))}
    own = own_requests(who)
    if words:
        own = own.matching(words)  # type: ignore[attr-defined]  # a manager's own queryset
    open_ones = list(own.filter(closed_at__isnull=True)[: SHOWN + 1])
    closed = list(own.filter(closed_at__isnull=False)[:CLOSED_SHOWN])
    clocks = leading_clocks({case.pk: case.lifecycle for case in open_ones}, who.at)
    requests = [
        Request(case, _promised(clocks.get(case.pk)), owed.get(case.pk))
        for case in open_ones[:SHOWN]
    ]
    return {
        "owed": [] if words else list(reversed(owed.values())),
        "requests": sorted(requests, key=lambda one: one.owed is None),
        "closed": closed, "has_more": len(open_ones) > SHOWN,
    }  # fmt: skip


def _promised(clock: ClockReading | None) -> datetime | None:
    """Return by when we promised something; a time the reader is held to is no promise."""
    return clock.due_at if clock and clock.is_ours else None


def fitting(kinds: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    """Return the kinds whose name or description has every word; all of them for no words."""
    wanted = tokens(words)
    return [
        kind for kind in kinds
        if all(
            word in f"{kind['label']} {kind['description']}".lower() for word in wanted
        )
    ]  # fmt: skip
