"""Walk a project and its gates from state to state through the door, at real times."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from people.models import User
from projects.actions import judge_evidence, show_evidence
from projects.models import Gate, Project
from projects.takeover import AGREES, TAKES_OVER, is_at
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Clock, Task

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
FILING = {
    "title": "供应商门户 Supplier portal", "project_kind": "application", "track": "full",
    "effort_days": "120", "goal": "Suppliers see their orders.", "systems": ["portal"],
    "manager": "pm", "starts_on": "2026-11-23", "ends_on": "2027-07-23",
}  # fmt: skip
LIGHT = {**FILING, "track": "light", "effort_days": "8", "ends_on": "2026-12-23"}
CONDITION = {"what": "Two more drills", "owner": "pm", "due_on": "2026-12-31"}
AGREEMENT = {"what": "The portal and its interfaces.", "when": "2027-07-23",
             "team": "Applications", "mode": "technical"}  # fmt: skip
TAKEN_OVER = {
    "mode": "technical", "mode_reason": "The team was trained.", "effort_days": "40",
    "skills": "yes", "yearly_cost": "120000", "budget_line": "IT-2028-07",
    "review_on": "2029-07-01", "business_owner": "owner", "criticality": "normal",
}  # fmt: skip
SAID = {"note": "The restore was not shown."}
WHY = {"reason": "Because."}
GOOD: dict[str, dict[str, Any]] = {
    "note_condition": CONDITION, "agree_on_conditions": SAID, "object": SAID, "rework": WHY,
    "reject": WHY, "take_back": WHY, "defer": {**WHY, "deferred_until": "2027-01-11"},
    "plan": {"planned_on": "2027-01-29"}, "write_agreement": AGREEMENT,
    "skip": {**WHY, "is_understood": True},
}  # fmt: skip
REVIEWERS = ("ops_reviewer", "supervisor", "desk")
ROUTES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "in_review": ("open", [("pm", "submit")]),
    "awaiting_verdict": ("in_review", [("ops_reviewer", "agree"), ("supervisor", "agree")]),
    "accepted": ("awaiting_verdict", [("head", "accept")]),
    "conditions": ("awaiting_verdict", [("head", "note_condition"), ("head", "accept")]),
    "skipped": ("open", [("head", "skip")]),
    "rejected": ("awaiting_verdict", [("head", "reject")]),
    "deferred": ("awaiting_verdict", [("head", "defer")]),
}
"""State → the state it is reached from, and who does what to get there."""


class Walk:
    """A gate on its way, by default the first of a full project."""

    def __init__(
        self, world: dict[str, User], *, by: str = "pm", at: datetime = NOON, **filing: Any
    ) -> None:
        self.world, self.at = world, at
        self.project: Project = open_case(
            "project", actor=world[by], at=at, **{**FILING, **filing}
        ).case  # fmt: skip
        self.case: Gate = self.gate(1)

    def gate(self, place: int) -> Gate:
        gate: Gate = Gate.objects.select_related("parent", "gate_kind").get(
            parent=self.project, place=place
        )
        return gate

    def act(self, who: str, action: str, *, after: timedelta = QUARTER, **data: Any) -> Walk:
        self.at += after
        if action == "submit":
            self.make_ready()
        if action == "accept":
            self.judge()
            if is_at(self.case, TAKES_OVER):
                data = {**TAKEN_OVER, **data}
        self.case = perform(
            self.case, action, actor=self.world[who], at=self.at,
            **{**GOOD.get(action, {}), **data},
        ).case  # fmt: skip
        return self

    def make_ready(self) -> None:
        """Let the trial pass, agree on the handover, and show every must."""
        if self.case.trial_until is not None:
            ended = self.case.trial_until + DAY
            self.at = max(self.at, datetime.combine(ended, NOON.timetz()))
        self.show()

    def show(self, *, leave: str = "") -> Walk:
        """Show evidence for every must but the one of code `leave`, and the agreement."""
        if is_at(self.case, AGREES) and self.case.state == "open":
            perform(self.case, "write_agreement", actor=self.world["pm"], at=self.at, **AGREEMENT)
        for one in self.case.criteria:
            if one.is_must and one.code != leave:
                show_evidence(
                    gate=self.case, criterion=one, evidence="See the folder.", link="",
                    is_left_out=False, actor=self.world["pm"], at=self.at,
                )  # fmt: skip
        return self

    def judge(self, *, leave: str = "", who: str = "ops_reviewer") -> Walk:
        """Pass every must but the one of code `leave`."""
        for one in self.case.criteria:
            if one.is_must and one.code != leave:
                judge_evidence(gate=self.case, criterion=one, result="pass", remark="",
                               actor=self.world[who], at=self.at)  # fmt: skip
        return self

    def to(self, state: str) -> Walk:
        if self.case.state == state:
            return self
        before, steps = ROUTES[state]
        self.to(before)
        for who, action in steps:
            self.act(who, action)
        assert self.case.state == state
        return self

    def pass_on(self) -> Walk:
        """Bring the gate through, and go to the next."""
        self.act("pm", "submit")
        for slot in self.open_slots():
            self.act({"ops_reviewer": "ops_reviewer", "supervisor": "supervisor",
                      "service_desk": "desk"}[slot], "agree")  # fmt: skip
        self.act("head", "accept")
        assert self.case.state == "accepted"
        if Gate.objects.filter(parent=self.project, place=self.case.place + 1).exists():
            self.case = self.gate(self.case.place + 1)
        return self

    def open_slots(self) -> list[str]:
        return sorted(Task.objects.open().filter(case=self.case).values_list("slot", flat=True))

    def clock(self, metric: str) -> Clock:
        return self.case.clocks.filter(metric=metric).latest("pk")


def walk(world: dict[str, User], state: str = "open", **filing: Any) -> Walk:
    step = Walk(world, **filing)
    if state == "planned":
        step.case = step.gate(2)
        return step
    if state == "cancelled":
        perform(step.project, "cancel", actor=world["head"], at=step.at + QUARTER, **WHY)
        step.case = step.gate(1)
        return step
    return step.to(state)
