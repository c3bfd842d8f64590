"""Every type of change from the draft to its end: through the door, on the pages, by the API."""

from __future__ import annotations

from datetime import date

import pytest

from change_control.models import ChangeTemplate
from tests.change_control.walking import HIGH, MEDIUM
from tests.change_control.ways import WAYS
from workflows.events import broken_chains
from workflows.invariants import violations

DONE = {"began_at": "2026-11-21T10:00", "finished_at": "2026-11-21T11:00"}
IN_ITS_WINDOW = [("developer", "begin", {}), ("developer", "tick", {"step": 1}),
                 ("developer", "finish", {}), ("tester", "verify", {})]  # fmt: skip
BY_TWO = [("analyst", "submit", {}), ("head", "approve", {}), ("change_manager", "approve", {})]

STORIES = {
    "standard": (
        {"type": "standard", "template": "reindex"},
        [("analyst", "submit", {}), *IN_ITS_WINDOW],
        ("closed", "successful"),
    ),
    "low": (
        {},
        [("analyst", "submit", {}), ("change_manager", "assess", {}),
         ("change_manager", "approve", {}), *IN_ITS_WINDOW],
        ("closed", "successful"),
    ),
    "medium": (
        {},
        [("analyst", "submit", {}), ("change_manager", "assess", MEDIUM),
         ("owner", "approve", {}), ("change_manager", "approve", {}), *IN_ITS_WINDOW],
        ("closed", "successful"),
    ),
    "high": (
        {},
        [("analyst", "submit", {}), ("change_manager", "assess", HIGH), ("head", "approve", {}),
         ("supervisor", "approve", {}), ("ops_reviewer", "approve", {}),
         ("change_manager", "approve", {}), *IN_ITS_WINDOW],
        ("closed", "successful"),
    ),
    "emergency": (
        {"type": "emergency"},
        [*BY_TWO, *IN_ITS_WINDOW, ("change_manager", "add_review_action", {}),
         ("change_manager", "close_review", {})],
        ("closed", "successful"),
    ),
    "unauthorised": (
        {"type": "unauthorised", **DONE},
        [*BY_TWO, ("change_manager", "close_review", {})],
        ("closed", ""),
    ),
    "backed out": (
        {},
        [("analyst", "submit", {}), ("change_manager", "assess", {}),
         ("change_manager", "approve", {}), ("developer", "begin", {}),
         ("developer", "back_out", {}), ("developer", "confirm_back_out", {}),
         ("change_manager", "close_review", {})],
        ("closed", "backed_out"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("story", STORIES)
def test_a_change_goes_from_its_draft_to_its_end(world, way, story):
    filing, steps, end = STORIES[story]
    ChangeTemplate.objects.create(
        code="reindex", name="New index", plan="Build", owner=world["change_manager"],
        expires_on=date(2027, 1, 1),
    )  # fmt: skip
    step = WAYS[way](world, **filing)
    for who, action, data in steps:
        step.act(who, action, **data)
    assert (step.case.state, step.case.outcome) == end
    assert list(violations(step.at)) == []
    assert not list(broken_chains())
