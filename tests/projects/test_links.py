"""A project is linked to the requests and changes that belong to it, on pages and by the API."""

from __future__ import annotations

import pytest
import time_machine

from tests.change_control.walking import walk as change_walk
from tests.changes.walking import walk as request_walk
from tests.projects.test_pages import client, page
from tests.projects.walking import walk
from workflows.models import CaseLink

pytestmark = pytest.mark.engine


@pytest.fixture
def three(world):
    """A project, a request it came from, and a change that is part of it."""
    return walk(world), request_walk(world).case, change_walk(world).case


def link(step, who, case, **data):
    with time_machine.travel(step.at, tick=False):
        return client(step.world[who]).post(f"{case.get_absolute_url()}link/", data)


def test_a_change_is_said_to_be_part_of_a_project_from_either_side(world, three):
    step, _request, change = three
    answer = link(step, "head", step.project, relation="from_part_of", target=change.number)
    assert answer.status_code == 302
    kept = CaseLink.objects.get()
    assert (kept.source.number, kept.target.number, kept.relation) == (
        change.number, step.project.number, "part_of",
    )  # fmt: skip
    again = link(step, "head", change, relation="part_of", target=step.project.number)
    assert again.status_code == 409
    shown = page(world, "head", step.project.get_absolute_url(), step.at)
    assert "consists of" in shown
    assert change.number in shown
    assert "is part of" in page(world, "head", change.get_absolute_url(), step.at)
    assert "属于" in page(world, "head", change.get_absolute_url(), step.at, language="zh-hans")


def test_a_project_comes_from_a_request(world, three):
    step, request, _change = three
    number = f" {request.number.lower()} "
    assert (
        link(step, "head", step.project, relation="raised_from", target=number).status_code == 302
    )
    assert "was raised from" in page(world, "head", step.project.get_absolute_url(), step.at)
    assert "led to" in page(world, "head", request.get_absolute_url(), step.at)
    story = [event.action for event in step.project.events.all()]
    assert story.count("link") == 1


def test_a_gate_is_linked_too_and_the_api_says_the_same(world, three):
    step, _request, change = three
    browser = client(world["head"])
    with time_machine.travel(step.at, tick=False):
        answer = browser.post(
            f"/api/v1/cases/{change.number}/links/",
            {"target": step.case.number, "relation": "part_of"}, "application/json",
        )  # fmt: skip
    assert answer.status_code == 201, answer.content
    assert change.number in page(world, "head", step.case.get_absolute_url(), step.at)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [({"relation": "relates", "target": "CHG-2026-99999"}, "There is no such case."),
     ({"relation": "relates", "target": "PRJ-2026-00001"}, "cannot be linked to itself"),
     ({"relation": "married", "target": "CHG-2026-00001"}, "not one of the available"),
     ({"relation": "relates", "target": ""}, "This field is required"),
     ({"target": "x" * 99}, "at most 24 characters")],
)  # fmt: skip
def test_what_cannot_be_linked_is_said_and_kept_in_the_form(world, data, sentence):
    step = walk(world)
    answer = link(step, "head", step.project, **data)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert data["target"] in answer.content.decode()


def test_nothing_is_linked_that_one_does_not_see_or_only_reads(world, three):
    step, request, _change = three
    sent = {"relation": "relates", "target": request.number}
    assert link(step, "supervisor", step.project, **sent).status_code == 422
    assert link(step, "auditor", step.project, **sent).status_code == 403
    assert link(step, "requester2", step.project, **sent).status_code == 404
    assert not CaseLink.objects.exists()
    address = step.project.get_absolute_url()
    assert f"{address}link/" not in page(world, "auditor", address, step.at)
    assert client(world["head"]).get(f"{address}link/").status_code == 302
