"""Technical supervision in the demo world: findings of every kind, and what they propose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localdate

from people.models import User
from projects.models import Finding, Project, Supervision
from projects.supervision.forms import DeclarationForm
from workflows.door import perform

DAY, HALF_AN_HOUR = timedelta(days=1), timedelta(minutes=30)
SINGLE_POINT = "单点故障 single point of failure"
NO_SECOND_LINE: dict[str, Any] = {
    "title": "核心没有备用 No spare for the core", "area": "architecture", "severity": "must_fix",
    "pattern": SINGLE_POINT, "clause": "G3-01",
    "text": "一处中断则全部中断。\n\nWhere it fails, everything fails.",
}  # fmt: skip
LOG: dict[str, Any] = {
    "title": "接口没有重试 Interface without retry", "area": "integration", "severity": "should",
    "text": "对方短时中断会丢单。\n\nAn order is lost when the other side is away for a moment.",
}  # fmt: skip
LOAD: dict[str, Any] = {
    "title": "按高峰再压测一次 Another load test at the peak", "area": "performance",
    "severity": "advice", "text": "季末并发约为三倍。\n\nThe end of a quarter brings three times the load.",
}  # fmt: skip
SCHEME: dict[str, Any] = {
    "title": "统一日志格式 One format of logs", "area": "scheme", "severity": "should",
    "text": "各模块日志格式不同。\n\nEvery module writes a format of its own.",
}  # fmt: skip


@dataclass
class Supervised:
    """A supervision being told; each step takes half an hour."""

    people: dict[str, User]
    project: Project
    at: datetime

    def do(self, who: str, case: Any, action: str, **data: Any) -> Any:
        self.at += HALF_AN_HOUR
        return perform(case, action, actor=self.people[who], at=self.at, **data).case

    def begun(self, *, reviews: int) -> Supervised:
        """Have it taken on, and so many reviews concluded."""
        self.do("pm", self.project, "ask_supervision",
                focus="选型与总体架构。\n\nThe selection, and the architecture as a whole.")  # fmt: skip
        declared = dict.fromkeys(DeclarationForm.base_fields, True) | {"note": ""}
        self.do("supervisor", self.supervision, "take_on", **declared)
        for name in ("conclude_selection", "conclude_architecture")[:reviews]:
            self.do("supervisor", self.supervision, name, conclusion="on_findings",
                    note="见监理意见。See the findings.")  # fmt: skip
        return self

    @property
    def supervision(self) -> Supervision:
        supervisions: Any = self.project.supervisions  # to mypy these are cases
        found: Supervision = supervisions.get(is_live=True)
        return found

    def find(self, finding: dict[str, Any], *steps: tuple[str, str, dict[str, Any]]) -> Supervised:
        due = (localdate(self.at) + 30 * DAY).isoformat()
        self.do("supervisor", self.supervision, "raise_finding", **{"due_on": due, **finding})
        case: Any = Finding.objects.filter(parent=self.project).latest("pk")
        for who, action, data in steps:
            case = self.do(who, case, action, **data)
        return self


def accepted() -> tuple[str, str, dict[str, Any]]:
    return ("pm", "accept", {"note": "本月内完成。Done within this month."})


def build(people: dict[str, User], projects: dict[str, Project], at: datetime) -> None:
    """Tell of three supervised projects, by the Chinese part of their titles."""
    network = Supervised(people, projects["园区网络改造"], at - 9 * DAY).begun(reviews=1)
    network.find(
        NO_SECOND_LINE,
        ("pm", "reject", {"reason": "预算不足。The budget does not reach that far."}),
        ("supervisor", "insist", {"reason": "核心必须冗余。The core needs a second path."}),
    )
    network.find(SCHEME, accepted(), ("pm", "report", {"note": "已统一。All write JSON now."}))
    network.find(LOAD, ("pm", "reject", {"reason": "上线后再测。We test once it is live."}))

    portal = Supervised(people, projects["供应商协同"], at - 8 * DAY).begun(reviews=2)
    portal.find(NO_SECOND_LINE)  # the reply is overdue
    portal.find(LOG, accepted())
    portal.find(
        {**SCHEME, "title": "缺少接口版本 Interfaces without a version"},
        ("pm", "defer", {"reason": "二期处理。In the second phase.",
                         "deferred_until": (localdate(at) + 10 * DAY).isoformat()}),
    )  # fmt: skip
    portal.find(
        {**LOG, "severity": "must_fix", "title": "口令写在脚本里 Passwords in a script"}, accepted(),
        ("pm", "report", {"note": "已移入密码库。Moved to the vault."}),
        ("supervisor", "verify", {"note": "已复核。Verified in the repository."}),
    )  # fmt: skip

    warehouse = Supervised(people, projects["数据仓库升级"], at - 2 * DAY).begun(reviews=0)
    warehouse.find(
        NO_SECOND_LINE, ("pm", "reject", {"reason": "夜间批量可重跑。Nightly runs can be repeated."}),
        ("supervisor", "insist", {"reason": "重跑要两天。Repeating takes two days."}),
        ("head", "overrule", {"reason": "明年三月更换平台。The platform is replaced in March."}),
    )  # fmt: skip
