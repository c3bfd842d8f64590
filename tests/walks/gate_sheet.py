"""Gates as the procedure has them: who is who, the sheet of criteria, waivers, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from projects.models import Criterion, Gate
from tests.walks.hours import DAY
from tests.walks.reference import SYSTEM, Reference, Sheet, Who
from workflows.refusals import BadData

MINUTE = timedelta(minutes=1)
SHOWN = ("open", "in_review", "awaiting_verdict")
REVIEWED = ("in_review", "awaiting_verdict")
PASSED = ("accepted", "conditions", "skipped")
FINAL = ("accepted", "skipped", "rejected", "cancelled")
GOES_ON = ("planned", *SHOWN, "conditions", "deferred")
LONGEST_WAIVER = 180 * DAY

BUILDING = ("ops_reviewer", "supervisor")
TAKING_OVER = ("ops_reviewer", "service_desk", "supervisor")
MATRIX = {
    **dict.fromkeys(("G1", "G2", "G3", "G4", "G5"), BUILDING), "G6": TAKING_OVER,
    "G7": ("ops_reviewer", "service_desk"), "G8": TAKING_OVER,
}  # fmt: skip
"""Who is asked at which gate; at a gate of the house's own as at the take-over."""

CRITERIA = {
    "01": ("must", "both", True),
    "02": ("must", "application", False),
    "03": ("should", "both", False),
    "04": ("must", "platform", False),
}
"""What each gate asks: level, for what, on the light track too."""


NOTHING = ["", "   "]


def is_text(value: Any) -> bool:
    return bool(str(value or "").strip())


# -- who ------------------------------------------------------------------------------------------
def leads(case: Reference, who: str) -> bool:
    return case.facts.manager in case.identities(who)


def is_of_the_project(case: Reference, who: str) -> bool:
    return leads(case, who) or case.asked(who) or bool(case.facts.team & case.identities(who))


def judges(case: Reference, who: str) -> bool:
    return not is_of_the_project(case, who) and case.has(who, *asked_of(case))


def decides(case: Reference, who: str) -> bool:
    return case.has(who, "head_of_ops") and not is_of_the_project(case, who)


WORKER = Who(lambda case, who: case.task_of(who) is not None, works=True)
LEADER = Who(leads)
JUDGE = Who(judges)
HEAD = Who(decides)
OPENER = Who(lambda case, who: who == SYSTEM or leads(case, who) or case.has(who, "ops_reviewer"))
PLANNER = Who(lambda case, who: who == SYSTEM or leads(case, who))
TAKER_UP = Who(
    lambda case, who: (
        case.has(who, "head_of_ops") or (who == SYSTEM and case.today >= case.facts.deferred_until)
    )
)
"""The head at any time, the system on the day that was set."""
ITSELF = Who(lambda case, who: who == SYSTEM)


def row(code: str, *, is_light: bool) -> tuple[str, ...]:
    return ("ops_reviewer",) if is_light else MATRIX.get(code, TAKING_OVER)


def asked_of(case: Reference) -> tuple[str, ...]:
    return row(case.facts.code, is_light=case.facts.is_light)


def opinions(case: Reference) -> list[Any]:
    """Return what was asked for in the last round of opinions."""
    seats = [seat for seat in case.book.seats if seat.step == "in_review"]
    return [seat for seat in seats if seat.opened == seats[-1].opened]


def is_objected(case: Reference) -> bool:
    return any(seat.outcome == "reject" for seat in opinions(case))


# -- what is asked, shown and judged --------------------------------------------------------------
def asked(case: Reference) -> list[str]:
    return list(case.facts.criteria)


def musts(case: Reference) -> list[str]:
    return [code for code, level in case.facts.criteria.items() if level == "must"]


def answer(case: Reference, code: str) -> Any:
    """Return the answer of this round; those of earlier ones are only kept."""
    nothing = dict.fromkeys(("evidence", "link", "result", "remark"), "")
    new = SimpleNamespace(**nothing, is_left_out=False, shown_by=None, judged_by=None)
    return case.facts.answers.get((case.facts.round, code), new)


def is_shown(case: Reference, code: str) -> bool:
    said = answer(case, code)
    return bool(said.evidence or said.link or said.is_left_out)


def unshown(case: Reference) -> list[str]:
    return [code for code in musts(case) if not is_shown(case, code)]


def is_waived(case: Reference, code: str) -> bool:
    return any(
        one.code == code and one.granted_by and not one.is_revoked and case.today <= one.expires_on
        for one in case.facts.waivers
    )


def unpassed(case: Reference) -> list[str]:
    """Return the musts nobody passed in this round and nobody waives today."""
    return [
        code for code in musts(case)
        if answer(case, code).result != "pass" and not is_waived(case, code)
    ]  # fmt: skip


def may_be_accepted(case: Reference) -> bool:
    """What has not passed is at least promised."""
    return not unpassed(case) or bool(unmet(case.facts.conditions))


def show(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    write(case, values, shown_by=who)


def judge(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    write(case, values, judged_by=who if values["result"] else None)


def write(case: Reference, values: Mapping[str, Any], **pen: str | None) -> None:
    """Keep what is said by whom; what says nothing new is no word of theirs."""
    said = {name: value for name, value in values.items() if name != "criteria"}
    for code in values["criteria"]:
        found = answer(case, code)
        if any(getattr(found, name) != value for name, value in said.items()):
            vars(found).update(said | pen)
            case.facts.answers[case.facts.round, code] = found


def by_criterion(act: Callable[..., Any]) -> Callable[..., None]:
    """Answer one criterion after the other on the sheet, each by itself."""

    def answer_each(case: Gate, *, criteria: Iterable[str] = (), **values: Any) -> None:
        if not criteria:
            raise BadData({"criteria": ["None is chosen."]})
        for code in criteria:
            version = Gate.objects.get(pk=case.pk).gate_kind.version_id
            criterion = Criterion.objects.get(gate__version=version, code=code)
            act(gate=case, criterion=criterion, **values)

    return answer_each


EVIDENCE = {"evidence": "See the folder.", "link": "", "is_left_out": False}
SHEET = Sheet(
    filled=lambda case: {"criteria": asked(case), **EVIDENCE},
    pens=lambda case: [
        {}, {"criteria": unshown(case) or musts(case)}, {"criteria": musts(case)},
        {"criteria": musts(case)[:1], "evidence": "Another folder."}, {},
        {"criteria": asked(case)[-1:], "link": "https://files.example/1"},
        {"criteria": musts(case), "evidence": "", "link": "https://files.example/2"},
        {"criteria": musts(case)[-1:], "evidence": ""}, {},
        {"criteria": musts(case)[-1:], "evidence": "Not here.", "is_left_out": True},
    ],
    odd={"criteria": [[]], "evidence": [""]},
    fits=lambda case, who, values: bool(values.get("criteria")),
)  # fmt: skip
JUDGEMENT = Sheet(
    filled=lambda case: {"criteria": asked(case), "result": "pass", "remark": ""},
    pens=lambda case: [
        {}, {"criteria": musts(case)}, {"criteria": musts(case)[:1]}, {"criteria": unpassed(case)},
        {"criteria": musts(case)[-1:], "result": "partly", "remark": "Not all of it."}, {},
        {"criteria": asked(case)[-1:], "result": "fail", "remark": "Not shown."},
        {"criteria": musts(case)[:1], "result": ""}, {"criteria": musts(case)},
        {"criteria": musts(case)[-1:], "result": "fail", "remark": "No."},
    ],
    odd={"criteria": [[]], "result": ["", "fail"]},
    fits=lambda case, who, values: bool(values.get("criteria")),
)  # fmt: skip


# -- waivers and conditions -----------------------------------------------------------------------
def live(case: Reference) -> dict[int, Any]:
    """Return the waivers that are not refused or revoked, by number."""
    waivers = enumerate(case.facts.waivers, start=1)
    return {number: one for number, one in waivers if not one.is_revoked}


def to_grant(case: Reference, who: str) -> dict[int, Any]:
    """Return those asked for by somebody else."""
    return {
        number: one for number, one in live(case).items()
        if not one.granted_by and one.asked_by != who
    }  # fmt: skip


def waivable(case: Reference) -> list[str]:
    taken = {one.code for one in live(case).values()}
    return [code for code in musts(case) if code not in taken]


def unmet(conditions: Iterable[Any]) -> list[Any]:
    return [one for one in conditions if not one.met_by]


def is_overdue(case: Reference, conditions: Iterable[Any]) -> bool:
    return any(one.due_on < case.today for one in unmet(conditions))


def ask(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.waivers.append(
        SimpleNamespace(code=values["criterion"], expires_on=values["expires_on"], asked_by=who,
                        granted_by=None, is_revoked=False)
    )  # fmt: skip


def grant(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    live(case)[values["waiver"]].granted_by = who


def revoke(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    live(case)[values["waiver"]].is_revoked = True


def note(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.conditions.append(SimpleNamespace(due_on=values["due_on"], met_by=None))


def owed(case: Reference) -> list[int]:
    """Return the numbers of the conditions that are not met."""
    return [n for n, one in enumerate(case.facts.conditions, start=1) if not one.met_by]
