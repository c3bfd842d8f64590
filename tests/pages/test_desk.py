"""What people do to several tasks of a list, and what they arrange for themselves in it."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from people.models import Grant, User
from people.roles import Role
from tests.change_control.walking import walk as walk_change
from tests.pages.test_story import Desk
from tests.world import NOON
from workflows.models import Clock, SavedView, Snooze, Task, Watch

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def desk(world: Any) -> Any:
    """Everybody reads English, and the service desk has a second person."""
    world["desk2"] = User.objects.create(username="desk2", unit=world["desk"].unit)
    Grant.objects.create(
        user=world["desk2"], role=Role.SERVICE_DESK, unit=world["auditor"].unit, from_at=NOON - DAY
    )
    User.objects.update(language="en")
    for person in world.values():
        person.refresh_from_db()
    with time_machine.travel(NOON, tick=False) as clock:
        yield Desk(world, clock)


def filed(desk: Desk, number: int) -> list[Task]:
    for _time in range(number):
        desk.file("requester")
    return list(Task.objects.open().order_by("pk"))


def act(desk: Desk, who: str, do: str, tasks: list[Task], **values: Any) -> Any:
    data = {"do": do, "task": [task.pk for task in tasks], **values}
    return desk.browser(who).post("/inbox/act/", data)


def numbers(desk: Desk, who: str, query: str) -> list[str]:
    groups = desk.browser(who).get(f"/inbox/?{query}").context["groups"]
    return [row.task.number for group in groups for row in group["rows"]]


# -- several at once -------------------------------------------------------------------------------
def test_several_tasks_are_taken_at_once(desk: Desk, world: Any) -> None:
    tasks = filed(desk, 3)
    answer = act(desk, "desk", "take", tasks, back="/inbox/?view=queue")
    assert (answer.status_code, answer.url) == (302, "/inbox/?view=queue")
    assert set(Task.objects.values_list("assignee__username", flat=True)) == {"desk"}


def test_a_refusal_is_told_of_its_case_and_undoes_nothing_else(desk: Desk, world: Any) -> None:
    tasks = filed(desk, 3)
    act(desk, "desk2", "take", tasks[:1])
    answer = act(desk, "desk", "take", tasks)
    assert answer.status_code == 200
    said = answer.context["refused"]
    assert [one.case.pk for one in said] == [tasks[0].case_id]
    assert f"{world['desk2']} has already taken this." in answer.content.decode()
    assert [case.pk for case in answer.context["done"]] == [task.case_id for task in tasks[1:]]
    assert Task.objects.filter(assignee=world["desk"]).count() == 2


def test_tasks_of_cases_one_may_not_see_are_not_there(desk: Desk) -> None:
    tasks = filed(desk, 1)
    for do in ("take", "snooze", "follow"):
        answer = act(desk, "requester2", do, tasks, **{"for": "hour"})
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "1 task is no longer here for you." in page
        assert desk.number not in page
    assert not Snooze.objects.exists()
    assert not Watch.objects.exists()


def test_an_unknown_act_and_an_address_elsewhere_are_refused(desk: Desk) -> None:
    tasks = filed(desk, 1)
    assert act(desk, "desk", "explode", tasks).status_code == 404
    assert act(desk, "desk", "take", tasks, back="//evil.example/").url == "/inbox/"


def test_what_is_selected_is_handed_over(desk: Desk, world: Any) -> None:
    tasks = filed(desk, 2)
    act(desk, "desk", "take", tasks)
    query = "&".join(f"task={task.pk}" for task in tasks)
    offered = desk.browser("desk").get(f"/inbox/choose/?{query}").context["people"]
    assert world["desk2"] in offered
    assert world["desk"] not in offered
    assert act(desk, "desk", "hand_over", tasks, to="desk2").status_code == 302
    assert set(Task.objects.values_list("assignee__username", flat=True)) == {"desk2"}
    answer = act(desk, "desk", "hand_over", tasks, to="requester")
    assert answer.status_code == 409


# -- snoozing --------------------------------------------------------------------------------------
def test_a_snoozed_task_hides_from_oneself_alone_until_its_time(desk: Desk) -> None:
    tasks = filed(desk, 2)
    clocks = list(Clock.objects.order_by("pk").values())
    assert act(desk, "desk", "snooze", tasks[:1], **{"for": "hour"}).status_code == 302
    asleep, other = (task.case.number for task in tasks)
    assert numbers(desk, "desk", "view=queue") == [other]
    assert numbers(desk, "desk", "view=snoozed") == [asleep]
    (group,) = desk.browser("desk").get("/inbox/?view=snoozed").context["groups"]
    assert [row.until for row in group["rows"]] == [NOON + HOUR]
    assert asleep in numbers(desk, "desk2", "view=queue")
    assert list(Clock.objects.order_by("pk").values()) == clocks
    desk.clock.shift(HOUR + MINUTE)
    assert asleep in numbers(desk, "desk", "view=queue")
    assert numbers(desk, "desk", "view=snoozed") == []


def test_what_becomes_overdue_comes_back_at_once(desk: Desk) -> None:
    tasks = filed(desk, 1)
    due = Task.objects.get().due_at
    assert due is not None
    act(desk, "desk", "snooze", tasks, until=f"{due + 5 * DAY:%Y-%m-%dT%H:%M}")
    assert numbers(desk, "desk", "view=queue") == []
    desk.clock.move_to(due + MINUTE)
    assert numbers(desk, "desk", "view=queue") == [desk.number]
    assert act(desk, "desk", "snooze", tasks, **{"for": "hour"}).status_code == 409


def test_a_snoozed_task_can_be_woken(desk: Desk) -> None:
    tasks = filed(desk, 1)
    act(desk, "desk", "snooze", tasks, **{"for": "morning"})
    assert numbers(desk, "desk", "view=queue") == []
    act(desk, "desk", "wake", tasks)
    assert numbers(desk, "desk", "view=queue") == [desk.number]


@pytest.mark.parametrize("values", [{}, {"until": "soon"}, {"until": "2020-01-01T10:00"}])
def test_a_snooze_needs_a_moment_to_come(desk: Desk, values: dict[str, str]) -> None:
    tasks = filed(desk, 1)
    assert act(desk, "desk", "snooze", tasks, **values).status_code in (409, 422)
    assert not Snooze.objects.exists()


# -- what is new -----------------------------------------------------------------------------------
def test_the_inbox_asks_what_is_new_and_what_is_gone(
    desk: Desk, world: Any, django_assert_max_num_queries: Any
) -> None:
    first, second, third = filed(desk, 3)
    act(desk, "desk2", "take", [first])
    shown = f"{first.pk},{second.pk},999999"
    browser = desk.browser("desk")
    with django_assert_max_num_queries(7):
        said = browser.get(f"/inbox/news/?view=queue&shown={shown}").json()
    assert (said["new"], said["words"]) == (1, "1 new task")
    assert said["gone"] == {
        str(first.pk): f"Taken by {world['desk2']}", "999999": "No longer here",
    }  # fmt: skip
    assert str(third.pk) not in said["gone"]
    strangers = desk.browser("requester2").get(f"/inbox/news/?view=queue&shown={first.pk}").json()
    assert strangers["gone"] == {str(first.pk): "No longer here"}


# -- filters and views -----------------------------------------------------------------------------
def test_the_inbox_is_filtered_by_its_address(desk: Desk) -> None:
    filed(desk, 1)
    assert numbers(desk, "desk", "view=queue&q=报表") == [desk.number]
    assert numbers(desk, "desk", "view=queue&kind=optimization&service=erp") == [desk.number]
    page = desk.browser("desk").get("/inbox/?view=queue&q=nothing-like-it").content.decode()
    assert "No task matches" in page


def test_a_view_keeps_the_filters_of_its_page_under_a_name(desk: Desk) -> None:
    browser = desk.browser("desk")
    query = "view=queue&q=%E6%8A%A5%E8%A1%A8&rows=more&evil=1"
    data = {"page": "inbox", "name": " 报表  today ", "query": query}
    answer = browser.post("/views/", data)
    assert answer.url == "/inbox/?view=queue&q=%E6%8A%A5%E8%A1%A8"
    assert "报表 today" in browser.get("/inbox/").content.decode()
    assert "报表 today" not in browser.get("/cases/").content.decode()
    assert "报表 today" not in desk.browser("desk2").get("/inbox/").content.decode()


def test_at_most_twenty_views_of_a_list_are_kept(desk: Desk) -> None:
    browser = desk.browser("desk")
    for number in range(20):
        browser.post("/views/", {"page": "case_list", "name": f"view {number}", "query": ""})
    data = {"page": "case_list", "name": "one more", "query": ""}
    assert browser.post("/views/", data).status_code == 409
    assert browser.post("/views/", {**data, "page": "inbox"}).status_code == 302
    assert browser.post("/views/", {**data, "name": "view 3"}).status_code == 302
    assert SavedView.objects.count() == 21


def test_views_of_others_are_not_there(desk: Desk) -> None:
    desk.browser("desk").post("/views/", {"page": "inbox", "name": "mine", "query": ""})
    view = SavedView.objects.get()
    for data in ({"do": "delete"}, {"do": "rename", "name": "yours"}):
        answer = desk.browser("desk2").post("/views/change/", {"view": view.pk, **data})
        assert answer.status_code == 404
    desk.browser("desk").post("/views/change/", {"view": view.pk, "name": "today"})
    assert SavedView.objects.get().name == "today"
    desk.browser("desk").post("/views/change/", {"view": view.pk, "do": "delete"})
    assert not SavedView.objects.exists()


# -- the list of cases -----------------------------------------------------------------------------
def test_cases_are_found_by_their_due_time(desk: Desk) -> None:
    filed(desk, 1)
    due = Task.objects.get().due_at
    assert due is not None

    def shown(value: str) -> int:
        return len(desk.browser("desk").get(f"/cases/?clock={value}").context["rows"])

    kinds = ("overdue", "due_soon", "on_track", "paused")
    desk.clock.move_to(due - 30 * MINUTE)
    assert [shown(one) for one in kinds] == [0, 1, 0, 0]
    desk.clock.move_to(due + MINUTE)
    assert [shown(one) for one in kinds] == [1, 0, 0, 0]


def test_cases_are_found_by_whose_they_are_and_when_they_were_opened(desk: Desk) -> None:
    filed(desk, 1)
    day = f"{NOON:%Y-%m-%d}"
    for who, query, number in (
        ("requester", "whose=asked", 1), ("desk", "whose=asked", 0), ("desk", "whose=team", 1),
        ("desk", "whose=mine", 0), ("desk", "whose=watched", 0),
        ("desk", "person=requester", 1), ("desk", "person=tester", 0), ("desk", "person=nobody", 0),
        ("desk", f"opened_from={day}&opened_to={day}", 1), ("desk", "opened_from=2099-01-01", 0),
        ("desk", "opened_to=2001-01-01", 0), ("desk", "opened_to=9999-12-31", 1),
    ):  # fmt: skip
        answer = desk.browser(who).get(f"/cases/?{query}")
        assert (query, len(answer.context["rows"])) == (query, number)
        assert len(answer.context["chips"]) == query.count("=")


def test_what_somebody_has_to_do_is_found_by_their_name(desk: Desk) -> None:
    (task, other) = filed(desk, 2)
    act(desk, "desk", "take", [task])
    answer = desk.browser("service_manager").get("/cases/?person=desk")
    assert [row[0].case.pk for row in answer.context["rows"]] == [task.case_id] != [other.case_id]


def test_open_cases_are_listed_by_what_is_due_first_and_closed_ones_last(desk: Desk) -> None:
    tasks = filed(desk, 3)
    for task, days in zip(tasks, (5, 1, 3), strict=True):
        Clock.objects.filter(case=task.case_id).update(due_at=NOON + days * DAY)
    Clock.objects.filter(case=tasks[1].case_id).update(
        state=Clock.State.CANCELLED, due_at=None, next_alert_at=None, stopped_at=NOON
    )
    browser = desk.browser("desk")
    rows = browser.get("/cases/?sort=due").context["rows"]
    assert [row[0].case.pk for row in rows] == [tasks[at].case_id for at in (2, 0, 1)]
    assert 'href="?sort=due&amp;status=open"' in browser.get("/cases/").content.decode()


def test_the_head_of_a_list_says_what_its_number_counts(desk: Desk) -> None:
    filed(desk, 2)
    for query, sentence in (("", "2 cases you may see"), ("?status=open", "2 cases match")):
        assert sentence in desk.browser("desk").get(f"/cases/{query}").content.decode()


def test_a_chip_of_the_case_list_leads_to_the_list_without_its_filter(desk: Desk) -> None:
    chips = desk.browser("desk").get("/cases/?q=x&status=open&page=3&sort=oldest").context["chips"]
    assert [(str(chip.value), chip.url) for chip in chips] == [
        ("x", "?status=open&sort=oldest"), ("Open", "?q=x&sort=oldest"),
    ]  # fmt: skip


def test_the_chosen_columns_are_those_of_the_page_and_of_its_files(desk: Desk) -> None:
    filed(desk, 1)
    browser = desk.browser("desk")

    def head() -> list[str]:
        content = browser.get("/cases/export.csv").getvalue().decode("utf-8-sig")
        return next(csv.reader([content.splitlines()[0]]))

    assert len(head()) == 14
    browser.post("/cases/columns/", {"column": ["unit", "state", "nonsense"]})
    assert head() == ["Number", "Title", "State", "Organisation unit"]
    shown = browser.get("/cases/").context["columns"]
    assert [key for key, _label in shown] == ["state", "unit"]
    browser.post("/cases/columns/", {"usual": "1"})
    assert len(head()) == 14


# -- what lists cost -------------------------------------------------------------------------------
def test_the_inbox_costs_at_most_twelve_statements(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    """Eleven: one is left for the bell of the shell."""
    browsers = [desk.browser("desk"), desk.browser("head")]  # the latter has every tab there is
    for browser in browsers:
        for number in range(3):
            browser.post("/views/", {"page": "inbox", "name": str(number), "query": "view=mine"})
    for _round in range(2):
        tasks = filed(desk, 10)
        act(desk, "desk", "snooze", tasks[-2:], **{"for": "hour"})
        for browser in browsers:
            with django_assert_max_num_queries(11):
                assert browser.get("/inbox/?view=queue&q=报表").status_code == 200
    assert len(numbers(desk, "desk", "view=queue")) == 16


def test_whoever_left_the_welcome_is_led_back_to_it(desk: Desk) -> None:
    newcomer = desk.browser("desk2")
    assert newcomer.get("/").url == "/welcome/1/?next=%2Finbox%2F"
    newcomer.post("/welcome/1/", {"skip": "1"})
    assert newcomer.get("/").url == "/inbox/"


def test_the_one_kind_there_is_needs_no_choice_and_what_was_searched_is_kept(desk: Desk) -> None:
    asked = desk.browser("requester").get("/home/?q=reports+slow").content.decode()
    assert 'href="/new/?title=reports+slow"' in asked
    answer = desk.browser("requester").get("/new/?title=reports+slow", follow=True)
    assert answer.redirect_chain == [("/new/optimization/?title=reports+slow", 302)]
    assert 'value="reports slow"' in answer.content.decode()


def test_a_change_is_found_by_the_system_it_touches(desk: Desk, world: dict[str, User]) -> None:
    change = walk_change(world, systems=["portal"]).case
    for system, expected in (("portal", [change.pk]), ("erp", [])):
        answer = desk.browser("service_manager").get(f"/cases/?service={system}")
        assert [row[0].case.pk for row in answer.context["rows"]] == expected


def test_a_filter_is_unfolded_when_what_it_hides_narrows_the_list(desk: Desk) -> None:
    for query, expected in (
        ("", False),
        ("status=open&whose=mine", False),
        ("priority=high", True),
    ):
        answer = desk.browser("desk").get(f"/cases/?{query}")
        assert (query, answer.context["is_unfolded"]) == (query, expected)


# -- the home of whoever asks ----------------------------------------------------------------------
def test_whoever_has_no_queue_comes_to_their_own_requests(desk: Desk) -> None:
    assert desk.browser("requester").get("/").url == "/home/"
    assert desk.browser("desk").get("/").url == "/inbox/"
    page = desk.browser("requester").get("/home/").content.decode()
    assert "You have not asked for anything yet" in page
    desk.file("requester")
    answer = desk.browser("requester").get("/home/")
    assert [one.case.number for one in answer.context["requests"]] == [desk.number]
    assert "promised for" in answer.content.decode()
    assert desk.browser("requester2").get("/home/").context["requests"] == []


def test_what_a_request_needs_from_its_requester_is_on_top_and_named(desk: Desk) -> None:
    desk.file("requester")
    waiting = desk.number
    desk.do("desk", "ask_requester", note="Which report?")
    desk.file("requester")
    answer = desk.browser("requester").get("/home/")
    assert [task.number for task in answer.context["owed"]] == [waiting]
    assert [one.case.number for one in answer.context["requests"]] == [waiting, desk.number]
    assert answer.context["owed"][0].label in answer.content.decode()


def test_the_home_finds_kinds_and_own_requests(desk: Desk) -> None:
    desk.file("requester")
    found = desk.browser("requester").get("/home/", {"q": "报表"}).context
    assert [one.case.number for one in found["requests"]] == [desk.number]
    found = desk.browser("requester").get("/home/", {"q": "no such words"}).context
    assert (found["requests"], found["kinds"]) == ([], [])


def test_the_home_costs_the_same_for_twenty_requests_as_for_ten(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    browser = desk.browser("requester")
    for _round in range(2):
        filed(desk, 10)
        with django_assert_max_num_queries(16):
            assert browser.get("/home/").status_code == 200


@pytest.mark.parametrize("query", ["state=testing", "kind=optimization", "priority=high"])
def test_a_filter_in_force_is_named_by_its_chip(world: dict[str, User], query: str) -> None:
    browser = Client()
    browser.force_login(world["service_manager"])
    shown = browser.get(f"/cases/?{query}")
    assert shown.status_code == 200
    assert [chip.url for chip in shown.context["chips"]] == ["?"]


def test_the_inbox_of_somebody_without_any_role_counts_nothing(world: dict[str, User]) -> None:
    browser = Client()
    browser.force_login(world["requester"])
    assert browser.get("/inbox/?view=queue").context["counts"]["queue"] == 0
