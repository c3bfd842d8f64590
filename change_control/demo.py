"""Changes of the demo world: one in every state, a freeze, a conflict and something for the board.

Each is walked through the door at instants of the past, so its story is as real as any.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.utils.timezone import localdate, localtime

from agreements.models import Service
from change_control.models import (
    Change,
    ChangeTemplate,
    Dependency,
    FreezePeriod,
    MaintenanceWindow,
)
from people.models import User
from workflows.door import open_case, perform
from workflows.models import Case
from workflows.sweep import sweep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG_AGO = 30 * DAY
QUIET = {
    "impact": "none", "reach": "team", "complexity": "one", "tested": "like_production",
    "reversible": "at_once", "experience": "often", "timing": "quiet",
}  # fmt: skip
CORE = {**QUIET, "impact": "core", "reach": "company"}
DARING = {**CORE, "tested": "no", "complexity": "many"}


@dataclass
class Story:
    """One change being told; each step takes 20 minutes."""

    people: dict[str, User]
    at: datetime
    case: Change = field(init=False)

    def file(
        self, who: str, title: str, systems: list[str], start: datetime, hours: int = 4, **more: Any
    ) -> Story:
        values = {
            "type": "normal", "what": "见实施计划。\n\nSee the plan.", "systems": systems,
            "reason": "减少故障，缩短月结时间。\n\nFewer faults, a faster month-end.",
            "starts_at": start.isoformat(), "ends_at": (start + hours * HOUR).isoformat(),
            "outage_minutes": 20, "plan": "停止任务 Stop the jobs\n实施 Carry out\n恢复任务 Start the jobs",
            "test_evidence": "已在测试环境演练两次。Tried twice on the test system.",
            "backout_plan": "恢复原配置。Put the old settings back.", "backout_minutes": 30,
            "return_until": (start + (hours - 1) * HOUR).isoformat(),
            "implementer": "developer", "verifier": "tester", "informed": "财务部 Finance",
            "short_notice": "窗口由业务部门指定。The business chose the window.",
        }  # fmt: skip
        data = {"title": title, **values, **more}
        self.case = open_case("change", actor=self.people[who], at=self.at, **data).case
        return self

    def do(self, who: str, action: str, **data: Any) -> Story:
        self.at += HOUR / 3
        self.case = perform(self.case, action, actor=self.people[who], at=self.at, **data).case
        return self

    def assessed(self, answers: dict[str, str]) -> Story:
        return self.do(self.case.requester.username, "submit").do(
            "change_manager", "assess", **answers
        )

    def approved(self, *who: str, answers: dict[str, str] = QUIET) -> Story:
        self.assessed(answers)
        for one in who or ("change_manager",):
            self.do(one, "approve", note="同意。Agreed.")
        return self

    def begun(self, late: str = "") -> Story:
        """Begin a quarter of an hour into the window."""
        assert self.case.starts_at is not None  # filed with a window
        self.at = self.case.starts_at + HOUR / 4 - HOUR / 3
        return self.do("developer", "begin", late_start=late).do("developer", "tick", step=1)


Telling = Callable[..., Story]
Night = Callable[[int], datetime]


def build(at: datetime) -> None:
    """Set up windows, freezes and templates, and tell every story up to `at`."""
    people = {user.username: user for user in User.objects.select_related("unit")}
    _surroundings(people["change_manager"], at)

    def story(ago: timedelta = LONG_AGO) -> Story:
        return Story(people, at - ago)

    def night(days: int) -> datetime:
        """Return 22:00 in Shanghai so many days from now."""
        return datetime.combine(localdate(at) + days * DAY, time(14), UTC)

    _planned(story, night)
    _carried_out(story, night, at - 2 * HOUR)
    _over(story, night, at)
    _meetings(people, at)
    sweep(at)


def _planned(story: Telling, night: Night) -> None:
    """Changes that nobody has begun: drafts, what is judged and decided, what has its window."""
    because = {"reason": "业务高峰，改期再议。Too busy then."}
    story(HOUR).file(
        "desk", "门户证书更新 Renew the certificate of the portal", ["portal"], night(20)
    )
    story(5 * HOUR).file(
        "analyst", "发票表新增索引 New index on invoices", ["erp"], night(16)
    ).do("analyst", "submit")  # fmt: skip
    story(2 * DAY).file(
        "developer", "升级报表组件 New version of the report tool", ["finance-system"], night(24),
        implementer="analyst",
    ).do("developer", "submit").do("change_manager", "send_back", **because)  # fmt: skip
    story(6 * HOUR).file(
        "analyst", "更换核心交换机 Replace the core switch", ["erp", "production-system"], night(18), 6
    ).assessed(DARING).do("supervisor", "approve", note="拓扑已评审。Topology reviewed.")  # fmt: skip
    story(8 * HOUR).file(
        "analyst", "数据库补丁 Patches of the database", ["sales-system"], night(14)
    ).assessed(CORE).do("change_manager", "approve", note="")  # fmt: skip
    story().file("analyst", "ERP 应用升级 New version of the ERP", ["erp"], night(9)).approved(
        "change_manager", "owner", answers=CORE
    )
    story().file(
        "owner", "ERP 接口调整 Another interface of the ERP", ["erp"], night(9), 3, implementer="analyst"
    ).approved()  # fmt: skip
    story().file(
        "analyst", "供应系统扩容 More disks for the supply system", ["supply-system"], night(12)
    ).approved().do("analyst", "hold", **because)  # fmt: skip


def _carried_out(story: Telling, night: Night, now: datetime) -> None:
    """Changes that are being made at this moment, and some that went wrong."""
    story().file(
        "analyst", "门户缓存调整 Other caches of the portal", ["portal"], now
    ).approved().begun()
    story().file(
        "analyst", "销售系统参数 Settings of the sales system", ["sales-system"], now - HOUR
    ).approved().begun().do("developer", "finish", outcome="with_problems", note="重试一次。Second try.")  # fmt: skip
    story().file(
        "analyst", "生产系统补丁 Patches of the production system", ["production-system"], now
    ).approved().begun().do("developer", "back_out", reason="服务无法启动。A service does not start.")  # fmt: skip
    back = story().file(
        "analyst", "财务系统驱动 Drivers of the finance system", ["finance-system"], night(-6)
    ).approved().begun()  # fmt: skip
    back.do("developer", "back_out", reason="打印失败。Printing fails.").do(
        "developer", "confirm_back_out"
    )
    story().file(
        "analyst", "备份策略 Another backup scheme", ["supply-system"], night(-9)
    ).approved().begun().do("developer", "fail", reason="备份介质损坏。A broken medium.")  # fmt: skip


def _over(story: Telling, night: Night, at: datetime) -> None:
    """An emergency, what is closed, and what came to nothing; last a standard change."""
    fire = story(3 * DAY).file(
        "developer", "紧急：磁盘写满 Emergency: a disk is full", ["erp"], at - 3 * DAY + 2 * HOUR,
        type="emergency", implementer="analyst",
    )  # fmt: skip
    fire.do("developer", "submit").do("head", "approve").do("change_manager", "approve")
    fire.at = at - 3 * DAY + 2 * HOUR
    fire.do("analyst", "begin", late_start="先切换存储。The storage was switched first.")
    fire.do("analyst", "finish", outcome="successful").do("tester", "verify")
    for number, system in enumerate(("portal", "sales-system", "erp", "finance-system", "portal")):
        story().file(
            "analyst", f"月度补丁 Monthly patches {number + 1}", [system], night(-12 - number)
        ).approved().begun().do("developer", "finish", outcome="successful").do("tester", "verify")  # fmt: skip
    story().file("analyst", "直接改生产数据 Edit production data by hand", ["erp"], night(15)).do(
        "analyst", "submit"
    ).do("change_manager", "reject", reason="请走数据修正流程。Use the correction procedure.")
    story().file("analyst", "更换杀毒软件 Another virus scanner", ["portal"], night(21)).do(
        "analyst", "withdraw", reason="合并到下一次升级。Part of the next release."
    )
    story(2 * DAY).file(
        "desk", "每周重启门户 Weekly restart of the portal", ["portal"], night(4), 2,
        type="standard", template="portal-restart",
    ).do("desk", "submit")  # fmt: skip


def _meetings(people: dict[str, User], at: datetime) -> None:
    """Hold last week's meeting of the board, and call the next."""
    manager = people["change_manager"]

    def call(title: str, called: datetime, meets_at: datetime) -> Case:
        meeting: Case = open_case(
            "cab", actor=manager, at=called, title=title, place="3 楼会议室 Room 3",
            meets_at=localtime(meets_at).replace(tzinfo=None),
        ).case  # fmt: skip
        return meeting

    held = at - HOUR
    last = call("变更评审会 Weekly meeting", at - DAY, held)
    perform(last, "begin", actor=manager, at=held, present=["change_manager", "supervisor", "head"])
    perform(
        last, "note", actor=manager, at=held + HOUR / 4, item=1,
        said="先在备机演练。To be rehearsed on the standby first.",
    )  # fmt: skip
    perform(last, "close", actor=manager, at=held + HOUR / 2, note="")
    call("变更评审会 Weekly meeting", at - HOUR / 4, at + 6 * DAY)


def _surroundings(manager: User, at: datetime) -> None:
    """Make windows, dependencies, freezes and a template."""
    system = {one.code: one for one in Service.objects.systems()}
    for code, days in (("erp", [4, 5, 6]), ("sales-system", [5, 6]), ("production-system", [6])):
        MaintenanceWindow.objects.create(
            service=system[code], weekdays=days, begins=time(21), ends=time(5)
        )
    for code in ("sales-system", "supply-system", "finance-system"):
        Dependency.objects.create(system=system[code], needs=system["erp"])
    today = datetime.combine(localdate(at), time(0), UTC)
    FreezePeriod.objects.create(
        name="Closing of the fiscal year", name_zh="年度结账封网",
        starts_at=today + 25 * DAY, ends_at=today + 29 * DAY,
    )  # fmt: skip
    soft = FreezePeriod.objects.create(
        name="Sales campaign", name_zh="促销活动", is_hard=False,
        starts_at=today + 13 * DAY, ends_at=today + 16 * DAY,
    )  # fmt: skip
    soft.systems.set([system["sales-system"]])
    template = ChangeTemplate.objects.create(
        code="portal-restart", name="Restart of the portal", name_zh="门户重启",
        plan="通知用户 Tell the users\n重启 Restart\n检查首页 Look at the home page",
        backout_plan="切换到备机。Switch to the standby.", backout_minutes=10, owner=manager,
        expires_on=localdate(at) + 180 * DAY,
    )  # fmt: skip
    template.systems.set([system["portal"]])
