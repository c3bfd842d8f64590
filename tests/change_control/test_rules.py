"""Freezes, templates, owners who left, and what stands in the way of a change."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from agreements.models import Service
from change_control.conflicts import conflicts_of
from change_control.models import ChangeTemplate, Dependency, FreezePeriod, MaintenanceWindow
from people.models import User
from tests.change_control.walking import DAY, MEDIUM, OPENS, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.actions import claim_task, release_task
from workflows.models import Task
from workflows.refusals import BadData, Conflict, NotAllowed

pytestmark = pytest.mark.engine


def freeze(hard=True, systems=(), start=OPENS, length=DAY):
    made = FreezePeriod.objects.create(
        name="Year end", name_zh="年终", starts_at=start, ends_at=start + length, is_hard=hard
    )
    made.systems.set(Service.objects.filter(code__in=systems))
    return made


def in_the_way(step):
    return [(str(one.kind), one.other, one.words) for one in conflicts_of(step.case, step.at)]


# -- freezes --------------------------------------------------------------------------------------
def test_nothing_is_scheduled_into_a_hard_freeze_without_an_exception(world):
    step = walk(world, "awaiting_approval")
    freeze()
    with refused(Conflict, "The window lies in a freeze: Year end."):
        step.act("change_manager", "approve")
    with refused(NotAllowed):
        step.act("change_manager", "except_from_freeze")
    step.act("head", "except_from_freeze").act("change_manager", "approve")
    assert (step.case.state, step.case.freeze_override) == ("scheduled", "The law asks for it.")


def test_a_freeze_that_comes_after_the_approval_stops_the_beginning(world):
    step = walk(world, "scheduled")
    freeze()
    with refused(Conflict, "The window lies in a freeze"):
        step.act("developer", "begin")


@pytest.mark.parametrize(
    "made",
    [
        {"hard": False}, {"systems": ["portal"]}, {"start": OPENS + timedelta(hours=4)},
        {"start": OPENS - DAY},
    ],
)  # fmt: skip
def test_a_soft_freeze_another_system_or_another_time_does_not(world, made):
    step = walk(world, "awaiting_approval")
    freeze(**made)
    step.act("change_manager", "approve")
    assert step.case.state == "scheduled"


def test_an_exception_is_from_something(world):
    step = walk(world, "awaiting_approval")
    with refused(Conflict, "No freeze is in the way."):
        step.act("head", "except_from_freeze")


# -- what stands in the way -----------------------------------------------------------------------
def test_two_changes_of_a_system_see_each_other(world):
    one, other = walk(world, "scheduled"), walk(world, "assessing", implementer="owner")
    assert in_the_way(one) == [("same_system", other.case.number, "erp")]
    assert in_the_way(other) == [("same_system", one.case.number, "erp")]


def test_so_do_dependent_systems_and_the_same_implementer(world):
    system = {one.code: one for one in Service.objects.systems()}
    Dependency.objects.create(system=system["portal"], needs=system["erp"])
    erp, portal = walk(world, "assessing"), walk(world, "assessing", systems=["portal"])
    assert in_the_way(portal) == [
        ("dependent_system", erp.case.number, "erp"),
        ("same_implementer", erp.case.number, "at the same time"),
    ]


@pytest.mark.parametrize(
    ("begins", "ends", "days", "inside"),
    [
        ("21:00", "03:00", [5], True),  # Saturday, over midnight
        ("22:00", "02:00", [5], True),
        ("22:30", "03:00", [5], False),
        ("21:00", "01:00", [5], False),
        ("21:00", "03:00", [6], False),
        ("00:00", "03:00", [6], False),  # its second half alone
    ],
)
def test_a_change_keeps_to_the_maintenance_window(world, begins, ends, days, inside):
    erp = Service.objects.get(code="erp")
    MaintenanceWindow.objects.create(
        service=erp, weekdays=days, begins=time.fromisoformat(begins), ends=time.fromisoformat(ends)
    )
    step = walk(world, "assessing")
    assert in_the_way(step) == ([] if inside else [("outside_window", "", "erp")])


def test_a_draft_sees_others_and_is_not_seen(world):
    planned, draft = walk(world, "assessing"), walk(world)
    assert in_the_way(planned) == []
    assert ("same_system", planned.case.number, "erp") in in_the_way(draft)


def test_what_is_not_approved_when_its_window_begins_says_so(world):
    step = walk(world, "awaiting_approval")
    step.at = OPENS
    assert in_the_way(step) == [("late_approval", "", "")]


# -- templates ------------------------------------------------------------------------------------
@pytest.fixture
def template(world):
    made = ChangeTemplate.objects.create(
        code="restart", name="Restart", plan="Restart it\nLook at it", owner=world["owner"],
        expires_on=date(2026, 11, 23),
    )  # fmt: skip
    made.systems.set(Service.objects.filter(code="portal"))
    return made


STANDARD = {"type": "standard", "template": "restart", "systems": ["portal"], "plan": ""}


def test_a_standard_change_is_scheduled_by_its_template(world, template):
    step = walk(world, **STANDARD).act("analyst", "submit")
    assert (step.case.state, step.case.plan) == ("scheduled", template.plan)
    step.act("developer", "begin")
    assert step.case.steps.count() == 2


def test_a_template_is_good_up_to_its_day_and_for_its_systems(world, template):
    late, wide = walk(world, **STANDARD), walk(world, **{**STANDARD, "systems": ["erp", "portal"]})
    with refused(Conflict, "The template “Restart” is over"):
        late.act("analyst", "submit", after=DAY)
    with refused(Conflict, "The template does not cover erp."):
        wide.act("analyst", "submit")
    template.is_active = False
    template.save()
    with refused(BadData):
        Walk(world, **STANDARD)


def test_a_standard_change_is_begun_by_whoever_it_names_now(world, template):
    step = walk(world, **STANDARD).act("analyst", "submit")
    step.act("analyst", "edit", **{**STANDARD, "plan": "Restart it", "implementer": "desk"})
    assert (step.case.state, step.task.assignee) == ("scheduled", world["desk"])
    with refused(NotAllowed):
        step.act("developer", "begin")


def test_beyond_its_template_a_standard_change_is_decided_like_any_other(world, template):
    step = walk(world, **STANDARD).act("analyst", "submit")
    step.act("analyst", "edit", **{**STANDARD, "plan": "Restart it", "systems": ["erp", "portal"]})
    assert step.case.state == "awaiting_approval"
    for who in ("change_manager", "head", "supervisor", "ops_reviewer"):
        step.act(who, "approve")
    assert step.act("developer", "begin").case.state == "implementing"


# -- people ---------------------------------------------------------------------------------------
def test_a_system_whose_owner_left_is_decided_by_a_system_owner_of_the_unit(world):
    User.objects.filter(pk=world["owner"].pk).update(is_active=False)
    world["pm"].grants.create(
        role="system_owner", unit=world["head"].grants.get().unit, from_at=NOON - DAY
    )
    step = walk(world, "assessing")
    flow = step.case.lifecycle(step.case, None, step.at)
    assert any("Without an owner" in warning for warning in flow.warnings())
    step.act("change_manager", "assess", **MEDIUM)
    assert step.open_slots() == ["change_manager", "system_owner"]
    step.act("pm", "approve").act("change_manager", "approve")
    assert step.case.state == "scheduled"


def test_one_system_owner_decides_for_all_systems_without_an_owner(world):
    Service.objects.filter(code__in=("erp", "portal")).update(owner=None)
    step = walk(world, "assessing", systems=["erp", "portal"])
    step.act("change_manager", "assess", **MEDIUM)
    seat = Task.objects.get(case=step.case, slot="system_owner")
    claim_task(task=seat, actor=world["owner"], at=step.at)
    release_task(task=seat, actor=world["owner"], at=step.at)  # it goes back to the queue
    step.act("owner", "approve").act("change_manager", "approve")
    assert step.case.state == "scheduled"


def test_an_owner_who_asks_does_not_decide(world):
    step = walk(world, by="owner")
    step.act("owner", "submit")
    with refused(Conflict, "Too few people can decide"):
        step.act("change_manager", "assess", **MEDIUM)
