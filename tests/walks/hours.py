"""Working time of the house said a second time: day after day, window after window, no tables.

Monday to Friday 09:00-12:00 and 13:00-18:00 in Shanghai, as the State Council moves the days. Which
days it moves is asked of `chinese_calendar`; beyond the year it knows only the week counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chinese_calendar import is_workday

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [(time(9), time(12)), (time(13), time(18))]
BUSINESS_DAY = timedelta(hours=8)
KNOWN_UNTIL = 2026
DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    return is_workday(day) if day.year <= KNOWN_UNTIL else day.weekday() < 5


def local_day(at: datetime) -> date:
    return at.astimezone(ZONE).date()


def windows(day: date) -> list[tuple[datetime, datetime]]:
    if not is_working_day(day):
        return []
    return [
        (datetime.combine(day, start, ZONE), datetime.combine(day, end, ZONE))
        for start, end in HOURS
    ]


def worked(since: datetime, until: datetime) -> timedelta:
    """Return how much of [since, until) is in hours."""
    total, day = timedelta(), local_day(since)
    while day <= local_day(until):
        for start, end in windows(day):
            total += max(min(end, until) - max(start, since), timedelta())
        day += DAY
    return total


def after(start: datetime, length: timedelta) -> datetime:
    """Return when `length` of working time after `start` is used up; before it, if negative."""
    if not length:
        return start
    left = abs(length)
    for opens, closes in _ahead(start) if length > timedelta() else _behind(start):
        if left <= closes - opens:
            found = opens + left if length > timedelta() else closes - left
            return found.astimezone(UTC)
        left -= closes - opens
    raise AssertionError("the windows never end")


def _ahead(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = local_day(start)
    while True:
        yield from ((max(a, start), b) for a, b in windows(day) if b > start)
        day += DAY


def _behind(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = local_day(start)
    while True:
        yield from ((a, min(b, start)) for a, b in reversed(windows(day)) if a < start)
        day -= DAY


def days_later(start: datetime, count: int) -> datetime:
    """Return the same wall time `count` working days later; out of hours, the next opening."""
    day = local_day(start)
    while count:
        day += DAY
        count -= is_working_day(day)
    wall = datetime.combine(day, start.astimezone(ZONE).time(), ZONE)
    is_open = any(opens <= wall <= closes for opens, closes in windows(day))
    return wall if is_open else next(_ahead(wall))[0]


def days_between(first: date, second: date) -> int:
    """Return how many working days it is to `second`, which counts; negative where it is earlier,
    and counts too."""
    if second < first:
        days = [second + n * DAY for n in range((first - second).days)]
        return -sum(map(is_working_day, days))
    return sum(is_working_day(first + n * DAY) for n in range(1, (second - first).days + 1))


def later_day(day: date, count: int) -> date:
    """Return the working day so many after `day`, before it if negative."""
    step = DAY if count > 0 else -DAY
    while count:
        day += step
        if is_working_day(day):
            count -= 1 if count > 0 else -1
    return day


def end_of(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), ZONE)
