"""The demo world has changes in every state, whenever it is loaded."""

from __future__ import annotations

import pytest

import agreements.demo
import change_control.demo
import people.demo
from change_control.conflicts import conflicts_between
from change_control.models import Change
from change_control.states import ChangeState
from tests.changes.test_demo import AFTERNOON, HOLIDAY, NEW_YEAR, NIGHT
from workflows.events import broken_chains
from workflows.invariants import violations


@pytest.mark.parametrize("at", [AFTERNOON, NIGHT, NEW_YEAR, HOLIDAY])
def test_the_demo_world_has_changes_in_every_state_at_any_time(db, at):
    for part in (people.demo, agreements.demo, change_control.demo):
        part.build(at)
    assert set(Change.objects.values_list("state", flat=True)) == set(ChangeState.values)
    assert list(broken_chains()) == []
    assert list(violations(at)) == []
    month = conflicts_between(at, at + change_control.demo.LONG_AGO, at)
    kinds = {conflict.kind for found in month.values() for conflict in found}
    assert {"same_system", "outside_window"} <= kinds
