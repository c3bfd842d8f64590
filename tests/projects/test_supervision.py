"""Technical supervision: independence, findings and replies, what they block and propose."""

from __future__ import annotations

from pathlib import Path

import pytest
import time_machine

from people.actors import Actor
from projects import editions
from projects.models import CatalogueVersion, Criterion, Finding, Gate, Proposal, Supervision
from projects.supervision.states import FindingState, ProposalState, SupervisionState
from tests.offers import check_offers
from tests.projects.supervising import (
    ADVICE,
    DECLARED,
    GOOD,
    MUST_FIX,
    YES,
    Step,
    Watched,
    find,
    proposed,
    supervise,
)
from tests.projects.test_pages import client, page
from tests.projects.test_story import run, sound
from tests.projects.walking import DAY, WHY, Walk
from tests.refusing import refused
from tests.world import NOON
from workflows import inbox
from workflows.door import open_case, perform
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine
GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("kind", "states", "walk"),
    [("supervision", SupervisionState, supervise), ("finding", FindingState, find),
     ("proposal", ProposalState, proposed)],
)  # fmt: skip
def test_every_state_is_reached_and_offers_what_was_reviewed(world, kind, states, walk):
    for state in states.values:
        step = walk(world, state)
        assert step.case.state == state
    assert sound(step.at)
    check_offers(GOLDEN / f"{kind}.matrix.txt", world, walk, states.values)


def test_a_project_is_supervised_from_the_selection_to_its_last_gate(world):
    step = supervise(world, "advising")
    must, advice = step.find(), step.find(**ADVICE)
    must.act("pm", "accept").act("pm", "report").act("supervisor", "verify")
    advice.act("pm", "reject")
    gate = Walk(world)
    gate.project, gate.case, gate.at = step.project, step.gate(1), step.at
    for _ in range(8):
        gate.pass_on()
    step.at = gate.at
    step.act("supervisor", "close")
    assert (step.case.state, step.case.selection, step.case.architecture) == (
        "closed", "sound", "sound",
    )  # fmt: skip
    assert perform(step.project, "finish", actor=world["pm"], at=step.at).case.state == "finished"
    assert sound(step.at)


# -- independence ----------------------------------------------------------------------------------
def hold(world, who, role="supervisor"):
    unit = world["head"].grants.first().unit
    world[who].grants.create(role=role, unit=unit, from_at=NOON - DAY)


@pytest.mark.parametrize("missing", sorted(DECLARED))
def test_independence_is_declared_line_by_line_or_it_is_not_taken_on(world, missing):
    step = Watched(world)
    with refused(BadData):
        perform(step.case, "take_on", actor=world["supervisor"], at=step.at,
                **{**DECLARED, missing: False})  # fmt: skip
    step.act("supervisor", "take_on")
    assert step.case.supervisor == world["supervisor"]
    assert step.case.declared_at == step.at


def test_who_is_of_the_project_does_not_supervise_it(world):
    hold(world, "pm")
    hold(world, "requester")
    step = Watched(world, manager="requester")
    for who in ("pm", "requester"):  # who opened it, and who leads it
        with refused(NotAllowed):
            step.act(who, "take_on")
    assert step.act("supervisor", "take_on").case.state == "selection"


def test_who_gave_a_verdict_on_the_project_does_not_supervise_it(world):
    hold(world, "head")
    step = Watched(world)
    gate = Walk(world)
    gate.case, gate.project = step.gate(1), step.project
    gate.to("accepted")
    with refused(NotAllowed):
        perform(step.case, "take_on", actor=world["head"], at=gate.at, **DECLARED)
    assert Watched(world).act("head", "take_on").case.state == "selection"  # of another project


def test_who_comes_to_lead_the_project_supervises_it_no_more(world):
    step = supervise(world)
    type(step.project).objects.filter(pk=step.project.pk).update(manager=world["supervisor"])
    with refused(NotAllowed):
        perform(step.case, "raise_finding", actor=world["supervisor"], at=step.at, **MUST_FIX)
    with refused(NotAllowed):
        perform(step.case, "conclude_selection", actor=world["supervisor"], at=step.at,
                **GOOD["conclude_selection"])  # fmt: skip


def test_who_steps_aside_does_not_come_back_and_the_work_goes_to_the_next(world):
    hold(world, "ops_reviewer")
    step = supervise(world, "architecture")
    found = step.find().act("pm", "accept").act("pm", "report")
    step.at = found.at
    step.act("supervisor", "step_aside")
    assert (step.case.state, step.case.supervisor) == ("requested", None)
    assert found.case.tasks.open().get().assignee is None  # in the queue of the supervisors
    with refused(NotAllowed):
        step.act("supervisor", "take_on")
    step.act("ops_reviewer", "take_on")
    assert step.case.state == "architecture"  # where it stood
    assert found.case.tasks.open().get().assignee == world["ops_reviewer"]
    found.act("ops_reviewer", "verify")
    assert found.case.verified_by == world["ops_reviewer"]
    assert sound(found.at)


def test_a_project_has_one_supervision_at_a_time(world):
    step = supervise(world)
    with refused(Conflict, "supervised already"):
        perform(step.project, "ask_supervision", actor=world["pm"], at=step.at,
                **GOOD["ask_supervision"])  # fmt: skip
    again = supervise(world, "cancelled")
    perform(again.project, "ask_supervision", actor=world["supervisor"], at=again.at,
            **GOOD["ask_supervision"])  # fmt: skip
    assert Supervision.objects.filter(parent=again.project).count() == 2


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("ops_reviewer", NotAllowed), ("desk", NotAllowed), ("auditor", NotAllowed),
     ("requester", UnknownAction), ("developer", UnknownAction)],
)  # fmt: skip
def test_others_do_not_ask_for_supervision(world, who, refusal):
    project = Walk(world).project
    with refused(refusal):
        perform(project, "ask_supervision", actor=world[who], at=NOON, **GOOD["ask_supervision"])
    assert not Supervision.objects.exists()


@pytest.mark.parametrize("kind", ["supervision", "finding", "proposal"])
def test_nobody_files_one_by_hand(world, kind):
    for name in ("pm", "supervisor", "head", "admin"):
        with refused(NotAllowed):
            open_case(kind, actor=world[name], title="By hand")
    assert f"/new/{kind}/" not in page(world, "supervisor", "/home/")


# -- findings --------------------------------------------------------------------------------------
def test_a_finding_has_a_code_and_says_what_clause_by_when(world):
    step = supervise(world).find(clause="G3-01", pattern="  Single   POINT ")
    finding = step.case
    assert finding.number == "FND-2026-00001"
    assert (finding.clause.code, finding.pattern) == ("G3-01", "single point")
    assert step.clock("reply").due_at == NOON + 3 * DAY + (step.at - NOON)
    assert finding.tasks.open().get().assignee == world["pm"]


@pytest.mark.parametrize(
    "bad",
    [{"due_on": ""}, {"due_on": "2026-11-01"}, {"severity": "grave"}, {"area": ""},
     {"clause": "G9-99"}, {"text": ""}],
)  # fmt: skip
def test_a_finding_that_says_too_little_is_not_raised(world, bad):
    step = supervise(world)
    with refused(BadData):
        step.act("supervisor", "raise_finding", **{**MUST_FIX, **bad})
    assert not Finding.objects.exists()


def test_a_code_that_two_gates_use_names_no_clause(world):
    step = supervise(world)
    Criterion.objects.filter(code="G2-01").update(code="G3-01")
    with refused(BadData):
        step.act("supervisor", "raise_finding", **{**MUST_FIX, "clause": "G3-01"})


@pytest.mark.parametrize("who", ["pm", "head", "ops_reviewer", "auditor"])
def test_only_its_supervisor_raises_a_finding(world, who):
    step = supervise(world)
    with refused(NotAllowed):
        step.act(who, "raise_finding", **MUST_FIX)


def test_what_is_not_put_right_yet_goes_back(world):
    step = find(world, "reported").act("supervisor", "send_back")
    assert step.case.state == "accepted"
    assert step.act("pm", "report").act("supervisor", "verify").case.state == "closed"
    assert step.case.verified_by == world["supervisor"]


def test_who_is_of_the_project_does_not_verify(world):
    hold(world, "pm")
    step = find(world, "reported")
    with refused(NotAllowed):
        step.act("pm", "verify")


def test_an_advice_keeps_the_reply_and_ends_with_it(world):
    for reply, kept in (("accept", "It will be done."), ("reject", "It costs too much.")):
        step = find(world, **ADVICE, due_on="").act("pm", reply)
        assert (step.case.state, step.case.answer) == ("closed", kept)
        assert step.case.replied_by == world["pm"]


def test_a_deferred_finding_is_asked_again_on_its_day(world):
    step = find(world, "deferred")
    run("sweep", step.at + 30 * DAY)
    step.case.refresh_from_db()
    assert step.case.state == "deferred"
    run("sweep", step.at + 80 * DAY)
    step.case.refresh_from_db()
    assert step.case.state == "raised"
    assert step.clock("reply").state == "running"


def test_nothing_is_deferred_beyond_the_handover(world):
    step = find(world)
    with refused(BadData, "until the handover"):
        step.act("pm", "defer", deferred_until="2027-12-01")


def test_an_overdue_reply_shows_in_the_inboxes_of_both_sides(world):
    step = find(world)
    late = step.at + 6 * DAY
    for who, view in (("pm", "mine"), ("supervisor", "watching")):
        groups = inbox.grouped(Actor.of(world[who], late), view)
        overdue = next(one for one in groups if one["key"] == "overdue")
        assert step.case.number in [row.task.number for row in overdue["rows"]], who


def test_rejected_it_is_insisted_on_and_the_head_rules(world):
    step = find(world, "insisted")
    with refused(NotAllowed):
        step.act("supervisor", "overrule")
    with refused(BadData):
        step.act("head", "overrule", reason="")
    upheld = find(world, "insisted").act("head", "uphold")
    assert (upheld.case.state, str(upheld.case.due_on)) == ("accepted", "2027-01-15")
    assert upheld.clock("remedy").due_at > upheld.at
    step.act("head", "overrule")
    assert (step.case.state, step.case.overruled_by) == ("overruled", world["head"])
    assert step.case.overruling in page(
        world, "auditor", step.case.parent.get_absolute_url(), step.at
    )


def test_a_head_who_leads_the_project_does_not_rule_on_it(world):
    hold(world, "pm", "head_of_ops")
    step = find(world, "insisted")
    with refused(NotAllowed):
        step.act("pm", "overrule")


def test_the_supervision_is_not_closed_over_an_open_finding_or_gate(world):
    step = supervise(world, "advising")
    found = step.find(**ADVICE)
    with refused(Conflict, f"still open: {found.case.number}"):
        step.act("supervisor", "close")
    found.act("pm", "accept")
    with refused(Conflict, "Not decided yet: G1"):
        step.act("supervisor", "close")


def test_a_cancelled_project_cancels_its_supervision_and_findings(world):
    step = supervise(world)
    found = step.find()
    perform(step.project, "cancel", actor=world["head"], at=found.at, **WHY)
    for one in (step.case, found.case):
        one.refresh_from_db()
        assert one.state == "cancelled"
    assert sound(found.at)


# -- what a must-fix blocks ------------------------------------------------------------------------
def supervised_gate(world):
    """Return a gate that awaits its verdict, and the supervision of its project."""
    step = supervise(world)
    gate = Walk(world)
    gate.project, gate.case, gate.at = step.project, step.gate(1), step.at
    gate.to("awaiting_verdict").judge()
    step.at = gate.at
    return step, gate


@pytest.mark.parametrize(
    "ways",
    [[("pm", "accept"), ("pm", "report"), ("supervisor", "verify")],
     [("pm", "reject"), ("supervisor", "withdraw")],
     [("pm", "reject"), ("supervisor", "insist"), ("head", "overrule")]],
    ids=["verified", "withdrawn", "overruled"],
)  # fmt: skip
def test_a_must_fix_keeps_the_gate_from_being_accepted_until_it_ends(world, ways):
    step, gate = supervised_gate(world)
    found = step.find()
    for who, action in ways:
        with refused(Conflict, f"are open: {found.case.number}"):
            perform(gate.case, "accept", actor=world["head"], at=found.at)
        found.act(who, action)
    gate.at = found.at
    assert gate.act("head", "accept").case.state == "accepted"
    assert gate.gate(2).state == "open"
    assert sound(gate.at)


def test_a_must_fix_keeps_the_next_gate_from_being_opened(world):
    step, gate = supervised_gate(world)
    Gate.objects.filter(pk=step.gate(2).pk).update(planned_on="2026-12-24")
    gate.act("head", "note_condition", due_on="2026-11-24").act("head", "accept")
    second = step.gate(2)
    assert second.state == "open"
    gate.case = second
    gate.to("in_review").act("ops_reviewer", "agree").act("supervisor", "agree").judge()
    gate.at += 3 * DAY  # now the condition is overdue, and the third gate stays closed
    gate.act("head", "accept")
    first = step.gate(1)
    step.at = gate.at
    found = step.find()
    perform(first, "meet", actor=world["ops_reviewer"], at=gate.at,
            condition=first.conditions.get().pk, note="Done.")  # fmt: skip
    with refused(Conflict, found.case.number):
        perform(step.gate(3), "open_gate", actor=world["pm"], at=found.at)
    found.act("supervisor", "withdraw")
    opened = perform(step.gate(3), "open_gate", actor=world["pm"], at=found.at).case
    assert opened.state == "open"


@pytest.mark.parametrize("severity", ["should", "advice"])
def test_what_is_no_must_fix_blocks_nothing(world, severity):
    step, gate = supervised_gate(world)
    step.find(severity=severity)
    assert gate.act("head", "accept").case.state == "accepted"


def test_a_must_fix_of_another_project_blocks_nothing(world):
    _step, gate = supervised_gate(world)
    find(world)
    assert gate.act("head", "accept").case.state == "accepted"


def test_a_deferred_must_fix_still_blocks(world):
    step, gate = supervised_gate(world)
    found = step.find().act("pm", "defer")
    with refused(Conflict, found.case.number):
        perform(gate.case, "accept", actor=world["head"], at=found.at)


# -- proposals -------------------------------------------------------------------------------------
def test_the_same_pattern_in_three_projects_proposes_a_criterion(world):
    find(world, pattern="single point")
    step = supervise(world)
    for _ in range(3):
        step.find(pattern="Single point")  # three times in one project are one project
    assert not Proposal.objects.exists()
    find(world, pattern="single point")
    proposal = Proposal.objects.get()
    assert (proposal.ground, proposal.key) == ("pattern", "single point")
    assert proposal.findings.count() == 5
    assert proposal.tasks.open().get().role == "service_manager"
    find(world, pattern="single point")  # joins the one that waits
    assert (Proposal.objects.count(), proposal.findings.count()) == (1, 6)


def test_the_same_clause_in_three_projects_proposes_a_criterion(world):
    for clause in ("G3-01", "G3-02", "G3-01", "G3-01"):
        find(world, clause=clause)
    proposal = Proposal.objects.get()
    assert (proposal.ground, proposal.key) == ("clause", "G3-01")


def test_a_withdrawn_finding_proposes_nothing(world):
    find(world, "withdrawn", pattern="single point")
    find(world, pattern="single point")
    find(world, pattern="single point")
    assert not Proposal.objects.exists()


def test_an_adopted_proposal_enters_the_draft_with_its_origin(world):
    step = proposed(world, "adopted")
    draft = CatalogueVersion.objects.first()
    criterion = Criterion.objects.get(gate__version=draft, code="G3-90")
    assert (draft.number, draft.is_kept, step.case.criterion) == (2, False, criterion)
    numbers = list(Finding.objects.order_by("number").values_list("number", flat=True))
    assert criterion.origin == f"{step.case.number}: {', '.join(numbers)}"
    editions.publish_version(version=draft, note="No single point.", actor=world["head"],
                             at=step.at)  # fmt: skip
    assert criterion.origin in page(world, "requester", "/criteria/", step.at + DAY)


def test_a_declined_proposal_says_why_and_three_more_projects_propose_again(world):
    proposed(world, "declined")
    find(world, pattern="single point")
    find(world, pattern="single point")
    assert Proposal.objects.count() == 1
    find(world, pattern="single point")
    assert Proposal.objects.count() == 2
    assert "It is in the white paper." in page(world, "head", "/criteria/proposals/")


@pytest.mark.parametrize("who", ["pm", "supervisor", "ops_reviewer", "auditor"])
def test_others_do_not_decide_on_a_proposal(world, who):
    step = proposed(world)
    with refused(NotAllowed):
        step.act(who, "adopt")
    assert CatalogueVersion.objects.count() == 1


@pytest.mark.parametrize("bad", [{"code": "G3-01"}, {"code": ""}, {"gate": "G9"}, {"text": ""}])
def test_a_criterion_that_does_not_fit_is_not_adopted(world, bad):
    step = proposed(world)
    with refused(BadData):
        step.act("service_manager", "adopt", **bad)
    assert CatalogueVersion.objects.count() == 1


# -- pages -----------------------------------------------------------------------------------------
def test_the_story_on_the_pages(world):
    step = Watched(world)
    supervision, project = step.case.get_absolute_url(), step.project.get_absolute_url()
    assert "To be taken on" in page(world, "pm", project)
    with time_machine.travel(step.at, tick=False):
        browser = client(world["supervisor"])
        assert browser.post(f"{supervision}do/take_on/", {"did_not_bid": "on"}).status_code == 422
        declared = dict.fromkeys(DECLARED, "on")
        assert browser.post(f"{supervision}do/take_on/", declared).status_code == 302
        assert "G3-01" in browser.get(f"{supervision}do/raise_finding/").content.decode()
        answer = browser.post(f"{supervision}do/raise_finding/", {**MUST_FIX, "due_on": ""})
        assert "Say by when" in answer.content.decode()
        assert MUST_FIX["text"] in answer.content.decode()  # what was typed is not lost
        assert browser.post(f"{supervision}do/raise_finding/", MUST_FIX).status_code == 302
    finding = Finding.objects.get()
    for address in (supervision, project, step.gate(1).get_absolute_url()):
        shown = page(world, "pm", address)
        assert finding.number in shown
        assert "Must fix" in shown
    with time_machine.travel(step.at, tick=False):
        mine = client(world["pm"])
        address = finding.get_absolute_url()
        assert f"{address}do/accept/" in mine.get(address).content.decode()
        assert mine.post(f"{address}do/accept/", YES).status_code == 302
    shown = page(world, "supervisor", address)
    assert "Accepted by the project" in shown
    assert f"opened by {world['supervisor']}" in shown  # though it belongs to the project
    assert client(world["developer"]).get(address).status_code == 404


def test_a_proposal_is_adopted_on_its_page_with_what_the_findings_say(world):
    step = proposed(world, clause="G3-01", pattern="")
    address = step.case.get_absolute_url()
    assert step.case.number in page(world, "supervisor", "/criteria/proposals/", step.at)
    shown = page(world, "service_manager", f"{address}do/adopt/", step.at)
    assert 'value="G3-' in shown
    assert "One node only" in shown
    with time_machine.travel(step.at, tick=False):
        sent = client(world["service_manager"]).post(f"{address}do/adopt/", GOOD["adopt"])
    assert sent.status_code == 302
    assert "G3-90" in page(world, "head", "/criteria/proposals/", step.at)


def test_who_reads_nothing_of_projects_sees_no_proposal(world):
    step = proposed(world)
    assert step.case.number not in page(world, "requester", "/criteria/proposals/", step.at)


def test_more_findings_ask_the_database_no_more_often(world, django_assert_max_num_queries):
    def asked(number):
        step = supervise(world)
        for _ in range(number):
            step.find(clause="G3-01")
        browser = client(world["auditor"])
        with time_machine.travel(step.at, tick=False), django_assert_max_num_queries(48) as seen:
            assert browser.get(step.project.get_absolute_url()).status_code == 200
        return len(seen)

    assert asked(6) == asked(2)


def test_findings_through_the_api(world):
    step: Step = find(world)
    browser = client(world["pm"])
    with time_machine.travel(step.at, tick=False):
        address = f"/api/v1/cases/{step.case.number}/"
        answer = browser.post(f"{address}actions/accept/", YES, "application/json")
        assert answer.status_code == 200, answer.content
        assert browser.get(address).json()["state"] == "accepted"
