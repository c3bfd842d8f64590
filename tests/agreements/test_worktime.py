"""Working time, by hand-made tables; 2026-03-02 and 2026-03-09 are Mondays."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agreements.worktime import NoWorkingTime, WorkingTime

OFFICE = {weekday: [("09:00", "12:00"), ("13:00", "17:00")] for weekday in range(5)}
NIGHTS = {weekday: [("22:00", "06:00")] for weekday in range(5)}
ROUND_THE_CLOCK = {weekday: [("00:00", "24:00")] for weekday in range(7)}

SHANGHAI = WorkingTime("Asia/Shanghai", OFFICE)
NIGHT_SHIFT = WorkingTime("Asia/Shanghai", NIGHTS)
BERLIN = WorkingTime("Europe/Berlin", {weekday: [("01:00", "04:00")] for weekday in range(7)})
HOLIDAY_WEEK = WorkingTime(  # Monday off, Sunday 8 March worked for it, Tuesday only the morning
    "Asia/Shanghai",
    OFFICE,
    holidays={date(2026, 3, 9)},
    special={date(2026, 3, 8): OFFICE[0], date(2026, 3, 10): [("09:00", "12:00")]},
)


def at(text: str, zone: str = "Asia/Shanghai", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        # Friday 13:00 + 4 h = 17:00, the close, and stays there; one second either side.
        ("2026-03-06 13:00", hours(4), "2026-03-06 17:00"),
        ("2026-03-06 13:00", hours(4) - timedelta(seconds=1), "2026-03-06 16:59:59"),
        ("2026-03-06 13:00", hours(4) + timedelta(seconds=1), "2026-03-09 09:00:01"),
        # Friday 16:00 + 1 h is used up at 17:00, 2 h more on Monday 09:00-11:00.
        ("2026-03-06 16:00", hours(3), "2026-03-09 11:00"),
        # Lunch: 11:00-12:00, 13:00-14:00.
        ("2026-03-02 11:00", hours(2), "2026-03-02 14:00"),
        # Out of hours counts from the next opening: Saturday + 1 h = Monday 10:00.
        ("2026-03-07 15:00", hours(1), "2026-03-09 10:00"),
        ("2026-03-06 17:00", hours(1), "2026-03-09 10:00"),
        # 7 h a day: 35 h from Monday 09:00 = Friday 17:00; a year of 52 weeks = 1820 h.
        ("2026-03-02 09:00", hours(35), "2026-03-06 17:00"),
        ("2026-03-02 09:00", hours(1820), "2027-02-26 17:00"),
        # Adding nothing leaves the instant, in hours or not.
        ("2026-03-07 15:00", hours(0), "2026-03-07 15:00"),
        # Backward: Monday 10:00 - 1 h = the opening, and stays there; one second either side.
        ("2026-03-09 10:00", -hours(1), "2026-03-09 09:00"),
        ("2026-03-09 10:00", -hours(1) + timedelta(seconds=1), "2026-03-09 09:00:01"),
        ("2026-03-09 10:00", -hours(1) - timedelta(seconds=1), "2026-03-06 16:59:59"),
        ("2026-03-08 10:00", -hours(8), "2026-03-05 16:00"),
    ],
)
def test_add_uses_up_working_time(start: str, length: timedelta, due: str) -> None:
    assert SHANGHAI.add(at(start), length) == at(due)


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        ("2026-03-02 09:00", "2026-03-02 17:00", hours(7)),
        ("2026-03-02 12:10", "2026-03-02 12:50", hours(0)),
        ("2026-03-06 16:00", "2026-03-09 10:00", hours(2)),
        ("2026-03-09 10:00", "2026-03-06 16:00", -hours(2)),
        ("2026-03-02 09:00", "2027-03-01 09:00", hours(52 * 35)),
        ("2026-03-06 17:00", "2026-03-09 09:00", hours(0)),
        # 2000-01-03 and 2026-01-05 are Mondays, 9499 days = 1357 weeks apart.
        ("2000-01-03 09:00", "2026-01-05 09:00", hours(1357 * 35)),
    ],
)
def test_between_measures_working_time_with_sign(start: str, end: str, length: timedelta) -> None:
    assert SHANGHAI.between(at(start), at(end)) == length


@pytest.mark.parametrize(
    ("instant", "is_open", "opening", "close"),
    [
        ("2026-03-02 08:59:59", False, "2026-03-02 09:00", "2026-02-27 17:00"),
        ("2026-03-02 09:00", True, "2026-03-02 09:00", "2026-02-27 17:00"),
        ("2026-03-02 09:00:01", True, "2026-03-02 09:00:01", "2026-03-02 09:00:01"),
        ("2026-03-02 12:00", False, "2026-03-02 13:00", "2026-03-02 12:00"),
        ("2026-03-06 16:59:59", True, "2026-03-06 16:59:59", "2026-03-06 16:59:59"),
        ("2026-03-06 17:00", False, "2026-03-09 09:00", "2026-03-06 17:00"),
    ],
)
def test_opening_is_in_hours_and_close_is_not(
    instant: str, is_open: bool, opening: str, close: str
) -> None:
    assert SHANGHAI.is_open(at(instant)) is is_open
    assert SHANGHAI.next_open(at(instant)) == at(opening)
    assert SHANGHAI.previous_close(at(instant)) == at(close)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-03-06 16:00", hours(2), "2026-03-08 10:00"),  # the adjusted Sunday is worked
        ("2026-03-08 16:00", hours(2), "2026-03-10 10:00"),  # Monday is off
        ("2026-03-10 11:00", hours(2), "2026-03-11 10:00"),  # Tuesday closes at noon
        ("2026-03-11 10:00", -hours(2), "2026-03-10 11:00"),
    ],
)
def test_holidays_and_adjusted_working_days(start: str, length: timedelta, due: str) -> None:
    assert HOLIDAY_WEEK.add(at(start), length) == at(due)


def test_holiday_wins_over_special_day() -> None:
    day = date(2026, 3, 2)
    calendar = WorkingTime("Asia/Shanghai", OFFICE, {day}, {day: [("09:00", "10:00")]})
    assert calendar.next_open(at("2026-03-02 09:00")) == at("2026-03-03 09:00")


def test_break_cuts_any_window_that_covers_it() -> None:
    calendar = WorkingTime(
        "Asia/Shanghai",
        ROUND_THE_CLOCK,
        breaks={date(2026, 3, 2): [("23:00", "01:00")], date(2026, 3, 4): [("20:00", "24:00")]},
    )
    assert calendar.add(at("2026-03-02 22:00"), hours(2)) == at("2026-03-03 02:00")
    assert calendar.between(at("2026-03-04 00:00"), at("2026-03-05 00:00")) == hours(20)
    assert calendar.previous_close(at("2026-03-05 00:00")) == at("2026-03-04 20:00")


def test_break_cuts_the_night_shift_of_the_day_before() -> None:
    tuesday = date(2026, 3, 3)
    calendar = WorkingTime("Asia/Shanghai", NIGHTS, breaks={tuesday: [("02:00", "03:00")]})
    # Monday's shift 22:00-06:00 is 8 h; the break is on Tuesday's clock.
    assert calendar.between(at("2026-03-02 22:00"), at("2026-03-03 06:00")) == hours(7)


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("2026-03-02 23:00", hours(7), "2026-03-03 06:00"),
        ("2026-03-06 23:00", hours(8), "2026-03-09 23:00"),  # Friday's shift ends on Saturday 06:00
        ("2026-03-07 05:00", hours(1), "2026-03-07 06:00"),
        ("2026-12-31 23:00", hours(7), "2027-01-01 06:00"),  # a shift over New Year
        ("2027-01-01 01:00", -hours(3), "2026-12-31 22:00"),
    ],
)
def test_night_shift_belongs_to_the_day_it_starts_on(
    start: str, length: timedelta, due: str
) -> None:
    assert NIGHT_SHIFT.add(at(start), length) == at(due)


def test_holiday_takes_the_night_that_starts_then_and_leaves_the_one_before() -> None:
    calendar = WorkingTime("Asia/Shanghai", NIGHTS, holidays={date(2026, 3, 3)})
    assert calendar.is_open(at("2026-03-03 05:00"))
    assert calendar.next_open(at("2026-03-03 06:00")) == at("2026-03-04 22:00")


def test_midnight_end_leaves_no_hole() -> None:
    calendar = WorkingTime("Asia/Shanghai", ROUND_THE_CLOCK)
    assert calendar.is_open(at("2026-03-02 23:59:59.999999"))
    assert calendar.between(at("2026-03-02 00:00"), at("2027-03-02 00:00")) == hours(365 * 24)


def test_end_equal_to_start_is_a_whole_day() -> None:
    calendar = WorkingTime("Asia/Shanghai", {0: [("08:00", "08:00")]})
    assert calendar.between(at("2026-03-02 00:00"), at("2026-03-05 00:00")) == hours(24)


def test_overlapping_windows_count_once() -> None:
    calendar = WorkingTime("UTC", {0: [("08:00", "12:00"), ("10:00", "14:00")]})
    assert calendar.between(at("2026-03-02 00:00", "UTC"), at("2026-03-03 00:00", "UTC")) == hours(
        6
    )


@pytest.mark.parametrize(
    ("start", "end", "length"),
    [
        # 2026-03-29 02:00 CET becomes 03:00 CEST: 01:00-04:00 has two real hours.
        ("2026-03-29 00:00", "2026-03-29 12:00", hours(2)),
        # 2026-10-25 03:00 CEST becomes 02:00 CET: 01:00-04:00 has four.
        ("2026-10-25 00:00", "2026-10-25 12:00", hours(4)),
        ("2026-10-24 00:00", "2026-10-24 12:00", hours(3)),
    ],
)
def test_lengths_are_real_time_across_clock_changes(
    start: str, end: str, length: timedelta
) -> None:
    assert BERLIN.between(at(start, "Europe/Berlin"), at(end, "Europe/Berlin")) == length


@pytest.mark.parametrize(
    ("day", "window", "opening", "close"),
    [
        # In the gap of 29 March 02:30 reads as 03:30 CEST = 01:30 UTC.
        ("2026-03-29", ("02:30", "05:00"), "2026-03-29 01:30", "2026-03-29 03:00"),
        ("2026-03-29", ("01:00", "02:30"), "2026-03-29 00:00", "2026-03-29 01:30"),
        # 02:30-03:00 would end (01:00 UTC) before it starts (01:30 UTC): the window vanishes.
        ("2026-03-29", ("02:30", "03:00"), "2026-04-05 00:30", "2026-03-22 02:00"),
        # In the fold of 25 October the first 02:30 counts: 00:30 UTC.
        ("2026-10-25", ("02:30", "05:00"), "2026-10-25 00:30", "2026-10-25 04:00"),
        ("2026-10-25", ("01:00", "02:30"), "2026-10-24 23:00", "2026-10-25 00:30"),
    ],
)
def test_edges_in_gap_and_fold_follow_zoneinfo(
    day: str, window: tuple[str, str], opening: str, close: str
) -> None:
    calendar = WorkingTime("Europe/Berlin", {6: [window]})
    midnight = at(f"{day} 00:00", "Europe/Berlin")
    noon = at(f"{day} 12:00", "Europe/Berlin")
    assert calendar.next_open(midnight) == at(opening, "UTC")
    assert calendar.previous_close(noon) == at(close, "UTC")


def test_second_hour_of_the_fold_is_later() -> None:
    first = at("2026-10-25 02:30", "Europe/Berlin")
    second = at("2026-10-25 02:30", "Europe/Berlin", fold=1)
    assert BERLIN.between(first, second) == WorkingTime.always().between(first, second) == hours(1)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-02 10:00", 1, "2026-03-03 10:00"),
        ("2026-03-06 10:00", 1, "2026-03-09 10:00"),
        ("2026-03-06 10:00", 5, "2026-03-13 10:00"),
        ("2026-03-07 10:00", 1, "2026-03-09 10:00"),  # from a Saturday: Monday is the first
        ("2026-03-02 12:30", 1, "2026-03-03 13:00"),  # lunch rolls to the next opening
        ("2026-03-02 20:00", 1, "2026-03-04 09:00"),  # evening of the 3rd rolls to the 4th
        ("2026-03-02 17:00", 1, "2026-03-03 17:00"),  # closing time stays
        ("2026-03-02 08:00", 1, "2026-03-03 09:00"),
        ("2026-03-07 10:00", 0, "2026-03-07 10:00"),
        ("2026-03-09 10:00", -1, "2026-03-06 10:00"),
        ("2026-03-09 20:00", -1, "2026-03-06 17:00"),
        ("2026-03-09 08:00", -1, "2026-03-05 17:00"),  # before Friday's opening: Thursday's close
        ("2026-03-09 09:00", -1, "2026-03-06 09:00"),
        ("2026-03-02 10:00", 520, "2028-02-28 10:00"),  # 104 weeks
    ],
)
def test_add_days_counts_dates_with_hours(start: str, days: int, due: str) -> None:
    assert SHANGHAI.add_days(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-06 10:00", 1, "2026-03-08 10:00"),
        ("2026-03-06 10:00", 2, "2026-03-10 10:00"),
        ("2026-03-06 15:00", 2, "2026-03-11 09:00"),  # Tuesday has hours, but not at 15:00
        ("2026-03-11 15:00", -1, "2026-03-10 12:00"),
    ],
)
def test_add_days_sees_holidays_and_adjusted_days(start: str, days: int, due: str) -> None:
    assert HOLIDAY_WEEK.add_days(at(start), days) == at(due)


def test_add_days_keeps_wall_time_across_clock_change() -> None:
    calendar = WorkingTime("Europe/Berlin", {weekday: [("09:00", "17:00")] for weekday in range(7)})
    # 28 March 10:00 CET = 09:00 UTC, 29 March 10:00 CEST = 08:00 UTC.
    assert calendar.add_days(at("2026-03-28 09:00", "UTC"), 1) == at("2026-03-29 08:00", "UTC")


def test_add_days_into_a_fold_takes_the_first_hour() -> None:
    second = at("2025-10-26 02:30", "Europe/Berlin", fold=1)
    # 364 days on, 02:30 comes twice again; the first is 00:30 UTC.
    assert BERLIN.add_days(second, 364) == at("2026-10-25 00:30", "UTC")


def test_always_is_open_and_counts_real_time() -> None:
    always = WorkingTime.always()
    start = at("2026-03-07 03:00")
    assert always.is_open(start)
    assert always.add(start, hours(30)) == at("2026-03-08 09:00")
    assert always.between(start, at("2026-03-06 03:00")) == -hours(24)
    assert always.next_open(start) == always.previous_close(start) == start
    assert always.add_days(start, -2) == at("2026-03-05 03:00")


def test_results_are_utc() -> None:
    start = at("2026-03-02 10:00")
    for calendar in (SHANGHAI, WorkingTime.always()):
        results = (
            calendar.add(start, hours(0)),
            calendar.add(start, hours(1)),
            calendar.next_open(start),
            calendar.previous_close(start),
            calendar.add_days(start, 0),
            calendar.add_days(start, 1),
        )
        assert {result.tzinfo for result in results} == {UTC}


@pytest.mark.parametrize("holidays", [(), {date(2026, 3, 2)}])
def test_calendar_without_hours_ends_the_search(holidays: set[date]) -> None:
    calendar = WorkingTime("UTC", {}, holidays)
    start = at("2026-03-02 10:00", "UTC")
    for question in (
        lambda: calendar.add(start, hours(1)),
        lambda: calendar.add(start, -hours(1)),
        lambda: calendar.next_open(start),
        lambda: calendar.previous_close(start),
        lambda: calendar.add_days(start, 1),
        lambda: calendar.add_days(start, -1),
    ):
        with pytest.raises(NoWorkingTime):
            question()
    assert calendar.between(start, start + hours(100)) == hours(0)
    assert not calendar.is_open(start)


@pytest.mark.parametrize("year", [2021, 2031])
def test_single_day_is_found_five_years_away(year: int) -> None:
    only = date(year, 3, 1)
    calendar = WorkingTime("UTC", {}, special={only: [("09:00", "10:00")]})
    start = at("2026-03-01 12:00", "UTC")
    found = calendar.next_open(start) if year > 2026 else calendar.previous_close(start)
    assert found.date() == only


@pytest.mark.parametrize(
    "weekly",
    [
        {7: [("09:00", "17:00")]},
        {-1: [("09:00", "17:00")]},
        {0: [("9:00", "17:00")]},
        {0: [("09:60", "17:00")]},
        {0: [("09:00", "17:60")]},
        {0: [("24:00", "06:00")]},
        {0: [("09:00", "24:30")]},
        {0: [("09:00", "25:00")]},
        {0: [("", "17:00")]},
        {0: [("09:00:00", "17:00")]},
        {0: [("09:00\n", "17:00")]},
        {0: [("٠٩:٠٠", "17:00")]},
        {0: [(540, 1020)]},
    ],
)
def test_senseless_windows_are_refused(weekly: dict[int, list[tuple[str, str]]]) -> None:
    with pytest.raises(ValueError, match=r"weekday|time of day"):
        WorkingTime("UTC", weekly)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Europe", "/etc/passwd", "../UTC"])
def test_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="Unknown time zone"):
        WorkingTime(zone, OFFICE)


@pytest.mark.parametrize("calendar", [SHANGHAI, WorkingTime.always()])
def test_naive_datetimes_are_refused(calendar: WorkingTime) -> None:
    naive, aware = datetime(2026, 3, 2, 10), at("2026-03-02 10:00")
    for question in (
        lambda: calendar.add(naive, hours(1)),
        lambda: calendar.add(naive, hours(0)),
        lambda: calendar.between(naive, aware),
        lambda: calendar.between(aware, naive),
        lambda: calendar.is_open(naive),
        lambda: calendar.next_open(naive),
        lambda: calendar.previous_close(naive),
        lambda: calendar.add_days(naive, 1),
        lambda: calendar.add_days(naive, 0),
    ):
        with pytest.raises(ValueError, match="needs its time zone"):
            question()
