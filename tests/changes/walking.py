"""Walk an optimization request through the door, to any of its states."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from changes.models import Optimization
from people.models import User
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Clock, Task

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)

FILING = {
    "title": "报表自动汇总",
    "service": "erp",
    "wanted": "每天自动汇总",
    "urgency": "normal",
}
WHY = {"reason": "because"}
EFFORT_6 = {"effort_analysis": "1", "effort_development": "4", "effort_testing": "1"}
EFFORT_11 = {"effort_analysis": "1", "effort_development": "9", "effort_testing": "1"}

GOOD: dict[str, dict[str, Any]] = {
    "start_triage": {},
    "pass_to_assessment": {"service": "erp", "priority": "high", "size": "small"},
    "ask_requester": {"note": "Which report?"},
    "answer": {"note": "The monthly one."},
    "reject": WHY,
    "propose": {
        **EFFORT_6,
        "solution": "A nightly job.",
        "risk": "low",
        "due_on": "2026-12-04",
        "requirement_document": "Totals per plant.",
    },
    "split_off": {**EFFORT_6, "rest_title": "The rest", "rest_wanted": "Charts", **WHY},
    "convert": WHY,
    "approve": {},
    "send_back": WHY,
    "decline": {"note": "too dear"},
    "hand_to_test": {"development_document": "One job; drop it to undo."},
    "book_effort": {"worked_on": "2026-11-23", "effort": "0.5"},
    "re_estimate": {**EFFORT_6, **WHY},
    "outsource": {"supplier": "Acme", **WHY},
    "take_delivery": {"development_document": "As delivered."},
    "take_back": WHY,
    "pass_test": {"change_reference": "CHG-1", "went_live_on": "2026-11-23"},
    "fail_test": WHY,
    "accept": {"rating": "5"},
    "refuse": WHY,
    "dispute": WHY,
    "order_rework": WHY,
    "close_anyway": WHY,
    "close_unanswered": {},
    "withdraw": WHY,
    "reopen": WHY,
    "rate": {"rating": "4"},
}
"""Data every action takes."""

REWORKED = [
    ("requester", "refuse"),
    ("developer", "hand_to_test"),
    ("tester", "pass_test"),
]
ROUTES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "triage": ("submitted", [("desk", "start_triage")]),
    "assessing": ("triage", [("desk", "pass_to_assessment")]),
    "returned": ("assessing", [("analyst", "ask_requester")]),
    "over_limit": ("assessing", [("analyst", "propose")]),
    "awaiting_approval": ("assessing", [("analyst", "propose")]),
    "in_development": ("awaiting_approval", [("owner", "approve"), ("head", "approve")]),
    "outsourced": ("in_development", [("developer", "outsource")]),
    "testing": ("in_development", [("developer", "hand_to_test")]),
    "accepting": ("testing", [("tester", "pass_test")]),
    "arbitrating": ("accepting", [*REWORKED, *REWORKED, ("requester", "dispute")]),
    "closed": ("accepting", [("requester", "accept")]),
    "rejected": ("submitted", [("desk", "reject")]),
    "withdrawn": ("submitted", [("requester", "withdraw")]),
    "converted": ("over_limit", [("head", "convert")]),
}
"""State → the state before it, and who does what from there; `over_limit` asks for 11 days."""


class Walk:
    """A request on its way: `case` and `at` are where and when it stands."""

    def __init__(
        self, world: dict[str, User], *, by: str = "requester", at: datetime = NOON, **filing: Any
    ) -> None:
        self.world = world
        self.at = at
        data = {**FILING, **filing}
        self.case: Optimization = open_case("optimization", actor=world[by], at=at, **data).case

    def act(self, who: str, action: str, *, after: timedelta = QUARTER, **data: Any) -> Walk:
        self.at += after
        person, values = self.world[who], {**GOOD[action], **data}
        if action == "pass_to_assessment":
            values |= {"service": self.case.service.code}
        self.case = perform(self.case, action, actor=person, at=self.at, **values).case
        return self

    def to(self, state: str) -> Walk:
        """Go on to `state` by its usual way, from where the case stands."""
        if self.case.state == state:
            return self
        before, steps = ROUTES[state]
        self.to(before)
        for who, action in steps:
            self.act(who, action, **(EFFORT_11 if state == "over_limit" else {}))
        assert self.case.state == state
        return self

    @property
    def task(self) -> Task:
        """The one open task, or the first of several."""
        task = self.case.tasks.open().first()
        assert task is not None
        return task

    def clock(self, metric: str) -> Clock:
        found: Clock = self.case.clocks.filter(metric=metric).latest("pk")
        return found


def walk(world: dict[str, User], to: str = "submitted", **filing: Any) -> Walk:
    """File a request and walk it to the state `to`, a quarter of an hour per step from NOON."""
    return Walk(world, **filing).to(to)
