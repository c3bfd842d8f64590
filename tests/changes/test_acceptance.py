"""From the question to the requester to the last word: who holds the request, and for how long."""

from datetime import timedelta

import pytest

from changes.models import OptimizationPolicy
from people.models import Absence
from tests.agreements.instants import at
from tests.changes.walking import QUARTER, REWORKED, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.models import Clock, ClockSegment, Custody, Event, Outbox
from workflows.refusals import Conflict, NotAllowed, UnknownAction
from workflows.sweep import sweep

pytestmark = pytest.mark.engine

HOUR = timedelta(hours=1)
WORKING_DAY = 8 * HOUR
OTHERS = ["tester", "developer", "analyst", "pm", "requester2"]


def again(step):
    for who, action in REWORKED:
        step.act(who, action)
    return step


# -- the question --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("state", "who"),
    [
        ("submitted", "desk"),
        ("triage", "desk"),
        ("assessing", "analyst"),
        ("in_development", "developer"),
    ],
)
def test_an_answer_goes_back_where_the_question_came_from(world, state, who):
    step = walk(world, state).act(who, "ask_requester")
    assert (step.case.state, step.task.assignee.username) == ("returned", "requester")
    step.act("requester", "answer")
    assert (step.case.state, step.task.assignee.username) == (state, who)


@pytest.mark.parametrize(
    ("state", "who", "metric"),
    [("assessing", "analyst", "proposal"), ("in_development", "developer", "delivery")],
)
def test_waiting_for_the_requester_does_not_count(world, state, who, metric):
    step = walk(world, state).act(who, "ask_requester", after=HOUR / 2)
    paused = step.clock(metric)
    assert (paused.state, paused.due_at, paused.next_alert_at) == ("paused", None, None)
    step.act("requester", "answer", after=timedelta(days=1))
    resumed = step.clock(metric)
    assert resumed.elapsed == HOUR / 2
    worked = resumed.calendar.working_time()
    assert worked.between(step.at, resumed.due_at) == resumed.budget - HOUR / 2
    assert worked.between(paused.first_due_at, resumed.due_at) == WORKING_DAY  # a day later


def test_the_question_is_an_answer_for_the_first_response(world):
    step = walk(world).act("desk", "ask_requester")
    assert (step.clock("response").state, step.clock("response").elapsed) == ("met", QUARTER)


# -- with a supplier -----------------------------------------------------------------------------
def test_the_time_with_a_supplier_is_the_suppliers(world):
    step = walk(world, "outsourced")
    assert (step.case.supplier, step.clock("delivery").state) == ("Acme", "paused")
    spell = Custody.objects.get(case=step.case, ended_at=None)
    assert (spell.party, spell.role, spell.step) == ("vendor", "analyst", "outsourced")
    step.act("analyst", "take_delivery", after=timedelta(days=2))
    assert (step.clock("delivery").state, step.clock("delivery").elapsed) == ("running", QUARTER)
    parties = list(Custody.objects.filter(case=step.case).values_list("party", flat=True))
    assert parties == [
        "provider", "provider", "provider",  # submitted, triage, assessing
        "customer", "customer",  # the owner's vote, then the head's
        "provider", "vendor", "provider",
    ]  # fmt: skip


def test_what_a_supplier_cannot_do_is_taken_back(world):
    step = walk(world, "outsourced").act("analyst", "take_back")
    assert (step.case.state, step.clock("delivery").state) == ("in_development", "running")


# -- the result ----------------------------------------------------------------------------------
@pytest.mark.parametrize("who", OTHERS)
def test_only_who_asked_accepts(world, who):
    step = walk(world, "accepting")
    with refused(UnknownAction if who in ("pm", "requester2") else NotAllowed):
        step.act(who, "accept")


def test_what_was_filed_for_somebody_is_accepted_by_them(world):
    step = Walk(world, by="desk", on_behalf_of="requester").to("accepting")
    assert step.task.assignee == world["requester"]
    with refused(NotAllowed):
        step.act("desk", "accept")
    assert step.act("requester", "accept").case.state == "closed"


def test_filing_for_somebody_is_filing_from_their_unit(world):
    case = Walk(world, by="desk", on_behalf_of="requester2").case
    assert (case.unit, case.requester) == (world["requester2"].unit, world["desk"])
    assert case.beneficiary_id == world["requester2"].pk


@pytest.mark.parametrize("who", ["desk", "requester"])
def test_both_who_filed_and_for_whom_may_withdraw(world, who):
    step = Walk(world, by="desk", on_behalf_of="requester")
    assert step.act(who, "withdraw").case.state == "withdrawn"


def test_the_result_may_be_sent_back_twice_then_the_service_manager_decides(world):
    step = again(again(walk(world, "accepting")))
    assert (step.case.refusals, step.case.state) == (2, "accepting")
    with refused(Conflict) as caught:
        step.act("requester", "refuse")
    assert caught.value.sentence == ("This was sent back 2 times; now the service manager decides.")
    step.act("requester", "dispute")
    assert (step.case.state, step.task.role) == ("arbitrating", "service_manager")


@pytest.mark.parametrize("times", [0, 1])
def test_the_service_manager_is_not_asked_before_that(world, times):
    step = walk(world, "accepting")
    for _ in range(times):
        again(step)
    with refused(Conflict):
        step.act("requester", "dispute")


def test_how_often_is_what_the_service_manager_set(world):
    OptimizationPolicy.objects.create(refusal_limit=1)
    step = again(walk(world, "accepting"))
    with refused(Conflict):
        step.act("requester", "refuse")


@pytest.mark.parametrize(
    ("action", "state"), [("order_rework", "in_development"), ("close_anyway", "closed")]
)
def test_the_service_managers_word_is_final(world, action, state):
    assert walk(world, "arbitrating").act("service_manager", action).case.state == state


def test_a_service_manager_who_asked_does_not_decide_the_dispute(world):
    step = Walk(world, by="service_manager").to("accepting")
    for _ in range(2):
        for who, action in REWORKED:
            step.act({"requester": "service_manager"}.get(who, who), action)
    step.act("service_manager", "dispute")
    with refused(NotAllowed):
        step.act("service_manager", "close_anyway")


# -- no answer -----------------------------------------------------------------------------------
def test_without_an_answer_it_closes_after_five_business_days(world):
    """Live on Monday 23 November, 11:45; five business days later is Monday the 30th, 11:45."""
    step = walk(world, "accepting")
    deadline = at("2026-11-30 11:45")
    assert step.clock("acceptance").due_at == deadline
    sweep(deadline - timedelta(seconds=1))
    step.case.refresh_from_db()
    assert step.case.state == "accepting"
    Outbox.objects.all().delete()
    sweep(deadline)
    step.case.refresh_from_db()
    assert (step.case.state, step.case.closed_at) == ("closed", deadline)
    assert Event.objects.filter(case=step.case).latest("seq").action == "close_unanswered"
    told = Outbox.objects.filter(topic="moved").values_list("recipient__username", flat=True)
    assert list(told) == ["requester"]


def test_the_requester_is_warned_before_it_closes(world):
    """50 % of 40 working hours from Monday 11:45 is Thursday 02 … Wednesday 25th, 16:45."""
    step = walk(world, "accepting")
    Outbox.objects.all().delete()
    sweep(at("2026-11-25 16:45"))
    assert list(Outbox.objects.values_list("topic", "recipient__username")) == [
        ("clock", "requester")
    ]
    assert step.clock("acceptance").level == 50


def test_sweeping_again_closes_nothing_twice(world):
    walk(world, "accepting")
    sweep(at("2026-11-30 11:45"))
    before = Event.objects.count()
    assert sweep(at("2026-12-15 11:45")) == 0
    assert Event.objects.count() == before


def test_each_acceptance_has_its_own_five_days(world):
    step = again(walk(world, "accepting"))
    clocks = Clock.objects.filter(case=step.case, metric="acceptance")
    assert [one.state for one in clocks] == ["met", "running"]
    assert clocks.last().started_at == step.at


# -- reopening -----------------------------------------------------------------------------------
def test_a_reopened_request_continues_its_clocks(world):
    step = walk(world, "closed")
    closed = step.clock("delivery")
    assert (closed.state, closed.elapsed) == ("met", 2 * QUARTER)  # developing and testing
    step.act("requester", "reopen", after=timedelta(days=3))
    clock = step.clock("delivery")
    assert (clock.pk, clock.state, clock.elapsed) == (closed.pk, "running", 2 * QUARTER)
    worked = clock.calendar.working_time()
    assert worked.between(step.at, clock.due_at) == clock.budget - 2 * QUARTER
    kinds = [segment.kind for segment in clock.segments.all()]
    assert kinds == ["running", "paused", "stopped", "running"]
    assert (step.case.closed_at, step.task.assignee) == (None, world["developer"])


@pytest.mark.parametrize(
    ("moment", "may"),
    [
        ("2026-12-07 12:00", True),  # closed Monday 23 November 12:00; ten business days later
        ("2026-12-07 12:01", False),
        ("2026-12-05 23:00", True),  # a Saturday before that
    ],
)
def test_reopening_is_possible_for_ten_business_days(world, moment, may):
    step = walk(world, "closed")
    assert step.at == at("2026-11-23 12:00")
    if may:
        step.act("requester", "reopen", after=at(moment) - step.at)
        assert step.case.state == "in_development"
        return
    with refused(Conflict) as caught:
        step.act("requester", "reopen", after=at(moment) - step.at)
    assert caught.value.sentence.startswith("It was closed more than 10 business days ago")


def test_a_missed_delivery_stays_missed_after_reopening(world):
    step = walk(world, "testing").act("tester", "pass_test", after=timedelta(days=14))
    step.act("requester", "accept")
    assert step.clock("delivery").state == "missed"
    step.act("requester", "reopen").act("developer", "hand_to_test").act("tester", "pass_test")
    assert step.act("requester", "accept").clock("delivery").state == "missed"


# -- withdrawing ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "state",
    [
        "submitted", "triage", "returned", "assessing", "over_limit", "awaiting_approval",
        "in_development", "outsourced", "testing",
    ],
)  # fmt: skip
def test_withdrawing_cancels_work_and_clocks(world, state):
    step = walk(world, state)
    live = {c.metric for c in step.case.clocks.filter(state__in=Clock.LIVE)}
    step.act("requester", "withdraw")
    assert (step.case.state, step.case.closed_at) == ("withdrawn", step.at)
    assert not step.case.tasks.open().exists()
    cancelled = step.case.clocks.filter(state="cancelled")
    assert {c.metric for c in cancelled} == live
    assert all(
        (c.stopped_at, c.due_at, c.next_alert_at) == (step.at, None, None) for c in cancelled
    )
    assert not ClockSegment.objects.filter(clock__case=step.case, ended_at=None).exists()
    assert not Custody.objects.filter(case=step.case, ended_at=None).exists()


def test_a_deputy_of_the_requester_withdraws_on_their_behalf(world):
    step = walk(world, "assessing")  # nothing is asked of the customer now
    Absence.objects.create(user=world["requester"], deputy=world["requester2"], from_at=NOON)
    step.act("requester2", "withdraw")
    event = step.case.events.latest("seq")
    assert (event.actor, event.on_behalf_of) == (world["requester2"], world["requester"])
