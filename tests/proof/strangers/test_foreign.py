"""What is posted beside or beyond what one may choose: refused, or not even read."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.models import Service
from people.models import User
from tests.api.conftest import FILING
from tests.proof.strangers.town import NOW, Town, upload
from tests.refusing import all_rows
from workflows.models import Attachment, Case, CaseLink, Comment, Task

REFUSALS = {404, 422}


def post(town: Town, role: str, address: str, body: dict[str, Any]) -> Any:
    """Send JSON to the API, a form to a page."""
    kind = {"content_type": "application/json"} if address.startswith("/api/") else {}
    return town.browser(role).post(address, body, **kind)


FILED_AT = ["/api/v1/cases/", "/new/optimization/"]


# -- rows that are not among those one may choose ------------------------------------------------
@pytest.fixture
def retired(town: Town) -> Service:
    return Service.objects.create(
        code="retired", name="Retired", kind=Service.objects.get(code="erp").kind,
        parent=Service.objects.get(code="erp").parent, is_active=False,
    )  # fmt: skip


@pytest.mark.parametrize("address", FILED_AT)
@pytest.mark.parametrize(
    "foreign",
    [
        {"service": "retired"},  # no longer active
        {"service": "application-systems"},  # a heading of the catalogue, no system
        {"service": "1"},  # the key of the row, not its code
        {"service": "no-such-system"},
        {"on_behalf_of": "disabled"},
        {"on_behalf_of": "automation"},
        {"on_behalf_of": "unplaced"},  # belongs to no unit
        {"on_behalf_of": "requester"},  # oneself
        {"on_behalf_of": "nobody"},
    ],
    ids=lambda foreign: "-".join(*foreign.items()),
)
def test_nothing_is_filed_for_or_about_what_one_may_not_choose(
    town: Town, retired: Service, address: str, foreign: dict[str, str]
) -> None:
    User.objects.get_or_create(username="automation", defaults={"is_active": False})
    User.objects.create_user("unplaced")
    before = all_rows()
    answer = post(town, "requester", address, {**FILING, **foreign})
    assert answer.status_code == 422, answer.content.decode()
    assert all_rows() == before


@pytest.mark.parametrize("address", FILED_AT)
def test_somebody_without_a_unit_files_nothing(town: Town, address: str) -> None:
    User.objects.filter(username="colleague").update(unit=None)
    before = all_rows()
    assert post(town, "same unit", address, FILING).status_code == 422
    assert all_rows() == before


@pytest.mark.parametrize("address", ["/api/v1/tasks/{}/assign/", "/tasks/{}/assign/"])
@pytest.mark.parametrize(
    "to", ["requester", "colleague", "ex_assignee", "disabled", "automation", "root", "nobody", ""]
)
def test_work_is_given_to_nobody_who_may_not_do_it(town: Town, address: str, to: str) -> None:
    """Not to who asked, has no role, had it once, left, or runs the product."""
    before = all_rows()
    place = address.format(town.things["same unit"].task)
    assert post(town, "service manager", place, {"to": to}).status_code in REFUSALS
    assert all_rows() == before


def test_a_case_is_linked_to_none_one_may_not_see_and_not_told_from_one_that_is_not(
    town: Town,
) -> None:
    before = all_rows()
    address = f"/api/v1/cases/{town.things['own'].number}/links/"
    answers = [
        post(town, "requester", address, {"target": thing.number, "relation": "relates"})
        for name, thing in town.things.items()
        if name in ("same unit", "other unit", "none")
    ]
    assert [answer.status_code for answer in answers] == [422] * 3
    assert len({answer.content for answer in answers}) == 1
    assert all_rows() == before
    assert not CaseLink.objects.exists()


# -- fields nobody asked for ---------------------------------------------------------------------
EXTRA: dict[str, Any] = {
    "state": "closed", "version": 99, "requester": "requester2", "requester_id": 1,
    "closed_at": "2026-11-23T00:00:00Z", "opened_at": "2000-01-01T00:00:00Z", "number": "REQ-1",
    "actor": "requester2", "at": "2000-01-01T00:00:00Z", "id": 424_242, "pk": 424_242,
    "unit": "sales",
    "unit_id": 1, "customer_class": "A", "chain_head": "0", "lifecycle_revision": 7,
    "search_tokens": "x", "effort": "1", "approved_effort": "9", "booked_effort": "1",
    "refusals": 9, "rating": 5, "due_on": "2027-01-01", "returned_from": "closed",
    "is_internal": True, "author": "requester2", "uploaded_by": "requester2", "size": 1,
    "sha256": "0", "created_at": "2000-01-01T00:00:00Z", "created_by": "requester2",
    "assignee": "requester2", "role": "developer", "status": "done", "done_by": "requester2",
    "idempotency_key": "x", "case": "REQ-1", "action": "accept", "on_behalf_of_id": 1,
    "who": "requester2", "flow": "x", "move": "x", "self": "x", "user": "requester2",
}  # fmt: skip
"""Columns of the tables and names of the code; `kind` is in each filing."""


@pytest.mark.parametrize("address", FILED_AT)
def test_a_filing_takes_only_what_its_form_asks_for(town: Town, address: str) -> None:
    extra = {name: value for name, value in EXTRA.items() if name not in FILING}
    given = post(town, "requester", address, {**FILING, **extra})
    assert given.status_code in (201, 302), given.content.decode()
    case = Case.objects.latest("pk").concrete()
    plain = {
        "state": "submitted", "version": 1, "closed_at": None, "customer_class": "B",
        "number": "REQ-2026-00006", "effort": None, "approved_effort": None,
        "booked_effort": 0, "refusals": 0, "rating": None, "due_on": None, "returned_from": "",
        "lifecycle_revision": case.lifecycle.revision, "on_behalf_of": None, "kind": "optimization",
    }  # fmt: skip
    assert {name: getattr(case, name) for name in plain} == plain
    assert (case.requester.username, case.unit.code) == ("requester", "finance")
    assert case.opened_at == NOW
    event = case.events.get()
    assert (event.actor.username, event.action, event.at) == ("requester", "open", NOW)


@pytest.mark.parametrize("address", ["/api/v1/cases/{}/actions/{}/", "/cases/{}/do/{}/"])
def test_an_action_takes_only_what_its_form_asks_for(town: Town, address: str) -> None:
    thing = town.things["assigned"]
    before = Case.objects.get(number=thing.number).concrete()
    place = address.format(thing.number, thing.action)
    given = post(town, "assignee", place, {**EXTRA, **thing.values})
    assert given.status_code in (200, 302), given.content.decode()
    after = Case.objects.get(number=thing.number).concrete()
    assert (after.state, after.version) == ("testing", before.version + 1)
    changed = {
        field.name for field in after._meta.concrete_fields
        if getattr(after, field.attname) != getattr(before, field.attname)
    }  # fmt: skip
    assert changed == {
        "state", "version", "chain_head", "last_event_at", "development_document",
    }  # fmt: skip
    event = after.events.latest("seq")
    assert (event.actor.username, event.action, event.at) == ("assignee", thing.action, NOW)
    done = Task.objects.get(pk=thing.task)
    assert (done.done_by.username, done.done_at) == ("assignee", NOW)


@pytest.mark.parametrize("address", ["/api/v1/cases/{}/comments/", "/cases/{}/comment/"])
def test_a_comment_is_by_who_writes_it_now(town: Town, address: str) -> None:
    place = address.format(town.things["own"].number)
    extra = {name: value for name, value in EXTRA.items() if name != "is_internal"}
    given = post(town, "requester", place, {**extra, "body": "Any news?"})
    assert given.status_code in (201, 302)
    said = Comment.objects.latest("pk")
    assert (said.author.username, said.created_at, said.is_internal) == ("requester", NOW, False)
    assert said.pk != EXTRA["id"]


def test_who_asked_writes_nothing_for_the_staff_alone(town: Town) -> None:
    """The API says so; the page has no such field for them and shows what they wrote."""
    number, secret = town.things["own"].number, {"body": "psst", "is_internal": "true"}
    before = all_rows()
    sent = {**secret, "is_internal": True}
    assert post(town, "requester", f"/api/v1/cases/{number}/comments/", sent).status_code == 403
    assert all_rows() == before
    assert post(town, "requester", f"/cases/{number}/comment/", secret).status_code == 302
    assert not Comment.objects.get(body="psst").is_internal


@pytest.mark.parametrize(
    ("address", "field"),
    [("/api/v1/cases/{}/attachments/", "file"), ("/cases/{}/attach/", "attachments")],
)
def test_a_file_is_by_who_sends_it_now(town: Town, address: str, field: str) -> None:
    place = address.format(town.things["own"].number)
    given = town.browser("requester").post(
        place, {**EXTRA, "name": "x.exe", "content_type": "text/html", field: upload()}
    )
    assert given.status_code in (201, 302)
    kept = Attachment.objects.latest("pk")
    assert (kept.uploaded_by.username, kept.created_at) == ("requester", NOW)
    assert (kept.name, kept.content_type, kept.size) == ("more.txt", "text/plain", 4)


@pytest.mark.parametrize("address", ["/api/v1/tasks/{}/{}/", "/tasks/{}/{}/"])
@pytest.mark.parametrize("verb", ["claim", "release", "assign"])
def test_work_moves_by_its_address_alone(town: Town, address: str, verb: str) -> None:
    thing = town.things["same unit" if verb == "claim" else "assigned"]
    body = {**EXTRA, "to": "developer"} if verb == "assign" else EXTRA
    given = post(town, "assignee", address.format(thing.task, verb), body)
    assert given.status_code in (200, 302), given.content.decode()
    task = Task.objects.get(pk=thing.task)
    holder = {"claim": "assignee", "release": None, "assign": "developer"}[verb]
    assert (task.assignee and task.assignee.username) == holder
    assert (task.role, task.done_by, task.case.number) == ("developer", None, thing.number)
    assert task.case.events.latest("seq").actor.username == "assignee"
