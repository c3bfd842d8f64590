"""What a clock says, with the arithmetic beside each row."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils.translation import override

from workflows.words import clock_words, duration_words, used_percent


@dataclass(frozen=True)
class Reading:
    state: str
    budget: timedelta
    elapsed: timedelta
    is_working_now: bool = True
    metric: str = "resolve"
    label: str = "Resolution"
    due_at: datetime | None = None

    @property
    def remaining(self) -> timedelta:
        return self.budget - self.elapsed


def reading(state: str, budget: str, elapsed: str, *, is_working_now: bool = True) -> Reading:
    return Reading(state, length(budget), length(elapsed), is_working_now)


def length(text: str) -> timedelta:
    """Read `h:mm` or `h:mm:ss`."""
    hours, minutes, *seconds = map(int, text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


@pytest.mark.parametrize(
    ("state", "budget", "elapsed", "level", "english", "chinese"),
    [
        # 16h − 3h = 13h = 1 × 8h + 5h; 3/16 = 19 %
        ("running", "16:00", "3:00", "on_track", "1d 5h left", "剩余 1 天 5 小时"),
        # 16h − 8h = 8h = one working day exactly; 50 %
        ("running", "16:00", "8:00", "on_track", "1d left", "剩余 1 天"),
        # 24h − 17h59 = 6h01; 74.9 % is not yet 75 %
        ("running", "24:00", "17:59", "on_track", "6h 1m left", "剩余 6 小时 1 分"),
        # 24h − 18h = 6h; 75 % exactly
        ("running", "24:00", "18:00", "at_risk", "6h left", "剩余 6 小时"),
        # 24h − 19h03 = 4h57; 79 %
        ("running", "24:00", "19:03", "at_risk", "4h 57m left", "剩余 4 小时 57 分"),
        # 24h − 21h36 = 2h24; 90 % exactly
        ("running", "24:00", "21:36", "due_very_soon", "2h 24m left", "剩余 2 小时 24 分"),
        # 2h − 1h = 1h is not less than an hour; 50 %
        ("running", "2:00", "1:00", "on_track", "1h left", "剩余 1 小时"),
        # 2h − 1h01 = 59m is less than an hour though only 51 % is used
        ("running", "2:00", "1:01", "due_very_soon", "59m left", "剩余 59 分"),
        # 30m − 10m = 20m; a budget under an hour counts by share alone: 33 %
        ("running", "0:30", "0:10", "on_track", "20m left", "剩余 20 分"),
        # 8h − 7h59:30 = 30 s, less than a minute
        ("running", "8:00", "7:59:30", "due_very_soon", "<1m left", "剩余 1 分钟内"),
        # 8h − 8h = 0: due now, not yet past due
        ("running", "8:00", "8:00", "due_very_soon", "<1m left", "剩余 1 分钟内"),
        # 8h − 10h14 = −2h14
        ("running", "8:00", "10:14", "breached", "Overdue by 2h 14m", "超时 2 小时 14 分"),
        # 8h − 20h = −12h = 1 × 8h + 4h
        ("running", "8:00", "20:00", "breached", "Overdue by 1d 4h", "超时 1 天 4 小时"),
        # 20h − 10h = 10h = 1 × 8h + 2h
        ("paused", "20:00", "10:00", "paused", "Paused · 1d 2h left", "已暂停 · 剩 1 天 2 小时"),
        # 8h − 9h = −1h: past due stays past due while paused
        ("paused", "8:00", "9:00", "breached", "Overdue by 1h", "超时 1 小时"),
        # 4h − 2h = 2h to spare
        ("met", "4:00", "2:00", "met", "Met · 2h early", "达标 · 提前 2 小时"),
        # 4h − 4h = 0: on the minute
        ("met", "4:00", "4:00", "met", "Met", "达标"),
        # 4h − 7h = −3h
        ("missed", "4:00", "7:00", "missed", "Missed by 3h", "未达标 · 晚 3 小时"),
        ("cancelled", "4:00", "1:00", "cancelled", "Cancelled", "已取消"),
    ],
)
def test_clock_says_level_and_time(state, budget, elapsed, level, english, chinese):
    clock = reading(state, budget, elapsed)
    with override("en"):
        assert clock_words(clock) == (level, english)
    with override("zh-hans"):
        assert clock_words(clock) == (level, chinese)


def test_clock_rests_outside_working_hours():
    # 8h − 7h30 = 30m; by day this would be due very soon
    clock = reading("running", "8:00", "7:30", is_working_now=False)
    with override("en"):
        assert clock_words(clock) == ("paused", "Outside hours · 30m left")


def test_breach_shows_outside_working_hours():
    # 8h − 9h30 = −1h30
    clock = reading("running", "8:00", "9:30", is_working_now=False)
    with override("en"):
        assert clock_words(clock) == ("breached", "Overdue by 1h 30m")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0:00:59", "<1m"),
        ("0:01:59", "1m"),  # whole minutes, rounded down
        ("7:59", "7h 59m"),
        ("8:00", "1d"),
        ("8:59", "1d"),  # two units at most: 59 minutes drop out
        ("85:00", "10d 5h"),  # 85 = 10 × 8 + 5
    ],
)
def test_duration_has_two_units_at_most(text, words):
    with override("en"):
        assert duration_words(length(text)) == words


def test_used_percent_stays_between_nothing_and_all():
    assert used_percent(reading("running", "8:00", "2:00")) == 25  # 2 / 8
    assert used_percent(reading("running", "8:00", "20:00")) == 100
    assert used_percent(reading("running", "0:00", "0:00")) == 100
