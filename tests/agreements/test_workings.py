"""How a due time comes about: the lines add up to the length, and end where the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from agreements.actions import load_defaults
from agreements.models import Calendar
from agreements.workings import Why, work_out

BEGINNINGS = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
LENGTHS = st.integers(1, 60 * 60 * 200).map(lambda seconds: timedelta(seconds=seconds))


class Added(TestCase):
    """A test case, since the lines read the special days of a calendar."""

    @classmethod
    def setUpTestData(cls) -> None:
        load_defaults()

    @hypothesis_settings(max_examples=60)
    @given(start=BEGINNINGS, length=LENGTHS, code=st.sampled_from(["business-hours", "always"]))
    def test_the_lines_add_up_to_the_length(self, start, length, code):
        version = Calendar.objects.get(code=code).version_at(start)
        shown = work_out(version, start, length)
        assert shown.due == version.working_time().add(start, length)
        assert sum((line.counted for line in shown.lines), timedelta()) == length
        assert shown.lines[-1].total == length
        days = [line.day for line in shown.lines]
        assert days == sorted(set(days))


@pytest.mark.django_db
def test_what_is_filed_on_friday_evening_goes_on_on_monday():
    load_defaults()
    version = Calendar.default().version_at(datetime(2026, 11, 27, tzinfo=UTC))
    shown = work_out(version, datetime(2026, 11, 27, 9, 30, tzinfo=UTC), timedelta(hours=2))
    # 17:30 in Shanghai: half an hour is left of Friday, an hour and a half of Monday counts.
    assert [(line.day.day, line.why, line.counted) for line in shown.lines] == [
        (27, Why.COUNTED, timedelta(minutes=30)),
        (28, Why.REST, timedelta()),
        (29, Why.REST, timedelta()),
        (30, Why.COUNTED, timedelta(minutes=90)),
    ]


@pytest.mark.django_db
def test_a_holiday_is_named_where_it_is_skipped():
    load_defaults()
    version = Calendar.default().version_at(datetime(2026, 9, 30, tzinfo=UTC))
    shown = work_out(version, datetime(2026, 9, 30, 9, 0, tzinfo=UTC), timedelta(hours=3))
    assert {line.name for line in shown.lines if line.why is Why.DAY_OFF} == {"National Day"}
