"""Optimization requests as the procedure has them in words (M7), said apart from the code.

The desk triages, an analyst proposes, the business approves, it is built, tested by somebody else,
goes live, and whoever asked accepts it. Above the limit the work stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from changes.models import OptimizationPolicy
from tests.walks.hours import days_later, end_of
from tests.walks.reference import (
    SYSTEM,
    Ballot,
    Chair,
    Filing,
    Move,
    Owes,
    Process,
    Reference,
    Sheet,
    Timer,
    Who,
)

DAY = timedelta(days=1)
DESK = ("submitted", "triage")
BUILDING = ("in_development", "outsourced")
WORKING = ("assessing", *BUILDING, "testing")
SYSTEM_OWNER = "owner"
"""Whom every system of the demo organisation belongs to."""


# -- who ------------------------------------------------------------------------------------------
WORKER = Who(lambda case, who: case.task_of(who) is not None, works=True)
CUSTOMER = Who(lambda case, who: case.asked(who))
ITSELF = Who(lambda case, who: who == SYSTEM)
WORKER_OR_ANALYST = Who(
    lambda case, who: case.task_of(who) is not None or case.has(who, "analyst"), works=True
)
UNINVOLVED_CUSTOMER = Who(lambda case, who: case.asked(who) and not worked_on_it(case, who))


def asked(case: Reference, who: str) -> bool:
    return case.asked(who)


def asked_or_proposed(case: Reference, who: str) -> bool:
    return case.asked(who) or case.worked(who, "assessing")


def built_it(case: Reference, who: str) -> bool:
    return case.worked(who, *BUILDING) or case.acted(who, "book_effort", *BUILDING)


def worked_on_it(case: Reference, who: str) -> bool:
    return case.worked(who, *WORKING) or case.acted(who, "book_effort", *WORKING)


def beneficiary(case: Reference) -> str:
    return case.beneficiary


def approvers(case: Reference) -> list[Chair]:
    """The owner of the system, unless they ask; above five days the head too, or alone instead."""
    owner_asks = SYSTEM_OWNER in case.customers
    owner = Chair("system_owner", "system_owner", SYSTEM_OWNER, named=True)
    chairs = [] if owner_asks else [owner]
    if owner_asks or case.facts.effort > case.facts.head_above:
        chairs.append(Chair("head_of_ops", "head_of_ops"))
    return chairs


# -- what people write ----------------------------------------------------------------------------
NOTHING = ["", "   "]
EFFORTS = ("effort_analysis", "effort_development", "effort_testing")
USUAL_EFFORTS = {
    "effort_analysis": ["1", "0.5"],
    "effort_development": ["1", "2", "4", "8", "9", "0.25"],
    "effort_testing": ["0", "1"],
}
ODD_EFFORTS = {
    "effort_analysis": ["", "-1", "NaN"],
    "effort_development": ["1001", "ten", "0.001"],
    "effort_testing": ["-0.5", ""],
}


def is_text(value: Any) -> bool:
    return bool(str(value or "").strip())


def number(value: Any, *, low: str = "0") -> Decimal | None:
    """Return person-days with at most two decimals, from `low` to 1000; none if it is no such."""
    try:
        found = Decimal(value)
    except (InvalidOperation, TypeError):
        return None
    is_fine = found.is_finite() and Decimal(low) <= found <= 1000
    return found if is_fine and found == round(found, 2) else None


def total(values: dict[str, Any]) -> Decimal:
    return sum((Decimal(values[name]) for name in EFFORTS), Decimal(0))


def is_estimate(values: dict[str, Any]) -> bool:
    return all(number(values.get(name)) is not None for name in EFFORTS) and total(values) > 0


def is_ahead(case: Reference, day: Any) -> bool:
    return case.today <= day <= case.today + 5 * 365 * DAY


def texts(*names: str) -> Sheet:
    return Sheet(
        usual={name: ["Because it helps."] for name in names},
        odd=dict.fromkeys(names, NOTHING),
        fits=lambda case, who, values: all(is_text(values.get(name)) for name in names),
    )


REASON, NOTE = texts("reason"), texts("note")


def fits_triage(case: Reference, who: str, values: dict[str, Any]) -> bool:
    return (
        values.get("service") in ("erp", "portal")
        and values.get("priority") in ("low", "normal", "high")
        and values.get("size") in ("small", "standard")
    )


TRIAGE = Sheet(
    usual={
        "service": ["erp", "portal"], "priority": ["normal", "high", "low"],
        "size": ["small", "standard"],
    },
    odd={"service": ["nothing-known"], "priority": ["urgent", ""], "size": ["huge"]},
    fits=fits_triage,
)  # fmt: skip


def fits_proposal(case: Reference, who: str, values: dict[str, Any]) -> bool:
    named = ("solution", "requirement_document")
    return (
        all(is_text(values.get(name)) for name in named)
        and values.get("risk") in ("low", "medium", "high")
        and bool(values.get("due_on"))
        and is_ahead(case, values["due_on"])
        and is_estimate(values)
    )


PROPOSAL = Sheet(
    usual={
        **USUAL_EFFORTS, "solution": ["A nightly job."], "requirement_document": ["Totals."],
        "risk": ["low", "high"], "due_on": [4 * DAY, 9 * DAY, 21 * DAY, 0 * DAY],
    },
    odd={
        **ODD_EFFORTS, "solution": NOTHING, "risk": ["none"], "due_on": [-DAY, 6 * 365 * DAY],
    },
    fits=fits_proposal,
)  # fmt: skip


def fits_new_estimate(case: Reference, who: str, values: dict[str, Any]) -> bool:
    due_on = values.get("due_on")
    is_fine = is_text(values.get("reason")) and is_estimate(values)
    return is_fine and (not due_on or is_ahead(case, due_on))


NEW_ESTIMATE = Sheet(
    usual={
        **USUAL_EFFORTS, "reason": ["More tables."],
        "due_on": ["", 3 * DAY, 12 * DAY, 30 * DAY],
    },
    odd={**ODD_EFFORTS, "reason": NOTHING, "due_on": [-DAY]},
    fits=fits_new_estimate,
)  # fmt: skip


def fits_split(case: Reference, who: str, values: dict[str, Any]) -> bool:
    """What stays is within the limit, and not less than what is booked."""
    named = ("reason", "rest_title", "rest_wanted")
    if not all(is_text(values.get(name)) for name in named) or not is_estimate(values):
        return False
    return case.facts.booked <= total(values) <= case.facts.limit


SPLIT = Sheet(
    usual={
        **USUAL_EFFORTS, "reason": ["Two systems."], "rest_title": ["The rest"],
        "rest_wanted": ["Charts."],
    },
    odd={**ODD_EFFORTS, "rest_title": NOTHING, "reason": NOTHING},
    fits=fits_split,
)  # fmt: skip


def booked_that_day(case: Reference, who: str, values: dict[str, Any]) -> Decimal:
    return case.facts.bookings.get((who, values["worked_on"]), Decimal(0))


def fits_booking(case: Reference, who: str, values: dict[str, Any]) -> bool:
    """A day has one person-day, and is booked when it has come."""
    spent = number(values.get("effort"), low="0.05")
    if spent is None or not values.get("worked_on") or values["worked_on"] > case.today:
        return False
    return booked_that_day(case, who, values) + spent <= 1


BOOKING = Sheet(
    usual={"worked_on": [0 * DAY, -DAY, -2 * DAY, -3 * DAY], "effort": ["0.75", "1", "0.5"]},
    odd={"worked_on": [DAY, ""], "effort": ["0", "1.5", "-1", "0.04"]},
    fits=fits_booking,
)


def fits_rating(case: Reference, who: str, values: dict[str, Any]) -> bool:
    return values.get("rating") in ("1", "2", "3", "4", "5")


def fits_acceptance(case: Reference, who: str, values: dict[str, Any]) -> bool:
    """Accepting asks for the rating too, once, and not of who worked on it."""
    return not is_asked_to_rate(case, who) or fits_rating(case, who, values)


RATING = {"usual": {"rating": ["5", "3", "1"]}, "odd": {"rating": ["0", "6", "", "good"]}}


# -- what it does ---------------------------------------------------------------------------------
def keep_size(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.size = values["size"]


def remember_where(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.returned_from = case.state


def agree(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.effort = total(values)
    case.facts.due_on = values.get("due_on") or case.facts.due_on


def split(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.effort = total(values)
    case.facts.parts += 1


def approve(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.approved = case.facts.effort


def book(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.booked += Decimal(values["effort"])
    day = (who, values["worked_on"])
    already = booked_that_day(case, who, values)
    case.facts.bookings[day] = already + Decimal(values["effort"])


def count_refusal(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.refusals += 1


def is_asked_to_rate(case: Reference, who: str) -> bool:
    return case.facts.rating is None and not worked_on_it(case, who)


def rate(case: Reference, who: str, values: dict[str, Any]) -> None:
    if is_asked_to_rate(case, who):
        case.facts.rating = int(values["rating"])


# -- where it leads -------------------------------------------------------------------------------
def after_proposal(case: Reference, values: dict[str, Any]) -> str:
    return "over_limit" if total(values) > case.facts.limit else "awaiting_approval"


def after_booking(case: Reference, values: dict[str, Any]) -> str:
    booked = case.facts.booked + Decimal(values["effort"])
    return "over_limit" if booked > case.facts.limit else case.state


def after_new_estimate(case: Reference, values: dict[str, Any]) -> str:
    """More or later than was agreed is approved again."""
    if total(values) > case.facts.limit:
        return "over_limit"
    is_more = total(values) > case.facts.approved
    is_later = bool(values.get("due_on")) and values["due_on"] > case.facts.due_on
    return "awaiting_approval" if is_more or is_later else "in_development"


def where_it_was(case: Reference, values: dict[str, Any]) -> str:
    return str(case.facts.returned_from)


def was_closed_recently(case: Reference) -> bool:
    return case.at <= days_later(case.book.closed_at, case.facts.reopen_days)


# -- how it begins --------------------------------------------------------------------------------
LETTER = {"title": "One report", "service": "erp", "wanted": "By night.", "urgency": "normal"}
USUAL = {"limit": Decimal(10), "head_above": Decimal(5), "may_refuse": 2, "reopen_days": 10}
TIGHT = {"limit": Decimal(2), "head_above": Decimal(1), "may_refuse": 1, "reopen_days": 2}
"""Figures of the back office under which the limits are soon reached."""

SMALL_HOUSE = {"developer": "tester", "owner": "head_of_ops", "analyst": "head_of_ops"}
"""Where people hold two roles that must not meet in one case."""

FILINGS = [
    Filing("requester", None, LETTER),
    Filing("requester", None, LETTER, TIGHT, SMALL_HOUSE),
    Filing("requester2", "requester", LETTER, TIGHT, away={"requester": "auditor"}),
    Filing("owner", None, LETTER, also={"desk": "head_of_ops"}),
    Filing("analyst", "requester2", LETTER, TIGHT),
    Filing("developer", "tester", LETTER, also=SMALL_HOUSE),
    Filing("head", None, LETTER, TIGHT, {"analyst": "head_of_ops"}),
    Filing("desk", "auditor", LETTER, TIGHT),
]


def put_in_force(figures: Mapping[str, Any], at: datetime) -> None:
    if figures:
        OptimizationPolicy.objects.create(
            effort_limit=figures["limit"], head_approves_above=figures["head_above"],
            refusal_limit=figures["may_refuse"], reopen_business_days=figures["reopen_days"],
        )  # fmt: skip


def facts(case: Reference, filing: Filing) -> dict[str, Any]:
    return {
        **USUAL, **filing.figures, "size": "", "effort": Decimal(0),
        "approved": Decimal(0), "booked": Decimal(0), "bookings": {}, "due_on": None,
        "returned_from": "", "refusals": 0, "rating": None, "parts": 0,
    }  # fmt: skip


# -- the procedure --------------------------------------------------------------------------------
def end_of_agreed_day(case: Reference) -> Any:
    return end_of(case.facts.due_on) if case.facts.due_on else None


OPTIMIZATION = Process(
    kind="optimization",
    filings=FILINGS,
    first="submitted",
    final=("closed", "rejected", "withdrawn", "converted"),
    readers=("service_desk", "analyst", "service_manager", "head_of_ops", "auditor"),
    staff=(
        "service_desk", "analyst", "service_manager", "head_of_ops", "auditor", "developer",
        "tester", "system_owner",
    ),
    answerers=(
        "service_desk", "analyst", "service_manager", "head_of_ops", "developer", "tester",
    ),
    work={
        "submitted": Owes("service_desk"),
        "triage": Owes("service_desk", also="submitted"),
        "returned": Owes(person=beneficiary),
        "assessing": Owes("analyst"),
        "over_limit": Owes("head_of_ops", barred=asked),
        "awaiting_approval": Ballot(approvers, yes="approve", no="decline",
                                    barred=asked_or_proposed),
        "in_development": Owes("developer"),
        "outsourced": Owes("analyst"),
        "testing": Owes("tester", barred=built_it),
        "accepting": Owes(person=beneficiary),
        "arbitrating": Owes("service_manager", barred=asked),
    },
    timers=(
        Timer("response", starts=["submitted"], stops=["assessing", "returned", "rejected"],
              days=lambda case: 1, answered=True),
        Timer("proposal", starts=["assessing"], pauses=["returned"], repeats=True,
              stops=["awaiting_approval", "over_limit", "rejected"],
              days=lambda case: 3 if case.facts.size == "small" else 5),
        Timer("decision", starts=["awaiting_approval", "over_limit", "arbitrating"],
              stops=["assessing", "in_development", "closed", "rejected", "converted"],
              days=lambda case: 2, repeats=True),
        Timer("delivery", starts=["in_development"], stops=["closed"], until=end_of_agreed_day,
              pauses=["returned", "awaiting_approval", "outsourced", "accepting"]),
        Timer("answer", starts=["returned"], stops=[*DESK, "assessing", "in_development"],
              days=lambda case: 5, repeats=True),
        Timer("acceptance", starts=["accepting"],
              stops=["closed", "in_development", "arbitrating"],
              days=lambda case: 5, repeats=True, then="close_unanswered"),
    ),
    moves={
        "start_triage": Move(["submitted"], "triage", WORKER),
        "pass_to_assessment": Move(DESK, "assessing", WORKER, TRIAGE, does=keep_size),
        "ask_requester": Move([*DESK, "assessing", "in_development"], "returned", WORKER, NOTE,
                              does=remember_where),
        "answer": Move(["returned"], where_it_was, WORKER, NOTE),
        "reject": Move([*DESK, "assessing", "over_limit"], "rejected", WORKER, REASON),
        "propose": Move(["assessing"], after_proposal, WORKER, PROPOSAL, does=agree),
        "split_off": Move(["over_limit"], "awaiting_approval", WORKER, SPLIT, does=split,
                          when=lambda case: case.facts.booked <= case.facts.limit),
        "convert": Move(["over_limit"], "converted", WORKER, REASON),
        "approve": Move(["awaiting_approval"], "in_development", WORKER, does=approve),
        "send_back": Move(["awaiting_approval"], "assessing", WORKER, REASON),
        "decline": Move(["awaiting_approval"], "rejected", WORKER, NOTE),
        "hand_to_test": Move(["in_development"], "testing", WORKER, texts("development_document")),
        "book_effort": Move(["in_development", "testing"], after_booking, WORKER, BOOKING,
                            does=book),
        "re_estimate": Move(["in_development"], after_new_estimate, WORKER, NEW_ESTIMATE,
                            does=agree),
        "outsource": Move(["in_development"], "outsourced", WORKER_OR_ANALYST,
                          texts("supplier", "reason")),
        "take_delivery": Move(["outsourced"], "testing", WORKER, texts("development_document")),
        "take_back": Move(["outsourced"], "in_development", WORKER, REASON),
        "pass_test": Move(["testing"], "accepting", WORKER, Sheet(
            usual={"change_reference": ["CHG-1"], "went_live_on": [0 * DAY]},
            odd={"change_reference": NOTHING, "went_live_on": [""]},
            fits=lambda case, who, values: (
                is_text(values.get("change_reference")) and bool(values.get("went_live_on"))
            ),
        )),
        "fail_test": Move(["testing"], "in_development", WORKER, REASON),
        "accept": Move(["accepting"], "closed", WORKER, Sheet(**RATING, fits=fits_acceptance),
                       does=rate),
        "refuse": Move(["accepting"], "in_development", WORKER, REASON, does=count_refusal,
                       when=lambda case: case.facts.refusals < case.facts.may_refuse),
        "dispute": Move(["accepting"], "arbitrating", WORKER, REASON,
                        when=lambda case: case.facts.refusals >= case.facts.may_refuse),
        "order_rework": Move(["arbitrating"], "in_development", WORKER, REASON),
        "close_anyway": Move(["arbitrating"], "closed", WORKER, REASON),
        "close_unanswered": Move(["accepting"], "closed", ITSELF),
        "withdraw": Move(
            [*DESK, "returned", *WORKING, "awaiting_approval", "over_limit"], "withdrawn",
            CUSTOMER, REASON,
        ),
        "reopen": Move(["closed"], "in_development", CUSTOMER, REASON, when=was_closed_recently),
        "rate": Move(["closed"], None, UNINVOLVED_CUSTOMER, Sheet(**RATING, fits=fits_rating),
                     when=lambda case: case.facts.rating is None, does=rate),
    },
    facts=facts,
    stage=put_in_force,
    raised=lambda case: case.facts.parts,
)  # fmt: skip
"""The procedure; each line is one sentence of it."""
