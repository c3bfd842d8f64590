"""What only a walk of many steps comes to: days without work, deputies, a second condition."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from people.models import Absence, Grant
from projects.actions import show_evidence
from tests.projects.walking import CONDITION, DAY, walk
from tests.refusing import refused
from workflows.door import perform
from workflows.heartbeat import run
from workflows.refusals import BadData, NotAllowed

pytestmark = pytest.mark.engine
MONDAY = datetime(2027, 1, 10, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai, when the day begins to which `walk` defers."""


def test_a_deferred_gate_is_not_taken_up_on_the_friday_before(world):
    """No working time is left then, and the day has not come."""
    step = walk(world, "deferred")
    run("sweep", MONDAY - DAY)
    step.case.refresh_from_db()
    assert step.case.state == "deferred"
    run("sweep", MONDAY)
    step.case.refresh_from_db()
    assert step.case.state == "open"


def test_the_head_takes_a_deferred_gate_up_at_any_time(world):
    assert walk(world, "deferred").act("head", "take_up").case.state == "open"


def test_when_a_condition_is_met_the_next_one_is_due(world):
    step = walk(world, "awaiting_verdict").judge()
    for day in ("2026-12-10", "2026-12-01"):
        step.act("head", "note_condition", **{**CONDITION, "due_on": day})
    step.act("head", "accept")
    assert step.clock("conditions").due_at.isoformat() == "2026-12-01T10:00:00+00:00"
    first = step.case.conditions.get(due_on="2026-12-01")
    step.act("ops_reviewer", "meet", condition=first.pk, note="Drilled.")
    assert step.clock("conditions").due_at.isoformat() == "2026-12-10T10:00:00+00:00"
    assert step.case.tasks.open().get().due_at == step.clock("conditions").due_at


def test_who_wrote_the_agreement_as_a_deputy_does_not_sign_it_later(world):
    step = walk(world)
    unit = world["head"].grants.first().unit
    Grant.objects.create(user=world["desk"], role="head_of_ops", unit=unit, from_at=step.at - DAY)
    step.to("in_review").act("pm", "take_back")
    away = Absence.objects.create(
        user=world["pm"], deputy=world["desk"], from_at=step.at, to_at=step.at + DAY
    )
    step.act("desk", "write_agreement")
    for one in step.case.criteria:
        show_evidence(gate=step.case, criterion=one, evidence="See the folder.", link="",
                      is_left_out=False, actor=world["pm"], at=step.at)  # fmt: skip
    step.case = perform(step.case, "submit", actor=world["pm"], at=step.at).case
    step.at = away.to_at
    step.act("ops_reviewer", "agree").act("supervisor", "agree").judge()
    with refused(NotAllowed):
        perform(step.case, "accept", actor=world["desk"], at=step.at)
    assert step.act("head", "accept").case.state == "accepted"


def test_who_asked_for_a_waiver_as_a_deputy_does_not_grant_it_later(world):
    step = walk(world, "awaiting_verdict").judge(leave="G1-01")
    unit = world["head"].grants.first().unit
    Grant.objects.create(user=world["desk"], role="head_of_ops", unit=unit, from_at=step.at - DAY)
    away = Absence.objects.create(
        user=world["pm"], deputy=world["desk"], from_at=step.at, to_at=step.at + DAY
    )
    waiver = {"criterion": "G1-01", "reason": "In March.", "risk_owner": "owner",
              "measure": "A call.", "expires_on": "2027-01-31"}  # fmt: skip
    step.act("desk", "ask_waiver", **waiver)
    asked = step.case.waivers.get()
    step.at = away.to_at
    grant = {"waiver": asked.pk, "note": "Carried."}
    with refused(BadData):
        perform(step.case, "grant_waiver", actor=world["desk"], at=step.at, **grant)
    step.act("head", "grant_waiver", **grant)
    asked.refresh_from_db()
    assert asked.granted_by == world["head"]
