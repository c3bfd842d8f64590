"""What gates add to the inbox: my reviews, and what waits for others; late on both sides."""

from __future__ import annotations

import pytest
import time_machine

from people.actors import Actor
from tests.projects.test_pages import client
from tests.projects.walking import DAY, Walk, walk
from workflows.inbox import tasks_of
from workflows.sweep import sweep


def listed(person, view, at):
    return [task.case.number for task in tasks_of(Actor.of(person, at), view)]


def inbox(world, who, view, at, language="en"):
    """Return what the inbox shows: rows by group, and the page."""
    with time_machine.travel(at, tick=False):
        answer = client(world[who], language).get(f"/inbox/?view={view}")
    groups = answer.context["groups"]
    rows = {group["key"]: [row.task.number for row in group["rows"]] for group in groups}
    return rows, " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("state", "reviewed_by", "waited_for_by"),
    [
        ("open", [], ["ops_reviewer", "supervisor", "head"]),
        ("in_review", ["ops_reviewer", "supervisor"], ["pm"]),
        ("awaiting_verdict", ["head"], ["pm"]),
        ("conditions", ["ops_reviewer"], ["pm"]),
        ("accepted", [], []),
    ],
)
def test_a_gate_is_with_one_side_and_the_other_waits(world, state, reviewed_by, waited_for_by):
    step = walk(world, state)
    people = ("pm", "ops_reviewer", "supervisor", "head", "desk", "developer")
    for view, expected in (("reviews", reviewed_by), ("awaited", waited_for_by)):
        found = [who for who in people if step.case.number in listed(world[who], view, step.at)]
        assert sorted(found) == sorted(expected), view


def test_whoever_said_their_opinion_is_done_with_the_review(world):
    step = walk(world, "in_review").act("ops_reviewer", "agree")
    assert listed(world["ops_reviewer"], "reviews", step.at) == []
    assert listed(world["supervisor"], "reviews", step.at) == [step.case.number]
    assert listed(world["pm"], "awaited", step.at) == [step.case.number]


def test_other_work_of_a_reviewer_is_no_review(world):
    step = walk(world)
    assert listed(world["pm"], "mine", step.at) == [step.case.number, step.project.number]
    assert listed(world["pm"], "reviews", step.at) == []


def test_nobody_waits_for_themselves(world):
    step = Walk(world, manager="ops_reviewer")
    assert listed(world["pm"], "awaited", step.at) == []
    assert listed(world["ops_reviewer"], "awaited", step.at) == []  # it is theirs to submit
    assert listed(world["head"], "awaited", step.at) == [step.case.number]


def test_a_late_submission_shows_on_both_sides(world):
    step = walk(world)
    late = step.at + 90 * DAY
    sweep(late)
    mine, _page = inbox(world, "pm", "mine", late)
    assert step.case.number in mine["overdue"]
    for who in ("ops_reviewer", "head"):
        rows, page = inbox(world, who, "awaited", late)
        assert rows == {"overdue": [step.case.number]}
        assert f"With: {world['pm']}" in page
        assert "Overdue by" in page


def test_late_opinions_show_on_both_sides(world):
    step = walk(world, "in_review").act("supervisor", "agree")
    late = step.at + 30 * DAY
    rows, page = inbox(world, "ops_reviewer", "reviews", late)
    assert rows == {"overdue": [step.case.number]}
    assert "Take GAT" in page
    rows, page = inbox(world, "pm", "awaited", late)
    assert rows == {"overdue": [step.case.number]}
    assert "With: Ops reviewer" in page
    assert "Take GAT" not in page


def test_the_lists_have_counts_and_are_for_those_concerned(world):
    step = walk(world, "in_review")
    _rows, page = inbox(world, "supervisor", "mine", step.at)
    assert "My reviews <span>1</span>" in page
    assert "Waiting for others <span>0</span>" in page
    _rows, page = inbox(world, "pm", "mine", step.at)
    assert "My reviews" not in page
    assert "Waiting for others <span>2</span>" in page  # two seats of one gate
    _rows, page = inbox(world, "developer", "mine", step.at)
    assert "Waiting for others" not in page
    _rows, page = inbox(world, "desk", "reviews", step.at)
    assert "Gates that need your opinion" in page  # the list is empty and says what it is for


def test_the_lists_are_in_the_api_too(world):
    step = walk(world, "in_review")
    with time_machine.travel(step.at, tick=False):
        found = client(world["pm"]).get("/api/v1/tasks/?view=awaited").json()["results"]
        refusal = client(world["pm"]).get("/api/v1/tasks/?view=nothing")
    assert {one["case"]["number"] for one in found} == {step.case.number}
    assert refusal.status_code == 422


def test_the_inbox_stays_within_twelve_queries(world, django_assert_max_num_queries):
    for _ in range(3):
        step = walk(world, "in_review")
    browser = client(world["head"])  # who has both lists
    with time_machine.travel(step.at, tick=False), django_assert_max_num_queries(12):
        assert browser.get("/inbox/?view=awaited").status_code == 200
