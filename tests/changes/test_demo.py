"""The demo world is alive whenever it is loaded: every state, every condition of a clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone

import agreements.demo
import changes.demo
import people.demo
from changes.states import OptimizationState
from workflows.events import broken_chains
from workflows.inbox import case_rows
from workflows.models import Case, Clock
from workflows.words import clock_level

AFTERNOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # Monday 15:00 in Shanghai
NIGHT = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)  # Sunday 04:30
NEW_YEAR = datetime(2026, 12, 31, 16, 10, tzinfo=UTC)  # 1 January 2027, 00:10
HOLIDAY = datetime(2026, 2, 19, 3, 0, tzinfo=UTC)  # in the Spring Festival


def build(at: datetime) -> None:
    for part in (people.demo, agreements.demo, changes.demo):
        part.build(at)


@pytest.mark.parametrize("at", [AFTERNOON, NIGHT, NEW_YEAR, HOLIDAY])
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_the_demo_world_can_be_built_at_any_time(db, at, zone):
    with timezone.override(zone):
        build(at)
    assert set(Case.objects.values_list("state", flat=True)) == set(OptimizationState.values)
    assert list(broken_chains()) == []


def test_in_working_hours_every_condition_of_a_clock_is_there(db):
    build(AFTERNOON)
    rows = case_rows(list(Case.objects.all()), AFTERNOON)
    shown = {clock_level(row.clock) for row in rows if row.clock}
    assert shown == {"on_track", "at_risk", "due_very_soon", "breached", "paused"}
    stopped = set(Clock.objects.exclude(state__in=Clock.LIVE).values_list("state", flat=True))
    assert stopped == {"met", "missed", "cancelled"}
