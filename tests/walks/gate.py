"""Gates of a project as the procedure has them in words (M8), said apart from the code.

A project shows evidence for what a gate asks and submits it; each role of the sign-off matrix says
what it thinks; the head of operations decides, in writing where somebody objected. Who is of the
project does neither. What is promised at an acceptance is owed, and shuts the gates after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from people.actors import Actor
from people.models import User
from projects.actions import judge_evidence, show_evidence
from projects.models import CatalogueVersion, Criterion, Gate, GateKind, Track
from tests.walks.hours import DAY, end_of, local_day
from tests.walks.reference import (
    SYSTEM,
    WAIT,
    Chair,
    Deed,
    Filing,
    Hearing,
    Led,
    Move,
    Owes,
    Process,
    Reference,
    Sheet,
    Timer,
    Who,
)
from workflows.door import open_case, perform
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
ACCEPTER = Who(
    lambda case, who: case.task_of(who) is not None and not wrote_it(case, who), works=True
)
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


def meet(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.conditions[values["condition"] - 1].met_by = who
    go_on(case)


def owed(case: Reference) -> list[int]:
    """Return the numbers of the conditions that are not met."""
    return [n for n, one in enumerate(case.facts.conditions, start=1) if not one.met_by]


# -- what people write ----------------------------------------------------------------------------
def texts(*names: str) -> Sheet:
    return Sheet(
        usual={name: ["Because."] for name in names},
        odd=dict.fromkeys(names, NOTHING),
        fits=lambda case, who, values: all(is_text(values.get(name)) for name in names),
    )


REASON, OPINION = texts("reason"), texts("note")
DAY_PLANNED = Sheet(
    usual={"planned_on": [5 * DAY, 40 * DAY, DAY, -2 * DAY, 0 * DAY]},
    odd={"planned_on": ["", "soon"]},
    fits=lambda case, who, values: isinstance(values.get("planned_on"), date),
)


def is_waiver(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """For a must that has none, with an end within half a year."""
    until = values.get("expires_on")
    return (
        values.get("criterion") in waivable(case)
        and all(is_text(values.get(name)) for name in ("reason", "measure"))
        and values.get("risk_owner") in case.facts.people
        and isinstance(until, date)
        and case.today <= until <= case.today + LONGEST_WAIVER
    )


WAIVER = Sheet(
    filled=lambda case: {"reason": "In March.", "measure": "A weekly call.", "risk_owner": "owner"},
    pens=lambda case: [
        {"criterion": code, "expires_on": some}
        for some in (DAY, 0 * DAY, 2 * DAY, LONGEST_WAIVER) for code in musts(case)
    ],
    odd={
        "criterion": ["", "nothing", lambda case: asked(case)[-1]], "reason": NOTHING,
        "measure": NOTHING, "risk_owner": ["nobody"],
        "expires_on": ["", -DAY, LONGEST_WAIVER + DAY],
    },
    fits=is_waiver,
)  # fmt: skip


def one_waiver(choices: Callable[[Reference, str], Mapping[int, Any]]) -> Sheet:
    return Sheet(
        usual={
            "waiver": [lambda case: min(choices(case, ""), default=1),
                       lambda case: max(choices(case, ""), default=1)],
            "note": ["It is carried."],
        },
        odd={"waiver": [1, 2, 9], "note": NOTHING},
        fits=lambda case, who, values: (
            values.get("waiver") in choices(case, who) and is_text(values.get("note"))
        ),
        rows={"waiver": lambda case: case.waivers},
    )  # fmt: skip


CONDITION = Sheet(
    usual={
        "what": ["Two more drills"], "owner": ["pm", "developer"],
        "due_on": [DAY, 4 * DAY, 0 * DAY, 2 * DAY, 9 * DAY],
    },
    odd={"what": NOTHING, "owner": ["nobody", ""], "due_on": [-DAY, "", "soon"]},
    fits=lambda case, who, values: (
        is_text(values.get("what"))
        and values.get("owner") in case.facts.people
        and isinstance(values.get("due_on"), date)
        and values["due_on"] >= case.today
    ),
)  # fmt: skip
PROOF = Sheet(
    usual={
        "condition": [lambda case: min(owed(case), default=1),
                      lambda case: max(owed(case), default=1)],
        "note": ["Drilled."],
    },
    odd={"condition": [1, 2, 9], "note": NOTHING},
    fits=lambda case, who, values: (
        values.get("condition") in owed(case) and is_text(values.get("note"))
    ),
    rows={"condition": lambda case: case.conditions},
)  # fmt: skip
ACCEPTANCE = Sheet(
    usual={"overruling": ["The risk is carried."], "note": [""]},
    pens=lambda case: [TAKEN_OVER if is_at(case, "G8") else {}],
    odd={"overruling": NOTHING, "mode": ["vendor", ""], "review_on": [0 * DAY],
         "business_owner": ["nobody"]},
    fits=lambda case, who, values: (
        (not is_objected(case) or is_text(values.get("overruling")))
        and (not is_at(case, "G8") or is_taken_over(case, values))
    ),
)  # fmt: skip
DEFERRAL = Sheet(
    usual={"reason": ["The hall floods."], "deferred_until": [DAY, 3 * DAY, 2 * DAY, 12 * DAY]},
    odd={"reason": NOTHING, "deferred_until": [0 * DAY, -DAY, ""]},
    fits=lambda case, who, values: (
        is_text(values.get("reason"))
        and isinstance(values.get("deferred_until"), date)
        and values["deferred_until"] > case.today
    ),
)


# -- what it does ---------------------------------------------------------------------------------
def plan(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.planned_on = values["planned_on"]


def begin_a_round(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.round += 1


def defer(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.deferred_until = values["deferred_until"]


def accept(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """The next gate is opened by itself, where nothing is overdue."""
    if is_objected(case):
        case.facts.overruling = values["overruling"].strip()
    if is_at(case, "G1"):
        sign_agreement(case, who)
    if is_at(case, "G8"):
        case.facts.services += 1
    go_on(case)


def after_acceptance(case: Reference, values: Mapping[str, Any]) -> str:
    """With what is promised still owed; `condition` is met just now."""
    left = [number for number in owed(case) if number != values.get("condition")]
    return "conditions" if left else "accepted"


# -- the handover agreement, the trial and the mode ------------------------------------------------
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


# -- its neighbours -------------------------------------------------------------------------------
def the_way_is_free(case: Reference) -> bool:
    before = case.facts.before
    if before is None:
        return True
    return before.state in PASSED and not is_overdue(case, before.conditions)


def is_free_behind(case: Reference) -> bool:
    before = case.facts.before
    if before is not None and before.state not in PASSED:
        return False
    conditions = [*case.facts.conditions, *(case.facts.before or NOBODY).conditions]
    return case.facts.next == "planned" and not is_overdue(case, conditions)


def go_on(case: Reference) -> None:
    """Open the next gate as soon as the way is free."""
    if is_free_behind(case):
        case.facts.next = "open"


NOBODY = SimpleNamespace(conditions=[])


def is_before(state: str) -> Callable[[Reference], bool]:
    return lambda case: case.facts.before is not None and case.facts.before.state == state


def accept_before(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    before = case.facts.before
    before.state = "conditions" if unmet(before.conditions) else "accepted"
    if the_way_is_free(case):
        case.perform(SYSTEM, "open_gate", {})


def meet_before(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    unmet(case.facts.before.conditions)[0].met_by = who
    if not unmet(case.facts.before.conditions):
        case.facts.before.state = "accepted"
    if case.state == "planned" and the_way_is_free(case):
        case.perform(SYSTEM, "open_gate", {})
    elif case.state in PASSED:
        go_on(case)


def skip(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    go_on(case)


SKIPPING = Sheet(
    usual={"reason": ["Nothing is built here."], "is_understood": [True]},
    odd={"reason": NOTHING, "is_understood": ["", False]},
    fits=lambda case, who, values: (
        is_text(values.get("reason")) and bool(values.get("is_understood"))
    ),
)  # fmt: skip


# -- its project ----------------------------------------------------------------------------------
def may_join(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """Nobody twice, and not the last who could decide on its gates."""
    person, heads = values.get("person"), case.holders("head_of_ops")
    if person not in case.facts.people or person in case.facts.team:
        return False
    of_it = {case.facts.manager, case.requester} | case.facts.team
    return person not in heads or bool(heads - {person} - of_it)


TEAM = Sheet(
    usual={"person": ["tester", "desk", "developer", "head"], "part": ["tester"]},
    odd={"person": ["nobody", ""]}, fits=may_join,
)  # fmt: skip
TEAM_LEADER = Who(lambda case, who: leads(case, who) or case.has(who, "head_of_ops"))
RENEWER = Who(
    lambda case, who: (
        case.has(who, "service_manager", "head_of_ops") and not is_of_the_project(case, who)
    )
)


def join(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """They see what they are of, and review nothing of it."""
    case.facts.team.add(values["person"])
    case.book.followers.add(values["person"])


def team_of(project: Any) -> set[str]:
    return set(project.members.values_list("user__username", flat=True))


def renew_criteria(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """What was not submitted yet goes by the newer ones; a skipped gate with the one after it."""
    is_ahead = case.state == "skipped" and case.facts.next in ("planned", "open")
    if case.state in ("planned", "open") or is_ahead:
        case.perform(SYSTEM, "renew", {})


def publish_and_renew(case: Gate, *, actor: User, at: datetime) -> None:
    project = case.parent
    kinds = GateKind.objects.filter(version=CatalogueVersion.objects.latest("number"))
    number = publish(list(kinds.order_by("place").values_list("code", flat=True)), at)
    perform(project, "change_criteria", actor=actor, at=at, catalogue=number, reason="Newer.")


def open_next(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.next = "open"


def cancel_project(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """Whatever is not decided is cancelled with it."""
    facts = case.facts
    if facts.before and facts.before.state not in FINAL:
        facts.before.state = "cancelled"
    facts.next = facts.next and "cancelled"
    case.perform(SYSTEM, "cancel", {})


def neighbour(case: Gate, step: int) -> Gate | None:
    return Gate.objects.filter(parent=case.parent_id, place=case.place + step).first()


def on_neighbour(step: int, action: str, **data: Any) -> Callable[..., Any]:
    return lambda case, **values: perform(neighbour(case, step), action, **data, **values)


def meet_theirs(case: Gate, **values: Any) -> None:
    found: Any = neighbour(case, -1)
    condition = found.conditions.filter(met_at=None).first()
    perform(found, "meet", condition=condition.pk, note="Drilled.", **values)


# -- by when --------------------------------------------------------------------------------------
def conditions_by(case: Reference) -> datetime | None:
    """The first that is owed comes first."""
    due = min((one.due_on for one in unmet(case.facts.conditions)), default=None)
    return end_of(due) if due else None


def reopens_at(case: Reference) -> datetime | None:
    until = case.facts.deferred_until
    return end_of(until - DAY) if until else None


def marks(case: Reference) -> list[datetime]:
    """Ends of days on which something ends, and the moment after."""
    facts = case.facts
    in_trial = [facts.trial_until] if case.state == "open" and is_in_trial(case) else []
    days = [one.expires_on for one in facts.waivers if case.state in REVIEWED]
    days += [one.due_on for one in unmet(facts.conditions) if case.state == "conditions"]
    days += [facts.deferred_until - DAY] if case.state == "deferred" else []
    if facts.before and case.state == "planned":
        days += [one.due_on for one in unmet(facts.before.conditions)]
    near = [day for day in days if day < case.today + 4 * DAY]
    ends = [end_of(day) for day in [*near, *in_trial]]
    return [at for end in ends for at in (end - MINUTE, end + MINUTE)]


# -- how it begins --------------------------------------------------------------------------------
LETTER = {
    "title": "Portal", "project_kind": "application", "track": "full", "effort_days": "8",
    "goal": "Suppliers see their orders.", "systems": [], "manager": "pm",
    "starts_on": -10 * DAY, "ends_on": 20 * DAY,
}  # fmt: skip
PLATFORM = {**LETTER, "project_kind": "platform"}
USUAL: dict[str, Any] = {"gates": ["G2", "G3"], "place": 1, "owed": []}
"""The gates of the project, the one that is walked, and (if it has one before it) in so many days
due what was promised there: the verdict is awaited."""

SECOND = {"gates": ["G3", "G4", "G5"], "place": 2}
SMALL_HOUSE = {"pm": "ops_reviewer", "developer": "head_of_ops", "desk": "ops_reviewer"}
ANOTHER_HEAD = {"ops_reviewer": "head_of_ops", "supervisor": "ops_reviewer"}
ANOTHER_DUTY = {"pm": "head_of_ops", "ops_reviewer": "supervisor"}
WHY, SAID = {"reason": "Because."}, {"note": "The restore was not shown."}
SHOW: list[Led] = [("pm", "show", {})]
SUBMITTED: list[Led] = [*SHOW, ("pm", "submit", {})]
AGREE: list[Led] = [("ops_reviewer", "agree", {}), ("supervisor", "agree", {})]
JUDGED: list[Led] = [*SUBMITTED, ("ops_reviewer", "judge", {})]
HEARD: list[Led] = [*JUDGED, *AGREE]
OBJECTED: list[Led] = [*JUDGED, ("supervisor", "object", SAID), ("ops_reviewer", "agree", {})]
DRILLS = {"what": "Drills", "owner": "pm"}
PROMISED: list[Led] = [
    *HEARD, ("head", "note_condition", {**DRILLS, "due_on": 3 * DAY}),
    ("head", "note_condition", {**DRILLS, "due_on": DAY}),
]  # fmt: skip
ACCEPTED: Led = ("head", "accept", {})
REWORK: Led = ("head", "rework", WHY)
SKIPPED: Led = ("head", "skip", {**WHY, "is_understood": True})
CANCELLED: Led = ("head", "cancel_project", {})
DEFERRED: Led = ("head", "defer", {**WHY, "deferred_until": 3 * DAY})
ASKED: Led = ("pm", "ask_waiver", {"criterion": "G2-01", "expires_on": DAY})
GRANTED: Led = ("head", "grant_waiver", {"waiver": 1, "note": "Carried."})
REVOKED: Led = ("head", "revoke_waiver", {"waiver": 1, "note": "No more."})
OTHERS_PASS: list[Led] = [("ops_reviewer", "judge", {"criteria": ["G2-02", "G2-03"]}), *AGREE]
EXTENDED: Led = ("ops_reviewer", "extend_trial", {**WHY, "trial_until": 40 * DAY})

FILINGS = [
    Filing("pm", None, LETTER, led=[
        ("pm", "show", {"criteria": ["G2-01", "G2-02"]}), ("pm", "submit", {}), *AGREE,
    ]),
    Filing("pm", None, LETTER, {}, ANOTHER_DUTY, led=[*JUDGED, AGREE[0], AGREE[0]]),
    Filing("pm", None, {**LETTER, "track": "light"}, {"gates": ["G2", "G6"]}, SMALL_HOUSE,
           led=SUBMITTED),
    Filing("pm", None, LETTER, {}, SMALL_HOUSE, away={"pm": "ops_reviewer"}, led=SUBMITTED),
    Filing("pm", None, LETTER, {**SECOND, "owed": [1]}, led=[
        ("", WAIT, {"until": 3 * DAY}), ("head", "accept_before", {}),
    ]),
    Filing("pm", None, LETTER, led=[
        *PROMISED, ACCEPTED, ("ops_reviewer", "meet", {"condition": 2, "note": "Drilled."}),
    ]),
    Filing("pm", None, LETTER, led=[*HEARD, DEFERRED]),
    Filing("pm", None, LETTER, led=[*SUBMITTED, ASKED, GRANTED, REVOKED, ASKED, *OTHERS_PASS]),
    Filing("pm", None, LETTER, led=[*SUBMITTED, ASKED, GRANTED, *OTHERS_PASS]),
    Filing("pm", None, LETTER, led=[*HEARD, REWORK]),
    Filing("pm", None, LETTER, led=[
        *OBJECTED, ("head", "accept", {"overruling": "It is carried."}),
    ]),
    Filing("pm", None, LETTER, led=[*OBJECTED, REWORK, *HEARD, ACCEPTED]),
    Filing("pm", None, LETTER, {"gates": ["G7", "G8"]}, led=[*SHOW, EXTENDED]),
    Filing("pm", None, LETTER, {"gates": ["G1", "G2"]}, led=SHOW),
    Filing("pm", None, LETTER, {**SECOND, "owed": [2]}),
    Filing("pm", None, LETTER, {"gates": ["G1", "G2"]}),
    Filing("pm", None, PLATFORM, {"gates": ["G6", "G7"]}, ANOTHER_HEAD),
    Filing("pm", None, LETTER, {"gates": ["G8"]}, led=[*HEARD, ("desk", "agree", {})]),
    Filing("ops_reviewer", None, LETTER, {"gates": ["G4", "G7"]}, SMALL_HOUSE),
    Filing("pm", None, PLATFORM, SECOND, ANOTHER_DUTY),
    Filing("service_manager", None, LETTER, {"gates": ["X1", "X2"]}, ANOTHER_HEAD),
    Filing("head", None, {**LETTER, "manager": "owner"}, {},
           {"owner": "supervisor", "pm": "head_of_ops"}),
    Filing("pm", None, LETTER, {}, ANOTHER_HEAD, led=PROMISED),
    Filing("pm", None, LETTER, led=JUDGED),
    Filing("pm", None, LETTER, led=[*HEARD, ("head", "reject", WHY)]),
    Filing("pm", None, LETTER, led=[*HEARD, CANCELLED]),
    Filing("pm", None, LETTER, led=[*PROMISED, ACCEPTED, CANCELLED]),
    Filing("pm", None, LETTER, SECOND, led=[CANCELLED]),
    Filing("pm", None, LETTER, led=[SKIPPED]),
    Filing("pm", None, LETTER, SECOND, led=[SKIPPED]),
    Filing("pm", None, LETTER, {**SECOND, "owed": [2, 3]}, led=[("head", "accept_before", {})]),
    Filing("pm", None, LETTER, {}, SMALL_HOUSE, away={"pm": "developer"}, led=[
        *SHOW, ("developer", "ask_waiver", {"criterion": "G2-01", "expires_on": 60 * DAY}),
    ]),
]  # fmt: skip


def put_in_force(figures: Mapping[str, Any], at: datetime) -> None:
    publish({**USUAL, **figures}["gates"], at)


def publish(codes: list[str], at: datetime | None) -> int:
    """Publish a standard of these gates, or (without a time) draft it; return its number."""
    number = CatalogueVersion.objects.latest("number").number + 1
    version = CatalogueVersion.objects.create(number=number)
    Track.objects.create(version=version, code="full", name="Full")
    Track.objects.create(
        version=version, code="light", name="Light", gates=codes[-1:], limit_days=10, is_light=True
    )
    for place, code in enumerate(codes, start=1):
        kind = GateKind.objects.create(version=version, place=place, code=code, name=code)
        Criterion.objects.bulk_create(
            Criterion(gate=kind, code=f"{code}-{number}", level=level, area=area, is_light=is_light)
            for number, (level, area, is_light) in CRITERIA.items()
        )
    version.published_at = at
    version.save(update_fields=["published_at"])
    return number


def open_project(filing: Filing, actor: User, at: datetime) -> Gate:
    """Open the project; what comes before the gate is brought to its verdict."""
    figures = {**USUAL, **filing.figures}
    project = open_case("project", actor=actor, at=at, **filing.data).case
    for place in range(1, figures["place"]):
        gate = bring_to_the_verdict(project.gates.get(place=place), at)
        for days in figures["owed"]:
            perform(gate, "note_condition", actor=somebody(gate, at), at=at, what="Drills",
                    owner="pm", due_on=local_day(at) + days * DAY)  # fmt: skip
    found: Gate = project.gates.get(place=figures["place"])
    return found


def bring_to_the_verdict(gate: Gate, at: datetime) -> Gate:
    """Show everything, pass everything, agree to everything."""
    codes, leader = list(gate.criteria.values_list("code", flat=True)), gate.parent.manager
    if gate.gate_kind.code == "G1" and not gate.parent.is_light:
        perform(gate, "write_agreement", actor=leader, at=at, **AGREED, when=local_day(at))
    by_criterion(show_evidence)(gate, criteria=codes, actor=leader, at=at, **EVIDENCE)
    gate = perform(gate, "submit", actor=leader, at=at).case
    judge_all = by_criterion(judge_evidence)
    judge_all(gate, criteria=codes, actor=somebody(gate, at), at=at, result="pass", remark="")
    while gate.state == "in_review":
        gate = perform(gate, "agree", actor=somebody(gate, at), at=at).case
    return gate


def somebody(gate: Gate, at: datetime) -> User:
    """Return somebody who may do what is to be done at the gate."""
    roles = gate.tasks.open().values_list("role", flat=True)
    for user in User.objects.filter(grants__role__in=list(roles)).order_by("pk"):
        who = Actor.of(user, at)
        if gate.lifecycle(gate, who, at).task_for(who):
            return user
    raise AssertionError("nobody may do it")


def everybody(case: Reference) -> set[str]:
    return {one.person for one in case.given if one.role} | {"requester", "requester2"}


def facts(case: Reference, filing: Filing) -> dict[str, Any]:
    figures, data = {**USUAL, **filing.figures}, filing.data
    is_light, codes, place = data["track"] == "light", figures["gates"], figures["place"]
    count = 1 if is_light else len(codes)
    mine = codes if is_light else [codes[place - 1]]
    before = SimpleNamespace(
        state="awaiting_verdict",
        conditions=[
            SimpleNamespace(due_on=case.today + days * DAY, met_by=None) for days in figures["owed"]
        ],
    )
    days = (data["ends_on"] - data["starts_on"]).days
    return {
        "code": codes[-1] if is_light else codes[place - 1], "is_light": is_light, "count": count,
        "manager": data["manager"], "round": 1, "deferred_until": None, "overruling": "",
        "planned_on": data["starts_on"] + days * place // count * DAY, "answers": {},
        "people": everybody(case),
        "criteria": {
            f"{code}-{number}": level
            for code in mine for number, (level, area, also_light) in CRITERIA.items()
            if area in ("both", data["project_kind"]) and (also_light or not is_light)
        },
        "trial_from": None, "trial_until": None, "extensions": 0, "agreements": [], "services": 0,
        "is_last": place == count, "team": set(),
        "waivers": [], "conditions": [], "before": before if place > 1 else None,
        "next": "planned" if place < count else None,
    }  # fmt: skip


def begin(case: Reference) -> None:
    """The first gate is open at once."""
    if case.facts.before is None:
        case.perform(SYSTEM, "open_gate", {})


# -- what is kept beside it -----------------------------------------------------------------------
def read_answers(case: Gate) -> dict[Any, Any]:
    found = case.answers.select_related("criterion", "shown_by", "judged_by")
    return {
        (one.round, one.criterion.code): (
            one.evidence, one.link, one.is_left_out, one.result, one.remark,
            one.shown_by and one.shown_by.username, one.judged_by and one.judged_by.username,
        )
        for one in found
    }  # fmt: skip


def kept_answers(case: Reference) -> dict[Any, Any]:
    return {
        key: (one.evidence, one.link, one.is_left_out, one.result, one.remark, one.shown_by,
              one.judged_by)
        for key, one in case.facts.answers.items()
    }  # fmt: skip


def read_waivers(case: Gate) -> list[Any]:
    found = case.waivers.select_related("criterion", "asked_by", "granted_by").order_by("pk")
    return [
        (one.criterion.code, one.expires_on, one.asked_by.username,
         one.granted_by and one.granted_by.username, one.revoked_at is not None)
        for one in found
    ]  # fmt: skip


def kept_waivers(case: Reference) -> list[Any]:
    return [
        (one.code, one.expires_on, one.asked_by, one.granted_by, one.is_revoked)
        for one in case.facts.waivers
    ]


def read_conditions(case: Gate) -> list[Any]:
    found = case.conditions.select_related("met_by").order_by("pk")
    return [(one.due_on, one.met_by and one.met_by.username) for one in found]


def kept_conditions(case: Reference) -> list[Any]:
    return [(one.due_on, one.met_by) for one in case.facts.conditions]


def state_of(step: int) -> Callable[[Gate], str | None]:
    def read(case: Gate) -> str | None:
        found = neighbour(case, step)
        return found.state if found else None

    return read


# -- the procedure --------------------------------------------------------------------------------
STAFF = ("project_manager", "ops_reviewer", "supervisor", "head_of_ops", "service_desk",
         "service_manager", "system_owner", "procurement_overseer", "auditor")  # fmt: skip

GATE = Process(
    kind="gate",
    filings=FILINGS,
    first="planned",
    final=FINAL,
    readers=STAFF,
    staff=STAFF,
    answerers=(),
    work={
        "open": Owes(person=lambda case: case.facts.manager),
        "in_review": Hearing(
            lambda case: [Chair(role, role) for role in asked_of(case)], yes="agree", no="object",
            also={"agree_on_conditions": "conditions"}, one_each=False, barred=is_of_the_project,
        ),
        "awaiting_verdict": Owes("head_of_ops", barred=is_of_the_project),
        "conditions": Owes("ops_reviewer", barred=is_of_the_project),
    },
    timers=(
        Timer("submission", starts=["open"], stops=["in_review"], repeats=True,
              until=lambda case: end_of(case.facts.planned_on)),
        Timer("opinion", starts=["in_review"], stops=["awaiting_verdict", "open"], repeats=True,
              days=lambda case: 5),
        Timer("verdict", starts=["awaiting_verdict"], repeats=True, days=lambda case: 2,
              stops=["accepted", "conditions", "open", "rejected", "deferred"]),
        Timer("conditions", starts=["conditions"], stops=["accepted"], until=conditions_by),
        Timer("deferral", starts=["deferred"], stops=["open"], repeats=True, until=reopens_at,
              then="take_up"),
    ),
    moves={
        "open_gate": Move(["planned"], "open", OPENER, when=the_way_is_free, does=open_it),
        "write_agreement": Move(["open"], None, LEADER, AGREEMENT, does=write_agreement,
                                when=lambda case: is_at(case, "G1")),
        "extend_trial": Move(["open"], None, EXTENDER, LONGER, does=extend,
                             when=lambda case: bool(case.facts.trial_until)
                             and case.facts.extensions < 2),
        "plan": Move(["planned", "open"], None, PLANNER, DAY_PLANNED, does=plan),
        "skip": Move(["planned", "open"], "skipped", HEAD, SKIPPING, does=skip,
                     when=lambda case: not case.facts.is_last),
        "renew": Move(["planned", "open", "skipped"], None, ITSELF),
        "submit": Move(["open"], "in_review", WORKER, when=may_be_submitted),
        "take_back": Move(REVIEWED, "open", LEADER, REASON, does=begin_a_round),
        "ask_waiver": Move(SHOWN, None, LEADER, WAIVER, does=ask,
                           when=lambda case: bool(waivable(case))),
        "grant_waiver": Move(SHOWN, None, HEAD, one_waiver(to_grant), does=grant,
                             when=lambda case: any(
                                 not one.granted_by for one in live(case).values()
                             )),
        "revoke_waiver": Move(SHOWN, None, HEAD, one_waiver(lambda case, who: live(case)),
                              does=revoke, when=lambda case: bool(live(case))),
        "agree": Move(["in_review"], "awaiting_verdict", WORKER),
        "agree_on_conditions": Move(["in_review"], "awaiting_verdict", WORKER, OPINION),
        "object": Move(["in_review"], "awaiting_verdict", WORKER, OPINION),
        "accept": Move(["awaiting_verdict"], after_acceptance, ACCEPTER, ACCEPTANCE, does=accept,
                       when=may_be_accepted),
        "note_condition": Move(["awaiting_verdict"], None, WORKER, CONDITION, does=note),
        "rework": Move(["awaiting_verdict"], "open", WORKER, REASON, does=begin_a_round),
        "defer": Move(["awaiting_verdict"], "deferred", WORKER, DEFERRAL, does=defer),
        "reject": Move(["awaiting_verdict"], "rejected", WORKER, REASON),
        "take_up": Move(["deferred"], "open", TAKER_UP, does=begin_a_round),
        "meet": Move(["conditions"], after_acceptance, WORKER, PROOF, does=meet),
        "cancel": Move(GOES_ON, "cancelled", ITSELF),
    },
    deeds={
        "show": Deed(["open"], None, LEADER, SHEET, does=show, asks_first=True,
                     done=by_criterion(show_evidence)),
        "judge": Deed(REVIEWED, None, JUDGE, JUDGEMENT, does=judge,
                      done=by_criterion(judge_evidence)),
        "accept_before": Deed(
            ["planned"], "open", HEAD, when=is_before("awaiting_verdict"), does=accept_before,
            done=on_neighbour(-1, "accept"), elsewhere=True,
        ),
        "meet_before": Deed(
            GOES_ON, None,
            Who(lambda case, who: case.has(who, "ops_reviewer")
                and not is_of_the_project(case, who)),
            when=is_before("conditions"), does=meet_before, done=meet_theirs, elsewhere=True,
        ),
        "open_next": Deed(
            PASSED, None, Who(lambda case, who: case.has(who, "ops_reviewer")),
            when=is_free_behind, does=open_next, done=on_neighbour(1, "open_gate"), elsewhere=True,
        ),
        "join_team": Deed(
            [*GOES_ON, *FINAL[:3]], None, TEAM_LEADER, TEAM, does=join, elsewhere=True,
            when=lambda case: len(case.facts.team) < 2,
            done=lambda case, **values: perform(case.parent, "change_team", **values),
        ),
        "renew_criteria": Deed(
            [*GOES_ON, "skipped"], None, RENEWER, does=renew_criteria, elsewhere=True,
            when=lambda case: case.book.beside.count("renew_criteria") < 2,
            done=publish_and_renew,
        ),
        "cancel_project": Deed(
            GOES_ON, "cancelled", Who(lambda case, who: case.has(who, "head_of_ops")),
            does=cancel_project, elsewhere=True,
            done=lambda case, **values: perform(case.parent, "cancel", reason="Why.", **values),
        ),
    },
    facts=facts,
    stage=put_in_force,
    opens=open_project,
    begins=begin,
    raised=lambda case: case.facts.count + case.facts.services,
    marks=marks,
    kept=("round", "planned_on", "deferred_until", "overruling", "trial_from", "trial_until",
          "extensions"),
    reads={
        "answers": (read_answers, kept_answers),
        "waivers": (read_waivers, kept_waivers),
        "team": (lambda case: team_of(case.parent), lambda case: case.facts.team),
        "agreements": (lambda case: agreements_of(case.parent), kept_agreements),
        "conditions": (read_conditions, kept_conditions),
        "before": (state_of(-1), lambda case: case.facts.before and case.facts.before.state),
        "next": (state_of(1), lambda case: case.facts.next),
    },
)  # fmt: skip
"""The procedure; each line is one sentence of it."""
