"""A case is in every list, count and search of a person exactly if that person may open it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

import changes.demo
from change_control.models import Change
from people.models import User
from tests.proof.scale import IS_FULL
from tests.proof.strangers.town import BACKEND, LENIENT, NOW, Town
from workflows.actions import watch_case
from workflows.inbox import VIEWS
from workflows.models import Case

Numbers = set[str]


@dataclass(frozen=True)
class Reader:
    """Somebody with a browser, looking at all there is."""

    user: User
    browser: Client
    cases: list[Case]

    def page(self, address: str, **query: Any) -> Any:
        answer = self.browser.get(address, query)
        assert answer.status_code == 200, f"{self.user} {address}: {answer.status_code}"
        return answer.context

    def api(self, address: str, **query: Any) -> Any:
        """Return every row of a list of the API, page by page."""
        cache.clear()  # requests of a minute
        answer = self.browser.get(f"/api/v1/{address}", {"limit": 200, **query})
        assert answer.status_code == 200, f"{self.user} {address}: {answer.status_code}"
        body = answer.json()
        assert len(body["results"]) == body["count"] <= 200
        return body["results"]

    def opens(self, address: str) -> Numbers:
        """Return the cases whose own page or document at `address` opens."""
        cache.clear()
        return {
            case.number for case in self.cases
            if self.browser.get(address.format(case.number)).status_code == 200
        }  # fmt: skip

    def found(self, search: Callable[[Reader, str], Numbers], by: str) -> Numbers:
        """Return the cases that a search for their own number or title finds."""
        return {
            case.number for case in self.cases if case.number in search(self, getattr(case, by))
        }  # fmt: skip


def listed(reader: Reader, **query: Any) -> Numbers:
    """Return what the case list shows, every page of it; its count is that of its rows."""
    found: list[str] = []
    while True:
        shown = reader.page("/cases/", page=str(len(found) // 50 + 1), **query)["page_obj"]
        found += [case.number for case in shown]
        if not shown.has_next():
            break
    assert len(found) == len(set(found)) == shown.paginator.count
    return set(found)


def searched(reader: Reader, words: str) -> Numbers:
    return {case.number for case in reader.page("/search/", q=words)["page_obj"]}


def searched_by_programs(reader: Reader, words: str) -> Numbers:
    return {row["number"] for row in reader.api("cases/", q=words)}


SOURCES: dict[str, Callable[[Reader], Numbers]] = {
    "the API's document": lambda reader: reader.opens("/api/v1/cases/{}/"),
    "the story": lambda reader: reader.opens("/api/v1/cases/{}/events/"),
    "the list": listed,
    "the lists of open and closed": lambda reader: (
        listed(reader, status="open") | listed(reader, status="closed")
    ),
    "the API's list": lambda reader: {row["number"] for row in reader.api("cases/")},
    "search by number": lambda reader: reader.found(searched, "number"),
    "search by title": lambda reader: reader.found(searched, "title"),
    "the API's search by number": lambda reader: reader.found(searched_by_programs, "number"),
    "the API's search by title": lambda reader: reader.found(searched_by_programs, "title"),
}
"""Everything that shows cases: source → the numbers it shows to a reader. A new one is one line."""

INBOX = (*VIEWS, "reviews", "awaited")


def readers(people: Iterable[User]) -> Iterator[Reader]:
    cases = list(Case.objects.order_by("number"))
    for user in people:
        browser = Client()
        browser.handler = LENIENT
        browser.force_login(user, BACKEND)
        yield Reader(user, browser, cases)


@pytest.fixture
def crowd(town: Town) -> list[Reader]:
    """The people of the matrix and its cases; in the full round all of the demo world too."""
    people = User.objects.filter(is_active=True).order_by("pk")
    if not IS_FULL:
        return list(readers(people.filter(pk__in=[one.pk for one in town.people.values()])))
    changes.demo.build(NOW)
    return list(readers(people))


def test_whoever_may_open_a_case_finds_it_everywhere_and_nobody_else_anywhere(
    crowd: list[Reader],
) -> None:
    wrong = []
    for reader in crowd:
        may_open = reader.opens("/cases/{}/")
        shown = {name: source(reader) for name, source in SOURCES.items()}
        wrong += [
            f"{reader.user.username}: {name} differs in {sorted(numbers ^ may_open)}"
            for name, numbers in shown.items()
            if numbers != may_open
        ]
    assert wrong == []


def test_calendar_and_feed_show_the_changes_one_may_open_and_no_other(crowd: list[Reader]) -> None:
    planned = set(Change.objects.exclude(state="withdrawn").values_list("number", flat=True))
    seen = set()
    for reader in crowd:
        may_open = reader.opens("/cases/{}/") & planned
        month = [day for week in reader.page("/changes/", month="2026-11")["weeks"] for day in week]
        days = [reader.page("/changes/", day=str(day.date))["day"] for day in month if day.spans]
        on_page = {one.change.number for day in days for one in day.entries}
        assert {span.pk for day in month for span in day.spans} == {
            one.change.pk for day in days for one in day.entries
        }
        address = reader.browser.post("/changes/subscribe/").context["address"]
        feed = reader.browser.get(address.removeprefix(settings.SITE_URL)).content.decode()
        in_feed = set(re.findall(r"^UID:(CHG-[\d-]+)@", feed, re.MULTILINE))
        assert (on_page, in_feed) == (may_open, may_open), reader.user
        seen |= may_open
    assert seen == planned


def test_the_portfolio_shows_the_projects_one_may_open_and_no_other(crowd: list[Reader]) -> None:
    seen = set()
    for reader in crowd:
        rows = reader.page("/projects/", state="all")["rows"]
        on_page = {row.project.number for row in rows}
        may_open = {number for number in reader.opens("/cases/{}/") if number.startswith("PRJ")}
        assert on_page == may_open, reader.user
        seen |= may_open
    assert len(seen) == 5


def test_every_list_of_work_holds_only_cases_one_may_open_and_counts_its_rows(
    crowd: list[Reader],
) -> None:
    watched = next(case for case in crowd[0].cases if case.kind == "optimization")
    watch_case(case=watched, actor=watched.requester)
    filled = set()
    for reader in crowd:
        may_open = {row["number"] for row in reader.api("cases/")}
        for view in INBOX:
            rows = reader.api("tasks/", view=view)
            inbox = reader.page("/inbox/", view=view)
            on_page = [row for group in inbox["groups"] for row in group["rows"]]
            assert {row["case"]["number"] for row in rows} <= may_open
            assert {row.task.number for row in on_page} <= may_open
            assert sorted(row.task.pk for row in on_page) == sorted(row["id"] for row in rows)
            assert inbox["counts"].get(view, 0) == len(rows)
            filled |= {view} if rows else set()
        assert inbox["shell"]["inbox_count"] == inbox["counts"]["mine"]
    assert filled >= set(VIEWS)  # each list had something in it for somebody


@pytest.mark.ignore_template_errors  # the pages are Django's own
@pytest.mark.parametrize("table", ["case", "task", "clock", "event", "outbox"])
@pytest.mark.parametrize("role", ["auditor", "service manager", "administrator"])
def test_staff_read_in_the_back_office_of_no_case_they_may_not_open(
    town: Town, role: str, table: str
) -> None:
    browser = town.browser(role)
    may_open = {row["number"] for row in browser.get("/api/v1/cases/").json()["results"]}
    listed = browser.get(f"/admin/workflows/{table}/").context["cl"].result_list
    of = {row.number if table == "case" else row.case.number for row in listed}
    assert of <= may_open
    if table == "case":
        assert of == may_open
        hidden = Case.objects.exclude(number__in=may_open)
        pages = [browser.get(f"/admin/workflows/case/{case.pk}/change/") for case in hidden]
        assert {page.status_code for page in pages} <= {302}  # back to the start, as for none


@pytest.mark.ignore_template_errors
def test_a_superuser_reads_in_the_back_office_of_every_case_and_writes_none(town: Town) -> None:
    browser = town.browser("superuser")
    page = browser.get("/admin/workflows/case/")
    assert len(page.context["cl"].result_list) == Case.objects.count()
    case = Case.objects.first()
    address = f"/admin/workflows/case/{case.pk}/change/"
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"title": "mine now"}).status_code == 403
    case.refresh_from_db()
    assert case.title != "mine now"
