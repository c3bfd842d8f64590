"""Why a clock is due when it is: the standard, the calendar, and every spell that counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.models import CalendarVersion
from workflows.clocks import ClockReading, read
from workflows.models import Clock, ClockSegment
from workflows.words import duration_words


@dataclass(frozen=True)
class Line:
    """One spell [started_at, ended_at), `ended_at` null while it lasts; lengths as counted."""

    kind: str
    kind_label: str
    started_at: datetime
    ended_at: datetime | None
    state_label: str
    worked: timedelta
    running_total: timedelta

    @property
    def is_running(self) -> bool:
        return self.kind == ClockSegment.Kind.RUNNING


@dataclass(frozen=True)
class Explanation:
    """What the page "Why this due time?" shows; instants are aware UTC."""

    reading: ClockReading
    standard: str
    standing: str
    calendar: str
    lines: list[Line]
    arithmetic: list[str]


def explain(clock: Clock, at: datetime) -> Explanation:
    """Account for every spell of `clock` up to `at` (2 queries)."""
    reading = read(clock, at)
    lines, total = [], timedelta()
    states = clock.case.lifecycle.State
    for segment in clock.segments.select_related("calendar"):
        worked = segment.worked
        if segment.ended_at is None and segment.kind == ClockSegment.Kind.RUNNING:
            worked = segment.calendar.working_time().between(segment.started_at, at)
        total += worked
        lines.append(
            Line(
                segment.kind, segment.get_kind_display(), segment.started_at, segment.ended_at,
                str(states(segment.state).label), worked, total,
            )
        )  # fmt: skip
    standard = clock.standard
    return Explanation(
        reading=reading,
        standard=str(standard.standard) if standard else _("The date that was agreed"),
        standing=standard.standing if standard else "",
        calendar=str(CalendarVersion.objects.select_related("calendar").get(pk=clock.calendar_id)),
        lines=lines,
        arithmetic=_arithmetic(clock, reading),
    )


def _arithmetic(clock: Clock, reading: ClockReading) -> list[str]:
    """Say in words how the present deadline comes out of budget, pauses and calendar."""
    promised = _("Allowed: %(budget)s, counted from %(start)s.") % {
        "budget": _promised(clock), "start": _when(clock.started_at),
    }  # fmt: skip
    if clock.state == Clock.State.PAUSED:
        rest = _("%(used)s are used, %(left)s are left; they count from the moment it goes on.")
    elif clock.state == Clock.State.RUNNING and clock.changed_at != clock.started_at:
        rest = _("Until it went on at %(changed)s, %(used)s were used; the rest ends at %(due)s.")
    elif clock.state == Clock.State.RUNNING:
        rest = _("In the working hours of the calendar they end at %(due)s.")
    else:
        rest = _("It stopped at %(stopped)s after %(used)s.")
    values = {
        "used": duration_words(clock.elapsed),
        "left": duration_words(clock.budget - clock.elapsed),
        "changed": _when(clock.changed_at),
        "due": _when(clock.due_at) if clock.due_at else "",
        "stopped": _when(clock.stopped_at) if clock.stopped_at else "",
    }
    closing = _("A deadline on closing time stays there; it is met at that very second.")
    return [promised, rest % values, closing]


def _promised(clock: Clock) -> str:
    return clock.standard.describe() if clock.standard else duration_words(clock.budget)


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), _("D, M j, Y, H:i"))
