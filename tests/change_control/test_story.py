"""Changes from the draft to the review, of every type, through the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from change_control.states import ChangeState
from tests.change_control.walking import DAY, HIGH, MEDIUM, OPENS, QUARTER, Walk, walk
from tests.changes.walking import walk as asked_for
from tests.refusing import refused
from workflows.door import perform
from workflows.events import broken_chains
from workflows.invariants import violations
from workflows.models import CaseLink
from workflows.refusals import BadData, Conflict, NotAllowed
from workflows.sweep import sweep

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("state", ChangeState.values)
def test_every_state_is_reached_and_everything_fits_together(world, state):
    step = walk(world, state)
    assert list(violations(step.at)) == []
    assert not list(broken_chains())


def test_a_normal_change_of_low_risk(world):
    step = walk(world, "scheduled")
    assert (step.case.risk, step.case.risk_score) == ("low", 0)
    step.act("developer", "begin")
    assert [one.text for one in step.case.steps.all()] == [
        "Stop the jobs", "Build the index", "Start the jobs",
    ]  # fmt: skip
    step.act("developer", "tick", step=2)
    assert [one.place for one in step.case.steps.filter(done_at=step.at)] == [2]
    step.act("developer", "finish").act("tester", "verify")
    assert (step.case.state, step.case.outcome) == ("closed", "successful")
    assert {clock.metric: clock.state for clock in step.case.clocks.all()} == {
        "lead": "met", "decision": "met",
    }  # fmt: skip


def test_a_medium_risk_asks_the_owner_of_every_system(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    owner = f"system_owner:{world['owner'].pk}"
    assert step.open_slots() == ["change_manager", owner]
    step.act("change_manager", "approve")
    assert step.case.state == "awaiting_approval"
    step.act("owner", "approve")
    assert step.case.state == "scheduled"


def test_a_high_risk_goes_to_the_board(world):
    step = walk(world, "assessing").act("change_manager", "assess", **HIGH)
    board = ("supervisor", "ops_reviewer")  # the change manager sits there in their own right
    members = [f"cab_member:{world[name].pk}" for name in board]
    assert step.open_slots() == sorted(["change_manager", "head_of_ops", *members])
    for who in ("change_manager", "head", "supervisor"):
        step.act(who, "approve")
    assert step.case.state == "awaiting_approval"
    step.act("ops_reviewer", "approve")
    assert step.case.state == "scheduled"


def test_a_veto_ends_it_whatever_the_others_say(world):
    step = walk(world, "assessing").act("change_manager", "assess", **HIGH)
    step.act("supervisor", "approve").act("ops_reviewer", "approve").act("head", "decline")
    assert step.case.state == "rejected"


def test_a_lower_risk_than_computed_needs_a_reason_a_higher_one_does_not(world):
    step = walk(world, "assessing")
    with refused(BadData, "a lower risk needs a reason"):
        step.act("change_manager", "assess", **HIGH, risk="low")
    step.act("change_manager", "assess", risk="high")
    assert (step.case.risk, step.case.risk_score) == ("high", 0)


def test_an_emergency_is_decided_by_two_and_reviewed(world):
    step = walk(world, type="emergency").act("analyst", "submit")
    assert step.open_slots() == ["change_manager", "head_of_ops"]
    step.act("head", "approve").act("change_manager", "approve")
    step.act("developer", "begin").act("developer", "finish").act("tester", "verify")
    assert step.case.state == "review"
    step.act("change_manager", "add_review_action").act("change_manager", "close_review")
    assert step.case.state == "closed"
    assert [one.owner for one in step.case.review_actions.all()] == [world["tester"]]


def test_what_was_found_without_a_record_becomes_a_change_and_is_reviewed(world):
    done = {"began_at": "2026-11-21T10:00", "finished_at": "2026-11-21T11:00"}
    step = walk(world, type="unauthorised", **done).act("analyst", "submit")
    assert step.clock("emergency_record").state == "met"
    step.act("head", "approve").act("change_manager", "approve")
    assert step.case.state == "review"


def test_an_emergency_is_recorded_within_a_business_day(world):
    done = {"began_at": "2026-11-20T17:00", "finished_at": "2026-11-20T18:00"}
    step = walk(world, type="emergency", **done)
    assert (
        step.clock("emergency_record").due_at.isoformat() == "2026-11-23T10:00:00+00:00"
    )  # Monday, 18:00


def test_what_fails_is_backed_out_and_reviewed(world):
    step = walk(world, "verifying").act("tester", "back_out").act("developer", "confirm_back_out")
    assert (step.case.state, step.case.outcome) == ("backed_out", "backed_out")
    assert step.clock("review").state == "running"
    step.act("change_manager", "close_review")
    assert step.case.state == "closed"


def test_a_change_says_what_it_comes_from(world):
    fault = walk(world)
    step = walk(world, origin=fault.case.number)
    link = CaseLink.objects.get(source=step.case)
    assert (link.target.number, link.relation) == (fault.case.number, "raised_from")


def test_a_request_that_goes_live_through_a_change_is_linked_to_it(world):
    change = walk(world)
    request = asked_for(world, "testing").act(
        "tester", "pass_test", change_reference=change.case.number
    )
    link = CaseLink.objects.get(target=change.case)
    assert (link.source.number, link.relation) == (request.case.number, "relates")
    asked_for(world, "accepting")  # a reference of another register is only kept
    assert CaseLink.objects.count() == 1


# -- refusals -------------------------------------------------------------------------------------
def test_a_draft_may_lack_everything_and_is_not_submitted_so(world):
    empty = dict.fromkeys(
        ("what", "plan", "starts_at", "ends_at", "implementer", "return_until", "backout_minutes"),
        "",
    )
    step = walk(world, **empty)
    with refused(Conflict, "Still missing: what is changed, plan, implementer, window begins"):
        step.act("analyst", "submit")
    step.act("analyst", "edit").act("analyst", "submit")
    assert step.case.state == "assessing"


NO_WINDOW = dict.fromkeys(("starts_at", "ends_at", "return_until", "backout_minutes"), "")


@pytest.mark.parametrize("state", ["assessing", "awaiting_approval", "scheduled"])
@pytest.mark.parametrize("without", [NO_WINDOW, {"implementer": ""}, {"plan": ""}])
def test_what_was_submitted_stays_complete(world, state, without):
    step = walk(world, state)
    with refused(BadData, "required"):
        step.act("analyst", "edit", **without)


def test_what_was_recorded_afterwards_stays_so(world):
    done = {"began_at": "2026-11-21T10:00", "finished_at": "2026-11-21T11:00"}
    step = walk(world, type="emergency", **done, **NO_WINDOW).act("analyst", "submit")
    with refused(BadData, "required"):
        step.act("analyst", "edit", **NO_WINDOW)
    step.act("analyst", "edit", **NO_WINDOW, **done, informed="Finance")
    step.act("head", "approve").act("change_manager", "approve")
    assert step.case.state == "review"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ends_at": "2026-11-28T21:00"}, "The window ends before it begins."),
        ({"ends_at": ""}, "A window has a beginning and an end."),
        ({"ends_at": "2026-12-28T21:00"}, "A window has at most 14 days"),
        ({"outage_minutes": "300"}, "The outage is longer than the window."),
        ({"backout_minutes": "300"}, "Backing out takes longer than the window."),
        ({"return_until": "2026-11-29T01:45"}, "backing out does not end within the window"),
        ({"verifier": "developer"}, "Whoever implements a change does not verify it."),
        ({"type": "standard"}, "A standard change is made from a template."),
        ({"type": "emergency", "finished_at": "2026-11-23T10:01"}, "This lies in the future."),
        ({"type": "emergency", "began_at": "2026-11-24T10:00"}, "This lies in the future."),
        ({"origin": "REQ-2026-99999"}, "There is no such case."),
        (
            {"time_zone": "Europe/Berlin", "starts_at": "2027-03-28T02:30"},
            "This time does not exist",
        ),
        (
            {"time_zone": "Europe/Berlin", "starts_at": "2027-10-31T02:30"},
            "This time comes twice",
        ),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(world, given, sentence):
    with refused(BadData, sentence):
        walk(world, **given)


def test_a_window_is_read_in_its_zone_and_an_offset_is_kept(world):
    assert walk(world).case.starts_at == OPENS
    there = walk(world, time_zone="Europe/Berlin", starts_at="2026-11-28T22:00",
                 ends_at="2026-11-29T02:00")  # fmt: skip
    assert there.case.starts_at.isoformat() == "2026-11-28T21:00:00+00:00"
    sent = walk(world, starts_at="2026-11-28T15:00+01:00")
    assert sent.case.starts_at == OPENS


def test_normal_changes_are_submitted_in_time_or_say_why_not(world):
    soon = {"starts_at": "2026-11-24T22:00", "ends_at": "2026-11-25T02:00",
            "return_until": "2026-11-25T01:00"}  # fmt: skip
    late = walk(world, **soon)
    with refused(Conflict, "submitted 3 business days ahead"):
        late.act("analyst", "submit")
    said = walk(world, **soon, short_notice="A gap.").act("analyst", "submit")
    assert said.case.state == "assessing"


def test_a_window_that_has_begun_is_not_submitted(world):
    step = walk(world)
    with refused(Conflict, "The window has already begun"):
        step.act("analyst", "submit", after=6 * DAY)


@pytest.mark.parametrize("who", ["analyst", "developer"])
def test_who_asks_and_who_carries_it_out_never_decide(world, who):
    for role in ("change_manager", "head_of_ops"):
        world[who].grants.create(role=role, unit=world["change_manager"].grants.first().unit,
                                 from_at=OPENS - 400 * DAY)  # fmt: skip
    step = walk(world, "awaiting_approval")
    with refused(NotAllowed, "not yours to do here"):
        step.act(who, "approve")


def test_it_begins_only_inside_its_window(world):
    step = walk(world, "scheduled")
    with refused(Conflict, "The window is from"):
        perform(step.case, "begin", actor=world["developer"], at=OPENS - QUARTER)
    with refused(Conflict, "The window is from"):
        perform(step.case, "begin", actor=world["developer"], at=OPENS + timedelta(hours=4),
                late_start="The backup took long.")  # fmt: skip
    with refused(BadData, "say why it is begun late"):
        perform(step.case, "begin", actor=world["developer"], at=OPENS + timedelta(hours=1))
    done = perform(step.case, "begin", actor=world["developer"], at=OPENS + timedelta(hours=1),
                   late_start="The backup took long.").case  # fmt: skip
    assert done.late_start == "The backup took long."


def test_what_overruns_its_window_is_reviewed(world):
    step = walk(world, "implementing").act("developer", "finish", after=timedelta(hours=5))
    assert step.case.has_overrun
    step.act("tester", "verify")
    assert step.case.state == "review"


# -- an approval is bound to what was approved ---------------------------------------------------
def approved_by_all(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    return step.act("change_manager", "approve").act("owner", "approve")


def test_what_nobody_approved_may_be_edited_and_the_approvals_stand(world):
    step = approved_by_all(world).act("analyst", "edit", informed="Finance")
    assert (step.case.state, step.case.informed) == ("scheduled", "Finance")


def test_an_edit_voids_exactly_the_approvals_that_covered_it(world):
    step = approved_by_all(world).act("analyst", "edit", plan="Another way")
    assert step.case.state == "awaiting_approval"
    assert step.open_slots() == ["change_manager"]  # the owner approved place and time
    step.act("change_manager", "approve")
    assert step.case.state == "scheduled"
    step.act("analyst", "edit", ends_at="2026-11-29T03:00")
    assert step.open_slots() == ["change_manager", f"system_owner:{world['owner'].pk}"]


def test_an_edit_while_it_is_decided_voids_what_was_said_of_it(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    step.act("owner", "approve").act("analyst", "edit", plan="Another way")
    assert step.open_slots() == ["change_manager"]
    step.act("analyst", "edit", plan="Another way", outage_minutes="60")
    assert step.open_slots() == ["change_manager", f"system_owner:{world['owner'].pk}"]


def test_an_edit_taken_back_leaves_what_everybody_approved(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    step.act("change_manager", "approve").act("analyst", "edit", plan="Another way")
    step.act("owner", "approve").act("analyst", "edit")
    assert step.case.state == "scheduled"
    step.act("analyst", "edit", plan="Another way").act("change_manager", "send_back")
    step.act("analyst", "edit").act("analyst", "submit").act("change_manager", "assess", **MEDIUM)
    assert step.case.state == "scheduled"


def test_an_emergency_that_everybody_approved_is_not_decided_twice(world):
    step = walk(world, type="emergency").act("analyst", "submit")
    step.act("head", "approve").act("change_manager", "approve")
    step.act("analyst", "edit", plan="Another way").act("head", "send_back")
    step.act("analyst", "edit").act("analyst", "submit")
    assert step.case.state == "scheduled"


def test_when_it_was_done_is_part_of_what_is_approved(world):
    step = walk(world, type="emergency").act("analyst", "submit")
    step.act("head", "approve").act("change_manager", "approve")
    done = {"began_at": "2026-11-23T10:10", "finished_at": "2026-11-23T10:20"}
    step.act("analyst", "edit", **done)
    assert step.open_slots() == ["change_manager", "head_of_ops"]
    step.act("head", "approve").act("change_manager", "approve")
    assert step.case.state == "review"


def test_approvals_stand_while_a_change_is_on_hold(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    step.act("owner", "approve").act("analyst", "hold").act("change_manager", "resume")
    assert step.open_slots() == ["change_manager"]
    step.act("change_manager", "approve")
    assert step.case.state == "scheduled"


def test_what_is_not_decided_in_time_goes_to_the_next_level(world):
    step = walk(world, "awaiting_approval")
    sweep(step.at + 4 * DAY)
    step.case.refresh_from_db()
    assert (step.case.state, step.case.level, step.case.risk) == (
        "awaiting_approval",
        "medium",
        "low",
    )
    assert f"system_owner:{world['owner'].pk}" in step.open_slots()


def test_the_next_level_has_its_own_time(world):
    step = walk(world, "awaiting_approval")
    over = step.at + 4 * DAY  # Friday, 10:30: two business days were over on Wednesday
    sweep(over)
    sweep(over + timedelta(minutes=1))
    step.case.refresh_from_db()
    assert step.case.level == "medium"
    assert [one.state for one in step.case.clocks.filter(metric="decision")] == [
        "missed", "running",
    ]  # fmt: skip
    assert step.clock("decision").due_at == datetime(2026, 12, 1, 2, 30, tzinfo=UTC)
    sweep(over + 5 * DAY)
    step.case.refresh_from_db()
    assert step.case.level == "high"


def test_people_who_only_ask_file_no_changes(world):
    with refused(NotAllowed, "You may not file"):
        Walk(world, by="requester")
