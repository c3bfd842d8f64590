"""Random people do random things: the engine is compared with a small model of the process.

The model knows which action leads where; who may, and whether data and conditions fit, it leaves
open: a refusal must leave everything as it was, a passage must lead to a state of the model.
"""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changes.models import Optimization
from tests.changes.walking import EFFORT_11, GOOD, Walk
from workflows.actions import add_comment, claim_task, release_task
from workflows.door import perform
from workflows.events import broken_chains
from workflows.models import Clock, Custody, Task
from workflows.refusals import Refusal
from workflows.sweep import sweep

pytestmark = pytest.mark.engine

DESK = ("submitted", "triage")
MODEL = {
    ("submitted", "start_triage"): {"triage"},
    **{(s, "pass_to_assessment"): {"assessing"} for s in DESK},
    **{(s, "ask_requester"): {"returned"} for s in (*DESK, "assessing", "in_development")},
    ("returned", "answer"): {*DESK, "assessing", "in_development"},
    **{(s, "reject"): {"rejected"} for s in (*DESK, "assessing", "over_limit")},
    ("assessing", "propose"): {"awaiting_approval", "over_limit"},
    ("over_limit", "split_off"): {"awaiting_approval"},
    ("over_limit", "convert"): {"converted"},
    ("awaiting_approval", "approve"): {"awaiting_approval", "in_development"},
    ("awaiting_approval", "decline"): {"rejected"},
    ("awaiting_approval", "send_back"): {"assessing"},
    ("in_development", "hand_to_test"): {"testing"},
    ("in_development", "book_effort"): {"in_development", "over_limit"},
    ("testing", "book_effort"): {"testing", "over_limit"},
    ("in_development", "re_estimate"): {"in_development", "awaiting_approval", "over_limit"},
    ("in_development", "outsource"): {"outsourced"},
    ("outsourced", "take_delivery"): {"testing"},
    ("outsourced", "take_back"): {"in_development"},
    ("testing", "pass_test"): {"accepting"},
    ("testing", "fail_test"): {"in_development"},
    ("accepting", "accept"): {"closed"},
    ("accepting", "refuse"): {"in_development"},
    ("accepting", "dispute"): {"arbitrating"},
    ("arbitrating", "order_rework"): {"in_development"},
    ("arbitrating", "close_anyway"): {"closed"},
    ("closed", "reopen"): {"in_development"},
    ("closed", "rate"): {"closed"},
    **{
        (s, "withdraw"): {"withdrawn"}
        for s in (
            *DESK, "returned", "assessing", "over_limit", "awaiting_approval",
            "in_development", "outsourced", "testing",
        )
    },
}  # fmt: skip
FINAL = {"closed", "rejected", "withdrawn", "converted"}
USUAL = {
    "submitted": "desk", "triage": "desk", "returned": "requester", "assessing": "analyst",
    "over_limit": "head", "awaiting_approval": "owner", "in_development": "developer",
    "outsourced": "analyst", "testing": "tester", "accepting": "requester",
    "arbitrating": "service_manager", "closed": "requester", "rejected": "requester",
    "withdrawn": "requester", "converted": "requester",
}  # fmt: skip
PEOPLE = sorted({*USUAL.values(), "head", "pm", "auditor", "requester2"})
ACTIONS = sorted({action for _, action in MODEL})

steps = st.fixed_dictionaries(
    {
        "person": st.sampled_from([None] * 20 + PEOPLE),  # none: who is usually asked
        "choice": st.integers(0, 99),
        "data": st.sampled_from(["good"] * 7 + ["big", "empty", "wild"]),
        "pause": st.sampled_from([0, 1, 60, 600, 3600, 90_000, 400_000]),
    }
)
WILD = {name: "\u202e-1e9" for values in GOOD.values() for name in values}


def chosen_action(state, choice):
    """Mostly on to another open state, sometimes to an end, sometimes anything at all."""
    offered = {action: ends for (source, action), ends in sorted(MODEL.items()) if source == state}
    onward = [action for action, ends in offered.items() if ends - FINAL or state == "accepting"]
    if choice >= 90:
        return ACTIONS[choice % len(ACTIONS)]
    pool = onward if onward and choice < 80 else list(offered) or ACTIONS
    return pool[choice % len(pool)]


def chosen_data(kind, action):
    good = GOOD[action]
    return {
        "good": good,
        "big": {**good, **EFFORT_11} if "effort_testing" in good else good,
        "empty": {},
        "wild": WILD,
    }[kind]


STARTS = ["submitted", "triage", "assessing", "in_development", "testing", "accepting", "closed"]
passed = set()
"""What passed in all walks together, to see that they go far."""


def take(walk, step):
    """Do one random thing; a refusal changes nothing."""
    state = walk.case.state
    action = chosen_action(state, step["choice"])
    names = [step["person"]] if step["person"] else [USUAL[state], "head", "requester"]
    walk.at += timedelta(seconds=step["pause"])
    if step["choice"] % 7 == 0:
        aside(walk, names[0], step["choice"])
    if step["pause"] > 10_000:
        sweep(walk.at)
        walk.case.refresh_from_db()
        state = walk.case.state
    for name in names:
        before = Optimization.objects.values().get(pk=walk.case.pk)
        data = chosen_data(step["data"], action)
        try:
            answer = perform(walk.case, action, actor=walk.world[name], at=walk.at, **data)
        except Refusal:
            assert Optimization.objects.values().get(pk=walk.case.pk) == before
            continue
        walk.case = answer.case
        assert walk.case.state in MODEL[state, action]
        passed.add((state, action))
        return


def aside(walk, name, choice):
    """Something that does not move the case."""
    person = walk.world[name]
    with suppress(Refusal):
        if choice % 2:
            add_comment(case=walk.case, body="?", actor=person, at=walk.at)
        elif task := Task.objects.open().filter(case=walk.case).first():
            act = release_task if task.assignee_id == person.pk else claim_task
            act(task=task, actor=person, at=walk.at)


def assert_sound(walk):
    case = Optimization.objects.get(pk=walk.case.pk)
    is_final = case.state in FINAL
    open_tasks = Task.objects.open().filter(case=case)
    assert open_tasks.exists() is not is_final
    assert {task.step for task in open_tasks} <= {case.state}
    assert (case.closed_at is not None) is is_final
    assert case.version == case.events.count()
    assert Custody.objects.filter(case=case, ended_at=None).count() == (0 if is_final else 1)
    for clock in case.clocks.select_related("calendar"):
        assert_clock_is_sound(clock)
        assert not (is_final and clock.is_live)


def assert_clock_is_sound(clock):
    worked = clock.calendar.working_time()
    running = [one for one in clock.segments.all() if one.kind == "running" and one.ended_at]
    counted = [worked.between(one.started_at, one.ended_at) for one in running]
    assert sum(counted, timedelta()) == clock.elapsed
    if clock.state == Clock.State.RUNNING:
        assert clock.due_at == worked.add(clock.changed_at, clock.budget - clock.elapsed)
    late = clock.breached_at is not None
    assert clock.state not in (Clock.State.MET, Clock.State.MISSED) or (
        clock.state == (Clock.State.MISSED if late else Clock.State.MET)
    )


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(STARTS), st.lists(steps, min_size=25, max_size=25))
def walk_at_random(world, start, script):
    with transaction.atomic():
        walk = Walk(world).to(start)
        for step in script:
            take(walk, step)
            assert_sound(walk)
        assert list(broken_chains()) == []
        transaction.set_rollback(True)


def test_whatever_people_do_the_case_stays_sound(world):
    passed.clear()
    walk_at_random(world)
    assert len({state for state, _action in passed}) >= 10
    assert len(passed) > len(MODEL) / 2
