"""Give running clocks another standard or calendar: what was counted stays, the rest is recomputed.

Happens by itself when a case's priority, service or size changes; and on purpose, after a preview,
when a new version of a standard or calendar shall hold for cases already under way. Met and
missed clocks are never touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from agreements.models import Calendar, CalendarVersion, Standard, StandardVersion
from agreements.queries import find_standard
from people.models import User
from workflows import clocks
from workflows.models import Clock

if TYPE_CHECKING:
    from workflows.door import Passage

MATCHED = ("priority", "service_id", "size", "customer_class")
"""Columns of a case that choose its standard."""


@dataclass(frozen=True)
class Terms:
    """What a clock is to be held to from now on."""

    standard: StandardVersion
    calendar: CalendarVersion
    budget: timedelta


@dataclass(frozen=True)
class Move:
    """What retiming does to one live clock; due times are null while it is paused."""

    clock: Clock
    terms: Terms
    due_after: datetime | None

    def flips_to_breached(self, at: datetime) -> bool:
        was = self.clock.due_at is not None and self.clock.due_at < at
        return not was and self.due_after is not None and self.due_after < at


def rematch(move: Passage) -> None:
    """Hold the live clocks of a case to the standards that match it now (1 query per clock)."""
    for clock in _live(case=move.case.pk):
        spec = move.flow.spec(clock.metric)
        if spec.until is not None or clock.standard is None:
            continue
        found = find_standard(
            metric=clock.metric, kind=move.case.kind, service=move.case.service,
            priority=move.case.priority, customer_class=move.case.customer_class,
            size=getattr(move.case, "size", ""), at=clock.started_at,
        )  # fmt: skip
        if found is not None and found.standard_id != clock.standard.standard_id:
            retime(move, clock, _terms(clock, found, move.at))


def preview(change: Standard | Calendar, at: datetime) -> list[Move]:
    """Return what holding every live clock to the version now in force would do; writes nothing."""
    return list(_moves(change, at))


def migrate(change: Standard | Calendar, *, actor: User, at: datetime) -> int:
    """Do what `preview` shows, case by case, each with its event; return how many clocks moved."""
    from workflows.door import passage

    moved = 0
    for planned in preview(change, at):
        with passage(planned.clock.case, actor=actor, at=at) as move:
            fresh = _live(pk=planned.clock.pk).first()
            if fresh is not None:
                retime(move, fresh, planned.terms)
                moved += 1
    return moved


def _moves(change: Standard | Calendar, at: datetime) -> Iterator[Move]:
    if isinstance(change, Standard):
        chosen = _live(standard__standard=change)
    else:
        chosen = _live(calendar__calendar=change)
    for clock in chosen:
        standard = clock.standard
        if standard is None:
            continue
        current = standard.standard.versions.in_force(at).first() or standard
        terms = _terms(clock, current, at)
        if (terms.standard, terms.calendar) != (standard, clock.calendar):
            yield Move(clock, terms, _due(clock, terms, at))


def _live(**which: Any) -> Any:
    """Return live clocks with all that retiming reads."""
    related = ("calendar__calendar", "standard__standard", "standard__calendar", "case")
    return Clock.objects.filter(state__in=Clock.LIVE, **which).select_related(*related)


def _terms(clock: Clock, standard: StandardVersion, at: datetime) -> Terms:
    calendar = standard.calendar.version_at(at)
    return Terms(standard, calendar, standard.budget(clock.started_at, calendar.working_time()))


def _due(clock: Clock, terms: Terms, at: datetime) -> datetime | None:
    if clock.state == Clock.State.PAUSED:
        return None
    elapsed = clock.elapsed + clock.calendar.working_time().between(clock.changed_at, at)
    return terms.calendar.working_time().add(at, terms.budget - elapsed)


def retime(move: Passage, clock: Clock, terms: Terms) -> None:
    """Bank what was counted under the old terms, go on under the new, and log both due times."""
    before, state = clock.due_at, clock.state
    was_running = state == Clock.State.RUNNING
    if was_running:
        clocks.bank(clock, move.at)
    clock.standard, clock.calendar = terms.standard, terms.calendar
    clock.budget, clock.warn_at = terms.budget, terms.standard.warn_at
    if was_running:
        clocks.run(clock, move.at, move.case.state)
    clock.save()
    after = clock.due_at
    move.note(
        "retime", metric=clock.metric, standard=str(terms.standard),
        before=before and before.isoformat(), after=after and after.isoformat(),
    )  # fmt: skip
