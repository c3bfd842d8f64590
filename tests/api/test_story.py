"""The whole procedure through the API, with a token and with a session."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.engine

PROPOSAL = {
    "solution": "x", "effort_analysis": 1, "effort_development": "4", "effort_testing": 1.5,
    "risk": "low", "due_on": "2026-12-04", "requirement_document": "y",
}  # fmt: skip


@pytest.fixture(params=["by_token", "by_session"])
def as_person(request):
    return request.getfixturevalue(request.param)


def test_a_request_travels_from_filing_to_rating(as_person, clock):
    def act(who, action, **values):
        clock.shift(timedelta(minutes=15))
        return as_person(who).act(number, action, **values)

    number = as_person("requester").file()
    assert number == "REQ-2026-00001"
    assert act("desk", "start_triage")["state"] == "triage"
    act("desk", "pass_to_assessment", service="erp", priority="high", size="small")
    proposed = act("analyst", "propose", **PROPOSAL)
    assert (proposed["state"], proposed["fields"]["effort"]) == ("awaiting_approval", "6.50")
    assert act("owner", "approve")["state"] == "awaiting_approval"
    assert act("head", "approve")["state"] == "in_development"
    act("developer", "book_effort", worked_on="2026-11-23", effort=0.5)
    act("developer", "hand_to_test", development_document="z")
    act("tester", "pass_test", change_reference="CHG-1", went_live_on="2026-11-23")
    receipt = act("requester", "accept", rating=5, rating_comment="谢谢")
    assert (receipt["state"], receipt["tasks"]) == ("closed", [])
    closed = as_person("requester").get(f"cases/{number}/").json()
    assert (closed["state"], closed["fields"]["rating"]) == ("closed", 5)
    assert [one["name"] for one in closed["actions"]] == ["reopen"]
    assert {"response", "proposal", "delivery"} <= {one["metric"] for one in closed["clocks"]}
    assert {one["state"] for one in closed["clocks"]} == {"met"}
    assert {one["status"] for one in closed["tasks"]} == {"done"}


def test_a_task_is_taken_put_back_and_handed_over(requester, desk, by_token):
    requester.file()
    task = desk.get("tasks/?view=queue").json()["results"][0]
    assert (task["status"], task["assignee"], task["can_claim"]) == ("open", None, True)
    taken = desk.post(f"tasks/{task['id']}/claim/").json()
    assert (taken["status"], taken["assignee"], taken["can_claim"]) == ("claimed", "desk", False)
    assert desk.get("tasks/?view=mine").json()["count"] == 1
    assert desk.post(f"tasks/{task['id']}/release/").json()["status"] == "open"
    manager = by_token("service_manager")
    given = manager.post(f"tasks/{task['id']}/assign/", {"to": "desk"})
    assert given.json()["assignee"] == "desk"
    assert desk.get("tasks/").json()["results"][0]["case"]["number"] == "REQ-2026-00001"


def test_work_that_is_done_is_listed_as_done(requester, desk):
    number = requester.file()
    desk.act(number, "start_triage")
    done = desk.get("tasks/?view=done").json()
    assert [(one["outcome"], one["can_claim"]) for one in done["results"]] == [
        ("start_triage", False)
    ]


def test_following_a_case_shows_it_and_its_work(requester, stranger, by_token):
    number = requester.file()
    auditor = by_token("auditor")
    assert auditor.post(f"cases/{number}/watch/").status_code == 204
    assert auditor.get(f"cases/{number}/").json()["is_watching"]
    assert auditor.get("tasks/?view=watching").json()["count"] == 1
    assert auditor.delete(f"cases/{number}/watch/").status_code == 204
    assert not auditor.get(f"cases/{number}/").json()["is_watching"]
