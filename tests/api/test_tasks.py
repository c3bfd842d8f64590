"""Taking, putting back and handing over work: who may not, and when not."""

import pytest

from tests.api.test_refusals import refused


@pytest.fixture
def task(requester, desk):
    number = requester.file()
    return desk.get(f"cases/{number}/").json()["tasks"][0]["id"]


def test_who_lacks_the_role_cannot_take_the_work(task, requester, by_token):
    refused(requester.post(f"tasks/{task}/claim/"), 403)
    refused(by_token("analyst").post(f"tasks/{task}/claim/"), 403)


def test_taking_twice_is_taking_once(task, desk):
    assert desk.post(f"tasks/{task}/claim/").status_code == 200
    assert desk.post(f"tasks/{task}/claim/").status_code == 200


def test_only_the_holder_puts_work_back(task, desk, requester):
    desk.post(f"tasks/{task}/claim/")
    refused(requester.post(f"tasks/{task}/release/"), 403)


def test_work_that_is_done_cannot_be_taken(task, requester, desk):
    desk.act("REQ-2026-00001", "start_triage")
    refused(desk.post(f"tasks/{task}/claim/"), 409)


@pytest.mark.parametrize("to", ["nobody", "automation", "requester", "", None, [], "a\x00"])
def test_work_is_handed_only_to_who_may_do_it(task, desk, to):
    _message, errors = refused(desk.post(f"tasks/{task}/assign/", {"to": to}), 422)
    assert list(errors) == ["to"]


def test_who_worked_on_a_case_is_not_offered_its_test(requester, desk, by_token, world):
    from people.models import Grant

    number = requester.file()
    desk.act(number, "pass_to_assessment", service="erp", priority="low", size="small")
    by_token("analyst").act(
        number, "propose", solution="x", effort_analysis=1, effort_development=1,
        effort_testing=1, risk="low", due_on="2026-12-04", requirement_document="y",
    )  # fmt: skip
    by_token("owner").act(number, "approve")
    Grant.objects.create(
        user=world["developer"], role="tester", unit=world["desk"].unit.parent,
        from_at=Grant.objects.first().from_at,
    )  # fmt: skip
    developer = by_token("developer")
    developer.act(number, "hand_to_test", development_document="z")
    rows = developer.get("tasks/?view=queue").json()["results"]
    assert [(row["step"], row["can_claim"]) for row in rows] == [("testing", False)]
    rows = by_token("tester").get("tasks/?view=queue").json()["results"]
    assert [(row["step"], row["can_claim"]) for row in rows] == [("testing", True)]
    refused(developer.post(f"tasks/{rows[0]['id']}/claim/"), 403)
