"""The whole procedure through the pages, as people click it, without any script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from people.models import User
from tests.world import NOON
from workflows.models import Case

World = dict[str, User]


class Desk:
    """Browsers of everybody, one each; time moves a quarter of an hour at every click."""

    def __init__(self, world: World, clock: Any) -> None:
        self.world = world
        self.clock = clock
        self.number = ""

    def browser(self, who: str) -> Client:
        client = Client()
        client.force_login(self.world[who])
        return client

    @property
    def case(self) -> Case:
        return Case.objects.get(number=self.number)

    def file(self, who: str, **values: Any) -> None:
        data = {
            "title": "报表自动汇总",
            "service": "erp",
            "wanted": "每天自动",
            "urgency": "normal",
        }
        answer = self.browser(who).post("/new/optimization/", {**data, **values})
        assert answer.status_code == 302, answer.content.decode()
        self.number = answer.url.strip("/").split("/")[-1]

    def do(self, who: str, action: str, **values: Any) -> str:
        """Open the form, send it with what the page itself carries, and land on the case."""
        self.clock.shift(timedelta(minutes=15))
        browser, url = self.browser(who), f"/cases/{self.number}/do/{action}/"
        page = browser.get(url)
        assert page.status_code == 200, f"{who} is not offered {action}"
        hidden = {"expected_version": self.case.version, "once": page.context["once"]}
        answer = browser.post(url, {**hidden, **values})
        assert answer.status_code == 302, answer.content.decode()
        return self.case.state


@pytest.fixture
def desk(world: World) -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield Desk(world, clock)


PROPOSAL = {
    "solution": "定时任务", "effort_analysis": "1", "effort_development": "4",
    "effort_testing": "1",
    "risk": "low", "due_on": "2026-12-04", "requirement_document": "验收方法",
}  # fmt: skip
TRIAGE = {"service": "erp", "priority": "high", "size": "standard"}


def test_a_request_is_worked_from_filing_to_rating_on_pages(desk: Desk) -> None:
    desk.file("requester", attachments=SimpleUploadedFile("说明.txt", "现状".encode()))
    assert desk.do("desk", "start_triage") == "triage"
    assert desk.do("desk", "ask_requester", note="给谁看?") == "returned"
    assert desk.do("requester", "answer", note="财务部") == "triage"
    assert desk.do("desk", "pass_to_assessment", **TRIAGE) == "assessing"
    assert desk.do("analyst", "propose", **PROPOSAL) == "awaiting_approval"
    assert desk.do("owner", "approve", note="同意") == "awaiting_approval"
    assert desk.do("head", "approve") == "in_development"
    assert desk.do("developer", "book_effort", worked_on="2026-11-23", effort="0.5") == (
        "in_development"
    )
    assert desk.do("developer", "hand_to_test", development_document="见变更") == "testing"
    assert desk.do("tester", "fail_test", reason="少一列") == "in_development"
    assert desk.do("developer", "hand_to_test", development_document="已补") == "testing"
    live = {"change_reference": "CHG-1", "went_live_on": "2026-11-23"}
    assert desk.do("tester", "pass_test", **live) == "accepting"
    assert desk.do("requester", "accept", rating="5", rating_comment="好") == "closed"
    page = desk.browser("requester").get(f"/cases/{desk.number}/").content.decode()
    assert "说明.txt" in page
    assert "报表自动汇总" in page


def test_the_case_page_explains_every_clock(desk: Desk) -> None:
    desk.file("requester")
    page = desk.browser("desk").get(f"/cases/{desk.number}/why/response/")
    assert page.status_code == 200
    assert page.context["segments"][0].is_running
    assert desk.browser("desk").get(f"/cases/{desk.number}/why/nothing/").status_code == 404


def test_a_second_press_of_the_button_does_nothing_twice(desk: Desk) -> None:
    desk.file("requester")
    browser, url = desk.browser("desk"), f"/cases/{desk.number}/do/start_triage/"
    data = {"expected_version": 1, "once": browser.get(url).context["once"]}
    first, second = browser.post(url, data), browser.post(url, data)
    assert (first.status_code, second.status_code) == (302, 302)
    assert desk.case.version == 2


def test_who_was_slower_sees_what_changed_and_keeps_what_was_typed(desk: Desk) -> None:
    desk.file("requester")
    browser, url = desk.browser("desk"), f"/cases/{desk.number}/do/reject/"
    desk.do("desk", "start_triage")
    answer = browser.post(url, {"expected_version": 1, "reason": "double of another one"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "double of another one" in page
    assert "陈梅" in page
    assert desk.case.state == "triage"


def test_a_form_with_an_error_keeps_what_was_typed(desk: Desk) -> None:
    desk.file("requester")
    desk.do("desk", "pass_to_assessment", **TRIAGE)
    browser, url = desk.browser("analyst"), f"/cases/{desk.number}/do/propose/"
    answer = browser.post(url, {**PROPOSAL, "effort_development": "-4", "expected_version": 2})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "定时任务" in page
    assert answer.context["form"].errors["effort_development"]
    assert desk.case.state == "assessing"


@pytest.mark.parametrize(
    "path",
    ["/inbox/", "/cases/", "/new/", "/new/optimization/", "/cases/{}/", "/cases/{}/do/reject/"],
)
def test_nobody_sees_a_page_without_logging_in(desk: Desk, path: str) -> None:
    desk.file("requester")
    answer = Client().get(path.format(desk.number))
    assert answer.status_code == 302
    assert answer.url.startswith("/login/?next=")


@pytest.mark.parametrize("path", ["", "do/reject/", "why/response/", "files/1/"])
def test_a_stranger_is_told_there_is_no_such_case(desk: Desk, path: str) -> None:
    desk.file("requester")
    assert desk.browser("requester2").get(f"/cases/{desk.number}/{path}").status_code == 404


def test_who_may_look_but_not_act_is_refused(desk: Desk) -> None:
    desk.file("requester")
    url = f"/cases/{desk.number}/do/reject/"
    assert desk.browser("auditor").get(url).status_code == 302
    assert desk.browser("auditor").post(url, {"reason": "no"}).status_code == 403
    assert desk.case.state == "submitted"


def test_work_is_taken_once_and_given_back(desk: Desk) -> None:
    desk.file("requester")
    task = desk.case.tasks.get()
    browser = desk.browser("desk")
    assert browser.get("/inbox/?view=queue").context["counts"]["queue"] == 1
    assert browser.post(f"/tasks/{task.pk}/claim/").status_code == 302
    assert browser.get("/inbox/").context["counts"] == {
        "mine": 1, "queue": 0, "watching": 0, "done": 0, "reviews": 0, "waiting": 0,
        "snoozed": 0,
    }  # fmt: skip
    assert browser.post(f"/tasks/{task.pk}/release/").status_code == 302
    assert desk.browser("requester2").post(f"/tasks/{task.pk}/claim/").status_code == 404


def test_comments_are_markdown_and_harmless(desk: Desk) -> None:
    desk.file("requester")
    body = "**important** <script>alert(1)</script> [x](javascript:alert(1))"
    desk.browser("desk").post(f"/cases/{desk.number}/comment/", {"body": body})
    page = desk.browser("requester").get(f"/cases/{desk.number}/").content.decode()
    assert "<strong>important</strong>" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_internal_comments_stay_among_the_staff(desk: Desk) -> None:
    desk.file("requester")
    data = {"body": "ask the vendor first", "is_internal": "on"}
    desk.browser("desk").post(f"/cases/{desk.number}/comment/", data)
    url = f"/cases/{desk.number}/"
    assert "ask the vendor first" in desk.browser("desk").get(url).content.decode()
    assert "ask the vendor first" not in desk.browser("requester").get(url).content.decode()


def test_the_language_is_switched_and_remembered(desk: Desk) -> None:
    browser = desk.browser("requester2")
    browser.post("/language/", {"language": "zh-hans", "next": "/cases/"})
    assert '<html lang="zh-hans"' in browser.get("/cases/").content.decode()
    assert User.objects.get(username="requester2").language == "zh-hans"


@pytest.mark.parametrize("path", ["/inbox/?view=queue", "/cases/"])
def test_lists_cost_the_same_for_twenty_rows_as_for_ten(
    desk: Desk, path: str, django_assert_max_num_queries: Any
) -> None:
    browser = desk.browser("desk")
    for _number in range(10):
        desk.file("requester")
    with django_assert_max_num_queries(100) as ten:
        browser.get(path)
    allowed = len(ten)  # before other requests reset the log
    for _number in range(10):
        desk.file("requester")
    with django_assert_max_num_queries(allowed):
        browser.get(path)


def test_the_case_page_stays_within_its_queries(
    desk: Desk, django_assert_max_num_queries: Any
) -> None:
    desk.file("requester")
    desk.do("desk", "pass_to_assessment", **TRIAGE)
    desk.do("analyst", "propose", **PROPOSAL)
    with django_assert_max_num_queries(45):
        desk.browser("owner").get(f"/cases/{desk.number}/")
