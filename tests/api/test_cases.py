"""What cases look like from outside: shapes, lists, filters, pages, the cost in queries."""

import json
from datetime import timedelta

import pytest

from people.models import User
from tests.api.conftest import FILING
from workflows.door import open_case
from workflows.models import Case

SUMMARY = [
    "number", "kind", "kind_label", "title", "state", "state_label", "version", "priority",
    "requester", "on_behalf_of", "unit", "service", "opened_at", "closed_at",
]  # fmt: skip


def file_many(world: dict[str, User], count: int, *, actor: str = "requester") -> None:
    for index in range(count):
        values = {**FILING, "title": f"Report {index}", "at": None}
        kind = values.pop("kind")
        open_case(kind, actor=world[actor], **values)


def test_kinds_tell_what_may_be_filed_and_how(requester):
    kinds = {kind["kind"]: kind for kind in requester.get("kinds/").json()}
    fields = {field["name"]: field for field in kinds["optimization"]["fields"]}
    assert kinds["optimization"]["label"] == "Optimization request"
    assert list(fields["title"]) == ["name", "label", "help", "type", "required", "choices"]
    assert (fields["title"]["type"], fields["title"]["required"]) == ("text", True)
    assert {"value": "erp", "label": "ERP"} in fields["service"]["choices"]
    assert [one["value"] for one in fields["urgency"]["choices"]] == ["low", "normal", "high"]
    types = {name: field["type"] for name, field in fields.items()}
    assert (types["wanted"], types["desired_on"], types["attachments"]) == (
        "long_text", "date", "file",
    )  # fmt: skip


def test_a_filed_case_has_an_address_and_says_what_is_next(requester, desk):
    answer = requester.post("cases/", FILING, Prefer="return=representation")
    assert (answer.status_code, answer["Location"]) == (201, "/api/v1/cases/REQ-2026-00001/")
    assert answer["Preference-Applied"] == "return=representation"
    case = answer.json()
    assert list(case)[: len(SUMMARY)] == SUMMARY
    assert (case["requester"], case["unit"], case["service"]) == ("requester", "finance", "erp")
    assert (case["state"], case["state_label"], case["version"]) == ("submitted", "Submitted", 1)
    assert [action["name"] for action in case["actions"]] == ["withdraw"]
    assert case == requester.get("cases/REQ-2026-00001/").json()
    triage = desk.get("cases/REQ-2026-00001/").json()
    assert [one["name"] for one in triage["actions"]][:2] == ["start_triage", "pass_to_assessment"]
    assert [field["name"] for field in triage["actions"][1]["fields"]] == [
        "service", "priority", "size", "note",
    ]  # fmt: skip
    task = triage["tasks"][0]
    assert list(task) == [
        "id", "step", "label", "slot", "role", "assignee", "status", "due_at", "can_claim",
    ]  # fmt: skip
    assert (task["role"], task["can_claim"]) == ("service_desk", True)
    assert not case["tasks"][0]["can_claim"]


def test_an_action_is_answered_with_what_the_case_has_come_to(requester, desk):
    number = requester.file()
    receipt = desk.act(number, "start_triage")
    whole = desk.get(f"cases/{number}/").json()
    left_out = {"actions", "warnings", "is_watching", "links"}
    is_open = [one for one in whole["tasks"] if one["status"] in ("open", "claimed")]
    assert receipt == {k: v for k, v in whole.items() if k not in left_out} | {"tasks": is_open}
    assert len(is_open) < len(whole["tasks"])


def test_a_clock_counts_down_and_explains_itself(requester, clock):
    number = requester.file()
    before = requester.get(f"cases/{number}/").json()["clocks"][0]
    clock.shift(timedelta(minutes=10))
    after = requester.get(f"cases/{number}/").json()["clocks"][0]
    assert (after["metric"], after["state"], after["breached"]) == ("response", "running", False)
    assert after["due_at"] == after["first_due_at"] == before["due_at"]
    assert before["remaining_seconds"] - after["remaining_seconds"] == 600
    why = requester.get(f"cases/{number}/clocks/response/explanation/").json()
    assert (why["elapsed_seconds"], why["remaining_seconds"]) == (600, after["remaining_seconds"])
    assert why["budget_seconds"] == 600 + after["remaining_seconds"]
    assert [(line["kind"], line["worked_seconds"]) for line in why["lines"]] == [("running", 600)]
    assert why["standard"]
    assert why["calendar"]


def test_a_clock_past_its_deadline_is_breached_before_it_stops(requester, clock):
    number = requester.file()
    clock.shift(timedelta(days=30))
    late = requester.get(f"cases/{number}/").json()["clocks"][0]
    assert late["breached"]
    assert late["remaining_seconds"] < 0


def test_events_tell_the_story_in_order(requester, desk):
    number = requester.file()
    desk.act(number, "pass_to_assessment", service="portal", priority="high", size="small")
    page = requester.get(f"cases/{number}/events/").json()
    assert [(one["seq"], one["action"], one["actor"]) for one in page["results"]] == [
        (1, "open", "requester"),
        (2, "pass_to_assessment", "desk"),
    ]
    changes = {one["field"]: one for one in page["results"][1]["changes"]}
    assert changes["service"] == {"field": "service", "before": "erp", "after": "portal"}
    assert changes["priority"]["after"] == "high"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("?kind=optimization", 3),
        ("?kind=nothing", 0),
        ("?state=submitted", 2),
        ("?open=true", 2),
        ("?open=false", 1),
        ("?service=erp", 3),
        ("?unit=finance", 2),  # requester's
        ("?unit=group", 3),  # and everything below
        ("?unit=nowhere", 0),
        ("?requester=requester2", 1),
        ("?q=报表", 2),
        ("?q=Quarterly", 1),
        ("?requester=requester&open=true", 1),
    ],
)
def test_cases_are_found_by(requester, stranger, desk, query, found):
    requester.file()
    stranger.file(title="Quarterly report")
    requester.act(requester.file(), "withdraw", reason="no longer")
    page = desk.get(f"cases/{query}").json()
    assert (page["count"], len(page["results"])) == (found, found)


def test_cases_come_in_the_order_asked_for_and_page_by_page(world, desk):
    file_many(world, 5)
    first = desk.get("cases/?ordering=number&limit=2").json()
    assert [one["number"] for one in first["results"]] == ["REQ-2026-00001", "REQ-2026-00002"]
    assert (first["count"], first["previous"]) == (5, None)
    after = desk.get(first["next"].partition("/api/v1/")[2]).json()
    assert [one["number"] for one in after["results"]] == ["REQ-2026-00003", "REQ-2026-00004"]
    assert list(first["results"][0]) == SUMMARY
    newest = desk.get("cases/?limit=1").json()["results"][0]
    assert newest["number"] == "REQ-2026-00005"


def test_what_one_may_not_see_is_absent_from_lists_and_counts(requester, stranger):
    requester.file()
    assert stranger.get("cases/").json()["count"] == 0
    assert stranger.get("cases/?requester=requester&q=报表").json()["count"] == 0
    assert stranger.get("tasks/?view=queue").json()["count"] == 0


@pytest.mark.parametrize(
    "path", ["cases/?limit=100", "tasks/?view=queue&limit=100", "cases/?q=report&limit=100"]
)
def test_lists_cost_the_same_for_ten_rows_and_for_twenty(
    world, desk, django_assert_max_num_queries, path
):
    def cost() -> int:
        with django_assert_max_num_queries(20) as captured:
            assert desk.get(path).status_code == 200
        return len(captured)

    file_many(world, 10)
    ten = cost()
    file_many(world, 10)
    assert desk.get(path).json()["count"] == 20
    assert cost() == ten


def test_the_story_of_a_case_costs_the_same_however_long_it_is(
    requester, desk, django_assert_max_num_queries
):
    number = requester.file()

    def cost(path: str) -> int:
        with django_assert_max_num_queries(20) as captured:
            assert requester.get(path).status_code == 200
        return len(captured)

    paths = [f"cases/{number}/{part}/" for part in ("events", "comments", "attachments")]
    for _each in range(10):
        desk.post(f"cases/{number}/comments/", {"body": "words"})
    before = [cost(path) for path in paths]
    for _each in range(10):
        desk.post(f"cases/{number}/comments/", {"body": "words"})
    assert [cost(path) for path in paths] == before


@pytest.mark.parametrize("reader", ["requester", "desk", "service_manager"])
def test_a_case_is_read_in_at_most_25_queries(by_token, django_assert_max_num_queries, reader):
    number = by_token("requester").file()
    caller = by_token(reader)
    with django_assert_max_num_queries(25):
        assert caller.get(f"cases/{number}/").status_code == 200


def test_names_of_the_doors_own_arguments_are_not_taken_from_a_body(requester, world):
    number = requester.file(
        at="1999-01-01T00:00:00Z", actor="admin", case="REQ-1", action="approve",
        idempotency_key="mine", state="closed", expected_version="x",
    )  # fmt: skip
    case = Case.objects.get(number=number)
    assert (case.opened_at.year, case.requester, case.state) == (
        2026, world["requester"], "submitted",
    )  # fmt: skip
    done = requester.post(
        f"cases/{number}/actions/withdraw/",
        {"reason": "x", "at": 1, "actor": "admin", "case": [], "action": {}, "data": 1},
    )
    assert done.json()["closed_at"] == "2026-11-23T10:00:00+08:00"


def test_answers_speak_the_callers_language(requester):
    number = requester.file()
    path = f"cases/{number}/"
    in_english = requester.get(path).json()["kind_label"]
    in_chinese = requester.get(path, **{"Accept-Language": "zh-hans"})
    assert in_chinese["Content-Language"] == "zh-hans"
    assert in_english == "Optimization request"
    del requester.headers["Accept-Language"]  # then in the person's own, which is Chinese
    assert requester.get(path)["Content-Language"] == "zh-hans"
    assert json.loads(requester.get(path).content)["number"] == number
