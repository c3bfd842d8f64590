"""The story of a project over its gates: what passes, what is sent back, who may do what."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from people.actors import Actor
from projects import rules
from projects.actions import judge_evidence, show_evidence
from projects.models import Answer, CatalogueVersion, Criterion, Gate
from projects.states import GateState
from tests.offers import check_offers
from tests.projects.walking import DAY, GOOD, LIGHT, WHY, Walk, walk
from tests.refusing import refused
from workflows.door import open_case, perform
from workflows.events import broken_chains
from workflows.heartbeat import run
from workflows.invariants import violations
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine
GOLDEN = Path(__file__).parent / "golden" / "gate.matrix.txt"


def sound(at):
    return not list(violations(at)) and not list(broken_chains())


@pytest.mark.parametrize("state", GateState.values)
def test_every_state_is_reached_and_everything_fits_together(world, state):
    step = walk(world, state)
    assert step.case.state == state
    assert sound(step.at)


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    check_offers(GOLDEN, world, walk, GateState.values)


def test_a_project_passes_all_eight_gates_and_is_finished(world):
    step = walk(world)
    codes = []
    for _ in range(8):
        codes.append(step.case.gate_kind.code)
        step.pass_on()
    assert codes == [f"G{n}" for n in range(1, 9)]
    project = perform(step.project, "finish", actor=world["pm"], at=step.at).case
    assert project.state == "finished"
    assert sound(step.at)


def test_its_gates_are_planned_in_order_and_the_first_is_open(world):
    gates = list(Walk(world).project.gates.order_by("place"))
    assert [gate.state for gate in gates] == ["open"] + ["planned"] * 7
    planned = [gate.planned_on for gate in gates]
    assert planned == sorted(planned)
    assert str(planned[-1]) == "2027-07-23"


def test_the_light_track_has_one_gate_with_the_small_standard(world):
    step = Walk(world, **LIGHT)
    assert step.project.gates.count() == 1
    codes = list(step.case.criteria.values_list("code", flat=True))
    assert codes == list(
        Criterion.objects.filter(is_light=True).order_by("gate__place", "code")
        .values_list("code", flat=True)
    )  # fmt: skip
    step.act("pm", "submit")
    assert step.open_slots() == ["ops_reviewer"]


def test_the_light_track_ends_at_ten_person_days(world):
    with refused(BadData, "at most 10 person-days"):
        Walk(world, **{**LIGHT, "effort_days": "10.5"})


def test_a_platform_is_not_asked_what_is_for_applications_only(world):
    platform = Walk(world, project_kind="platform").gate(3).criteria
    areas = set(platform.values_list("area", flat=True))
    assert areas == {"both", "platform"}


# -- showing and judging ---------------------------------------------------------------------------
def test_nothing_is_submitted_while_evidence_of_a_must_is_missing(world):
    step = walk(world)
    step.show(leave="G1-01")
    with refused(Conflict, "Evidence is missing for what must be shown: G1-01."):
        perform(step.case, "submit", actor=world["pm"], at=step.at)


def test_what_does_not_apply_is_left_out_with_a_reason_and_counts_as_shown(world):
    step = walk(world)
    step.show(leave="G1-01")
    criterion = step.case.criteria.get(code="G1-01")
    show_evidence(gate=step.case, criterion=criterion, evidence="No handover.", link="",
                  is_left_out=True, actor=world["pm"], at=step.at)  # fmt: skip
    case = perform(step.case, "submit", actor=world["pm"], at=step.at).case
    assert case.state == "in_review"


def test_shown_is_not_passed(world):
    step = walk(world, "awaiting_verdict").judge(leave="G1-01")
    with refused(Conflict, "At G1 these musts have not passed: G1-01."):
        perform(step.case, "accept", actor=world["head"], at=step.at)


def test_what_was_submitted_cannot_be_edited(world):
    step = walk(world, "in_review")
    with refused(Conflict, "no longer possible"):
        step.show()


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("pm", NotAllowed), ("head", NotAllowed), ("developer", UnknownAction),
     ("admin", UnknownAction)],
)  # fmt: skip
def test_nobody_but_the_reviewers_judges(world, who, refusal):
    step = walk(world, "in_review")
    criterion = step.case.criteria.first()
    with refused(refusal):
        judge_evidence(gate=step.case, criterion=criterion, result="pass", remark="",
                       actor=world[who], at=step.at)  # fmt: skip
    assert not Answer.objects.filter(gate=step.case, result="pass").exists()


def test_rework_opens_a_round_in_which_old_answers_do_not_count(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework")
    assert (step.case.state, step.case.round) == ("open", 2)
    with refused(Conflict, "Evidence is missing"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)
    step.to("awaiting_verdict")
    with refused(Conflict, "have not passed"):
        perform(step.case, "accept", actor=world["head"], at=step.at)
    assert Answer.objects.filter(gate=step.case, round=1, result="pass").exists()
    assert sound(step.at)


# -- opinions and the verdict ----------------------------------------------------------------------
def test_everybody_is_heard_and_an_objection_ends_nothing(world):
    step = walk(world, "in_review").act("ops_reviewer", "object")
    assert step.case.state == "in_review"
    step.act("supervisor", "agree_on_conditions")
    assert step.case.state == "awaiting_verdict"
    assert [one.outcome for one in rules.opinions(step.case.lifecycle(step.case))] == [
        "reject", "conditions",
    ]  # fmt: skip


def test_an_objection_is_overruled_in_writing_or_not_at_all(world):
    step = walk(world, "in_review").act("ops_reviewer", "agree").act("supervisor", "object")
    step.judge()
    with refused(BadData):
        perform(step.case, "accept", actor=world["head"], at=step.at)
    step.act("head", "accept", overruling="The risk is carried until March.")
    assert (step.case.state, step.case.overruling) == (
        "accepted", "The risk is carried until March.",
    )  # fmt: skip


def test_silence_is_no_consent_and_shows_as_late(world):
    step = walk(world, "in_review").act("ops_reviewer", "agree")
    run("sweep", step.at + 9 * DAY)
    step.case.refresh_from_db()
    assert step.case.state == "in_review"
    assert step.clock("opinion").breached_at is not None


def test_who_is_of_the_project_neither_reviews_nor_decides(world):
    unit = world["head"].grants.first().unit
    for role in ("ops_reviewer", "head_of_ops"):
        world["pm"].grants.create(role=role, unit=unit, from_at=GOOD and walk(world).at - 9 * DAY)
    step = walk(world, "in_review")
    with refused(NotAllowed):
        perform(step.case, "agree", actor=world["pm"], at=step.at)
    step.act("ops_reviewer", "agree").act("supervisor", "agree")
    with refused(NotAllowed):
        perform(step.case, "accept", actor=world["pm"], at=step.at)


def test_a_person_with_two_reviewing_roles_speaks_for_each(world):
    unit = world["ops_reviewer"].grants.first().unit
    world["ops_reviewer"].grants.create(role="supervisor", unit=unit, from_at=walk(world).at - DAY)
    step = walk(world, "in_review")
    assert step.open_slots() == ["ops_reviewer", "supervisor"]
    step.act("ops_reviewer", "agree")
    assert step.case.state == "in_review"
    step.act("ops_reviewer", "agree")
    assert step.case.state == "awaiting_verdict"


def test_a_submission_taken_back_is_heard_anew(world):
    step = walk(world, "in_review").act("ops_reviewer", "agree").act("pm", "take_back")
    assert (step.case.state, step.case.round) == ("open", 2)
    step.to("in_review")
    assert step.open_slots() == ["ops_reviewer", "supervisor"]


# -- waivers ---------------------------------------------------------------------------------------
WAIVER = {"criterion": "G1-01", "reason": "The form comes in March.", "risk_owner": "owner",
          "measure": "A weekly call.", "expires_on": "2027-01-31"}  # fmt: skip


def waived(world, **more):
    step = walk(world, "awaiting_verdict").judge(leave="G1-01")
    return step.act("pm", "ask_waiver", **{**WAIVER, **more})


def grant(step, who="head"):
    waiver = step.case.waivers.get(revoked_at=None)
    step.case = perform(step.case, "grant_waiver", actor=step.world[who], at=step.at,
                        waiver=waiver.pk, note="Carried.").case  # fmt: skip
    return step


def verdict(step, at=None):
    return perform(step.case, "accept", actor=step.world["head"], at=at or step.at).case


def test_a_waived_must_does_not_keep_the_gate_closed(world):
    step = waived(world)
    with refused(Conflict, "have not passed: G1-01"):
        verdict(step)  # asked for is not granted
    assert verdict(grant(step)).state == "accepted"
    assert sound(step.at)


def test_a_waiver_ends_on_its_day_and_when_it_is_revoked(world):
    step = grant(waived(world))
    with refused(Conflict, "have not passed: G1-01"):
        verdict(step, step.at + 90 * DAY)
    waiver = step.case.waivers.get()
    step.act("head", "revoke_waiver", waiver=waiver.pk, note="The risk has grown.")
    with refused(Conflict, "have not passed: G1-01"):
        verdict(step)


def test_one_waiver_a_criterion_and_another_after_it_is_revoked(world):
    step = waived(world)
    with refused(BadData):
        perform(step.case, "ask_waiver", actor=world["pm"], at=step.at, **WAIVER)
    step.act("head", "revoke_waiver", waiver=step.case.waivers.get().pk, note="No.")
    step.act("pm", "ask_waiver", **WAIVER)
    assert step.case.waivers.count() == 2


@pytest.mark.parametrize("until", ["", "2026-11-01", "2027-06-30"])
def test_a_waiver_has_an_end_that_is_not_far(world, until):
    step = walk(world)
    with refused(BadData):
        perform(step.case, "ask_waiver", actor=world["pm"], at=step.at,
                **{**WAIVER, "expires_on": until})  # fmt: skip


def test_who_is_of_the_project_grants_no_waiver(world):
    unit = world["head"].grants.first().unit
    world["pm"].grants.create(role="head_of_ops", unit=unit, from_at=walk(world).at - DAY)
    step = waived(world)
    with refused(NotAllowed):
        grant(step, "pm")


# -- conditions, and the way on --------------------------------------------------------------------
def test_an_overdue_condition_keeps_the_next_gates_closed_until_it_is_met(world):
    step = walk(world, "conditions")
    second = step.gate(2)
    assert second.state == "open"  # not overdue yet
    step.case = second
    step.to("in_review").act("ops_reviewer", "agree").act("supervisor", "agree")
    step.at += 60 * DAY
    step.act("head", "accept")
    third = step.gate(3)
    assert third.state == "planned"
    with refused(Conflict, "Two more drills"):
        perform(third, "open_gate", actor=world["pm"], at=step.at)
    step.case = step.gate(1)
    condition = step.case.conditions.get()
    step.act("ops_reviewer", "meet", condition=condition.pk, note="Drilled.")
    assert step.case.state == "accepted"
    assert step.gate(3).state == "open"
    assert sound(step.at)


def test_a_gate_is_not_opened_before_the_one_before_is_passed(world):
    step = walk(world, "planned")
    with refused(Conflict, "has to be passed first"):
        perform(step.case, "open_gate", actor=world["pm"], at=step.at)


def test_a_deferred_gate_is_taken_up_on_its_day(world):
    step = walk(world, "deferred")
    run("sweep", step.at + 30 * DAY)
    step.case.refresh_from_db()
    assert step.case.state == "deferred"
    run("sweep", step.at + 60 * DAY)
    step.case.refresh_from_db()
    assert (step.case.state, step.case.round) == ("open", 2)


def test_a_cancelled_project_cancels_its_gates(world):
    step = walk(world, "in_review")
    perform(step.project, "cancel", actor=world["head"], at=step.at, **WHY)
    assert set(step.project.gates.values_list("state", flat=True)) == {"cancelled"}
    assert sound(step.at)


def test_a_project_is_not_finished_before_its_gates_are_decided(world):
    step = walk(world)
    with refused(Conflict, "Not decided yet: G1"):
        perform(step.project, "finish", actor=world["pm"], at=step.at)


def test_nobody_files_a_gate(world):
    for name in ("pm", "ops_reviewer", "admin"):
        who = Actor.of(world[name], walk(world).at)
        assert not Gate(kind="gate").lifecycle.may_be_filed_by(who)
    with refused(NotAllowed):
        open_case("gate", actor=world["pm"], title="By hand")


def test_a_submission_is_due_at_the_end_of_its_day(world):
    step = walk(world)
    assert step.clock("submission").due_at - timedelta(days=1) <= step.at + 365 * DAY
    step.act("pm", "plan", planned_on="2026-12-01")
    assert step.clock("submission").due_at.isoformat() == "2026-12-01T10:00:00+00:00"


# -- the standard ----------------------------------------------------------------------------------
def test_the_shipped_standard_is_there_in_both_languages(world):
    version = CatalogueVersion.objects.get()
    assert (version.gates.count(), Criterion.objects.count()) == (8, 73)
    assert not Criterion.objects.filter(text_zh="").exists()
    assert not Criterion.objects.filter(evidence_zh="").exists()


def test_a_published_standard_does_not_change(world):
    criterion = Criterion.objects.first()
    criterion.text = "Another"
    with pytest.raises(Exception, match="published version does not change"):
        criterion.save()
    with pytest.raises(Exception, match="published version does not change"):
        Criterion.objects.create(gate=criterion.gate, code="G1-99", level="must", text="New")
