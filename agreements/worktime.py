"""Working time: when work is open, how much of it lies between two instants, when some is used up.

Pure: aware instants and real lengths in, UTC instants and real lengths out. The windows of a
calendar are laid out per UTC year in microseconds since 1970; prefix sums over them turn every
question into one or two bisections. Three rules that surprise:

- A window belongs to the day it starts on: a holiday takes the whole night shift that starts then.
- Edges are wall time, resolved by `zoneinfo` with fold=0; lengths are real time. 01:00-04:00 in
  Berlin has two hours on the day the clock goes forward.
- A result on closing time stays there: Thursday 17:00 plus one day's hours is Friday 17:00.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate
from operator import sub
from types import MappingProxyType
from zoneinfo import ZoneInfo

Windows = Sequence[tuple[str, str]]
Span = tuple[int, int]

SEARCH_YEARS = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ONE_DAY = timedelta(days=1)
WALL_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
NO_DATES: Mapping[date, Windows] = MappingProxyType({})


class NoWorkingTime(Exception):
    """The calendar has no working time within five years of where the search stood."""


class WorkingTime:
    """The hours of one calendar in one time zone; immutable, safe to share between threads.

    `weekly` maps weekdays (0 is Monday) to windows ("HH:MM", "HH:MM"). An end may be "24:00"; an
    end at or before its start lies on the next day, so ("08:00", "08:00") is 24 hours. Overlapping
    windows count once. `holidays` removes the windows that start on a date and wins over `special`,
    which replaces them; `breaks` cuts its wall time out of whatever window covers it.

    Raises ValueError for a weekday, a window or a time zone that makes no sense.
    """

    def __init__(
        self,
        timezone: str,
        weekly: Mapping[int, Windows],
        holidays: Collection[date] = (),
        special: Mapping[date, Windows] = NO_DATES,
        breaks: Mapping[date, Windows] = NO_DATES,
    ) -> None:
        if not set(weekly) <= set(range(7)):
            raise ValueError("A weekday is a number from 0 (Monday) to 6 (Sunday).")
        self._zone = _zone(timezone)
        self._weekly = {weekday: _hours(windows) for weekday, windows in weekly.items()}
        self._special = {day: _hours(windows) for day, windows in special.items()}
        self._special |= dict.fromkeys(holidays, ())
        self._breaks = {day: _hours(windows) for day, windows in breaks.items()}
        self._year = cache(self._lay_out)
        self._table = _Table.of(range(0), [])

    @staticmethod
    def always() -> WorkingTime:
        """Return the working time that never stops."""
        return _Always("UTC", {})

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """Return the instant at which `duration` of working time after `start` is used up.

        Negative goes back. Lands on a close going forward, on an opening going back. Adding
        nothing leaves the instant as it is. Raises NoWorkingTime.
        """
        at = _micros(start)
        length = duration // MICROSECOND
        if not length:
            return _instant(at)
        table = self._covering(at, at)
        goal = table.worked(at) + length
        while not 0 <= goal <= table.before[-1]:
            table = self._further(table, forward=length > 0)
            goal = table.worked(at) + length
        find = bisect_left if length > 0 else bisect_right
        index = find(table.before, goal) - 1
        return _instant(table.opens[index] + goal - table.before[index])

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time from `start` to `end`, negative if `end` comes first."""
        since, until = _micros(start), _micros(end)
        table = self._covering(since, until)
        return timedelta(0, 0, table.worked(until) - table.worked(since))

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return the stretches in hours from `start` to `end`, in order; they add up to `between`.

        A night at the turn of a UTC year comes in two pieces.
        """
        since, until = _micros(start), _micros(end)
        table = self._covering(since, until)
        first, last = bisect_right(table.closes, since), bisect_left(table.opens, until)
        return [
            (_instant(max(since, table.opens[index])), _instant(min(until, table.closes[index])))
            for index in range(first, last)
        ]

    def is_open(self, at: datetime) -> bool:
        """Say whether `at` is in hours; the opening instant is, the closing instant is not."""
        instant = _micros(at)
        table = self._covering(instant, instant)
        index = bisect_right(table.opens, instant)
        return index > 0 and instant < table.closes[index - 1]

    def next_open(self, at: datetime) -> datetime:
        """Return `at` if it is in hours, else the next opening. Raises NoWorkingTime."""
        instant = _micros(at)
        table = self._covering(instant, instant)
        while (index := bisect_right(table.closes, instant)) == len(table.closes):
            table = self._further(table, forward=True)
        return _instant(max(instant, table.opens[index]))

    def previous_close(self, at: datetime) -> datetime:
        """Return `at` if working time runs up to it, else the last close. Raises NoWorkingTime."""
        instant = _micros(at)
        table = self._covering(instant, instant)
        while not (index := bisect_left(table.opens, instant)):
            table = self._further(table, forward=False)
        return _instant(min(instant, table.closes[index - 1]))

    def add_days(self, start: datetime, n: int) -> datetime:
        """Return the same wall time on the `n`th date with hours after the date of `start`.

        A date has hours if a window starts on it. Out of hours there, it rolls to the next opening,
        for negative `n` to the last close; closing time stays. `n` = 0 leaves the instant as it is.
        Raises NoWorkingTime.
        """
        if not n:
            return _instant(_micros(start))
        wall = _aware(start).astimezone(self._zone)
        at = self._resolve(self._date_after(wall.date(), n), wall.time().replace(fold=0))
        landed = _instant(at)
        if self._touches(at):
            return landed
        return self.next_open(landed) if n > 0 else self.previous_close(landed)

    def later_date(self, day: date, n: int) -> date:
        """Return the `n`th date with hours after `day`, before it for negative `n`; `day` for 0.

        Raises NoWorkingTime.
        """
        return self._date_after(day, n) if n else day

    def dates_between(self, first: date, second: date) -> int:
        """Return how many dates with hours `later_date` goes from `first` to reach `second`.

        `first` does not count, `second` does; negative if that is earlier.
        """
        table = self._reaching(self._reaching(self._table, first.year), second.year)
        up_to = bisect_right if first <= second else bisect_left
        one, other = (up_to(table.days, day.toordinal()) for day in (first, second))
        return other - one

    def _touches(self, at: int) -> bool:
        """Say whether `at` is in hours or on a close."""
        table = self._covering(at, at)
        index = bisect_right(table.opens, at)
        return index > 0 and at <= table.closes[index - 1]

    def _date_after(self, day: date, n: int) -> date:
        """Return the `n`th date with hours after `day`, before it for negative `n`."""
        table = self._reaching(self._table, day.year)
        while True:
            if n > 0:
                index = bisect_right(table.days, day.toordinal()) + n - 1
            else:
                index = bisect_left(table.days, day.toordinal()) + n
            if 0 <= index < len(table.days):
                return date.fromordinal(table.days[index])
            table = self._further(table, forward=n > 0)

    def _covering(self, first: int, second: int) -> _Table:
        """Return a table in whose years both instants lie."""
        table = self._table
        if table.since <= first < table.until and table.since <= second < table.until:
            return table
        table = self._reaching(table, _instant(first).year)
        return self._reaching(table, _instant(second).year)

    def _further(self, table: _Table, *, forward: bool) -> _Table:
        """Return the table grown to the next year with hours, behind or before its years."""
        edge, step = (table.years[-1], 1) if forward else (table.years[0], -1)
        for year in range(edge + step, edge + step * (SEARCH_YEARS + 1), step):
            # The first and the last year of `datetime` have no room for the days around them.
            if 1 < year < 9999 and self._year(year).days:
                return self._reaching(table, year)
        raise NoWorkingTime(f"No working time in the {SEARCH_YEARS} years around {edge}.")

    def _reaching(self, table: _Table, year: int) -> _Table:
        """Return the table grown to `year`. Two threads at once do the work twice, no harm."""
        if year in table.years:
            return table
        known = table.years or range(year, year + 1)
        years = range(min(known[0], year), max(known[-1], year) + 1)
        self._table = _Table.of(years, [self._year(each) for each in years])
        return self._table

    def _lay_out(self, year: int) -> _Year:
        """Return the windows within a UTC year and the local dates of that year with hours."""
        first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
        # A shift of the day before, in a zone behind UTC: two days ahead. A zone before UTC: one.
        pieces = {day: self._pieces(date.fromordinal(day)) for day in range(first - 2, last + 2)}
        since, until = _new_year(year), _new_year(year + 1)
        clipped = [
            (max(opens, since), min(closes, until))
            for spans in pieces.values()
            for opens, closes in spans
            if opens < until and closes > since
        ]
        return _Year(_union(clipped), [d for d in pieces if first <= d <= last and pieces[d]])

    def _pieces(self, day: date) -> list[Span]:
        """Return what the breaks leave of the windows that start on `day`."""
        hours = self._special.get(day, self._weekly.get(day.weekday(), ()))
        spans = self._spans(day, hours)
        if self._breaks:
            for near in (day - ONE_DAY, day, day + ONE_DAY):
                for cut in self._spans(near, self._breaks.get(near, ())):
                    spans = _without(spans, cut)
        return spans

    def _spans(self, day: date, hours: Iterable[tuple[time, time, bool]]) -> list[Span]:
        """Return the windows of a day as instants; one whose edges fall together vanishes."""
        spans = [
            (self._resolve(day, start), self._resolve(day + ONE_DAY if over else day, end))
            for start, end, over in hours
        ]
        return [(start, end) for start, end in spans if start < end]

    def _resolve(self, day: date, wall: time) -> int:
        return _micros(datetime.combine(day, wall, self._zone))


class _Always(WorkingTime):
    """24 hours on 7 days: working time is real time."""

    def add(self, start: datetime, duration: timedelta) -> datetime:
        return _aware(start).astimezone(UTC) + duration

    def between(self, start: datetime, end: datetime) -> timedelta:
        return _aware(end).astimezone(UTC) - _aware(start).astimezone(UTC)

    def windows(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        since, until = (_aware(at).astimezone(UTC) for at in (start, end))
        return [(since, until)] if since < until else []

    def is_open(self, at: datetime) -> bool:
        return bool(_aware(at))

    def next_open(self, at: datetime) -> datetime:
        return _aware(at).astimezone(UTC)

    def previous_close(self, at: datetime) -> datetime:
        return _aware(at).astimezone(UTC)

    def add_days(self, start: datetime, n: int) -> datetime:
        return _aware(start).astimezone(UTC) + n * ONE_DAY

    def later_date(self, day: date, n: int) -> date:
        return day + n * ONE_DAY

    def dates_between(self, first: date, second: date) -> int:
        return (second - first).days


@dataclass(frozen=True, slots=True)
class _Year:
    spans: list[Span]  # disjoint, ordered, clipped to the UTC year
    days: list[int]  # ordinals of the local dates on which a window starts


@dataclass(frozen=True, slots=True)
class _Table:
    """The windows of a run of years, end to end."""

    years: range
    since: int
    until: int
    opens: list[int]
    closes: list[int]
    before: list[int]  # working time before each window; the last entry is all there is
    days: list[int]

    @classmethod
    def of(cls, years: range, contents: list[_Year]) -> _Table:
        spans = [span for year in contents for span in year.spans]
        opens, closes = [opens for opens, _ in spans], [closes for _, closes in spans]
        return cls(
            years=years,
            since=_new_year(years.start) if years else 0,
            until=_new_year(years.stop) if years else 0,
            opens=opens,
            closes=closes,
            before=list(accumulate(map(sub, closes, opens), initial=0)),
            days=[day for year in contents for day in year.days],
        )

    def worked(self, at: int) -> int:
        """Return the working time from the start of the table to `at`."""
        index = bisect_right(self.opens, at)
        if not index:
            return 0
        return min(self.before[index], self.before[index - 1] + at - self.opens[index - 1])


def _union(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _without(spans: Iterable[Span], cut: Span) -> list[Span]:
    """Return the spans with `cut` taken out."""
    earlier = [(start, min(end, cut[0])) for start, end in spans]
    later = [(max(start, cut[1]), end) for start, end in spans]
    return [(start, end) for start, end in earlier + later if start < end]


def _hours(windows: Windows) -> tuple[tuple[time, time, bool], ...]:
    """Return windows as (start, end, whether the end lies on the next day)."""
    return tuple(_window(start, end) for start, end in windows)


def _window(start: str, end: str) -> tuple[time, time, bool]:
    opens, closes = _wall_time(start), _wall_time("00:00" if end == "24:00" else end)
    return opens, closes, closes <= opens


def _wall_time(text: str) -> time:
    if not isinstance(text, str) or not WALL_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not a time of day like 09:00.")
    return time.fromisoformat(text)


def _zone(key: str) -> ZoneInfo:
    try:
        return ZoneInfo(key)
    except (KeyError, OSError, ValueError) as error:  # what zoneinfo raises for "X", "Europe", "/"
        raise ValueError(f"Unknown time zone {key!r}.") from error


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError("An instant needs its time zone.")
    return at


def _micros(at: datetime) -> int:
    try:
        return (at - EPOCH) // MICROSECOND
    except TypeError:
        raise ValueError("An instant needs its time zone.") from None


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(0, 0, micros)


def _new_year(year: int) -> int:
    return _micros(datetime(year, 1, 1, tzinfo=UTC))
