"""Clocks under other terms: what was counted stays, the rest is recomputed, and it is said."""

from datetime import timedelta

import pytest

from agreements.actions import revise_standard
from agreements.models import Standard, StandardVersion
from tests.changes.walking import walk
from tests.world import NOON
from workflows.clocks import read
from workflows.invariants import violations
from workflows.passages import passage
from workflows.retiming import migrate, preview, rematch

pytestmark = pytest.mark.engine

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def urgent_answer(world):
    """A standard of 4 business hours for what is of high priority."""
    normal = Standard.objects.get(code="optimization-response").versions.get()
    urgent = Standard.objects.create(
        code="urgent", name="Urgent", metric="response", kind="optimization", priority="high"
    )
    StandardVersion.objects.create(
        standard=urgent, number=1, amount=4, unit=StandardVersion.Unit.BUSINESS_HOURS,
        calendar=normal.calendar, effective_from=normal.effective_from,
    )  # fmt: skip


def test_a_higher_priority_gives_a_running_clock_another_standard(world):
    """1 business day from 10:00 is Tuesday 10:00; 4 business hours are 15:00, the lunch between."""
    urgent_answer(world)
    step = walk(world)
    with passage(step.case, actor=world["desk"], at=NOON + HOUR) as move:
        move.case.priority = "high"
        rematch(move, {"priority"})
    clock = step.clock("response")
    assert clock.standard.standard.code == "urgent"
    assert clock.due_at == NOON + 5 * HOUR
    assert clock.elapsed == HOUR
    assert clock.first_due_at == NOON + DAY


def test_a_running_clock_moves_only_when_somebody_migrates_it(world):
    """From 1 business day to 2: nothing moves by itself; the preview counts, migrating moves."""
    step = walk(world)
    before = step.clock("response")
    standard = Standard.objects.get(code="optimization-response")
    revise_standard(standard, actor=world["service_manager"], effective_from=NOON, amount=2)
    assert step.clock("response").due_at == before.due_at
    planned = preview(standard, NOON + HOUR)
    assert [move.clock.pk for move in planned] == [before.pk]
    assert not planned[0].flips_to_breached(NOON + HOUR)
    moved = migrate(standard, actor=world["service_manager"], at=NOON + HOUR)
    after = step.clock("response")
    assert moved == 1
    assert after.due_at == before.due_at + DAY  # Tuesday 10:00 becomes Wednesday 10:00
    assert after.first_due_at == before.first_due_at
    assert after.elapsed == HOUR
    event = step.case.events.latest("seq")
    assert (event.action, event.actor.username) == ("retime", "service_manager")
    assert event.data["before"] == before.due_at.isoformat()


def test_the_preview_counts_what_would_be_overdue_at_once(world):
    """From 1 business day to 1 business hour, seen two hours in."""
    step = walk(world)
    standard = Standard.objects.get(code="optimization-response")
    hours = {"amount": 1, "unit": StandardVersion.Unit.BUSINESS_HOURS}
    revise_standard(standard, actor=world["service_manager"], effective_from=NOON, **hours)
    later = NOON + 2 * HOUR
    assert [move.flips_to_breached(later) for move in preview(standard, later)] == [True]
    assert read(step.clock("response"), later).remaining == 6 * HOUR  # of 8


def test_a_stopped_clock_is_never_moved(world):
    step = walk(world, "assessing")
    standard = Standard.objects.get(code="optimization-response")
    revise_standard(standard, actor=world["service_manager"], effective_from=NOON, amount=2)
    assert preview(standard, step.at) == []


def test_a_later_delivery_date_is_approved_first_and_then_holds(world):
    step = walk(world, "in_development")
    agreed = step.clock("delivery").budget
    step.act("developer", "re_estimate", due_on="2026-12-07")  # Monday instead of Friday the 4th
    assert step.case.state == "awaiting_approval"
    step.act("owner", "approve").act("head", "approve")
    assert step.case.state == "in_development"
    assert step.clock("delivery").budget == agreed + 8 * HOUR
    assert "retime" in step.case.events.values_list("action", flat=True)


def test_what_an_action_retimes_is_told_before_the_case_moves(world):
    step = walk(world, "in_development").act("developer", "re_estimate", due_on="2026-12-07")
    moved, retimed = step.case.events.order_by("-seq")[:2]
    assert (retimed.action, retimed.target) == ("retime", "in_development")
    assert (moved.action, moved.source) == ("re_estimate", "in_development")
    assert list(violations(step.at)) == []


def test_an_earlier_delivery_date_holds_at_once(world):
    step = walk(world, "in_development")
    agreed = step.clock("delivery").budget
    step.act("developer", "re_estimate", due_on="2026-12-03")
    assert step.case.state == "in_development"
    assert step.clock("delivery").budget == agreed - 8 * HOUR


def test_late_by_the_clock_on_the_wall_reads_late_before_working_hours_go_on(world):
    closing = NOON + 8 * HOUR  # Monday 18:00 in Shanghai
    step = walk(world)
    clock = step.clock("response")
    clock.due_at, clock.budget = closing, 7 * HOUR  # 10:00 to 18:00 less the hour of lunch
    assert read(clock, closing).remaining == timedelta()
    assert read(clock, closing + timedelta(minutes=1)).remaining < timedelta()
