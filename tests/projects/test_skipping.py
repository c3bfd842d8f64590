"""A gate is skipped by the head of operations, and the next one asks for its musts."""

from __future__ import annotations

import pytest
import time_machine

from projects.actions import show_evidence
from projects.models import Criterion
from projects.progress import with_progress
from tests.projects.test_pages import client, page, sheet_of
from tests.projects.test_story import WAIVER, sound
from tests.projects.walking import LIGHT, QUARTER, WHY, Walk, walk
from tests.refusing import refused
from workflows.door import perform
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine
UNDERSTOOD = {**WHY, "is_understood": True}


def skip(step, place, who="head"):
    """Skip the gate at `place`, and stand at the one after it."""
    step.at += QUARTER
    perform(step.gate(place), "skip", actor=step.world[who], at=step.at, **UNDERSTOOD)
    step.case = step.gate(place + 1)
    return step


def codes(gate, **narrowed):
    return list(gate.criteria.filter(**narrowed).values_list("code", flat=True))


def musts(*gates):
    found = Criterion.objects.filter(gate__code__in=gates, gate__version__number=1, level="must")
    return list(
        found.exclude(area="platform").order_by("gate__place", "code")
        .values_list("code", flat=True)
    )  # fmt: skip


def test_the_musts_of_a_skipped_gate_are_asked_for_at_the_next(world):
    step = walk(world)
    own = codes(step.gate(2))
    skip(step, 1)
    assert codes(step.case) == musts("G1") + own
    assert codes(step.gate(3), gate__code="G1") == []
    assert step.gate(1).state == "skipped"
    assert step.case.state == "open"  # the way is free
    assert sound(step.at)


def test_two_skipped_in_a_row_carry_both(world):
    step = skip(skip(walk(world), 1), 2)
    assert codes(step.case, level="must") == musts("G1", "G2", "G3")
    assert step.case.state == "open"
    assert codes(step.case, level="should", gate__code="G2") == []


def test_a_gate_that_is_still_to_come_is_skipped_without_opening_the_one_behind(world):
    step = skip(walk(world), 2)
    assert step.case.state == "planned"
    assert step.gate(1).state == "open"
    step.case = step.gate(1)
    step.pass_on()
    step.case = step.gate(3)
    assert step.case.state == "open"
    assert codes(step.case, level="must") == musts("G2", "G3")


def test_nothing_is_submitted_while_a_carried_must_is_not_shown(world):
    step = skip(walk(world), 1).show(leave="G1-01")
    with refused(Conflict, "Evidence is missing for what must be shown: G1-01."):
        perform(step.case, "submit", actor=world["pm"], at=step.at)


def test_a_carried_must_that_has_not_passed_keeps_the_gate_closed_unless_waived(world):
    step = skip(walk(world), 1).to("awaiting_verdict").judge(leave="G1-01")
    with refused(Conflict, "At G2 these musts have not passed: G1-01."):
        perform(step.case, "accept", actor=world["head"], at=step.at)
    step.act("pm", "ask_waiver", **WAIVER)
    step.act("head", "grant_waiver", waiver=step.case.waivers.get().pk, note="Carried.")
    assert perform(step.case, "accept", actor=world["head"], at=step.at).case.state == "accepted"
    assert sound(step.at)


def test_a_project_with_a_skipped_gate_is_finished(world):
    step = skip(walk(world), 1)
    for _ in range(7):
        step.pass_on()
    assert perform(step.project, "finish", actor=world["pm"], at=step.at).case.state == "finished"


def test_what_was_shown_at_the_skipped_gate_is_shown_again(world):
    step = walk(world).show()
    skip(step, 1)
    with refused(Conflict, "Evidence is missing"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)


# -- who, when, why -------------------------------------------------------------------------------
def test_the_last_gate_is_not_skipped(world):
    step = walk(world)
    with refused(Conflict, "The last gate cannot be skipped."):
        perform(step.gate(8), "skip", actor=world["head"], at=step.at, **UNDERSTOOD)
    light = Walk(world, **LIGHT)
    with refused(Conflict, "The last gate cannot be skipped."):
        perform(light.case, "skip", actor=world["head"], at=step.at, **UNDERSTOOD)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("pm", NotAllowed), ("ops_reviewer", NotAllowed), ("service_manager", NotAllowed),
     ("admin", UnknownAction), ("requester", UnknownAction)],
)  # fmt: skip
def test_nobody_but_the_head_of_operations_skips(world, who, refusal):
    step = walk(world)
    with refused(refusal):
        perform(step.case, "skip", actor=world[who], at=step.at, **UNDERSTOOD)


def test_the_head_does_not_skip_a_gate_of_their_own_project(world):
    step = Walk(world, by="head")
    with refused(NotAllowed):
        perform(step.case, "skip", actor=world["head"], at=step.at, **UNDERSTOOD)


@pytest.mark.parametrize("missing", ["reason", "is_understood"])
def test_it_is_skipped_with_a_reason_after_the_warning_was_read(world, missing):
    step = walk(world)
    data = {name: value for name, value in UNDERSTOOD.items() if name != missing}
    with refused(BadData, missing):
        perform(step.case, "skip", actor=world["head"], at=step.at, **data)


@pytest.mark.parametrize("state", ["in_review", "accepted", "deferred", "skipped", "cancelled"])
def test_what_was_submitted_is_not_skipped(world, state):
    step = walk(world, state)
    with refused(Conflict):
        perform(step.case, "skip", actor=world["head"], at=step.at, **UNDERSTOOD)


# -- pages ----------------------------------------------------------------------------------------
def test_whoever_skips_reads_which_musts_come_back_and_where(world):
    step = walk(world)
    address = f"{step.case.get_absolute_url()}do/skip/"
    shown = page(world, "head", address, step.at)
    assert "These musts are asked for at G2" in shown
    assert ", ".join(musts("G1")) in shown
    with time_machine.travel(step.at, tick=False):
        browser = client(world["head"])
        assert browser.post(address, {"reason": "Bought as it is."}).status_code == 422
        sent = {"reason": "Bought as it is.", "is_understood": "on"}
        assert browser.post(address, sent).status_code == 302
    shown = page(world, "pm", step.case.get_absolute_url(), step.at)
    assert "Bought as it is." in shown
    assert "Its musts are asked for at the next gate." in shown
    assert str(world["head"]) in shown


def test_the_sheet_marks_what_is_carried_and_lets_it_be_shown(world):
    step = skip(walk(world), 1)
    shown = page(world, "pm", sheet_of(step), step.at)
    assert shown.count("Carried from G1, which was skipped") == len(musts("G1"))
    assert "Carried from G2" not in shown
    criterion = step.case.criteria.get(code="G1-01")
    show_evidence(gate=step.case, criterion=criterion, evidence="Signed.", link="",
                  is_left_out=False, actor=world["pm"], at=step.at)  # fmt: skip
    with time_machine.travel(step.at, tick=False):
        sent = {"G1-02-evidence": "Named."}
        assert client(world["pm"]).post(f"{sheet_of(step)}G1-02/", sent).status_code == 302
    assert step.case.answers.count() == 2
    assert "已跳过" in page(world, "pm", step.gate(1).get_absolute_url(), step.at,
                           language="zh-hans")  # fmt: skip


def test_the_cards_count_what_is_carried(world):
    step = skip(skip(walk(world), 1), 2)
    shown = with_progress(step.project.gates.order_by("place"))
    assert [gate.asks for gate in shown] == [
        step.gate(place).criteria.count() for place in range(1, 9)
    ]
    assert shown[2].asks > len(musts("G1", "G2"))
