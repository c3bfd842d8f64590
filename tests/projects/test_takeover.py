"""What a project and ops agree on, the trial, going live, and the service in operation."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import localdate

from agreements.models import Service
from change_control.gate import reasons
from people.roles import Role
from projects import trial
from projects.models import Operation
from projects.states import OperationState
from tests.change_control.walking import OPENS
from tests.change_control.walking import Walk as ChangeWalk
from tests.offers import check_offers
from tests.projects.walking import AGREEMENT, DAY, LIGHT, QUARTER, TAKEN_OVER, WHY, Walk, walk
from tests.refusing import refused
from workflows.door import open_case, perform
from workflows.events import broken_chains
from workflows.heartbeat import run
from workflows.invariants import violations
from workflows.lifecycles import Faults
from workflows.refusals import BadData, Conflict, NotAllowed

pytestmark = pytest.mark.engine
GOLDEN = Path(__file__).parent / "golden" / "operation.matrix.txt"
WAIVER = {**WHY, "risk_owner": "service_manager", "measure": "By hand."}


def sound(at):
    return not list(violations(at)) and not list(broken_chains())


def at_gate(world, place: int, **filing) -> Walk:
    step = Walk(world, **filing)
    while step.case.place < place:
        step.pass_on()
    return step


# -- the handover agreement ------------------------------------------------------------------------
def test_the_first_gate_is_not_submitted_without_an_agreement(world):
    step = walk(world)
    with refused(Conflict, "Write the handover agreement first"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)


def test_the_agreement_is_signed_by_both_when_the_first_gate_is_accepted(world):
    step = walk(world, "awaiting_verdict")
    agreement = step.project.agreements.get()
    assert (agreement.written_by, agreement.signed_by) == (world["pm"], None)
    step.act("head", "accept")
    agreement.refresh_from_db()
    assert (agreement.signed_by, agreement.signed_at) == (world["head"], step.at)


def test_an_agreement_written_anew_holds_when_ops_signs_it(world):
    step = walk(world, "accepted")
    project = step.project
    perform(project, "write_agreement", actor=world["pm"], at=step.at + QUARTER,
            **{**AGREEMENT, "mode": "vendor"})  # fmt: skip
    assert [one.mode for one in project.agreements.all()] == ["vendor", "technical"]
    with refused(NotAllowed):
        perform(project, "sign_agreement", actor=world["pm"], at=step.at + QUARTER)
    perform(project, "sign_agreement", actor=world["head"], at=step.at + 2 * QUARTER)
    last, first = project.agreements.all()
    assert last.signed_by == world["head"]
    assert first.signed_at == step.at  # the earlier one is kept
    with refused(Conflict, "nothing to sign"):
        perform(project, "sign_agreement", actor=world["head"], at=step.at + 3 * QUARTER)


def test_the_agreement_is_written_at_the_first_gate_only(world):
    step = at_gate(world, 2)
    with refused(Conflict, "first gate only"):
        perform(step.case, "write_agreement", actor=world["pm"], at=step.at, **AGREEMENT)


def test_the_agreement_can_be_read_by_whoever_reads_the_project(world):
    step = walk(world, "accepted")
    address = f"/projects/{step.project.number}/handover/"
    answers = {}
    for who in ("pm", "auditor", "requester"):
        browser = Client()
        browser.force_login(world[who])
        answers[who] = browser.get(address)
    assert "The portal and its interfaces." in answers["pm"].content.decode()
    assert [one.status_code for one in answers.values()] == [200, 200, 404]


# -- trial operation -------------------------------------------------------------------------------
def test_the_trial_runs_for_thirty_days_and_for_ninety_where_the_business_hangs_on_it(world):
    assert [(one.trial_until - one.trial_from).days for one in trials(world)] == [30, 90]


def trials(world):
    for criticality in ("normal", "core"):
        Service.objects.filter(code="portal").update(criticality=criticality)
        yield at_gate(world, 7).case


def test_nothing_is_submitted_before_the_trial_is_over(world):
    step = at_gate(world, 7)
    step.show()
    with refused(Conflict, "Trial operation runs up to and including"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)
    after = datetime.combine(step.case.trial_until + DAY, step.at.timetz())
    assert perform(step.case, "submit", actor=world["pm"], at=after).case.state == "in_review"


def test_the_trial_is_extended_at_most_twice_and_only_to_later(world):
    step = at_gate(world, 7)
    for weeks in (1, 2):
        until = step.case.trial_until + weeks * timedelta(days=7)
        step.act("ops_reviewer", "extend_trial", trial_until=until.isoformat(), **WHY)
        assert step.case.trial_until == until
    with refused(Conflict, "at most twice"):
        step.act("ops_reviewer", "extend_trial", trial_until="2029-01-01", **WHY)


@pytest.mark.parametrize(("who", "later", "refusal"), [
    ("pm", 7, NotAllowed), ("ops_reviewer", 0, BadData),
])  # fmt: skip
def test_who_may_extend_the_trial_and_how(world, who, later, refusal):
    step = at_gate(world, 7)
    until = step.case.trial_until + timedelta(days=later)
    with refused(refusal):
        step.act(who, "extend_trial", trial_until=until.isoformat(), **WHY)


def test_a_gate_without_a_trial_has_none_to_extend(world):
    step = walk(world)
    with refused(Conflict, "no trial operation"):
        step.act("head", "extend_trial", trial_until="2029-01-01", **WHY)


def said(step, at):
    return {one.code: one for one in trial.figures(step.case, at)}


def test_what_is_not_counted_is_not_called_met(world):
    step = at_gate(world, 7)
    figures = said(step, step.at)
    assert {figures[code].is_met for code in ("G7-02", "G7-03", "G7-05")} == {None}
    assert figures["G7-01"].is_met is False
    assert said(step, step.at + 31 * DAY)["G7-01"].is_met


@pytest.fixture
def faults(monkeypatch):
    """Let optimization requests be read as faults: their priority is the grade."""
    from changes.flows import OptimizationLifecycle

    monkeypatch.setattr(OptimizationLifecycle, "faults", Faults("priority", ("high",), "high"))

    def occur(world, at, **more):
        service = Service.objects.get(code="portal")
        case = open_case(
            "optimization", actor=world["requester"], at=at, title="Broken",
            wanted="It opens.", urgency="normal", service=service.code,
        ).case  # fmt: skip
        type(case).objects.filter(pk=case.pk).update(**more)
        return case

    return occur


def test_faults_of_the_systems_are_counted(world, faults):
    step = at_gate(world, 7)
    faults(world, step.at + DAY, priority="high")
    faults(world, step.at + 16 * DAY, priority="normal")
    faults(world, step.at + 17 * DAY, priority="normal", closed_at=step.at + 18 * DAY)
    figures = said(step, step.at + 20 * DAY)
    assert figures["G7-02"].said == "Grave faults open: 1; of the gravest grade in 14 days: 0."
    assert figures["G7-02"].is_met is False
    assert figures["G7-03"].said == "Faults a week, the latest last: 1 · 0 · 2."
    assert figures["G7-03"].is_met is False
    assert figures["G7-05"].said == "Closed by ops alone in two weeks: 1 of 1, 100 %."


def test_a_fault_that_lay_with_the_project_was_not_closed_by_ops_alone(world, faults):
    step = at_gate(world, 7)
    case = faults(world, step.at + DAY, closed_at=step.at + 2 * DAY)
    case.custody.update(ended_at=step.at + 2 * DAY)
    case.custody.create(party="customer", person=world["pm"], step="x",
                        started_at=step.at + 2 * DAY)  # fmt: skip
    figure = said(step, step.at + 3 * DAY)["G7-05"]
    assert figure.said == "Closed by ops alone in two weeks: 0 of 1, 0 %."
    assert figure.is_met is False


def test_whoever_decides_is_warned_of_what_the_trial_did_not_reach(world, faults):
    step = at_gate(world, 7)
    faults(world, step.at + 25 * DAY, priority="high")
    step.act("pm", "submit")
    flow = step.case.lifecycle(step.case, None, step.at)
    assert any(line.startswith("Grave faults open: 1") for line in flow.warnings())


# -- going live ------------------------------------------------------------------------------------
def go_live(world, project) -> ChangeWalk:
    """Return a change by which the project goes live, approved."""
    change = ChangeWalk(world, by="pm", goes_live=project.number)
    change.act("pm", "submit").act("change_manager", "assess").act("change_manager", "approve")
    assert change.case.state == "scheduled"
    return change


def test_a_project_goes_live_only_after_its_gate(world):
    change = go_live(world, Walk(world).project)
    with refused(Conflict, "may not go live: G6"):
        change.act("developer", "begin")
    flow = change.case.lifecycle(change.case, None, change.at)
    assert any("may not go live" in line for line in flow.warnings())


def test_it_goes_live_once_the_gate_is_passed(world):
    change = go_live(world, Walk(world).project)
    change.case.goes_live.concrete().gates.filter(place__lte=6).update(state="accepted")
    assert change.act("developer", "begin").case.state == "implementing"


def test_a_small_job_goes_live_after_its_only_gate(world):
    change = go_live(world, Walk(world, **LIGHT).project)
    with refused(Conflict, "may not go live: G8"):
        change.act("developer", "begin")


def test_the_head_of_operations_may_let_it_go_live_in_writing(world):
    change = go_live(world, Walk(world).project)
    why = {"live_override": "The old system is switched off tonight."}
    with refused(NotAllowed):
        perform(change.case, "let_go_live", actor=world["change_manager"], at=change.at, **why)
    perform(change.case, "let_go_live", actor=world["head"], at=change.at, **why)
    change.case.refresh_from_db()
    assert change.act("developer", "begin").case.state == "implementing"
    event = change.case.events.get(action="let_go_live")
    assert event.data["form"]["live_override"] == why["live_override"]


def test_nothing_is_let_go_live_that_nothing_keeps(world):
    change = ChangeWalk(world)
    change.to("scheduled")
    with refused(Conflict, "Nothing keeps it"):
        perform(change.case, "let_go_live", actor=world["head"], at=change.at,
                live_override="Because.")  # fmt: skip


def test_the_deployment_gate_says_so_too(world):
    change = go_live(world, Walk(world).project)
    found = dict(reasons(change.case, OPENS + QUARTER))
    assert list(found) == ["not_accepted"]


def test_only_what_one_may_see_goes_live_by_ones_change(world):
    project = Walk(world).project
    with refused(BadData, "Select a valid choice"):
        ChangeWalk(world, by="developer", goes_live=project.number)


# -- the service in operation ----------------------------------------------------------------------
def in_operation(world, *, filing=None, **decided) -> tuple[Operation, Walk]:
    step = judged(world, **(filing or {})).act("head", "accept", **decided)
    return Operation.objects.get(parent=step.project), step


def judged(world, step=None, **filing) -> Walk:
    """Return a project at its last gate, of which only the verdict is missing."""
    step = (step or at_gate(world, 8, **filing)).act("pm", "submit")
    for slot in step.open_slots():
        step.act({"service_desk": "desk"}.get(slot, slot), "agree")
    return step.judge()


def operate(case: Operation, who, action: str, at, **data) -> Operation:
    case = perform(case, action, actor=who, at=at, **data).case
    assert sound(at)
    return case


def test_the_last_gate_brings_the_service_into_operation(world):
    case, step = in_operation(world)
    assert (case.state, case.mode, case.systems) == ("running", "technical", ["portal"])
    service = Service.objects.get(code="portal")
    assert (service.owner, service.criticality) == (world["owner"], "normal")
    link = case.links_out.get()
    assert (link.relation, link.target_id) == ("raised_from", step.project.pk)
    assert case.clocks.get().agreed_at.date() == date(2029, 7, 1)
    assert sound(step.at)


def test_a_project_that_named_no_system_brings_a_new_entry(world):
    case, _step = in_operation(world, filing={"systems": []}, service_name="Kiosk 自助机")
    service = Service.objects.get(code__in=case.systems)
    assert (service.name, service.kind, service.owner) == ("Kiosk 自助机", "system", world["owner"])


@pytest.mark.parametrize(("wrong", "field", "sentence"), [
    ({"mode": "vendor"}, "contract_ends_on", "say when it ends"),
    ({"review_on": "2026-01-01"}, "review_on", "still to come"),
    ({"mode_reason": ""}, "mode_reason", "required"),
    ({"business_owner": "nobody"}, "business_owner", "valid choice"),
])  # fmt: skip
def test_a_mode_is_decided_with_everything_that_belongs_to_it(world, wrong, field, sentence):
    step = judged(world)
    with refused(BadData, sentence) as caught:
        perform(step.case, "accept", actor=world["head"], at=step.at, **{**TAKEN_OVER, **wrong})
    assert list(caught.value.errors) == [field]


def test_what_stays_with_the_project_comes_up_on_the_day_of_review(world):
    case, step = in_operation(world, mode="project", review_on="2028-01-10")
    assert case.state == "with_project"
    assert case.clocks.get(metric="review").agreed_at.date() == date(2028, 1, 10)
    case = operate(case, world["head"], "decide_mode", step.at + DAY,
                   **{**DECIDED, "mode": "full"})  # fmt: skip
    assert (case.state, case.mode) == ("running", "full")


DECIDED = {
    name: value for name, value in TAKEN_OVER.items()
    if name not in ("business_owner", "criticality")
}  # fmt: skip


def waived(world) -> tuple[Operation, Walk]:
    step = at_gate(world, 8)
    criterion = step.case.criteria.filter(level="must").first().code
    until = (step.at + 60 * DAY).date().isoformat()
    step.act("pm", "ask_waiver", **{**WAIVER, "criterion": criterion, "expires_on": until})
    step.act("head", "grant_waiver", waiver=step.case.waivers.get().pk, note="Until then.")
    judged(world, step).act("head", "accept")
    return Operation.objects.get(parent=step.project), step


def test_a_waiver_that_runs_out_is_a_finding_on_the_service(world):
    case, step = waived(world)
    run("sweep", step.at + 59 * DAY)
    case.refresh_from_db()
    assert case.state == "running"
    run("sweep", step.at + 62 * DAY)
    case.refresh_from_db()
    assert case.state == "attention"
    finding = case.findings.get()
    assert str(finding) == f"The waiver for {finding.waiver.criterion.code} ran out."
    case = operate(case, world["ops_reviewer"], "settle", step.at + 63 * DAY,
                   finding=finding.pk, note="Shown now.")  # fmt: skip
    assert case.state == "running"


def test_the_review_of_the_mode_falls_due(world):
    case, step = in_operation(world, review_on="2028-02-01")
    later = step.at.replace(year=2028, month=2, day=3)
    run("sweep", later)
    case.refresh_from_db()
    assert (case.state, case.findings.get().is_review) == ("attention", True)
    case = operate(case, world["head"], "decide_mode", later + DAY, **DECIDED)
    assert (case.state, case.findings.get().settled_by) == ("running", world["head"])
    assert case.clocks.latest("pk").agreed_at.date() == date(2029, 7, 1)


def test_a_later_review_moves_the_clock(world):
    case, step = in_operation(world)
    case = operate(case, world["head"], "decide_mode", step.at + DAY,
                   **{**DECIDED, "review_on": "2028-05-02"})  # fmt: skip
    assert case.clocks.get().agreed_at.date() == date(2028, 5, 2)


def test_a_noted_finding_is_owed_until_it_is_settled(world):
    case, step = in_operation(world)
    for what in ("Slow", "Wrong"):
        case = operate(case, world["desk"], "note_finding", step.at + DAY, what=what)
    first, second = case.findings.all()
    case = operate(case, world["ops_reviewer"], "settle", step.at + 2 * DAY,
                   finding=first.pk, note="Index built.")  # fmt: skip
    assert case.state == "attention"
    case = operate(case, world["ops_reviewer"], "settle", step.at + 3 * DAY,
                   finding=second.pk, note="Mended.")  # fmt: skip
    assert case.state == "running"


def test_a_service_is_handed_back_or_kept_and_not_by_who_asked(world):
    case, step = in_operation(world)
    world["head"].grants.create(
        role=Role.SERVICE_DESK, unit=world["head"].grants.first().unit, from_at=step.at
    )
    case = operate(case, world["head"], "ask_hand_back", step.at + DAY, **WHY)
    with refused(NotAllowed):
        perform(case, "hand_back", actor=world["head"], at=step.at + DAY, **WHY)
    second = world["service_manager"]
    unit = world["head"].grants.first().unit
    second.grants.create(role=Role.HEAD_OF_OPS, unit=unit, from_at=step.at)
    case = operate(case, second, "keep", step.at + 2 * DAY, **WHY)
    assert (case.state, case.hand_back_by) == ("running", None)
    case = operate(case, world["desk"], "ask_hand_back", step.at + 3 * DAY, **WHY)
    until = case.clocks.get(metric="hand_back", state="running").agreed_at
    assert localdate(until - DAY) == localdate(step.at + 17 * DAY)
    case = operate(case, second, "hand_back", step.at + 4 * DAY, **WHY)
    assert case.state == "handed_back"


ROUTE = {
    "running": [], "with_project": [], "attention": [("desk", "note_finding", {"what": "Slow"})],
    "hand_back": [("desk", "ask_hand_back", WHY)],
    "handed_back": [("desk", "ask_hand_back", WHY), ("head", "hand_back", WHY)],
    "retired": [("head", "retire", WHY)],
}  # fmt: skip


class InOperation:
    """What `check_offers` asks of a walk."""

    def __init__(self, world, state):
        stays = {"mode": "project"} if state == "with_project" else {}
        self.case, step = in_operation(world, **stays)
        self.at = step.at
        for who, action, data in ROUTE[state]:
            self.at += QUARTER
            self.case = operate(self.case, world[who], action, self.at, **data)
        assert self.case.state == state


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    states = [one for one in OperationState.values if one != "registered"]  # it is left at once
    check_offers(GOLDEN, world, InOperation, states)


def test_the_page_of_a_service_shows_duty_and_findings(world):
    case, step = in_operation(world)
    operate(case, world["desk"], "note_finding", step.at + DAY, what="Slow on Mondays")
    browser = Client()
    with time_machine.travel(step.at + DAY, tick=False):
        browser.force_login(world["ops_reviewer"])
        page = browser.get(case.get_absolute_url(), follow=True).content.decode()
    assert "Slow on Mondays" in page
    assert "处理平台和技术故障" in page
