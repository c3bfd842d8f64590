"""Clocks follow the state: start, pause, resume, stop, continue; and what they read at a moment.

Elapsed time is kept for good in segments; a deadline is computed when a clock starts or goes on,
and stored. A clock that stops at its very deadline is met.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import rows
from agreements.models import Calendar, CalendarVersion, StandardVersion
from agreements.models.calendars import published_version
from agreements.queries import find_standards
from workflows.lifecycles import Clock as Spec
from workflows.models import Clock, ClockSegment

if TYPE_CHECKING:
    from workflows.lifecycles import Lifecycle
    from workflows.models import Case
    from workflows.passages import Passage

RUNNING, PAUSED = Clock.State.RUNNING, Clock.State.PAUSED
LATE = timedelta(seconds=1)


@dataclass(frozen=True)
class ClockReading:
    """What a clock shows at one moment; times are aware UTC, lengths are working time."""

    metric: str
    label: str
    state: str
    due_at: datetime | None
    first_due_at: datetime
    stopped_at: datetime | None
    budget: timedelta
    elapsed: timedelta
    remaining: timedelta
    is_working_now: bool
    is_ours: bool = True


def read(clock: Clock, at: datetime, process: type[Lifecycle] | None = None) -> ClockReading:
    """Read `clock` at `at`, not before its last change; no query when the calendar is loaded.

    `process`: of its case, where the case itself is not loaded.
    """
    process = process or clock.case.lifecycle
    worked = clock.calendar.working_time()
    elapsed = clock.elapsed
    if clock.state == RUNNING:
        elapsed += worked.between(clock.changed_at, max(at, clock.changed_at))
        if clock.due_at is not None and at > clock.due_at:
            # Past closing time no working second is over, and still it is late.
            elapsed = max(elapsed, clock.budget + LATE)
    return ClockReading(
        metric=clock.metric,
        label=str(process.clock_label(clock.metric)),
        state=clock.state,
        due_at=clock.due_at if clock.is_live else None,
        first_due_at=clock.first_due_at,
        stopped_at=clock.stopped_at,
        budget=clock.budget,
        elapsed=elapsed,
        remaining=clock.budget - elapsed,
        is_working_now=clock.state == RUNNING and worked.is_open(at),
        is_ours=process.spec(clock.metric).is_ours,
    )


def settle(move: Passage, source: str, name: str) -> datetime | None:
    """Bring the case's clocks in line with its state after the action `name`.

    Returns the earliest running deadline.
    """
    case, flow = move.case, move.flow
    latest = {clock.metric: clock for clock in flow.clock_rows}
    reopened = source in flow.closed and not case.is_closed
    for spec in flow.clocks:
        if source != case.state:
            _turn(move, spec, latest.get(spec.metric), reopened=reopened)
        elif spec.on_breach == name and spec.repeats:
            _start_over(move, spec, latest.get(spec.metric))
    return earliest_due(flow.clock_rows)


def earliest_due(clocks: Iterable[Clock]) -> datetime | None:
    return min((c.due_at for c in clocks if c.state == RUNNING and c.due_at), default=None)


def _turn(move: Passage, spec: Spec, clock: Clock | None, *, reopened: bool) -> None:
    """Do with the last clock of a metric what the new state asks."""
    state = move.case.state
    if clock is None or (spec.repeats and not clock.is_live):
        if state in spec.starts:
            _start(move, spec)
    elif clock.is_live:
        if state in spec.stops:
            stop(clock, move.at)
        elif move.case.is_closed:
            _cancel(clock, move.at)
        elif state in spec.pauses:
            pause(clock, move.at, state)
        else:
            resume(clock, move.at, state)
    elif reopened and state in spec.starts and clock.state == Clock.State.MET:
        _continue(clock, move.at, state)


def _start_over(move: Passage, spec: Spec, clock: Clock | None) -> None:
    """Give whoever is asked next, once the time of the one before is over, their own time."""
    if clock is not None and clock.is_live:
        stop(clock, move.at)
        _start(move, spec)


def _start(move: Passage, spec: Spec) -> None:
    """Start a clock by the standard in force, or towards the agreed date; none without either."""
    found = promise(spec, move.case, move.at, move.standards(move.at))
    if found is None:
        return
    budget, calendar, standard = found
    due_at = calendar.working_time().add(move.at, budget)
    clock = Clock(
        case=move.case, metric=spec.metric, standard=standard, calendar=calendar,
        started_at=move.at, changed_at=move.at, budget=budget, due_at=due_at,
        first_due_at=due_at, agreed_at=spec.until(move.case) if spec.until else None,
        warn_at=standard.warn_at if standard else [75, 90, 100, 150],
    )  # fmt: skip
    clock.next_alert_at = next_alert(clock)
    rows.insert([clock])
    _open_segment(clock, ClockSegment.Kind.RUNNING, move.at, move.case.state)
    move.flow.clock_rows.append(clock)


Standards = dict[str, StandardVersion]
"""By metric what matches a case; `hours` is the identity of the calendar's version."""


def standards_of(case: Case, at: datetime) -> Standards:
    """Return the standards that match `case` as it is, in force at `at` (1 query)."""
    return find_standards(
        kind=case.kind, service=case.service, priority=case.priority,
        customer_class=case.customer_class, size=getattr(case, "size", ""), at=at,
    )  # fmt: skip


def promise(
    spec: Spec, case: Case, at: datetime, standards: Standards
) -> tuple[timedelta, CalendarVersion, StandardVersion | None] | None:
    """Return length, calendar and standard of what is promised for `case` from `at` on.

    None when no standard matches and no date was agreed, or it is not promised for this case:
    then there is no clock. 2 queries where only a date was agreed, else none.
    """
    if spec.when is not None and not spec.when(case):
        return None
    standard = standards.get(spec.metric)
    until = spec.until(case) if spec.until else None
    if standard is not None:
        version = published_version(standard.hours)  # type: ignore[attr-defined]  # annotated
    elif until is not None:
        version = Calendar.default().version_at(at)
    else:
        return None
    if until is not None:
        return max(version.working_time().between(at, until), timedelta()), version, standard
    assert standard is not None  # else there was nothing to promise
    return standard.budget(at, version.working_time()), version, standard


def pause(clock: Clock, at: datetime, state: str) -> None:
    if clock.state == PAUSED:
        return
    bank(clock, at)
    clock.state, clock.due_at, clock.next_alert_at = PAUSED, None, None
    rows.update(clock, CHANGED)
    _open_segment(clock, ClockSegment.Kind.PAUSED, at, state)


def resume(clock: Clock, at: datetime, state: str) -> None:
    """Go on: the deadline is what is left of the budget, counted from now."""
    if clock.state == RUNNING:
        return
    _close_segment(clock, at, timedelta())
    run(clock, at, state)
    rows.update(clock, CHANGED)


def stop(clock: Clock, at: datetime) -> None:
    """Stop for good: met at the deadline itself, missed a moment later."""
    bank(clock, at)
    clock.state = Clock.State.MISSED if clock.breached_at else Clock.State.MET
    clock.stopped_at, clock.next_alert_at = at, None
    rows.update(clock, CHANGED)


def _cancel(clock: Clock, at: datetime) -> None:
    bank(clock, at)
    clock.state, clock.stopped_at = Clock.State.CANCELLED, at
    clock.due_at, clock.next_alert_at = None, None
    rows.update(clock, CHANGED)


def _continue(clock: Clock, at: datetime, state: str) -> None:
    """Run on after a reopening: the closed time does not count, what was counted stays."""
    _open_segment(clock, ClockSegment.Kind.STOPPED, clock.stopped_at or at, state)
    _close_segment(clock, at, timedelta())
    clock.stopped_at = None
    run(clock, at, state)
    rows.update(clock, CHANGED)


CHANGED = (
    "state", "stopped_at", "changed_at", "elapsed", "due_at", "breached_at", "next_alert_at",
    "level",
)  # fmt: skip


def run(clock: Clock, at: datetime, state: str) -> None:
    """Let the clock run from `at`: the deadline is what is left of the budget; caller saves."""
    clock.state, clock.changed_at = RUNNING, at
    clock.due_at = clock.calendar.working_time().add(at, clock.budget - clock.elapsed)
    clock.next_alert_at = next_alert(clock)
    _open_segment(clock, ClockSegment.Kind.RUNNING, at, state)


def bank(clock: Clock, at: datetime) -> None:
    """Count what ran since the last change, and close the open segment with it."""
    worked = timedelta()
    if clock.state == RUNNING:
        worked = clock.calendar.working_time().between(clock.changed_at, at)
        clock.elapsed += worked
        if clock.due_at is not None and at > clock.due_at:
            clock.breached_at = clock.breached_at or clock.due_at
    clock.changed_at = at
    _close_segment(clock, at, worked)


def _open_segment(clock: Clock, kind: str, at: datetime, state: str) -> None:
    segment = ClockSegment(
        clock=clock, kind=kind, started_at=at, state=state, calendar=clock.calendar
    )
    rows.insert([segment])


def _close_segment(clock: Clock, at: datetime, worked: timedelta) -> None:
    CLOSE(clock=clock.pk, ended_at=at, worked=worked)


CLOSE = rows.Change(
    lambda clock: ClockSegment.objects.filter(clock__pk=clock, ended_at__isnull=True),
    "ended_at", "worked",
)  # fmt: skip


def next_alert(clock: Clock) -> datetime | None:
    """Return when the next threshold above `clock.level` is reached, the deadline always one.

    One passed before the clock stood still is told of when it goes on, not in the past.
    """
    ahead = (percent for percent in sorted({*clock.warn_at, 100}) if percent > clock.level)
    instants = (max(alert_instant(clock, percent), clock.changed_at) for percent in ahead)
    return next(instants, None)


def alert_instant(clock: Clock, percent: int) -> datetime:
    """Return when `percent` of the budget of a running clock is used up; 100 is the deadline."""
    spent = clock.budget * percent / 100 - clock.elapsed
    return clock.calendar.working_time().add(clock.changed_at, spent)


def answer_given(move: Passage) -> list[Clock]:
    """Stop the clocks that our first answer to the requester stops; return them."""
    metrics = [spec.metric for spec in move.flow.clocks if spec.answered]
    stopped = [one for one in move.flow.clock_rows if one.metric in metrics and one.is_live]
    for clock in stopped:
        stop(clock, move.at)
    return stopped
