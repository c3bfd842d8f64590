from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError

from agreements.actions import draft_version, publish_version
from agreements.models import Calendar, CalendarDay, CalendarVersion
from people.models import User
from tests.agreements.instants import at

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
MONDAY_OFF = date(2026, 3, 9)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar.objects.create(code="office", name="Office", name_zh="办公")


@pytest.fixture
def draft(calendar: Calendar) -> CalendarVersion:
    version = CalendarVersion.objects.create(
        calendar=calendar, number=1, weekly={"0": [["09:00", "17:00"]], "4": [["09:00", "17:00"]]}
    )
    CalendarDay.objects.create(version=version, date=MONDAY_OFF, kind=CalendarDay.Kind.OFF)
    return version


@pytest.fixture
def published(draft: CalendarVersion, service_manager: User) -> CalendarVersion:
    publish_version(draft, actor=service_manager, at=at("2026-01-01"))
    return draft


def test_version_gives_its_hours(published: CalendarVersion) -> None:
    # Friday 16:00 + 2 h: one on Friday, Monday 9 March is off, one on Friday 13 March.
    due = published.working_time().add(at("2026-03-06 16:00"), 2 * HOUR)
    assert due == at("2026-03-13 10:00")


def test_always_version_needs_no_query(calendar: Calendar, django_assert_num_queries) -> None:
    version = CalendarVersion(calendar=calendar, number=1, is_always=True)
    with django_assert_num_queries(0):
        assert version.working_time().is_open(at("2026-03-08 03:00"))


def test_published_hours_are_read_once(
    published: CalendarVersion, django_assert_num_queries
) -> None:
    first = published.working_time()
    with django_assert_num_queries(0):
        assert CalendarVersion.working_time(published) is first


def test_draft_hours_follow_its_edits(draft: CalendarVersion) -> None:
    assert not draft.working_time().is_open(at("2026-03-09 10:00"))
    draft.days.all().delete()
    assert draft.working_time().is_open(at("2026-03-09 10:00"))


def test_published_version_does_not_change(published: CalendarVersion) -> None:
    published.weekly = {}
    with pytest.raises(ValidationError, match="Make a new one"):
        published.save()
    with pytest.raises(ValidationError, match="cannot be deleted"):
        published.delete()


def test_days_of_a_published_version_do_not_change(published: CalendarVersion) -> None:
    day = published.days.get()
    with pytest.raises(ValidationError, match="Make a new one"):
        day.save()
    with pytest.raises(ValidationError, match="Make a new one"):
        day.delete()
    with pytest.raises(ValidationError, match="Make a new one"):
        CalendarDay(version=published, date=date(2026, 3, 10), kind="off").full_clean()


def test_next_version_copies_the_days_and_counts_from_its_publication(
    published: CalendarVersion, service_manager: User
) -> None:
    calendar = published.calendar
    following = draft_version(calendar, actor=service_manager)
    assert (following.number, following.days.get().date) == (2, MONDAY_OFF)
    following.days.all().delete()
    publish_version(following, actor=service_manager, at=at("2026-02-01"))
    assert calendar.version_at(at("2026-01-31 23:59:59")) == published
    assert calendar.version_at(at("2026-02-01")) == following
    assert not published.working_time().is_open(at("2026-03-09 10:00"))
    assert following.working_time().is_open(at("2026-03-09 10:00"))


def test_first_version_counts_before_it_was_published(published: CalendarVersion) -> None:
    assert published.calendar.version_at(at("2020-01-01")) == published


def test_calendar_without_published_version_has_none(draft: CalendarVersion) -> None:
    with pytest.raises(CalendarVersion.DoesNotExist):
        draft.calendar.version_at(at("2026-01-01"))


def test_calendar_has_one_draft(draft: CalendarVersion, service_manager: User) -> None:
    with pytest.raises(ValidationError, match="already has a draft"):
        draft_version(draft.calendar, actor=service_manager)
    with pytest.raises(ValidationError, match="already has a draft"):
        CalendarVersion(calendar=draft.calendar, number=2).full_clean()


def test_calendar_that_never_opens_is_not_published(
    calendar: Calendar, service_manager: User
) -> None:
    empty = draft_version(calendar, actor=service_manager)
    with pytest.raises(ValidationError, match="no working time ahead"):
        publish_version(empty, actor=service_manager, at=at("2026-01-01"))


def test_version_is_published_once(published: CalendarVersion, service_manager: User) -> None:
    with pytest.raises(ValidationError, match="published already"):
        publish_version(published, actor=service_manager, at=at("2026-02-01"))


@pytest.mark.parametrize(
    ("ends_on", "is_known"),
    [(None, True), (date(2026, 12, 31), True), (date(2026, 12, 30), False)],
)
def test_calendar_says_where_its_data_ends(ends_on: date | None, is_known: bool) -> None:
    assert CalendarVersion(data_ends_on=ends_on).is_known_on(date(2026, 12, 31)) is is_known


@pytest.mark.parametrize(
    "weekly",
    [[], {"7": []}, {"x": []}, {"0": ["09:00"]}, {"0": [["9", "17"]]}, {"0": None}, "", 5],
)
def test_senseless_weekly_hours_are_refused(calendar: Calendar, weekly: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        CalendarVersion(calendar=calendar, number=1, weekly=weekly or [1]).full_clean()
    assert "weekly" in refusal.value.message_dict


def test_unknown_time_zone_is_refused(calendar: Calendar) -> None:
    with pytest.raises(ValidationError, match="no such time zone"):
        CalendarVersion(calendar=calendar, number=1, timezone="Mars/Olympus").full_clean()


@pytest.mark.parametrize(
    ("kind", "windows", "message"),
    [
        ("off", [["09:00", "12:00"]], "A day off has no hours"),
        ("work", [], "A day off has no hours"),
        ("half", [["09:00", "9:30"]], "Write the hours of the day"),
        ("half", "09:00-12:00", "Write the hours of the day"),
    ],
)
def test_hours_of_a_day_fit_its_kind(
    draft: CalendarVersion, kind: str, windows: object, message: str
) -> None:
    day = CalendarDay(version=draft, date=date(2026, 3, 16), kind=kind, windows=windows)
    with pytest.raises(ValidationError, match=message):
        day.full_clean()
    day.kind, day.windows = "half", [["09:00", "12:00"]]
    day.full_clean()
