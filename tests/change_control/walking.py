"""Walk a change through the door, to any of its states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from change_control.models import Change
from people.models import User
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Clock, Task

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
OPENS = datetime(2026, 11, 28, 14, 0, tzinfo=UTC)
"""Saturday, 22:00 in Shanghai: when the window begins; four hours later it is over."""

FILING: dict[str, Any] = {
    "title": "New index on invoices",
    "type": "normal",
    "what": "An index over invoice date.",
    "reason": "Month-end takes six hours.",
    "systems": ["erp"],
    "time_zone": "Asia/Shanghai",
    "starts_at": "2026-11-28T22:00",
    "ends_at": "2026-11-29T02:00",
    "outage_minutes": "30",
    "plan": "Stop the jobs\nBuild the index\nStart the jobs",
    "test_evidence": "Built on a copy in 20 minutes.",
    "backout_plan": "Drop the index.",
    "backout_minutes": "30",
    "return_until": "2026-11-29T01:00",
    "implementer": "developer",
    "verifier": "tester",
}
WHY = {"reason": "because"}
LOW = {
    "impact": "none", "reach": "team", "complexity": "one", "tested": "like_production",
    "reversible": "at_once", "experience": "often", "timing": "quiet",
}  # fmt: skip
MEDIUM = {**LOW, "impact": "core"}
HIGH = {**MEDIUM, "tested": "no"}

GOOD: dict[str, dict[str, Any]] = {
    "edit": {name: value for name, value in FILING.items() if name not in ("title", "type")},
    "submit": {},
    "assess": LOW,
    "send_back": WHY,
    "reject": WHY,
    "approve": {},
    "decline": WHY,
    "escalate": {},
    "except_from_freeze": {"freeze_override": "The law asks for it."},
    "hold": WHY,
    "resume": {},
    "withdraw": WHY,
    "begin": {},
    "tick": {"step": 1},
    "finish": {"outcome": "successful"},
    "back_out": WHY,
    "confirm_back_out": {},
    "fail": WHY,
    "verify": {},
    "add_review_action": {
        "what": "Test on a full copy",
        "owner": "tester",
        "due_on": "2026-12-31",
    },
    "close_review": {"cause": "Too little space.", "lessons": "Look at the space first."},
}
"""Data every action takes."""

ROUTES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "assessing": ("draft", [("analyst", "submit")]),
    "returned": ("assessing", [("change_manager", "send_back")]),
    "awaiting_approval": ("assessing", [("change_manager", "assess")]),
    "scheduled": ("awaiting_approval", [("change_manager", "approve")]),
    "on_hold": ("scheduled", [("analyst", "hold")]),
    "implementing": ("scheduled", [("developer", "begin")]),
    "verifying": ("implementing", [("developer", "finish")]),
    "backing_out": ("implementing", [("developer", "back_out")]),
    "backed_out": ("backing_out", [("developer", "confirm_back_out")]),
    "failed": ("implementing", [("developer", "fail")]),
    "closed": ("verifying", [("tester", "verify")]),
    "rejected": ("assessing", [("change_manager", "reject")]),
    "withdrawn": ("draft", [("analyst", "withdraw")]),
}
"""State → the state before it, and who does what from there."""


class Walk:
    """A change on its way: `case` and `at` are where and when it stands."""

    def __init__(
        self, world: dict[str, User], *, by: str = "analyst", at: datetime = NOON, **filing: Any
    ) -> None:
        self.world = world
        self.at = at
        self.case: Change = self.file(by, {**FILING, **filing})

    def file(self, who: str, data: dict[str, Any]) -> Change:
        case: Change = open_case("change", actor=self.world[who], at=self.at, **data).case
        return case

    def do(self, who: str, action: str, values: dict[str, Any]) -> Change:
        case: Change = perform(
            self.case, action, actor=self.world[who], at=self.at, **values
        ).case  # fmt: skip
        return case

    def act(self, who: str, action: str, *, after: timedelta = QUARTER, **data: Any) -> Walk:
        self.at += after
        if action == "begin":
            self.at = max(self.at, OPENS)
        values = {**GOOD[action], **data}
        self.case = self.do(who, action, values)
        return self

    def to(self, state: str) -> Walk:
        """Go on to `state` by its usual way, from where the case stands."""
        if self.case.state == state:
            return self
        before, steps = ROUTES[state]
        self.to(before)
        for who, action in steps:
            self.act(who, action)
        assert self.case.state == state
        return self

    @property
    def task(self) -> Task:
        return Task.objects.open().get(case=self.case)

    def open_slots(self) -> list[str]:
        return sorted(Task.objects.open().filter(case=self.case).values_list("slot", flat=True))

    def clock(self, metric: str) -> Clock:
        return self.case.clocks.filter(metric=metric).latest("pk")


EMERGENCY = [
    ("analyst", "submit"), ("head", "approve"), ("change_manager", "approve"),
    ("developer", "begin"), ("developer", "finish"), ("tester", "verify"),
]  # fmt: skip


def walk(world: dict[str, User], state: str = "draft", **filing: Any) -> Walk:
    """Walk a change to `state`; to the review it comes as an emergency."""
    if state != "review":
        return Walk(world, **filing).to(state)
    step = Walk(world, type="emergency", **filing)
    for who, action in EMERGENCY:
        step.act(who, action)
    return step
