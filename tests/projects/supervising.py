"""Walk a supervision, its findings and their proposals from state to state through the door."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from people.actors import automation
from people.models import User
from projects.models import Finding, Gate, Project, Proposal, Supervision
from tests.projects.walking import FILING, QUARTER, WHY
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Clock

DECLARED = {"did_not_design": True, "did_not_bid": True, "has_no_vote": True}
CONCLUDED = {"conclusion": "sound", "note": "Two suppliers were compared."}
ADVICE = {"title": "One log for all", "text": "Let every part write to one log.",
          "area": "scheme", "severity": "advice"}  # fmt: skip
MUST_FIX = {"title": "One node only", "text": "The database has no second node.",
            "area": "architecture", "severity": "must_fix", "due_on": "2026-12-31"}  # fmt: skip
YES, NO = {"note": "It will be done."}, {"reason": "It costs too much."}
GOOD: dict[str, dict[str, Any]] = {
    "ask_supervision": {"focus": "The selection of the database."},
    "take_on": DECLARED, "conclude_selection": CONCLUDED, "conclude_architecture": CONCLUDED,
    "step_aside": WHY, "withdraw": WHY, "accept": YES, "reject": NO, "give_in": YES,
    "defer": {**NO, "deferred_until": "2027-02-01"}, "send_back": WHY, "insist": WHY,
    "report": {"note": "A second node runs."}, "verify": {"note": "Seen it fail over."},
    "overrule": {"reason": "It is replaced in March anyway."},
    "uphold": {**WHY, "due_on": "2027-01-15"}, "plan": {**WHY, "due_on": "2027-01-15"},
    "adopt": {"gate": "G3", "code": "G3-90", "level": "must", "area": "both",
              "text": "No part stands alone."},
    "decline": {"reason": "It is in the white paper."},
}  # fmt: skip
Route = dict[str, tuple[str, list[tuple[str, str]]]]
SUPERVISION: Route = {
    "selection": ("requested", [("supervisor", "take_on")]),
    "architecture": ("selection", [("supervisor", "conclude_selection")]),
    "advising": ("architecture", [("supervisor", "conclude_architecture")]),
}
FINDING: Route = {
    "accepted": ("raised", [("pm", "accept")]),
    "reported": ("accepted", [("pm", "report")]),
    "closed": ("reported", [("supervisor", "verify")]),
    "disputed": ("raised", [("pm", "reject")]),
    "insisted": ("disputed", [("supervisor", "insist")]),
    "overruled": ("insisted", [("head", "overrule")]),
    "withdrawn": ("raised", [("supervisor", "withdraw")]),
    "deferred": ("raised", [("pm", "defer")]),
}


class Step:
    """A case on its way; `case` is the one that is acted on."""

    def __init__(self, world: dict[str, User], case: Any, at: datetime) -> None:
        self.world, self.case, self.at = world, case, at

    def act(self, who: str, action: str, *, after: timedelta = QUARTER, **data: Any) -> Any:
        self.at += after
        self.case = perform(
            self.case, action, actor=self.world[who], at=self.at,
            **{**GOOD.get(action, {}), **data},
        ).case  # fmt: skip
        return self

    def to(self, routes: Route, state: str) -> Any:
        if self.case.state == state:
            return self
        before, steps = routes[state]
        self.to(routes, before)
        for who, action in steps:
            self.act(who, action)
        assert self.case.state == state
        return self

    def clock(self, metric: str) -> Clock:
        return self.case.clocks.filter(metric=metric).latest("pk")


class Watched(Step):
    """The supervision of a project."""

    def __init__(
        self, world: dict[str, User], at: datetime = NOON, by: str = "pm", **more: Any
    ) -> None:
        self.project: Project = open_case(
            "project", actor=world["pm"], at=at, **{**FILING, **more}
        ).case  # fmt: skip
        perform(self.project, "ask_supervision", actor=world[by], at=at, **GOOD["ask_supervision"])
        super().__init__(world, Supervision.objects.get(parent=self.project), at)

    def gate(self, place: int) -> Gate:
        gates: Any = Gate.objects.select_related("parent", "gate_kind")
        return gates.get(parent=self.project, place=place)

    def find(self, **more: Any) -> Step:
        """Raise a finding, by default a must-fix, and go on with it."""
        self.act("supervisor", "raise_finding", **{**MUST_FIX, **more})
        found: Any = Finding.objects.select_related("parent__manager", "raised_in__supervisor")
        return Step(self.world, found.latest("pk"), self.at)


def supervise(world: dict[str, User], state: str = "selection", **more: Any) -> Watched:
    step = Watched(world, **more)
    if state == "closed":
        step.to(SUPERVISION, "advising")
        decide_gates(step)
        return step.act("supervisor", "close")
    if state == "cancelled":
        return step.act("head", "withdraw")
    return step.to(SUPERVISION, state)


def decide_gates(step: Watched) -> None:
    """Cancel the gates: the shortest way to have all of them decided."""
    for gate in Gate.objects.filter(parent=step.project).order_by("place"):
        perform(gate, "cancel", actor=automation(), at=step.at)


def find(world: dict[str, User], state: str = "raised", **more: Any) -> Step:
    watched = supervise(world)
    step = watched.find(**more)
    if state == "cancelled":
        perform(watched.project, "cancel", actor=world["head"], at=step.at, **WHY)
        step.case.refresh_from_db()
        return step
    return step.to(FINDING, state)


def proposed(world: dict[str, User], state: str = "proposed", **more: Any) -> Step:
    """Find the same in three projects."""
    for _ in range(3):
        last = find(world, **{"pattern": "single point", **more})
    step = Step(world, Proposal.objects.latest("pk"), last.at)
    if state == "adopted":
        return step.act("service_manager", "adopt", code=f"G3-{89 + Proposal.objects.count()}")
    return step.act("service_manager", "decline") if state == "declined" else step
