"""How a due time comes about, day by day: which hours counted, and why other days did not.

Pure but for the reading of a version's special days (1 query). The lines add up to the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from agreements.models import CalendarDay, CalendarVersion
from agreements.worktime import ONE_DAY

Span = tuple[datetime, datetime]


class Why(StrEnum):
    """What a day is to the clock."""

    COUNTED = "counted"
    ADJUSTED = "adjusted"
    DAY_OFF = "day_off"
    REST = "rest"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Line:
    """One date of the calendar: the hours that counted on it, none with the reason."""

    day: date
    spans: list[Span]
    why: Why
    special: CalendarDay | None
    total: timedelta

    @property
    def name(self) -> str:
        """Return the name of a special day, "" for any other."""
        return self.special.label if self.special else ""

    @property
    def counted(self) -> timedelta:
        return sum((until - since for since, until in self.spans), timedelta())


@dataclass(frozen=True)
class Workings:
    """Where a length of working time from `start` ends, and the way there."""

    start: datetime
    length: timedelta
    due: datetime
    lines: list[Line]


def work_out(version: CalendarVersion, start: datetime, length: timedelta) -> Workings:
    """Return when `length` of working time after `start` is used up, with a line for each date.

    Raises NoWorkingTime.
    """
    hours = version.working_time()
    due = hours.add(start, length)
    spans = hours.windows(start, due)
    return Workings(start, length, due, list(_lines(version, start, due, spans)))


def _lines(
    version: CalendarVersion, start: datetime, due: datetime, spans: list[Span]
) -> Iterator[Line]:
    zone = ZoneInfo(version.timezone)
    special = {day.date: day for day in version.days.all()}
    by_day: dict[date, list[Span]] = {}
    for span in spans:
        by_day.setdefault(span[0].astimezone(zone).date(), []).append(span)
    day, last, total = start.astimezone(zone).date(), due.astimezone(zone).date(), timedelta()
    while day <= last:
        found = by_day.get(day, [])
        total += sum((until - since for since, until in found), timedelta())
        # A date no hour of which counts need not be told of when it is the last one.
        if found or day < last:
            yield Line(
                day, found, _why(version, day, special.get(day), found), special.get(day), total
            )
        day += ONE_DAY


def _why(
    version: CalendarVersion, day: date, special: CalendarDay | None, spans: list[Span]
) -> Why:
    if spans:
        return Why.ADJUSTED if special is not None else Why.COUNTED
    if special is not None:
        return Why.DAY_OFF if special.kind == CalendarDay.Kind.OFF else Why.OUTSIDE
    return Why.OUTSIDE if version.weekly.get(str(day.weekday())) else Why.REST
