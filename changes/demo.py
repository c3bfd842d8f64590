"""Optimization requests of the demo world: one in every state and condition of its clocks.

Each is walked through the door at instants of the past, so its story is as real as any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localdate

from agreements.models import Calendar
from agreements.worktime import WorkingTime
from people.models import User
from workflows.actions import add_comment, claim_task, watch_case
from workflows.door import open_case, perform
from workflows.models import Case
from workflows.sweep import sweep

HOUR = timedelta(hours=1)


@dataclass
class Story:
    """One request being told: it began `hours` working hours ago; each step takes `pace` of them."""

    people: dict[str, User]
    hours: WorkingTime
    now: datetime
    at: datetime
    pace: timedelta
    case: Case = field(init=False)

    def file(self, who: str, title: str, system: str, wanted: str, **values: Any) -> Story:
        data = {"title": title, "service": system, "wanted": wanted, "urgency": "normal", **values}
        self.case = open_case("optimization", actor=self.people[who], at=self.at, **data).case
        return self

    def do(self, who: str, action: str, **data: Any) -> Story:
        self._later()
        self.case = perform(self.case, action, actor=self.people[who], at=self.at, **data).case
        return self

    def say(self, who: str, body: str, **values: Any) -> Story:
        self._later()
        add_comment(case=self.case, body=body, actor=self.people[who], at=self.at, **values)
        return self

    def take(self, who: str) -> Story:
        self._later()
        task = self.case.tasks.open().get()
        claim_task(task=task, actor=self.people[who], at=self.at)
        return self

    def wait(self, working: timedelta) -> Story:
        self.at = min(self.hours.add(self.at, working), self.now)
        return self

    def assess(self, size: str = "standard", priority: str = "normal") -> Story:
        values = {"service": self.case.service.code, "size": size, "priority": priority}  # type: ignore[union-attr]  # filed with one
        return self.do("desk", "pass_to_assessment", **values)

    def propose(self, *days: str, due_in: int = 12, risk: str = "low") -> Story:
        efforts = dict(
            zip(("effort_analysis", "effort_development", "effort_testing"), days, strict=True)
        )
        due_on = localdate(self.at + timedelta(days=due_in)).isoformat()
        return self.do(
            "analyst", "propose", risk=risk, due_on=due_on, **efforts,
            solution="沿用现有接口，新增一个定时任务，失败时通知负责人。\n\nReuse the interface, add one scheduled job, notify its owner on failure.",
            requirement_document="1. 输入与输出 Input and output\n2. 验收方法 How it is accepted\n3. 回退办法 How it is undone",
        )  # fmt: skip

    def approve(self, *who: str) -> Story:
        for one in who or ("owner",):
            self.do(one, "approve", note="同意，请按计划实施。")
        return self

    def build(self, booked: str = "0.5") -> Story:
        self.take("developer")
        return self.do(
            "developer", "book_effort", worked_on=localdate(self.at).isoformat(), effort=booked
        )

    def test(self) -> Story:
        return self.do(
            "developer", "hand_to_test", development_document="见变更说明；回退：停用任务。"
        )

    def deliver(self) -> Story:
        self.do(
            "tester",
            "pass_test",
            change_reference="CHG-2026-0117",
            went_live_on=localdate(self.at).isoformat(),
            note="",
        )
        return self

    def _later(self) -> None:
        self.at = min(self.hours.add(self.at, self.pace), self.now)


def build(at: datetime) -> None:
    """Tell every story up to `at`, then let the sweep raise what came due meanwhile."""
    people = {user.username: user for user in User.objects.select_related("unit")}
    hours = Calendar.default().version_at(at).working_time()

    def begun(hours_ago: float, pace: float = 0.5) -> Story:
        began = hours.add(at, -HOUR * hours_ago)
        return Story(people, hours, at, began, HOUR * pace)

    _at_the_desk(begun)
    _being_assessed(begun)
    _being_built(begun)
    _being_accepted(begun)
    _over(begun)
    sweep(at)


def _at_the_desk(begun: Any) -> None:
    begun(0.5).file(
        "requester",
        "月末结账报表自动汇总",
        "finance-system",
        "每月末由三个人手工合并 14 张表，希望系统自动汇总并标出差异。",
        reason="每月节省约 3 人天。",
    )
    begun(6.5).file(
        "requester2",
        "Show stock of the region on the order page",
        "sales-system",
        "Sales staff call the warehouse for every order. Please show the regional stock next to each line.",
        urgency="high",
    )
    begun(7.6).file(
        "requester",
        "付款申请增加银行账号校验",
        "finance-system",
        "账号录错后要两天才退回，希望录入时即校验。",
    )
    begun(12).file(
        "pm",
        "Export the supplier list with tax numbers",
        "supply-system",
        "The audit asks for it every quarter; today it is copied by hand.",
    )
    begun(3).file(
        "requester2",
        "Remember my last filter in the order list",
        "sales-system",
        "After each order the filter is lost and has to be typed again.",
    ).do("desk", "start_triage")
    begun(20).file(
        "requester", "合同到期自动提醒", "portal", "合同到期前 30 天提醒经办人和部门负责人。"
    ).do("desk", "ask_requester", note="提醒发给谁？合同台账目前由哪个部门维护？")


def _being_assessed(begun: Any) -> None:
    begun(10).file(
        "requester", "库存盘点支持扫码枪", "supply-system", "盘点时用扫码枪直接录入，减少手工抄写。"
    ).assess("small").take("analyst")
    begun(26).file(
        "requester2",
        "Merge duplicate customers",
        "sales-system",
        "We have about 400 duplicates; a screen to merge two of them would do.",
        urgency="high",
    ).assess("small", "high").say(
        "analyst", "We are looking at how the orders of both are kept together."
    )
    begun(60).file(
        "buyer", "采购订单批量打印", "supply-system", "一次选择多张订单打印，现在只能一张一张打。"
    ).assess()
    begun(40).file(
        "pm",
        "One portal for travel, leave and expenses",
        "portal",
        "Three systems ask for the same data; one form should serve all.",
    ).assess().propose("3", "8", "2")
    begun(18).file(
        "requester",
        "发票影像自动识别",
        "finance-system",
        "扫描后自动识别号码、金额和日期。",
        urgency="high",
    ).assess(priority="high").propose("1", "5.5", "1.5", risk="medium").approve("owner")
    begun(16).file(
        "requester2",
        "Warn before an order exceeds the credit limit",
        "sales-system",
        "Today the order is refused only at the very end.",
    ).assess("small").propose("0.5", "1.5", "0.5")


def _being_built(begun: Any) -> None:
    begun(30).file(
        "requester", "供应商对账单自动发送", "supply-system", "每月 5 日自动把对账单发给供应商。"
    ).assess("small").propose("0.5", "2", "0.5").approve().build()
    begun(90, 2).file(
        "requester2",
        "Faster search for old orders",
        "sales-system",
        "Searching orders older than a year takes over a minute.",
        urgency="high",
    ).assess(priority="high").propose("1", "3", "1", due_in=5).approve().build("1")
    begun(70, 2).file(
        "buyer", "报价单模板在线维护", "supply-system", "模板改动要等开发，希望采购自己维护。"
    ).assess().propose("1", "2", "1", due_in=30).approve()
    begun(80, 2).file(
        "pm",
        "Single sign-on for the expense system",
        "portal",
        "Use the company account instead of a second password.",
    ).assess().propose("1", "3", "0.5", due_in=45).approve().take("developer").do(
        "developer",
        "outsource",
        supplier="华信软件 Huaxin Software",
        reason="接口由原厂商维护，我方没有源代码。",
    )
    begun(50, 1).file(
        "requester",
        "凭证附件支持手机拍照上传",
        "finance-system",
        "出差时用手机拍照上传，不用回办公室扫描。",
    ).assess().propose("1", "2.5", "1").approve().build().test()


def _being_accepted(begun: Any) -> None:
    begun(45, 1).file(
        "requester2",
        "Print delivery notes in two languages",
        "sales-system",
        "Customers abroad ask for English beside Chinese.",
    ).assess("small").propose("0.5", "1", "0.5").approve().build().test().deliver()
    begun(75, 1).file(
        "requester",
        "银行回单自动匹配",
        "finance-system",
        "回单与付款记录自动匹配，匹配不上的列出来。",
    ).assess().propose("1", "3", "1").approve().build("1").test().deliver().do(
        "requester", "refuse", reason="同名供应商匹配错了三笔。"
    )
    story = (
        begun(110, 1)
        .file(
            "requester2",
            "Region totals on the sales dashboard",
            "sales-system",
            "Totals per region and month, as in the old Excel sheet.",
        )
        .assess()
        .propose("1", "2", "1")
        .approve()
        .build()
        .test()
        .deliver()
    )
    for reason in ("The totals of March are missing.", "Still missing for the South region."):
        story.do("requester2", "refuse", reason=reason).test().deliver()
    story.do("requester2", "dispute", reason="The figures do not match the ledger.")


def _over(begun: Any) -> None:
    _accepted(begun)
    _ended_otherwise(begun)


def _accepted(begun: Any) -> None:
    closed = (
        begun(150, 1)
        .file("requester", "工资条邮件加密发送", "finance-system", "用身份证后六位做密码。")
        .assess("small")
        .propose("0.5", "1.5", "0.5")
        .approve()
        .build()
        .test()
        .deliver()
    )
    closed.do("requester", "accept", rating="5", rating_comment="很快，很好用。")
    second = (
        begun(140, 1)
        .file(
            "requester2",
            "Bigger font on the warehouse screen",
            "supply-system",
            "It cannot be read from two metres away.",
        )
        .assess("small")
        .propose("0", "0.5", "0.5")
        .approve()
        .build()
        .test()
        .deliver()
    )
    second.do("requester2", "accept", rating="4", rating_comment="")
    watch_case(case=second.case, actor=second.people["service_manager"], at=second.now)


def _ended_otherwise(begun: Any) -> None:
    begun(170, 1).file(
        "pm",
        "Archive closed projects after a year",
        "portal",
        "The list is too long to find anything.",
    ).assess("small").propose("0.5", "1", "0.5").approve().build().test().deliver()
    begun(64).file("requester2", "Replace the ERP by something modern", "erp", "It looks old.").do(
        "desk",
        "reject",
        reason="This is a programme, not a small request. Please talk to the Informatization Department.",
    )
    begun(33).file("requester", "打印机换成彩色", "portal", "部门打印机换彩色。").do(
        "requester", "withdraw", reason="已由行政采购解决。"
    )
    begun(55).file(
        "buyer", "供应商门户重做", "supply-system", "现在的门户不支持手机。"
    ).assess().propose("5", "20", "6", risk="high").do(
        "head", "convert", reason="超过 10 人天，转为项目立项。"
    )
