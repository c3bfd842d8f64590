"""Give running clocks another standard or calendar: what was counted stays, the rest is recomputed.

Happens by itself when a case's priority, service or size changes; and on purpose, after a preview,
when a new version of a standard or calendar shall hold for cases already under way. Met and
missed clocks are never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import rows
from agreements.models import Calendar, CalendarVersion, Standard, StandardVersion
from agreements.worktime import WorkingTime
from people.models import User
from workflows import clocks, work
from workflows.models import Clock
from workflows.passages import Passage, passage

MATCHED = frozenset({"priority", "service_id", "size", "customer_class"})
"""Columns of a case that choose its standard."""


@dataclass(frozen=True)
class Terms:
    """What a clock is to be held to from now on."""

    standard: StandardVersion | None
    calendar: CalendarVersion
    budget: timedelta
    agreed_at: datetime | None = None


@dataclass(frozen=True)
class Move:
    """What retiming does to one live clock; due times are null while it is paused."""

    clock: Clock
    terms: Terms
    due_after: datetime | None

    @property
    def is_felt(self) -> bool:
        """Tell whether it is due at another time; while it is paused, has another length."""
        if self.clock.state == Clock.State.PAUSED:
            return self.terms.budget != self.clock.budget
        return self.due_after != self.clock.due_at

    def flips_to_breached(self, at: datetime) -> bool:
        was = self.clock.due_at is not None and self.clock.due_at < at
        return not was and self.due_after is not None and self.due_after < at


def rematch(move: Passage, changes: Collection[str]) -> None:
    """Hold the live clocks of a case to what matches it now that `changes` (columns) moved.

    A standard is looked for again when a column that chooses it moved; a clock towards an agreed
    date follows the date. 1 query per instant at which they started, and 5 per clock that moves.
    """
    is_matched_anew = not MATCHED.isdisjoint(changes)
    for clock in [one for one in move.flow.clock_rows if one.is_live]:
        spec = move.flow.spec(clock.metric)
        if spec.until is not None:
            terms = _agreed(clock, spec.until(move.case), move.at)
        else:
            terms = _matching(clock, move) if is_matched_anew else None
        if terms is not None:
            retime(move, clock, terms)


def _agreed(clock: Clock, until: datetime | None, at: datetime) -> Terms | None:
    """Return the terms of another agreed date; None when it is the same.

    The date itself is the deadline, whatever pauses there were before it was agreed on.
    """
    if until is None or until == clock.agreed_at:
        return None
    hours = clock.calendar.working_time()
    left = max(hours.between(at, until), timedelta())
    return Terms(clock.standard, clock.calendar, _elapsed(clock, at) + left, until)


def _matching(clock: Clock, move: Passage) -> Terms | None:
    """Return the terms of another standard that matches the case now; None when it is the same."""
    found = move.standards(clock.started_at).get(clock.metric)
    if found is None or clock.standard is None:
        return None
    same = found.standard_id == clock.standard.standard_id
    return None if same else _terms(clock, found, found.calendar.version_at(move.at))


def preview(change: Standard | Calendar, at: datetime) -> list[Move]:
    """Return what holding every live clock to the version now in force would do; writes nothing."""
    return list(_moves(change, at))


def preview_revision(proposed: StandardVersion, at: datetime) -> list[Move]:
    """Return what holding live clocks to a version not yet written would do; writes nothing."""
    hours = proposed.calendar.version_at(at)
    chosen = _live(standard__standard=proposed.standard, agreed_at__isnull=True)
    return [_move_to(clock, proposed, hours, hours.working_time(), at) for clock in chosen]


def preview_draft(draft: CalendarVersion, at: datetime) -> list[Move]:
    """Return what holding live clocks to a calendar still in draft would do; writes nothing."""
    hours = draft.working_time()  # read once: a draft is not remembered
    chosen = _live(calendar__calendar=draft.calendar, agreed_at__isnull=True)
    return [
        _move_to(clock, clock.standard, draft, hours, at)
        for clock in chosen.filter(standard__isnull=False)
    ]


def _move_to(
    clock: Clock, standard: StandardVersion, calendar: CalendarVersion, hours: WorkingTime,
    at: datetime,
) -> Move:  # fmt: skip
    terms = Terms(standard, calendar, standard.budget(clock.started_at, hours))
    is_paused = clock.state == Clock.State.PAUSED
    due = None if is_paused else hours.add(at, terms.budget - _elapsed(clock, at))
    return Move(clock, terms, due)


def migrate(change: Standard | Calendar, *, actor: User, at: datetime) -> int:
    """Do what `preview` shows, case by case, each with its event; return how many clocks moved."""
    moved = 0
    for planned in preview(change, at):
        with passage(planned.clock.case, actor=actor, at=at) as move:
            live = (one for one in move.flow.clock_rows if one.is_live)
            fresh = next((one for one in live if one.pk == planned.clock.pk), None)
            if fresh is not None:
                retime(move, fresh, planned.terms)
                work.follow_clocks(move)
                moved += 1
    return moved


def _moves(change: Standard | Calendar, at: datetime) -> Iterator[Move]:
    if isinstance(change, Standard):
        chosen = _live(standard__standard=change)
    else:
        chosen = _live(calendar__calendar=change)
    for clock in chosen:
        standard = clock.standard
        if standard is None or clock.agreed_at is not None:
            continue  # what was agreed on stays agreed
        current = standard.standard.versions.in_force(at).first() or standard
        terms = _terms(clock, current, current.calendar.version_at(at))
        if (terms.standard, terms.calendar) != (standard, clock.calendar):
            yield Move(clock, terms, _due(clock, terms, at))


def _live(**which: Any) -> Any:
    """Return live clocks with all that retiming reads."""
    related = ("calendar__calendar", "standard__standard", "standard__calendar", "case")
    return Clock.objects.filter(state__in=Clock.LIVE, **which).select_related(*related)


def _terms(clock: Clock, standard: StandardVersion, calendar: CalendarVersion) -> Terms:
    return Terms(standard, calendar, standard.budget(clock.started_at, calendar.working_time()))


def _due(clock: Clock, terms: Terms, at: datetime) -> datetime | None:
    if clock.state == Clock.State.PAUSED:
        return None
    return terms.calendar.working_time().add(at, terms.budget - _elapsed(clock, at))


def _elapsed(clock: Clock, at: datetime) -> timedelta:
    if clock.state == Clock.State.PAUSED:
        return clock.elapsed
    return clock.elapsed + clock.calendar.working_time().between(clock.changed_at, at)


TERMS = ("standard", "calendar", "budget", "agreed_at", "warn_at")


def retime(move: Passage, clock: Clock, terms: Terms) -> None:
    """Bank what was counted under the old terms, go on under the new, and log both due times."""
    before, was_running = clock.due_at, clock.state == Clock.State.RUNNING
    if was_running:
        clocks.bank(clock, move.at)
    clock.standard, clock.calendar = terms.standard, terms.calendar
    clock.budget, clock.agreed_at = terms.budget, terms.agreed_at
    if terms.standard is not None:
        clock.warn_at = terms.standard.warn_at
    _warn_anew(clock, move.at)
    if was_running:
        clocks.run(clock, move.at, move.case.state)
    rows.update(clock, (*clocks.CHANGED, *TERMS))
    after = clock.due_at
    move.note(
        "retime", metric=clock.metric, standard=str(terms.standard or ""),
        before=before and before.isoformat(), after=after and after.isoformat(),
    )  # fmt: skip


def _warn_anew(clock: Clock, at: datetime) -> None:
    """Forget warnings the new terms have not earned yet; so too a breach, when time is left."""
    used = clock.elapsed / clock.budget * 100 if clock.budget else 100
    clock.level = max(
        (percent for percent in {*clock.warn_at, 100} if percent <= min(used, clock.level)),
        default=0,
    )
    if clock.elapsed < clock.budget:
        clock.breached_at = None
