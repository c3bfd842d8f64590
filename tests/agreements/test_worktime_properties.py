"""Working time against a slow reference that colours every minute of some weeks open or closed."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.worktime import NoWorkingTime, WorkingTime

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# Each stretch of three weeks has a clock change in the middle, or a New Year.
STRETCHES = [
    ("Europe/Berlin", date(2026, 3, 19)),
    ("Europe/Berlin", date(2026, 10, 15)),
    ("America/New_York", date(2026, 2, 26)),
    ("America/New_York", date(2025, 12, 22)),
    ("Asia/Shanghai", date(2026, 12, 22)),
    ("Australia/Lord_Howe", date(2026, 3, 26)),
    ("Australia/Lord_Howe", date(2026, 9, 24)),
]
LENGTH = 21

WALL_TIMES = st.builds(
    "{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59])
)
WINDOWS = st.lists(st.tuples(WALL_TIMES, WALL_TIMES | st.just("24:00")), max_size=3)
WEEKLY = st.dictionaries(st.integers(0, 6), WINDOWS, max_size=7)
LENGTHS = st.integers(-6 * 1440, 6 * 1440)
OFFSETS = st.integers(7 * 1440, 14 * 1440)


@st.composite
def calendars(draw):
    zone, first = draw(st.sampled_from(STRETCHES))
    dates = st.integers(0, LENGTH).map(lambda days: first + days * DAY)
    return {
        "zone": zone,
        "first": first,
        "weekly": draw(WEEKLY),
        "holidays": draw(st.sets(dates, max_size=3)),
        "special": draw(st.dictionaries(dates, WINDOWS, max_size=3)),
        "breaks": draw(st.dictionaries(dates, WINDOWS, max_size=3)),
    }


def build(c) -> WorkingTime:
    return WorkingTime(c["zone"], c["weekly"], c["holidays"], c["special"], c["breaks"])


def wall_minute(c, day: date, text: str) -> int:
    """Return the minute since 1970 of a wall time."""
    if text == "24:00":
        day, text = day + DAY, "00:00"
    hour, minute = map(int, text.split(":"))
    wall = datetime.combine(day, time(hour, minute), ZoneInfo(c["zone"]))
    return int(wall.timestamp()) // 60


def minutes_of(c, day: date, windows) -> set[int]:
    minutes: set[int] = set()
    for start, end in windows:
        last = day if end > start else day + DAY
        minutes |= set(range(wall_minute(c, day, start), wall_minute(c, last, end)))
    return minutes


def stretch(c) -> list[date]:
    return [c["first"] + n * DAY for n in range(-1, LENGTH + 2)]


def windows_on(c, day: date):
    if day in c["holidays"]:
        return []
    return c["special"].get(day, c["weekly"].get(day.weekday(), []))


def pauses(c) -> set[int]:
    return {m for day in stretch(c) for m in minutes_of(c, day, c["breaks"].get(day, []))}


def open_minutes(c) -> set[int]:
    return {m for day in stretch(c) for m in minutes_of(c, day, windows_on(c, day))} - pauses(c)


def instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def begin(c) -> int:
    return wall_minute(c, c["first"], "00:00")


def outside(c, minute: int) -> bool:
    return not begin(c) <= minute <= begin(c) + LENGTH * 1440 - 60


@given(calendars(), OFFSETS, LENGTHS)
def test_between_counts_the_open_minutes(c, offset: int, length: int) -> None:
    start = begin(c) + offset
    end = start + length
    counted = sum(
        minute in open_minutes
        for open_minutes in [open_minutes(c)]
        for minute in range(min(start, end), max(start, end))
    )
    expected = (counted if length >= 0 else -counted) * MINUTE
    assert build(c).between(instant(start), instant(end)) == expected


@given(calendars(), OFFSETS, st.integers(-3000, 3000))
def test_add_walks_the_open_minutes(c, offset: int, length: int) -> None:
    open_ones, minute, left = open_minutes(c), begin(c) + offset, abs(length)
    start, step = minute, 1 if length > 0 else -1
    while left and not outside(c, minute):
        left -= (minute if step > 0 else minute - 1) in open_ones
        minute += step
    if not left:
        assert build(c).add(instant(start), length * MINUTE) == instant(minute)


@given(calendars(), OFFSETS)
def test_openings_and_closes_are_those_of_the_open_minutes(c, offset: int) -> None:
    open_ones, start, calendar = open_minutes(c), begin(c) + offset, build(c)
    assert calendar.is_open(instant(start)) == (start in open_ones)
    later = [m for m in open_ones if m >= start and not outside(c, m)]
    if later:
        assert calendar.next_open(instant(start)) == instant(min(later))
    earlier = [m + 1 for m in open_ones if m < start and not outside(c, m)]
    if earlier:
        assert calendar.previous_close(instant(start)) == instant(max(earlier))


@given(calendars(), OFFSETS, st.integers(-5, 5))
def test_add_days_counts_dates_with_hours(c, offset: int, n: int) -> None:
    open_ones, zone, start = open_minutes(c), ZoneInfo(c["zone"]), instant(begin(c) + offset)
    wall = start.astimezone(zone)
    cut, step = pauses(c), 1 if n > 0 else -1
    day, left = wall.date(), abs(n)
    while left:
        day += step * DAY
        if not c["first"] <= day < c["first"] + LENGTH * DAY:
            return
        left -= bool(minutes_of(c, day, windows_on(c, day)) - cut)
    if not n:
        minute = begin(c) + offset
    else:
        minute = wall_minute(c, day, f"{wall:%H:%M}")
        while not {minute, minute - 1} & open_ones:
            minute += step
            if outside(c, minute):
                return
    assert build(c).add_days(start, n) == instant(minute)


@given(calendars(), OFFSETS, st.integers(1, 10**10), st.integers(-400, 400))
def test_between_undoes_add_at_any_distance(c, offset: int, micros: int, days: int) -> None:
    calendar, start = build(c), instant(begin(c) + offset) + days * DAY
    for length in (timedelta(microseconds=micros), timedelta(microseconds=-micros)):
        try:
            end = calendar.add(start, length)
        except NoWorkingTime:
            continue
        assert calendar.between(start, end) == length


@given(calendars(), OFFSETS, st.permutations([-30, -11, -1, 0, 1, 12, 31]))
@settings(max_examples=30)
def test_answers_do_not_depend_on_what_was_asked_before(c, offset: int, years: list[int]) -> None:
    calendar, start = build(c), instant(begin(c) + offset)
    for distance in years:
        other = start + distance * 366 * DAY
        assert calendar.between(start, other) == build(c).between(start, other)
