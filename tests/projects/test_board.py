"""The gate board: every project in the column of the gate it stands at."""

from __future__ import annotations

import pytest
import time_machine

from people.actors import Actor
from projects import board
from projects.models import GateKind
from projects.portfolio import projects_of
from tests.projects.test_pages import client, page
from tests.projects.walking import DAY, LIGHT, Walk, walk
from tests.world import NOON

BOARD = "/projects/board/"
MOST = 12


def columns(world, query="", at=NOON, who="pm"):
    with time_machine.travel(at, tick=False):
        answer = client(world[who]).get(f"{BOARD}{query}")
    assert answer.status_code == 200
    return {one.code: one for one in answer.context["columns"]}


def titles(column):
    return [row.project.title for row in column.cards]


def test_each_gate_of_the_standard_has_a_column_with_who_stands_there(world):
    walk(world, title="first")
    walk(world, "accepted", title="second")
    Walk(world, **{**LIGHT, "title": "light"})
    found = columns(world)
    assert list(found) == ["G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8"]
    assert {code: titles(one) for code, one in found.items() if one.cards} == {
        "G1": ["first"], "G2": ["second"], "G8": ["light"],
    }  # fmt: skip


def test_who_is_through_has_a_column_of_their_own(world):
    Walk(world, **{**LIGHT, "title": "light"}).pass_on()
    found = columns(world)
    assert titles(found["through"]) == ["light"]
    assert "All gates passed" in page(world, "pm", BOARD)


def test_a_card_leads_to_the_sheet_and_says_how_far_it_is(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework").show(leave="G1-01")
    shown = page(world, "pm", BOARD, step.at)
    assert f'href="/gates/{step.case.number}/sheet/"' in shown
    assert f'href="{step.project.get_absolute_url()}"' in shown
    assert "round 2" in shown
    asked, shown_of = step.case.criteria.count(), step.case.answers.filter(round=2).count()
    assert f"{shown_of}/{asked}" in shown
    assert "Open for submission" in shown


def test_who_is_late_is_marked(world):
    step = walk(world)
    assert "og-card--risk" not in page(world, "pm", BOARD, step.at)
    late = page(world, "pm", BOARD, step.at + 90 * DAY)
    assert "og-card--risk" in late
    assert "late" in late


def test_the_board_filters_as_the_list_does_and_leads_to_it(world):
    walk(world, title="one", systems=["erp"])
    walk(world, title="other", systems=["portal"])
    assert titles(columns(world, "?system=erp")["G1"]) == ["one"]
    shown = page(world, "pm", f"{BOARD}?system=erp")
    assert 'href="/projects/?system=erp"' in shown
    assert 'href="/projects/board/?system=erp"' in page(world, "pm", "/projects/?system=erp")


def test_nobody_sees_a_card_of_a_project_that_is_not_theirs_to_see(world):
    walk(world)
    assert not any(one.cards for one in columns(world, who="requester").values())


def test_a_column_shows_the_nearest_days_first_and_leads_to_the_rest(world, monkeypatch):
    monkeypatch.setattr(board, "MOST", 2)
    for title, ends_on in (("c", "2027-09-01"), ("a", "2027-07-01"), ("b", "2027-08-01")):
        Walk(world, title=title, ends_on=ends_on)
    column = columns(world)["G1"]
    assert (titles(column), column.count, column.more) == (["a", "b"], 3, 1)
    shown = page(world, "pm", BOARD)
    assert "All 3" in shown
    assert 'href="/projects/?gate=G1"' in shown


def test_a_gate_that_is_no_longer_of_the_standard_keeps_its_column_while_needed(world):
    step = walk(world, title="old")
    kind = GateKind.objects.filter(pk=step.case.gate_kind_id)
    kind.update(code="G0")  # as if it were of another version
    kinds = list(GateKind.objects.exclude(code="G0").order_by("place"))
    found = board.columns(projects_of(Actor.of(world["pm"], NOON)), kinds, NOON)
    assert found[-1].code == "G0"
    assert titles(found[-1]) == ["old"]


@pytest.mark.parametrize("query", ["", "?system=portal&manager=pm&risk=any&q=supplier"])
def test_the_board_asks_no_more_often_for_more_projects(
    world, query, django_assert_max_num_queries
):
    for state in ("open", "accepted", "deferred", "conditions"):
        walk(world, state)
    browser = client(world["pm"])
    with time_machine.travel(NOON, tick=False), django_assert_max_num_queries(MOST):
        assert browser.get(f"{BOARD}{query}").status_code == 200
