"""Clocks: what starts, pauses and stops them, when they alert, and to whom the minutes go.

Business hours are 09:00-12:00 and 13:00-18:00 in Shanghai, so a business day has 8 hours. Filed
on Monday 10:00, the first response (1 business day) is due on Tuesday 10:00 and has 8 hours.
"""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction

from agreements.models import StandardVersion
from people.models import Absence, Grant
from people.roles import Role
from tests.agreements.instants import at
from tests.changes.walking import QUARTER, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows import clocks
from workflows.actions import add_comment, claim_task, watch_case
from workflows.custody import attribution
from workflows.explain import explain
from workflows.heartbeat import run
from workflows.invariants import violations
from workflows.models import Clock, ClockSegment, Custody, Event, Outbox
from workflows.refusals import NotAllowed
from workflows.sweep import sweep

pytestmark = pytest.mark.engine

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


# -- the first response --------------------------------------------------------------------------
def test_the_response_is_due_one_business_day_later(world):
    clock = walk(world).clock("response")
    assert (clock.budget, clock.due_at) == (8 * HOUR, at("2026-11-24 10:00"))


@pytest.mark.parametrize("who", ["desk", "analyst", "service_manager"])
def test_the_first_public_word_of_ours_stops_the_response(world, who):
    step = walk(world)
    add_comment(case=step.case, body="on it", actor=world[who], at=NOON + HOUR)
    clock = step.clock("response")
    assert (clock.state, clock.elapsed, clock.stopped_at) == ("met", HOUR, NOON + HOUR)
    assert [e.action for e in step.case.events.all()] == ["open", "comment", "answered"]


def test_an_internal_word_does_not_stop_it(world):
    step = walk(world)
    add_comment(case=step.case, body="hm", actor=world["desk"], is_internal=True, at=NOON + HOUR)
    assert step.clock("response").state == "running"


@pytest.mark.parametrize("who", ["requester", "desk"])
def test_a_word_of_the_customer_does_not_stop_it(world, who):
    """Whoever filed, and for whom: for neither is it an answer."""
    step = Walk(world, by="desk", on_behalf_of="requester")
    add_comment(case=step.case, body="hello?", actor=world[who], at=NOON + HOUR)
    assert step.clock("response").state == "running"


def test_a_word_of_a_watcher_does_not_stop_it(world):
    step = walk(world)
    grant = Grant.objects.create(
        user=world["pm"], role=Role.AUDITOR, unit=step.case.unit, from_at=NOON
    )
    watch_case(case=step.case, actor=world["pm"], at=NOON)
    grant.delete()
    add_comment(case=step.case, body="interesting", actor=world["pm"], at=NOON + HOUR)
    assert step.clock("response").state == "running"


def test_a_word_of_the_customers_deputy_is_the_customers(world):
    step = walk(world)
    Absence.objects.create(user=world["requester"], deputy=world["desk"], from_at=NOON)
    add_comment(case=step.case, body="any news?", actor=world["desk"], at=NOON + HOUR)
    assert step.clock("response").state == "running"
    with refused(NotAllowed):
        add_comment(
            case=step.case, body="psst", actor=world["desk"], is_internal=True, at=NOON + HOUR
        )


def test_the_response_does_not_start_again(world):
    step = walk(world).act("desk", "ask_requester").act("requester", "answer")
    assert Clock.objects.filter(case=step.case, metric="response").count() == 1
    assert step.clock("response").state == "met"


@pytest.mark.parametrize(
    ("late", "state"),
    [(-SECOND, "met"), (timedelta(), "met"), (SECOND, "missed")],
)
def test_met_at_the_very_deadline_and_missed_a_second_later(world, late, state):
    step = walk(world)
    due = step.clock("response").due_at
    step.act("desk", "pass_to_assessment", after=due - NOON + late)
    clock = step.clock("response")
    assert clock.state == state
    assert clock.elapsed == 8 * HOUR + late
    assert clock.breached_at == (due if state == "missed" else None)


def test_closing_time_is_the_deadline_not_the_next_morning(world):
    """Due on Friday 4 December 18:00: met then, missed at 18:00:01 though no hour was worked."""
    step = walk(world, "testing")
    due = step.clock("delivery").due_at
    assert due == at("2026-12-04 18:00")
    step.act("tester", "pass_test", after=due - step.at + SECOND)
    step.act("requester", "accept")
    assert step.clock("delivery").state == "missed"


# -- pauses and arithmetic -----------------------------------------------------------------------
def test_a_paused_clock_counts_on_from_where_it_stood(world):
    """Proposal: 3 days = 24 h from Monday 10:30. One hour used, one day asked, the rest left."""
    step = walk(world, "assessing")
    clock = step.clock("proposal")
    assert (clock.budget, clock.due_at) == (24 * HOUR, at("2026-11-26 10:30"))
    step.act("analyst", "ask_requester", after=HOUR)  # Monday 11:30
    step.act("requester", "answer", after=timedelta(hours=23))  # Tuesday 10:30
    clock = step.clock("proposal")
    assert clock.elapsed == HOUR
    # 23 h left from Tuesday 10:30: 6.5 today, 8 + 8 make 22.5, Friday 09:30.
    assert clock.due_at == at("2026-11-27 09:30")
    assert clock.first_due_at == at("2026-11-26 10:30")
    assert step.task.due_at == at("2026-11-27 09:30")


def test_a_pause_over_night_costs_nobody_anything(world):
    step = walk(world, "assessing")
    step.act("analyst", "ask_requester", after=at("2026-11-23 18:00") - step.at)
    step.act("requester", "answer", after=at("2026-11-24 09:00") - step.at)
    assert step.clock("proposal").due_at == at("2026-11-26 10:30")


def test_the_delivery_ends_with_the_agreed_day(world):
    """Approved Monday 11:15, agreed Friday 4 December: 0:45 + 5 + 4 × 8 + 5 × 8 = 77:45 hours."""
    clock = walk(world, "in_development").clock("delivery")
    assert clock.budget == timedelta(hours=77, minutes=45)
    assert (clock.due_at, clock.standard) == (at("2026-12-04 18:00"), None)


def test_a_delivery_agreed_for_a_day_that_is_over_is_late_at_once(world):
    step = walk(world, "awaiting_approval").act("owner", "approve")
    step.act("head", "approve", after=timedelta(days=20))
    clock = step.clock("delivery")
    assert clock.budget == timedelta()
    sweep(step.at + SECOND)
    assert step.clock("delivery").breached_at == clock.due_at


@pytest.mark.parametrize("state", ["closed", "withdrawn", "arbitrating", "outsourced"])
def test_what_elapsed_is_the_sum_of_the_segments(world, state):
    step = walk(world, state)
    for clock in step.case.clocks.all():
        segments = list(clock.segments.all())
        assert sum((one.worked for one in segments), timedelta()) == clock.elapsed
        worked = clock.calendar.working_time()
        for one in segments:
            if one.kind == "running" and one.ended_at:
                assert one.worked == worked.between(one.started_at, one.ended_at)
        for earlier, later in pairwise(segments):
            assert earlier.ended_at == later.started_at


@pytest.mark.parametrize("state", ["in_development", "outsourced", "closed"])
def test_the_explanation_adds_up_to_the_reading(world, state):
    step = walk(world, state)
    now = step.at + HOUR
    for clock in step.case.clocks.all():
        told = explain(clock, now)
        reading = clocks.read(clock, now)
        assert told.lines[-1].running_total == reading.elapsed
        assert reading.elapsed + reading.remaining == reading.budget


@pytest.mark.parametrize("state", ["closed", "outsourced", "arbitrating"])
def test_every_counted_minute_is_charged_to_somebody(world, state):
    step = walk(world, state)
    for clock in step.case.clocks.all():
        charged = attribution(clock)
        assert sum(charged.values(), timedelta()) == clock.elapsed
        assert ("", "", None) not in charged


def test_minutes_are_charged_to_whoever_held_the_work(world):
    """The desk had the case 15 min in the queue, 10 with a person, then 5 in triage."""
    step = walk(world)
    claim_task(task=step.task, actor=world["desk"], at=NOON + QUARTER)
    step.at = NOON + QUARTER
    step.act("desk", "pass_to_assessment", after=timedelta(minutes=10))
    desk = world["desk"].pk
    assert attribution(step.clock("response")) == {
        ("provider", "service_desk", None): QUARTER,
        ("provider", "service_desk", desk): timedelta(minutes=10),
    }


# -- alerts --------------------------------------------------------------------------------------
ALERTS = [
    ("2026-11-23 15:00", 50),  # 4 of 8 hours: 2 before lunch, 2 after
    ("2026-11-23 17:00", 75),  # 6
    ("2026-11-24 09:12", 90),  # 7.2: 7 on Monday, 12 minutes on Tuesday
    ("2026-11-24 10:00", 100),  # 8
    ("2026-11-24 15:00", 150),  # 12
]


def told_at(step):
    return [
        (event.action, event.data["percent"])
        for event in Event.objects.filter(case=step.case, kind="clock")
    ]


@pytest.mark.parametrize(("moment", "percent"), ALERTS)
def test_each_threshold_is_told_at_its_moment_and_not_before(world, moment, percent):
    step = walk(world)
    sweep(at(moment) - SECOND)
    assert step.clock("response").level < percent
    sweep(at(moment))
    assert step.clock("response").level == percent


def test_each_threshold_is_one_event(world):
    step = walk(world)
    for moment, _percent in ALERTS:
        sweep(at(moment))
        assert sweep(at(moment)) == 0
    assert told_at(step) == [
        ("warn", 50), ("warn", 75), ("warn", 90), ("breach", 100), ("warn", 150),
    ]  # fmt: skip
    assert step.clock("response").next_alert_at is None
    assert step.clock("response").breached_at == at("2026-11-24 10:00")


def test_after_an_outage_there_is_one_alert_and_the_next_comes_in_time(world):
    step = walk(world)
    sweep(at("2026-11-24 11:00"))  # 50, 75, 90 and 100 passed while nobody looked
    assert told_at(step) == [("breach", 100)]
    assert step.clock("response").next_alert_at == at("2026-11-24 15:00")
    sweep(at("2026-11-24 15:00"))
    assert told_at(step) == [("breach", 100), ("warn", 150)]


def test_the_deadline_is_noticed_even_if_no_warning_is_set_for_it(world):
    StandardVersion.objects.filter(standard__metric="response").update(warn_at=[50])
    step = walk(world)
    sweep(at("2026-11-23 15:00"))
    sweep(at("2026-11-24 10:00"))
    assert told_at(step) == [("warn", 50), ("breach", 100)]


def test_a_paused_clock_does_not_alert(world):
    step = walk(world, "assessing").act("analyst", "ask_requester")
    sweep(NOON + timedelta(days=60))
    told = Event.objects.filter(case=step.case, kind="clock", data__metric="proposal")
    assert not told.exists()


def test_what_passed_before_a_pause_is_told_of_when_the_clock_goes_on(world):
    """14 of 24 hours are over when the question is asked, and nothing was swept until then."""
    step = walk(world, "assessing").act("analyst", "ask_requester", after=36 * HOUR)
    assert step.clock("proposal").elapsed > 12 * HOUR  # the first warning is at 50 %
    run("sweep", step.at)
    step.act("requester", "answer")
    assert step.clock("proposal").next_alert_at == step.at
    assert list(violations(step.at)) == []


def test_a_stopped_clock_does_not_alert(world):
    step = walk(world).act("desk", "reject")
    assert sweep(NOON + timedelta(days=60)) == 0
    assert told_at(step) == []


@pytest.mark.parametrize(
    ("moment", "people"),
    [
        ("2026-11-23 15:00", ["desk"]),
        ("2026-11-24 10:00", ["desk", "service_manager"]),
        ("2026-11-24 15:00", ["desk", "head", "service_manager"]),
    ],
)
def test_the_longer_it_lasts_the_more_people_are_told(world, moment, people):
    walk(world)
    Outbox.objects.all().delete()
    sweep(at(moment))
    told = Outbox.objects.filter(topic="clock").values_list("recipient__username", flat=True)
    assert sorted(told) == people


def test_whoever_is_away_is_told_through_the_deputy(world):
    for absent, deputy in (("desk", "tester"), ("service_manager", "pm")):
        Absence.objects.create(user=world[absent], deputy=world[deputy], from_at=NOON)
    walk(world)
    Outbox.objects.all().delete()
    sweep(at("2026-11-24 10:00"))
    told = Outbox.objects.filter(topic="clock").values_list("recipient__username", flat=True)
    assert sorted(told) == ["pm", "tester"]


def test_a_sweep_reaches_every_due_case_whatever_the_batch(world, monkeypatch):
    monkeypatch.setattr("workflows.sweep.BATCH", 2)
    steps = [walk(world) for _ in range(5)]
    assert sweep(at("2026-11-24 10:00")) == 5
    assert [told_at(step) for step in steps] == [[("breach", 100)]] * 5


def test_one_case_that_somebody_just_accepted_does_not_stop_the_sweep(world, monkeypatch):
    """Between reading what is over and acting on it, the requester of the first accepts."""
    first, second = walk(world, "accepting"), walk(world, "accepting")
    from workflows import sweep as module

    original = module.perform

    def slow_perform(case, action, **kwargs):
        if case.pk == first.case.pk and first.case.state == "accepting":
            first.act("requester", "accept", after=timedelta(days=6))
        return original(case, action, **kwargs)

    monkeypatch.setattr(module, "perform", slow_perform)
    sweep(at("2026-11-30 12:00"))
    first.case.refresh_from_db()
    second.case.refresh_from_db()
    assert (first.case.rating, second.case.state, second.case.rating) == (5, "closed", None)


# -- what is written stays -----------------------------------------------------------------------
def attempt(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE workflows_event SET note = 'x'",
        "DELETE FROM workflows_event",
        "UPDATE workflows_clocksegment SET worked = worked WHERE ended_at IS NOT NULL",
        "DELETE FROM workflows_clocksegment WHERE ended_at IS NOT NULL",
        "DELETE FROM workflows_clocksegment WHERE ended_at IS NULL",
        "UPDATE workflows_custody SET party = 'vendor' WHERE ended_at IS NOT NULL",
        "DELETE FROM workflows_custody",
    ],
)
def test_the_database_refuses_to_change_history(world, sql):
    walk(world, "outsourced")
    with pytest.raises(DatabaseError, match="is kept"):
        attempt(sql)


def test_an_open_spell_may_be_closed_once(world):
    step = walk(world)
    spell = Custody.objects.get(case=step.case)
    segment = ClockSegment.objects.get(clock__case=step.case)
    for row in (spell, segment):
        row.ended_at = step.at
        row.save(update_fields=["ended_at"])
        with pytest.raises(DatabaseError, match="is kept"), transaction.atomic():
            row.save(update_fields=["ended_at"])
