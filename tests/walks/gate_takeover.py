"""Gates as the procedure has them: the handover agreement, the trial, and what comes after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

from tests.walks.gate_sheet import NOTHING, is_of_the_project, is_text, unshown
from tests.walks.hours import DAY
from tests.walks.reference import Reference, Sheet, Who


def is_at(case: Reference, code: str) -> bool:
    """Small jobs have one gate, and no part of these."""
    return not case.facts.is_light and bool(case.facts.code == code)


AGREED = {"what": "The portal.", "team": "Applications", "mode": "technical"}
MODES = ("custody", "technical", "full", "vendor", "project")
AGREEMENT = Sheet(
    filled=lambda case: {**AGREED, "when": case.today},
    pens=lambda case: [{}, {"mode": "vendor"}, {"when": case.today + DAY, "team": "Platforms"}],
    odd={"what": NOTHING, "team": NOTHING, "mode": ["", "none"], "when": ["", "soon"]},
    fits=lambda case, who, values: (
        all(is_text(values.get(name)) for name in ("what", "team"))
        and values.get("mode") in MODES
        and isinstance(values.get("when"), date)
    ),
)  # fmt: skip


def write_agreement(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """What ops has signed stays; what it has not is written over."""
    if case.facts.agreements and not case.facts.agreements[-1].signed_by:
        case.facts.agreements.pop()
    case.facts.agreements.append(
        SimpleNamespace(mode=values["mode"], when=values["when"], written_by=who, signed_by=None)
    )


def wrote_it(case: Reference, who: str) -> bool:
    """Nobody signs what they wrote."""
    last = case.facts.agreements[-1] if case.facts.agreements else None
    return last is not None and not last.signed_by and last.written_by == who


ACCEPTER = Who(
    lambda case, who: case.task_of(who) is not None and not wrote_it(case, who), works=True
)


def sign_agreement(case: Reference, who: str) -> None:
    if case.facts.agreements and not case.facts.agreements[-1].signed_by:
        case.facts.agreements[-1].signed_by = who


def agreements_of(project: Any) -> list[Any]:
    found = project.agreements.select_related("written_by", "signed_by").order_by("number")
    return [
        (one.mode, one.when, one.written_by.username, one.signed_by and one.signed_by.username)
        for one in found
    ]


def kept_agreements(case: Reference) -> list[Any]:
    return [(one.mode, one.when, one.written_by, one.signed_by) for one in case.facts.agreements]


TRIAL = 30 * DAY


def open_it(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """With its opening the trial begins."""
    if is_at(case, "G7"):
        case.facts.trial_from = case.today
        try_until(case, case.today + TRIAL)


def try_until(case: Reference, day: date) -> None:
    """It is not due before its trial is over."""
    case.facts.trial_until = day
    case.facts.planned_on = max(case.facts.planned_on, day + DAY)


def is_in_trial(case: Reference) -> bool:
    return case.facts.trial_until is not None and case.today <= case.facts.trial_until


def extend(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.extensions += 1
    try_until(case, values["trial_until"])


LONGER = Sheet(
    usual={"reason": ["The interface fell out."]},
    pens=lambda case: [
        {"trial_until": (case.facts.trial_until or case.today) + some} for some in (DAY, 9 * DAY)
    ],
    odd={"reason": NOTHING,
         "trial_until": ["", 0 * DAY, lambda case: case.facts.trial_until or ""]},
    fits=lambda case, who, values: (
        is_text(values.get("reason"))
        and isinstance(values.get("trial_until"), date)
        and values["trial_until"] >= case.today
        and (not case.facts.trial_until or values["trial_until"] > case.facts.trial_until)
    ),
)  # fmt: skip
EXTENDER = Who(
    lambda case, who: (
        case.has(who, "ops_reviewer", "head_of_ops") and not is_of_the_project(case, who)
    )
)


def may_be_submitted(case: Reference) -> bool:
    is_agreed = bool(case.facts.agreements) or not is_at(case, "G1")
    return is_agreed and not is_in_trial(case) and not unshown(case)


TAKEN_OVER: dict[str, Any] = {
    "mode": "technical", "mode_reason": "The team was trained.", "effort_days": "40",
    "skills": "yes", "yearly_cost": "120000", "budget_line": "IT-7", "review_on": 300 * DAY,
    "service_name": "Portal", "business_owner": "owner", "criticality": "normal",
}  # fmt: skip


def is_taken_over(case: Reference, values: Mapping[str, Any]) -> bool:
    """The last gate says how the service is maintained; a vendor leads by a contract."""
    return (
        values.get("mode") in MODES
        and (values["mode"] != "vendor" or isinstance(values.get("contract_ends_on"), date))
        and is_text(values.get("mode_reason"))
        and values.get("business_owner") in case.facts.people
        and values["review_on"] > case.today
    )
