"""Who approves, who tests, who rates: never the same person twice where it matters."""

from datetime import timedelta

import pytest

from agreements.models import Service
from people.actors import Actor
from people.models import Absence, Grant, User
from people.roles import Role
from tests.changes.walking import DAY, GOOD, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.actions import assign_task, claim_task, release_task
from workflows.door import perform
from workflows.models import Task
from workflows.refusals import BadData, Conflict, NotAllowed

pytestmark = pytest.mark.engine


def give(world, who, *roles, **more):
    for role in roles:
        Grant.objects.create(
            user=world[who], role=role, unit=world["auditor"].unit,
            **{"from_at": NOON - DAY, **more},
        )  # fmt: skip


def small(step):
    """Propose 4 person-days: the owner alone approves."""
    return step.to("assessing").act("analyst", "propose", effort_development="2")


def seats(step):
    return {(task.slot, task.assignee and task.assignee.username) for task in open_tasks(step)}


def open_tasks(step):
    return Task.objects.open().filter(case=step.case).select_related("assignee")


# -- approval ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("development", "wanted"),
    [
        ("3", {("system_owner", "owner")}),  # 1 + 3 + 1 = 5: the owner alone
        ("3.01", {("system_owner", "owner"), ("head_of_ops", None)}),  # 5.01
        ("8", {("system_owner", "owner"), ("head_of_ops", None)}),  # 10
    ],
)
def test_above_five_days_the_head_approves_too(world, development, wanted):
    step = walk(world, "assessing").act("analyst", "propose", effort_development=development)
    assert seats(step) == wanted


def test_up_to_five_days_one_yes_of_the_owner_is_enough(world):
    assert small(walk(world)).act("owner", "approve").case.state == "in_development"


@pytest.mark.parametrize("first", ["owner", "head"])
def test_above_five_days_both_say_yes_in_either_order(world, first):
    step = walk(world, "awaiting_approval").act(first, "approve")
    assert step.case.state == "awaiting_approval"
    second = {"owner": "head", "head": "owner"}[first]
    assert step.act(second, "approve").case.state == "in_development"


@pytest.mark.parametrize("first", ["owner", "head"])
def test_one_no_ends_it(world, first):
    step = walk(world, "awaiting_approval").act(first, "decline")
    assert step.case.state == "rejected"
    assert not open_tasks(step)


def test_nobody_votes_twice(world):
    step = walk(world, "awaiting_approval").act("owner", "approve")
    with refused(NotAllowed):
        step.act("owner", "approve")
    with refused(NotAllowed):
        step.act("owner", "decline")


def test_votes_of_an_earlier_round_do_not_count(world):
    step = walk(world, "awaiting_approval").act("owner", "approve").act("head", "send_back")
    step.act("analyst", "propose").act("head", "approve")
    assert step.case.state == "awaiting_approval"
    assert step.act("owner", "approve").case.state == "in_development"


def test_votes_are_events_with_their_note(world):
    step = walk(world, "awaiting_approval").act("owner", "approve", note="worth it")
    event = step.case.events.latest("seq")
    assert (event.kind, event.action, event.note) == ("vote", "approve", "worth it")
    assert (event.source, event.target) == ("awaiting_approval", "awaiting_approval")


@pytest.mark.parametrize("filing", [{"by": "owner"}, {"on_behalf_of": "owner"}])
def test_when_the_owner_asks_the_head_decides_alone(world, filing):
    step = small(Walk(world, **filing))
    assert seats(step) == {("head_of_ops", None)}
    assert step.act("head", "approve").case.state == "in_development"


def test_when_the_only_head_asks_the_missing_role_is_said(world):
    """Otherwise the request would wait for ever for somebody who may not decide."""
    step = Walk(world, by="head").to("assessing")
    with refused(Conflict) as caught:
        perform(step.case, "propose", actor=world["analyst"], at=step.at, **GOOD["propose"])
    assert "Too few people can decide" in caught.value.sentence


def test_when_a_head_asks_another_head_approves(world):
    give(world, "ops_reviewer", Role.HEAD_OF_OPS)
    step = Walk(world, by="head").to("awaiting_approval")
    with refused(NotAllowed):
        step.act("head", "approve")
    step.act("ops_reviewer", "approve").act("owner", "approve")
    assert step.case.state == "in_development"


def test_a_system_without_owner_asks_whoever_holds_the_role(world):
    Service.objects.filter(code="erp").update(owner=None)
    step = small(walk(world))
    assert seats(step) == {("system_owner", None)}


def test_an_owner_who_left_is_not_waited_for(world):
    User.objects.filter(username="owner").update(is_active=False)
    give(world, "pm", Role.SYSTEM_OWNER)
    assert seats(small(walk(world))) == {("system_owner", None)}


@pytest.mark.parametrize("filing", [{}, {"by": "desk", "on_behalf_of": "requester"}])
def test_a_deputy_cannot_approve_what_they_asked_for(world, filing):
    step = small(Walk(world, **filing))
    Absence.objects.create(
        user=world["owner"], deputy=world["requester"], from_at=NOON, to_at=NOON + 9 * DAY
    )
    with refused(NotAllowed):
        step.act("requester", "approve")


def test_one_who_stands_in_for_the_requester_cannot_approve_either(world):
    step = walk(world, "awaiting_approval")
    Absence.objects.create(user=world["requester"], deputy=world["head"], from_at=NOON)
    with refused(NotAllowed):
        step.act("head", "approve")


# -- testing -------------------------------------------------------------------------------------
def test_the_developer_does_not_test_their_own_work(world):
    give(world, "developer", Role.TESTER)
    step = walk(world, "testing")
    with refused(NotAllowed):
        step.act("developer", "pass_test")
    with refused(NotAllowed):
        claim_task(task=step.task, actor=world["developer"], at=step.at)
    with refused(BadData):
        assign_task(
            task=step.task, to=world["developer"], actor=world["service_manager"], at=step.at
        )


def test_who_only_booked_effort_does_not_test_either(world):
    """Two developers share the work; the one who did not hand it over built it as well."""
    give(world, "pm", Role.DEVELOPER, Role.TESTER)
    step = walk(world, "in_development")
    claim_task(task=step.task, actor=world["pm"], at=step.at)
    step.act("pm", "book_effort")
    release_task(task=step.task, actor=world["pm"], at=step.at)
    step.act("developer", "hand_to_test")
    with refused(NotAllowed):
        step.act("pm", "pass_test")
    assert step.act("tester", "book_effort").act("tester", "fail_test").case
    step.act("developer", "hand_to_test").act("tester", "pass_test")
    assert step.case.state == "accepting"


def test_who_managed_the_supplier_does_not_test_the_delivery(world):
    give(world, "analyst", Role.TESTER)
    step = walk(world, "outsourced").act("analyst", "take_delivery")
    with refused(NotAllowed):
        step.act("analyst", "pass_test")


def test_a_deputy_of_the_developer_does_not_test_either(world):
    step = walk(world, "testing")
    Absence.objects.create(user=world["developer"], deputy=world["tester"], from_at=NOON)
    with refused(NotAllowed):
        step.act("tester", "pass_test")


def test_a_failed_test_goes_back_to_who_built_it_and_again_to_who_tested(world):
    step = walk(world, "testing").act("tester", "fail_test")
    assert step.task.assignee == world["developer"]
    assert step.act("developer", "hand_to_test").task.assignee == world["tester"]


# -- rating --------------------------------------------------------------------------------------
@pytest.mark.parametrize("rating", ["1", "2", "3", "4", "5"])
def test_one_to_five_are_ratings(world, rating):
    assert walk(world, "accepting").act("requester", "accept", rating=rating).case.rating == int(
        rating
    )


@pytest.mark.parametrize("rating", ["0", "6", "-1", "4.5", "good", "", None])
def test_nothing_else_is_a_rating(world, rating):
    step = walk(world, "accepting")
    with refused(BadData) as caught:
        step.act("requester", "accept", rating=rating)
    assert set(caught.value.errors) == {"rating"}


def test_a_request_is_rated_once(world):
    step = walk(world, "closed")
    with refused(Conflict):
        step.act("requester", "rate")


def test_what_was_closed_without_an_answer_can_be_rated_later(world):
    step = walk(world, "arbitrating").act("service_manager", "close_anyway")
    assert step.act("requester", "rate", rating="2").case.rating == 2


@pytest.mark.parametrize("role", [Role.ANALYST, Role.DEVELOPER, Role.TESTER])
def test_who_worked_on_it_does_not_rate_it(world, role):
    who = {"analyst": "analyst", "developer": "developer", "tester": "tester"}[role]
    step = Walk(world, by=who).to("accepting")
    assert step.act(who, "accept", rating="5").case.rating is None
    with refused(NotAllowed):
        step.act(who, "rate")


def test_who_booked_effort_does_not_rate_it(world):
    give(world, "requester", Role.DEVELOPER)
    step = walk(world, "in_development").act("requester", "book_effort")
    step.act("developer", "hand_to_test").act("tester", "pass_test")
    step.act("requester", "accept", rating="5")
    assert step.case.rating is None


# -- roles with dates ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("seconds", "may"),
    [(-1, True), (0, False), (1, False)],  # the role ends at [.., to): not at its last instant
)
def test_a_role_counts_up_to_its_last_instant(world, seconds, may):
    step = walk(world)
    end = step.at + timedelta(hours=1)
    Grant.objects.filter(user=world["desk"]).update(to_at=end)
    actor = Actor.of(world["desk"], end + timedelta(seconds=seconds))
    assert actor.has_role(Role.SERVICE_DESK, step.case.unit) is may


def test_an_expired_role_is_refused_also_for_work_already_taken(world):
    give(world, "developer", Role.ANALYST)  # still sees the case
    step = walk(world, "in_development")
    claim_task(task=step.task, actor=world["developer"], at=step.at)
    Grant.objects.filter(user=world["developer"], role=Role.DEVELOPER).update(to_at=step.at)
    with refused(NotAllowed):
        step.act("developer", "hand_to_test")


def test_a_role_in_another_branch_of_the_company_does_not_count(world):
    Grant.objects.filter(user=world["desk"]).update(unit=world["requester2"].unit)
    step = walk(world)  # of Finance; the desk now serves Sales
    Grant.objects.create(
        user=world["desk"], role=Role.AUDITOR, unit=step.case.unit, from_at=NOON - DAY
    )
    with refused(NotAllowed):
        step.act("desk", "start_triage")


def test_the_owner_named_by_the_case_needs_no_role(world):
    Grant.objects.filter(user=world["owner"]).delete()
    assert small(walk(world)).act("owner", "approve").case.state == "in_development"
