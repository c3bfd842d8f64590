"""Projects of the demo world: six in different phases, one late, one with conditions.

Each is walked through the door at instants of the past, so its story is as real as any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.timezone import localdate

from agreements.actions import Loaded
from people.models import User
from projects import defaults
from projects.actions import judge_evidence, show_evidence
from projects.models import Gate, Project
from projects.rules import opinions
from projects.supervision import demo as supervision
from projects.takeover import AGREES, is_at
from workflows.door import open_case, perform
from workflows.sweep import sweep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVIEWERS = {"ops_reviewer": "ops_reviewer", "supervisor": "supervisor", "service_desk": "desk"}


@dataclass
class Story:
    """One project being told; each step takes half an hour."""

    people: dict[str, User]
    at: datetime
    project: Project = field(init=False)
    gate: Gate = field(init=False)

    def open(self, title: str, *, months: int, kind: str = "application", **more: Any) -> Story:
        starts = localdate(self.at)
        data = {
            "title": title, "project_kind": kind, "track": "full", "effort_days": "160",
            "goal": "业务部门可自助办理。\n\nUnits can help themselves.", "systems": ["portal"],
            "manager": "pm", "starts_on": starts.isoformat(),
            "ends_on": (starts + 30 * months * DAY).isoformat(), **more,
        }  # fmt: skip
        self.project = open_case("project", actor=self.people["pm"], at=self.at, **data).case
        return self.to_gate(1)

    def team(self, **members: str) -> Story:
        """Let people join, each as what the name says; and one at the vendor's."""
        joining: list[dict[str, Any]] = [
            *({"part": part, "person": who} for part, who in members.items()),
            {"part": "vendor", "contact": "赵工 Zhao, 示例软件 Example Software, 021-5550 1234"},
        ]
        for data in joining:
            perform(self.project, "change_team", actor=self.people["pm"], at=self.at, **data)
        return self

    def to_gate(self, place: int) -> Story:
        gates: Any = self.project.gates  # to mypy these are cases
        self.gate = gates.select_related("parent", "gate_kind").get(place=place)
        return self

    def do(self, who: str, action: str, **data: Any) -> Story:
        self.at += HOUR / 2
        self.gate = perform(self.gate, action, actor=self.people[who], at=self.at, **data).case
        return self

    def submitted(self) -> Story:
        if is_at(self.gate, AGREES):
            self.do(
                "pm", "write_agreement", mode="technical", team="应用运维组 Application operations",
                what="系统、接口与资料。The system, its interfaces and its papers.",
                when=self.project.ends_on.isoformat(),
            )  # fmt: skip
        for one in self.gate.criteria:
            if one.is_must:
                show_evidence(
                    gate=self.gate, criterion=one, evidence=f"见项目资料 {one.code} See the folder",
                    link="", is_left_out=False, actor=self.people["pm"], at=self.at,
                )  # fmt: skip
        return self.do("pm", "submit")

    def judged(self, *, short: str = "") -> Story:
        for one in self.gate.criteria:
            if one.is_must:
                is_short = one.code == short
                judge_evidence(
                    gate=self.gate, criterion=one, result="partly" if is_short else "pass",
                    remark="缺一次演练。One drill is missing." if is_short else "",
                    actor=self.people["ops_reviewer"], at=self.at,
                )  # fmt: skip
        return self

    def heard(self) -> Story:
        for seat in opinions(self.gate.lifecycle(self.gate)):
            self.do(REVIEWERS[seat.role], "agree", note="同意。Agreed.")
        return self

    def passed(self, count: int, every: timedelta) -> Story:
        """Bring so many gates through, one in each such time, and stand at the next."""
        for _ in range(count):
            begun = self.at
            self.submitted().heard().judged().do("head", "accept")
            self.at = begun + every
            if self.project.gates.filter(place=self.gate.place + 1).exists():
                self.to_gate(self.gate.place + 1)
        return self


def build(at: datetime) -> None:
    """Tell the six stories up to `at`."""
    defaults.load(Loaded([], []))
    people = {user.username: user for user in User.objects.select_related("unit")}

    def story(ago: timedelta) -> Story:
        return Story(people, at - ago)

    story(3 * DAY).open("客户自助门户 Customer portal", months=8)
    story(100 * DAY).open(
        "数据仓库升级 Data warehouse", months=5, systems=["finance-system"]
    ).passed(2, 20 * DAY)  # fmt: skip
    reviewed = story(60 * DAY).open(
        "园区网络改造 Campus network", months=6, kind="platform", effort_days="320",
        systems=["production-system"],
    ).passed(2, 25 * DAY)  # fmt: skip
    reviewed.submitted().do(
        "supervisor", "object", note="核心链路没有冗余。No second path in the core."
    )
    _with_conditions(story(90 * DAY), localdate(at))
    story(150 * DAY).open("生产排程 Production planning", months=6, systems=["erp"]).passed(
        6, 24 * DAY
    )  # stands in trial operation
    light = story(5 * DAY).open(
        "打印服务迁移 Move of the print service", months=1, track="light", effort_days="8"
    )  # fmt: skip
    light.submitted().heard()
    found: Any = Project.objects.all()  # to mypy these are cases
    supervision.build(people, {one.title.split()[0]: one for one in found}, at)
    sweep(at)


def _with_conditions(conditions: Story, today: date) -> None:
    """Tell of a project with a team, a skipped gate, and a gate accepted with a condition."""
    conditions.open("供应商协同 Supplier portal", months=6, systems=["supply-system"])
    conditions.team(business_owner="owner", developer="developer", tester="tester")
    conditions.passed(3, 25 * DAY).do(
        "head", "skip", is_understood=True,
        reason="成品采购，不做二次开发。Bought as it is, nothing is built.",
    ).to_gate(5)  # fmt: skip
    conditions.submitted().heard().judged(short="G5-02")
    due = (today + 12 * DAY).isoformat()
    conditions.do(
        "head",
        "note_condition",
        what="再演练一次恢复 One more restore drill",
        owner="pm",
        due_on=due,
    ).do("head", "accept")
