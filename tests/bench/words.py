"""Titles and wishes of a million requests, Chinese and English; every one follows from its number.

`COMMON` stands in every thirtieth case, `RARE` in every fifty-thousandth.
"""

from __future__ import annotations

COMMON, RARE = "报表", "熔断"

SYSTEMS = (
    "财务系统", "生产系统", "销售系统", "供应系统", "办公门户", "合同管理", "库存管理", "人事系统",
    "the ledger", "the portal", "sales orders", "the warehouse", "contracts", "travel expenses",
)  # fmt: skip
WISHES = (
    "导出太慢", "增加查询条件", "打印格式调整", "接口返回错误", "审批流程优化", "权限申请",
    "批量导入客户", "历史数据归档", "手机端登录", "月结提前", "凭证自动生成", "价格重新计算",
    "needs a filter by plant", "exports too slowly", "prints the wrong header",
    "should remind by mail", "loses the last column", "asks for the password twice",
)  # fmt: skip
REASONS = (
    "每天要手工汇总一次。", "月底加班到很晚。", "客户经常投诉。", "审计提出了意见。",
    "Everybody keeps a sheet of their own.", "It costs an hour a day.", "The plant waits for it.",
)  # fmt: skip


def title(number: int) -> str:
    system = SYSTEMS[number % len(SYSTEMS)]
    wish = WISHES[number // len(SYSTEMS) % len(WISHES)]
    special = f" {RARE}" if number % 50_000 == 77 else f" {COMMON}" if number % 30 == 0 else ""
    return f"{system} {wish}{special} {number % 9973}"


def wanted(number: int) -> str:
    reason = REASONS[number % len(REASONS)]
    return f"{reason} {WISHES[number // 7 % len(WISHES)]}; {SYSTEMS[number // 3 % len(SYSTEMS)]}."
