"""The change calendar: month, filters, conflicts, freezes, who sees what; and its feed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
import vobject
from django.test import Client

from agreements.models import Service
from change_control import calendar_page
from change_control.models import FreezePeriod
from people.actors import Actor
from people.models import User
from tests.change_control.walking import DAY, OPENS, walk
from tests.world import NOON

NOVEMBER = date(2026, 11, 1)
THERE = {"starts_at": "2026-11-28T23:00", "ends_at": "2026-11-29T01:00",
         "return_until": "2026-11-29T00:30"}  # fmt: skip


def client(person: User) -> Client:
    User.objects.filter(pk=person.pk).update(language="en")
    browser = Client()
    browser.force_login(person)
    return browser


def days_with(world, who="change_manager", first=NOVEMBER, **only):
    weeks = calendar_page.month(Actor.of(world[who], NOON), first, **only)
    return {
        day.date.isoformat(): [entry.change.title for entry in day.entries]
        for week in weeks for day in week if day.entries
    }  # fmt: skip


def test_a_change_over_midnight_stands_on_both_days(world):
    walk(world, "scheduled", title="Index")
    assert days_with(world) == {"2026-11-28": ["Index"], "2026-11-29": ["Index"]}


def test_a_window_that_ends_at_midnight_does_not_touch_the_next_day(world):
    walk(world, "assessing", title="Index", ends_at="2026-11-29T00:00",
         return_until="2026-11-28T23:00")  # fmt: skip
    assert list(days_with(world)) == ["2026-11-28"]


def test_drafts_and_what_was_refused_are_not_on_the_calendar(world):
    for state in ("draft", "rejected", "withdrawn", "returned"):
        walk(world, state)
    assert days_with(world) == {}


def test_weeks_begin_on_monday_and_fill_the_month(world):
    weeks = calendar_page.month(Actor.of(world["analyst"], NOON), NOVEMBER)
    assert [len(week) for week in weeks] == [7] * 6
    assert (weeks[0][0].date, weeks[-1][-1].date) == (date(2026, 10, 26), date(2026, 12, 6))
    assert [day.date for week in weeks for day in week if day.is_today] == [date(2026, 11, 23)]


@pytest.mark.parametrize(
    ("only", "titles"),
    [
        ({"system": "erp"}, {"Index", "Patch"}),
        ({"system": "portal"}, {"Portal"}),
        ({"type": "emergency"}, {"Patch"}),
        ({"risk": "low"}, {"Index"}),
    ],
)
def test_filters(world, only, titles):
    walk(world, "scheduled", title="Index")
    walk(world, "scheduled", title="Portal", systems=["portal"])
    patch = walk(world, title="Patch", type="emergency").act("analyst", "submit")
    assert patch.case.state == "awaiting_approval"
    if "risk" in only:
        titles = {"Index", "Portal"}  # emergencies are not assessed
    if "system" in only:
        only = {"system": Service.objects.get(code=only["system"])}
    assert {title for day in days_with(world, **only).values() for title in day} == titles


def test_only_mine_are_those_i_ask_for_carry_out_or_verify(world):
    walk(world, "scheduled", title="Index")
    assert days_with(world, who="tester", mine=True) != {}
    assert days_with(world, who="service_manager", mine=True) == {}


def test_a_person_sees_the_changes_they_may_see(world):
    walk(world, "scheduled", title="Secret")
    assert days_with(world, who="requester") == {}
    with time_machine.travel(NOON, tick=False):
        page = client(world["requester"]).get("/changes/").content.decode()
    assert "Secret" not in page


def test_a_clash_is_marked_on_both_and_a_freeze_is_striped_and_counted(world):
    walk(world, "scheduled", title="Index")
    walk(world, "scheduled", title="Other", **THERE)
    FreezePeriod.objects.create(name="Year end", starts_at=OPENS - DAY, ends_at=OPENS + DAY,
                                is_hard=False)  # fmt: skip
    with time_machine.travel(NOON, tick=False):
        answer = client(world["change_manager"]).get("/changes/?month=2026-11")
    page = answer.content.decode()
    entries = [one for week in answer.context["weeks"] for day in week for one in day.entries]
    assert {str(c.kind) for one in entries for c in one.conflicts} == {
        "same_system", "same_implementer", "soft_freeze",
    }  # fmt: skip
    assert all(entry.conflicts for entry in entries)
    assert "2 changes fall into a freeze." in page
    assert page.count("og-day--frozen") == 3  # Friday 22:00 to Sunday 22:00


def test_the_month_shows_the_first_of_a_full_day_and_the_day_shows_all(world):
    """What is not shown is counted, in the sum and for the freeze too."""
    titles = [f"Index {number}" for number in range(calendar_page.AT_ONCE + 2)]
    for title in titles:
        walk(world, "scheduled", title=title)
    FreezePeriod.objects.create(name="Year end", starts_at=OPENS, ends_at=OPENS + DAY,
                                is_hard=False)  # fmt: skip
    browser = client(world["change_manager"])
    with time_machine.travel(NOON, tick=False):
        month = browser.get("/changes/?month=2026-11&type=normal")
        day = browser.get("/changes/?day=2026-11-28&type=normal")
        other = browser.get("/changes/?day=2026-11-28&type=emergency")
    assert "2 more" in month.content.decode()
    assert "?type=normal&amp;day=2026-11-28" in month.content.decode()
    assert [entry.change.title for entry in day.context["day"].entries] == titles
    for page in (month, day):
        assert f"{len(titles)} changes fall into a freeze." in page.content.decode()
        assert page.context["count"] == len(titles)
    assert all(entry.conflicts for entry in day.context["day"].entries)
    assert (other.context["count"], other.context["day"].entries) == (0, [])


@pytest.mark.parametrize("day", ["", "2026-11", "2026-11-31", "abc", "1900-01-01", "\u0661"])
def test_a_day_that_is_none_shows_the_month(world, day):
    answer = client(world["analyst"]).get("/changes/", {"day": day})
    assert (answer.status_code, "weeks" in answer.context) == (200, True)


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "abc", "99999-1", "2026-11-x", "\x00"])
def test_a_month_that_is_none_is_the_present_one(month):
    assert calendar_page.first_of_month(month, NOON) == NOVEMBER


def test_a_filter_that_is_none_filters_nothing(world):
    walk(world, "scheduled", title="Index")
    with time_machine.travel(NOON, tick=False):
        answer = client(world["analyst"]).get("/changes/?system=nothing&type=x&risk=7")
    assert (answer.status_code, answer.context["count"]) == (200, 1)


def test_the_number_of_queries_does_not_grow_with_the_changes(world, django_assert_max_num_queries):
    for number in range(3):
        walk(world, "scheduled", title=f"Index {number}")
    browser = client(world["analyst"])
    with time_machine.travel(NOON, tick=False), django_assert_max_num_queries(20):
        assert browser.get("/changes/").context["count"] == 3


# -- the feed -------------------------------------------------------------------------------------
def address_of(person: User) -> str:
    page = client(person).post("/changes/subscribe/")
    address: str = page.context["address"]
    return "/" + address.split("/", 3)[3]


def events(address: str) -> dict[str, vobject.base.Component]:
    answer = Client().get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    calendar = vobject.readOne(answer.content.decode())
    return {event.summary.value: event for event in calendar.vevent_list}


def test_the_feed_is_read_by_another_parser(world):
    title = "Index; with, \\ special\u2028 signs and 一个很长很长的标题" * 3
    number = walk(world, "scheduled", title=title[:200]).case.number
    waiting = walk(world, "assessing", title="Waits", **THERE).case.number
    FreezePeriod.objects.create(name="Year end", starts_at=OPENS, ends_at=OPENS + DAY)
    with time_machine.travel(NOON, tick=False):
        found = events(address_of(world["analyst"]))
    event = found[f"{number} {title[:200]}"]
    assert event.dtstart.value == OPENS
    assert event.dtend.value == datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
    assert event.status.value == "CONFIRMED"
    assert event.url.value.endswith(f"/cases/{number}/")
    assert found[f"{waiting} Waits"].status.value == "TENTATIVE"
    assert any("Year end" in name for name in found)
    uids = [event.uid.value for event in found.values()]
    assert len(set(uids)) == len(uids)


def test_the_feed_shows_what_its_owner_may_see_and_opens_nothing_else(world):
    walk(world, "scheduled", title="Secret")
    with time_machine.travel(NOON, tick=False):
        address = address_of(world["requester"])
        assert b"Secret" not in Client().get(address).content
        secret = address.rsplit("/", 1)[1].removesuffix(".ics")
        bearer = {"Authorization": f"Bearer {secret}"}
        assert Client().get("/api/v1/cases/", headers=bearer).status_code == 401
        assert Client().get("/cases/", headers=bearer).status_code == 302


def test_a_new_address_ends_the_old_one_and_leaving_ends_both(world):
    person = world["analyst"]
    old, new = address_of(person), address_of(person)
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert Client().get(new).status_code == 404


def test_a_token_of_the_api_is_no_address(world):
    from people.tokens import issue_token

    secret = issue_token(user=world["analyst"], name="all")
    assert Client().get(f"/changes/feed/{secret}.ics").status_code == 404


def test_the_feed_speaks_the_language_of_its_owner(world):
    walk(world, "scheduled")
    address = address_of(world["analyst"])
    User.objects.filter(username="analyst").update(language="zh-hans")
    with time_machine.travel(NOON, tick=False):
        assert "已排期" in Client().get(address).content.decode()
