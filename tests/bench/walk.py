"""One optimization request from filing to acceptance: who does what, with which data.

Everything follows from the number of the request, so that the load is spread over the company.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from tests.bench.town import STAFF, SYSTEMS, region_of, requester_of, staff_of

SUBJECTS = (
    "报表导出太慢", "Monthly report", "库存查询增加条件", "Approval by phone", "订单接口调整",
    "Export of customers", "凭证打印格式", "Password rules", "数据库归档", "Search in contracts",
)  # fmt: skip

STEPS = (
    ("desk", "start_triage"),
    ("desk", "pass_to_assessment"),
    ("analyst", "propose"),
    ("owner", "approve"),
    ("developer", "hand_to_test"),
    ("tester", "pass_test"),
    ("requester", "accept"),
)


def filing(number: int) -> dict[str, Any]:
    subject = SUBJECTS[number % len(SUBJECTS)]
    return {
        "title": f"{subject} {number}", "service": f"system{number % SYSTEMS}",
        "wanted": f"{subject}: 每天自动汇总, and sent to the plant by eight. ({number})",
        "urgency": ("low", "normal", "high")[number % 3],
    }  # fmt: skip


def data_of(action: str, number: int, today: date | None = None) -> dict[str, Any]:
    today = today or timezone.localdate()
    data: dict[str, dict[str, Any]] = {
        "pass_to_assessment": {
            "service": f"system{number % SYSTEMS}", "priority": "normal", "size": "small",
        },
        "propose": {
            "effort_analysis": "1", "effort_development": "2", "effort_testing": "1",
            "solution": "A nightly job writes the totals.", "risk": "low",
            "due_on": (today + timedelta(days=14)).isoformat(),
            "requirement_document": "Totals per plant, checked against the ledger.",
        },
        "hand_to_test": {"development_document": "One job; drop it to undo."},
        "pass_test": {"change_reference": "CHG-1", "went_live_on": today.isoformat()},
        "accept": {"rating": "5"},
        "reject": {"reason": "Done with another request."},
    }  # fmt: skip
    return data.get(action, {})


def person_of(role: str, number: int) -> str:
    """Return the user name of whoever does the part of `role` in request `number`."""
    if role == "requester":
        return requester_of(number)
    return staff_of(region_of(number), role)[number // 10 % STAFF[role]]
