"""Work: taken once, put back, handed over, and done by deputies on behalf of who is away."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from people.actors import Actor, absent_through, deputies_at, deputy_chain
from people.models import Absence, Grant, User
from people.roles import Role
from tests.changes.walking import DAY, QUARTER, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.absences import tell_deputies
from workflows.actions import assign_task, claim_task, release_task
from workflows.inbox import tasks_of
from workflows.models import Event, Outbox, Task
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction
from workflows.relay import relay

pytestmark = pytest.mark.engine


@pytest.fixture
def colleague(world):
    """A second person at the service desk."""
    person = User.objects.create(
        username="colleague", unit=world["desk"].unit, email="c@demo.invalid", language="en"
    )
    Grant.objects.create(
        user=person, role=Role.SERVICE_DESK, unit=world["auditor"].unit, from_at=NOON - DAY
    )
    world["colleague"] = person
    return person


def away(world, who, deputy, *, since=NOON, until=None):
    return Absence.objects.create(user=world[who], deputy=world[deputy], from_at=since, to_at=until)


def listed(person, view, at=NOON):
    return [task.case.number for task in tasks_of(Actor.of(person, at), view)]


# -- claiming ------------------------------------------------------------------------------------
def test_who_claims_first_has_it(world, colleague):
    step = walk(world)
    task = claim_task(task=step.task, actor=world["desk"], at=NOON)
    assert (task.status, task.assignee) == ("claimed", world["desk"])
    with refused(Conflict) as caught:
        claim_task(task=step.task, actor=colleague, at=NOON)
    assert caught.value.sentence == "陈梅 Chen Mei has already taken this."
    with refused(NotAllowed):
        step.act("colleague", "start_triage")


def test_claiming_again_what_one_has_changes_nothing(world):
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    assert Event.objects.filter(action="claim").count() == 1


@pytest.mark.parametrize(
    ("who", "refusal"), [("analyst", NotAllowed), ("pm", UnknownAction), ("auditor", NotAllowed)]
)
def test_only_the_role_may_claim(world, who, refusal):
    step = walk(world)
    with refused(refusal):
        claim_task(task=step.task, actor=world[who], at=NOON)


def test_what_is_done_cannot_be_claimed(world):
    step = walk(world)
    old = step.task
    step.act("desk", "start_triage")
    with refused(Conflict):
        claim_task(task=old, actor=world["desk"], at=step.at)


def test_a_task_of_another_case_is_not_found(world):
    one, other = walk(world), walk(world)
    task = one.task
    task.case = other.case
    with refused(UnknownAction):
        claim_task(task=task, actor=world["desk"], at=NOON)


def test_what_is_put_back_is_in_the_queue_again(world, colleague):
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    with refused(NotAllowed):
        release_task(task=step.task, actor=colleague, at=NOON)
    task = release_task(task=step.task, actor=world["desk"], at=NOON)
    assert (task.status, task.assignee, task.claimed_at) == ("open", None, None)
    assert listed(colleague, "queue") == [step.case.number]


def test_a_persons_own_work_has_no_queue_to_go_back_to(world):
    step = walk(world, "returned")
    with refused(Conflict):
        release_task(task=step.task, actor=world["requester"], at=step.at)


# -- handing over --------------------------------------------------------------------------------
def test_own_work_is_handed_to_a_colleague_who_is_told(world, colleague):
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    Outbox.objects.all().delete()
    assign_task(task=step.task, to=colleague, actor=world["desk"], at=NOON)
    assert step.task.assignee == colleague
    assert [(o.topic, o.recipient) for o in Outbox.objects.all()] == [("work", colleague)]


def test_work_of_others_is_handed_out_by_the_service_manager_or_the_desk(world, colleague):
    step = walk(world, "assessing")
    analyst = world["analyst"]
    with refused(NotAllowed):
        assign_task(task=step.task, to=analyst, actor=world["head"], at=step.at)
    for who in ("service_manager", "desk"):
        assign_task(task=step.task, to=analyst, actor=world[who], at=step.at)


def test_work_is_not_given_to_somebody_without_the_role_or_account(world, colleague):
    step = walk(world)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    colleague.refresh_from_db()
    for to in (colleague, world["analyst"]):
        with refused(BadData):
            assign_task(task=step.task, to=to, actor=world["service_manager"], at=NOON)


def test_the_customers_own_work_cannot_be_given_away(world):
    step = walk(world, "accepting")
    with refused(BadData):
        assign_task(
            task=step.task, to=world["requester2"], actor=world["service_manager"], at=step.at
        )


def test_a_step_that_comes_again_goes_back_to_whoever_did_it(world, colleague):
    step = walk(world).act("colleague", "start_triage")
    assert step.task.assignee == colleague
    step.act("colleague", "ask_requester").act("requester", "answer")
    assert step.task.assignee == colleague


def test_but_not_to_somebody_who_no_longer_has_the_role(world, colleague):
    step = walk(world).act("colleague", "start_triage").act("colleague", "ask_requester")
    Grant.objects.filter(user=colleague).update(to_at=step.at)
    step.act("requester", "answer")
    assert (step.task.assignee, step.task.status) == (None, "open")


# -- queues --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("filer", "grant", "seen"),
    [
        ("shanghai", "group", True),
        ("shanghai", "east", True),
        ("shanghai", "shanghai", True),
        ("shanghai", "suzhou", False),
        ("shanghai", "south", False),
        ("east", "shanghai", False),
    ],
)
def test_a_queue_shows_what_lies_in_the_units_below(world, filer, grant, seen):
    from people.models import Unit

    units = {unit.code: unit for unit in Unit.objects.all()}
    world["filer"] = User.objects.create(username="filer", unit=units[filer])
    Grant.objects.filter(user=world["desk"]).update(unit=units[grant])
    step = Walk(world, by="filer")
    assert listed(world["desk"], "queue") == ([step.case.number] if seen else [])


def test_the_views_of_the_inbox(world, colleague):
    one, other = walk(world), walk(world)
    claim_task(task=one.task, actor=world["desk"], at=NOON)
    assert listed(world["desk"], "mine") == [one.case.number]
    assert listed(world["desk"], "queue") == [other.case.number]
    one.act("desk", "start_triage")
    assert listed(world["desk"], "done") == [one.case.number]
    assert listed(colleague, "mine") == []


def test_the_most_urgent_work_comes_first(world):
    later = Walk(world, at=NOON + QUARTER)
    sooner = Walk(world, at=NOON)
    assert listed(world["desk"], "queue", later.at) == [sooner.case.number, later.case.number]


# -- deputies ------------------------------------------------------------------------------------
def test_a_deputy_sees_and_does_the_work_on_behalf_of_who_is_away(world):
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    away(world, "desk", "tester")
    assert listed(world["tester"], "mine") == [step.case.number]
    done = step.task
    step.act("tester", "start_triage")
    done.refresh_from_db()
    assert (done.done_by, done.on_behalf_of) == (world["tester"], world["desk"])
    event = step.case.events.latest("seq")
    assert (event.actor, event.on_behalf_of) == (world["tester"], world["desk"])


def test_what_a_deputy_takes_from_the_queue_is_done_on_behalf_too(world):
    step = walk(world)
    away(world, "desk", "tester")
    claim_task(task=step.task, actor=world["tester"], at=NOON)
    done = step.task
    step.act("tester", "start_triage")
    done.refresh_from_db()
    assert (done.done_by, done.on_behalf_of) == (world["tester"], world["desk"])
    assert step.case.events.latest("seq").on_behalf_of == world["desk"]


def test_a_deputys_action_that_keeps_the_state_names_both_too(world):
    step = walk(world, "in_development")
    away(world, "developer", "pm")
    step.act("pm", "book_effort")
    event = step.case.events.latest("seq")
    assert (event.actor, event.on_behalf_of) == (world["pm"], world["developer"])


def test_a_deputys_vote_names_both(world):
    step = walk(world, "awaiting_approval")
    away(world, "owner", "pm")
    step.act("pm", "approve")
    event = step.case.events.latest("seq")
    assert (event.actor, event.on_behalf_of) == (world["pm"], world["owner"])


def test_who_has_the_role_themselves_does_not_act_on_behalf(world, colleague):
    step = walk(world)
    away(world, "desk", "colleague")
    done = step.task
    step.act("colleague", "start_triage")
    done.refresh_from_db()
    assert done.on_behalf_of is None


@pytest.mark.parametrize(
    ("moment", "may"),
    [
        (timedelta(), True),
        (DAY - timedelta(seconds=1), True),
        (DAY, False),  # [from, to): back at the last instant
        (-timedelta(seconds=1), False),
    ],
)
def test_a_deputy_acts_during_the_absence_only(world, moment, may):
    away(world, "desk", "tester", until=NOON + DAY)
    who = Actor.of(world["tester"], NOON + moment)
    assert who.has_role(Role.SERVICE_DESK, world["requester"].unit) is may
    assert (world["desk"].pk in who.identities) is may


def test_deputies_of_deputies_have_the_work_in_the_end(world):
    away(world, "desk", "tester")
    away(world, "tester", "pm")
    desk, tester, pm = (world[name].pk for name in ("desk", "tester", "pm"))
    assert absent_through(pm, deputies_at(NOON)) == {desk, tester}
    assert deputy_chain({desk, tester}, deputies_at(NOON)) == {desk: pm, tester: pm}
    step = walk(world)
    assert step.act("pm", "start_triage").case.state == "triage"


def test_a_circle_of_deputies_is_refused(world):
    away(world, "desk", "tester")
    away(world, "tester", "pm")
    circle = Absence(user=world["pm"], deputy=world["desk"], from_at=NOON)
    with pytest.raises(ValidationError, match="in a circle"):
        circle.full_clean()
    later = Absence(user=world["pm"], deputy=world["pm"], from_at=NOON)
    with pytest.raises(ValidationError, match="own deputy"):
        later.full_clean()


def test_a_circle_in_the_data_does_not_hang(world):
    away(world, "desk", "tester")
    away(world, "tester", "desk")
    assert absent_through(world["desk"].pk, deputies_at(NOON)) == {world["tester"].pk}
    assert set(deputy_chain({world["desk"].pk}, deputies_at(NOON))) == {world["desk"].pk}


def test_two_absences_of_one_person_do_not_overlap(world):
    away(world, "desk", "tester", until=NOON + DAY)
    second = Absence(user=world["desk"], deputy=world["pm"], from_at=NOON + DAY / 2)
    with pytest.raises(ValidationError, match="already away"):
        second.full_clean()
    Absence(user=world["desk"], deputy=world["pm"], from_at=NOON + DAY).full_clean()


def test_deputies_are_told_once_and_who_returns_gets_a_report(world, mailoutbox):
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON)
    Outbox.objects.all().delete()
    away(world, "desk", "tester", until=NOON + DAY)
    assert (tell_deputies(NOON), tell_deputies(NOON)) == (1, 0)
    step.at = NOON
    step.act("tester", "start_triage")
    Outbox.objects.exclude(topic__in=["deputy", "handback"]).delete()
    assert (tell_deputies(NOON + DAY), tell_deputies(NOON + DAY)) == (1, 0)
    relay(NOON + DAY)
    assert [mail.to for mail in mailoutbox] == [["tester@demo.invalid"], ["desk@demo.invalid"]]
    assert "REQ-2026-00001" in mailoutbox[1].body


def test_new_work_is_announced_to_the_deputy(world):
    away(world, "analyst", "pm")
    step = walk(world, "assessing")
    told = Outbox.objects.filter(topic="work", data__seq=step.case.version)
    assert [one.recipient for one in told] == [world["pm"]]


def test_open_tasks_and_no_others_are_owed(world):
    step = walk(world, "closed")
    assert not Task.objects.open().filter(case=step.case).exists()
