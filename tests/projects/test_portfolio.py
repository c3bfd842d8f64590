"""The portfolio: where every project stands, what puts it at risk, filters, pages and files."""

from __future__ import annotations

import csv
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from people.actors import Actor
from people.models import User
from projects import pages, portfolio
from projects.models import Gate
from projects.progress import with_progress
from tests.projects.test_pages import client, page
from tests.projects.walking import DAY, LIGHT, QUARTER, Walk, walk
from tests.world import NOON
from workflows.door import perform

LIST = "/projects/"
MOST = 12


def found(world, query, at=NOON, who="pm"):
    """Return the titles on the list, in its order."""
    with time_machine.travel(at, tick=False):
        answer = client(world[who]).get(f"{LIST}{query}")
    assert answer.status_code == 200, query
    return [row.project.title for row in answer.context["rows"]]


def row_of(world, step, at=None):
    who = Actor.of(world["head"], at or step.at)
    projects = portfolio.projects_of(who).filter(pk=step.project.pk)
    (row,) = portfolio.rows(list(projects), who.at)
    return row


def test_it_shows_each_project_with_the_gate_it_stands_at(world):
    step = walk(world)
    shown = page(world, "pm", LIST)
    assert step.project.title in shown
    assert "G1 · Open for submission" in shown
    assert step.project.title not in page(world, "requester", LIST)


@pytest.mark.parametrize("state", ["open", "in_review", "awaiting_verdict", "deferred", "rejected"])
def test_a_project_stands_at_its_first_gate_that_is_not_passed(world, state):
    step = walk(world, state)
    assert row_of(world, step).now == step.case


@pytest.mark.parametrize("state", ["accepted", "conditions"])
def test_past_a_gate_it_stands_at_the_next(world, state):
    step = walk(world, state)
    assert row_of(world, step).now == step.gate(2)
    assert row_of(world, step).gates_passed == 1


def test_a_closed_project_stands_nowhere_and_risks_nothing(world):
    step = walk(world, "cancelled")
    row = row_of(world, step, step.at + 900 * DAY)
    assert (row.now, row.risks) == (None, [])


@pytest.mark.parametrize("light", [True, False])
def test_progress_counts_what_the_sheet_counts(world, light):
    step = Walk(world, **(LIGHT if light else {}))
    step.act("pm", "submit")
    first = step.case.criteria.filter(level="must").first()
    step.judge(leave=first.code)
    lines = pages.sheet(step.case)
    (gate,) = with_progress(Gate.objects.filter(pk=step.case.pk))
    assert gate.asked == len(lines)
    assert gate.shown == sum(line.is_present for line in lines)
    assert gate.passed == sum(line.answer.is_satisfied for line in lines if line.answer)
    assert gate.asked >= gate.shown > gate.passed > 0


def test_progress_of_another_round_counts_for_nothing(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework")
    (gate,) = with_progress(Gate.objects.filter(pk=step.case.pk))
    assert (gate.shown, gate.passed) == (0, 0)


# -- at risk --------------------------------------------------------------------------------------
def test_at_risk_is_who_is_late(world):
    step = walk(world)
    on_the_day = step.at.replace(year=2026, month=12, day=23)  # planned: an eighth of 242 days on
    assert step.case.planned_on.isoformat() == "2026-12-23"
    assert row_of(world, step, on_the_day).risks == []
    assert row_of(world, step, on_the_day + DAY).risks == ["late"]


def test_at_risk_is_whose_handover_is_over_though_every_gate_is_passed(world):
    step = Walk(world, **LIGHT).pass_on()
    assert row_of(world, step, step.at).risks == []
    assert row_of(world, step, step.at + 60 * DAY).risks == ["late"]


def test_at_risk_is_whose_condition_is_overdue_at_any_gate(world):
    step = walk(world, "conditions")  # due on the last day of the year
    due = step.at.replace(month=12, day=31)
    assert row_of(world, step, due).risks == []
    assert row_of(world, step, due + DAY).risks == ["condition overdue"]
    step.act("ops_reviewer", "meet", condition=step.case.conditions.get().pk, note="Done.")
    assert row_of(world, step, due + DAY).risks == []


@pytest.mark.parametrize(("state", "risk"), [("deferred", "deferred"), ("rejected", "rejected")])
def test_at_risk_is_who_was_deferred_or_rejected(world, state, risk):
    assert row_of(world, walk(world, state)).risks == [risk]


def test_at_risk_is_who_was_sent_back_more_than_once(world):
    step = walk(world, "awaiting_verdict").act("head", "rework")
    assert row_of(world, step).risks == []
    step.to("awaiting_verdict").act("head", "rework")
    assert row_of(world, step).risks == ["sent back more than once"]


# -- filters --------------------------------------------------------------------------------------
@pytest.fixture
def five(world):
    """Projects by where they stand; the last one is finished."""
    walk(world, title="open", systems=["erp", "portal"], manager="developer")
    walk(world, "deferred", title="deferred", project_kind="platform", systems=["erp"])
    walk(world, "accepted", title="second")
    Walk(world, **{**LIGHT, "title": "light", "systems": []})
    step = Walk(world, **{**LIGHT, "title": "done"}).pass_on()
    perform(step.project, "finish", actor=world["pm"], at=step.at + QUARTER)
    return world


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"open", "deferred", "second", "light"}),
        ("?state=all", {"open", "deferred", "second", "light", "done"}),
        ("?state=finished", {"done"}),
        ("?state=cancelled", set()),
        ("?gate=G1", {"open", "deferred"}),
        ("?gate=G2", {"second"}),
        ("?gate=G8", {"light"}),  # the gate of the light track
        ("?gate=nowhere", set()),
        ("?gate=through", set()),
        ("?risk=any", {"deferred"}),
        ("?risk=deferred", {"deferred"}),
        ("?risk=late", set()),
        ("?manager=developer", {"open"}),
        ("?kind=platform", {"deferred"}),
        ("?track=light", {"light"}),
        ("?system=erp", {"open", "deferred"}),
        ("?system=portal", {"open", "second"}),
        ("?q=ligh", {"light"}),
        ("?manager=developer&system=erp&kind=application", {"open"}),
        ("?risk=nothing&kind=what&page=9", {"open", "deferred", "second", "light"}),
    ],
)
def test_the_address_filters(five, query, titles):
    assert set(found(five, query)) == titles


def test_filters_by_risk_find_who_is_at_risk(world):
    late = walk(world, "conditions", title="late")
    at = late.at + 300 * DAY
    assert found(world, "?risk=late", at) == found(world, "?risk=overdue", at) == ["late"]
    assert found(world, "?risk=any", at) == ["late"]


def test_one_filters_only_by_managers_of_projects_one_sees(five):
    with time_machine.travel(NOON, tick=False):
        answer = client(five["requester"]).get(LIST)
    assert list(answer.context["filter"].form.fields["manager"].choices) == [("", "All")]


def test_what_was_chosen_stays_chosen(five):
    User.objects.filter(username="developer").update(display_name="<b>Q</b>")
    shown = page(five, "pm", f"{LIST}?manager=developer&gate=G9&system=erp")
    assert '<option value="developer" selected>&lt;b&gt;Q&lt;/b&gt;</option>' in shown
    assert '<option value="erp" selected>' in shown
    assert '<option value="G9" selected>G9</option>' in shown


def test_an_empty_list_says_what_to_do(five):
    assert "Clear the filters" in page(five, "pm", f"{LIST}?q=nothing")
    assert "/new/project/" not in page(five, "requester", LIST)
    assert "No project is under way" in page(five, "requester", LIST)


def test_a_page_has_25_rows_and_asks_no_more_often_than_for_three(
    world, django_assert_max_num_queries
):
    for _number in range(26):
        Walk(world, **LIGHT)
    browser = client(world["pm"])
    with time_machine.travel(NOON, tick=False), django_assert_max_num_queries(MOST):
        first = browser.get(f"{LIST}?manager=pm&track=light&risk=&kind=application")
    assert len(first.context["rows"]) == 25
    assert (
        "?manager=pm&amp;track=light&amp;kind=application&amp;page=2" in first.content.decode()
        or ("page=2" in first.content.decode())
    )
    assert len(found(world, "?page=2")) == 1


# -- as a file ------------------------------------------------------------------------------------
def rows_of(answer):
    content = answer.getvalue()
    if answer["Content-Type"].startswith("text/csv"):
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(content)).active
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.values]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_file_has_what_the_list_has(five, form):
    walk(five, title="=1+1", systems=["erp"])
    with time_machine.travel(NOON, tick=False):
        answer = client(five["pm"]).get(f"/projects/export.{form}?system=erp&page=3")
    head, *lines = rows_of(answer)
    assert head[:3] == ["Number", "Title", "State"]
    told = [dict(zip(head, line, strict=True)) for line in lines]
    assert [one["Title"] for one in told] == [
        "open", "deferred", "'=1+1" if form == "csv" else "=1+1",
    ]  # fmt: skip
    midnight = "" if form == "csv" else " 00:00:00"
    assert told[1] | {"Number": ""} == {
        "Number": "", "Title": "deferred", "State": "Under way", "What it builds": "Platform",
        "Track": "Full track: every gate",
        "Effort in person-days": "120.00" if form == "csv" else "120",
        "Project manager": "孙悦 Sun Yue",
        "Systems": "erp", "Begins": f"2026-11-23{midnight}",
        "To be handed over": f"2027-07-23{midnight}", "Gates passed": "0 / 8",
        "Stands at": "G1 Kick-off and handover agreement", "State of the gate": "Deferred",
        "Planned": f"2026-12-23{midnight}", "Criteria asked": "8", "Criteria shown": "5",
        "Criteria passed": "0", "At risk": "deferred",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_has_nothing_that_its_reader_may_not_see(five, form):
    answer = client(five["requester"]).get(f"/projects/export.{form}?state=all")
    assert len(rows_of(answer)) == 1


def test_a_file_of_more_asks_no_more_often(five, django_assert_num_queries):
    def ask():
        with time_machine.travel(NOON, tick=False):
            client(five["pm"]).get("/projects/export.csv").getvalue()

    with CaptureQueriesContext(connection) as few:
        ask()
    for _ in range(3):
        walk(five)
    with django_assert_num_queries(len(few)):
        ask()
