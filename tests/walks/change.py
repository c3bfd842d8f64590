"""Changes as the procedure has them in words (M7, M20), said apart from the code.

A change is planned by whoever asks for it, judged by the change manager, approved by whom its risk
asks for, carried out inside its window by one person and verified by another; what went wrong, and
every emergency, is reviewed. A template is approved once for all; an emergency by two at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from agreements.models import Service
from change_control.models import ChangePolicy, ChangeTemplate, FreezePeriod
from people.models import User
from tests.walks.hours import days_later, local_day
from tests.walks.reference import (
    SYSTEM,
    Ballot,
    Chair,
    Filing,
    Led,
    Move,
    Owes,
    Process,
    Reference,
    Sheet,
    Timer,
    Who,
)
from workflows.door import open_case

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DRAFTS = ("draft", "returned")
BEFORE_WORK = ("assessing", "awaiting_approval", "scheduled")
DECIDED = ("awaiting_approval", "scheduled")
REVIEWED = ("backed_out", "failed", "review")
SYSTEMS = ("erp", "production-system", "sales-system", "supply-system", "finance-system", "portal")
"""In the order of the catalogue."""

EMERGENCIES = ("emergency", "unauthorised")
"""Cannot wait, or was found afterwards: decided by two, and may be written down when done."""


# -- who ------------------------------------------------------------------------------------------
def asked(case: Reference, who: str) -> bool:
    return case.asked(who)


def carries_it_out(case: Reference, who: str) -> bool:
    return case.facts.implementer in case.identities(who)


def is_involved(case: Reference, who: str) -> bool:
    """Who asked for a change or carries it out never decides on it."""
    return asked(case, who) or carries_it_out(case, who)


def manages(case: Reference, who: str) -> bool:
    return case.has(who, "change_manager")


REQUESTER = Who(asked)
WORKER = Who(lambda case, who: case.task_of(who) is not None, works=True)
WORKER_OR_REQUESTER = Who(
    lambda case, who: case.task_of(who) is not None or asked(case, who), works=True
)
REQUESTER_OR_MANAGER = Who(lambda case, who: asked(case, who) or manages(case, who))
MANAGER = Who(manages)
HEAD = Who(lambda case, who: case.has(who, "head_of_ops") and not is_involved(case, who))
IMPLEMENTER = Who(carries_it_out)
ITSELF = Who(lambda case, who: who == SYSTEM)


# -- who decides ----------------------------------------------------------------------------------
def is_emergency(case: Reference) -> bool:
    return case.facts.type in EMERGENCIES


def was_done(case: Reference) -> bool:
    return is_emergency(case) and case.facts.finished_at is not None


def level(case: Reference) -> str:
    """An emergency is decided by two; what nobody judged is as risky as can be."""
    return "emergency" if is_emergency(case) else case.facts.level or "high"


def deciders(case: Reference) -> list[Chair]:
    chairs = [Chair("change_manager", "change_manager")]
    if level(case) == "medium":
        chairs += {chair.slot: chair for chair in map(owner_of(case), touched(case))}.values()
    if level(case) in ("high", "emergency"):
        chairs.append(Chair("head_of_ops", "head_of_ops"))
    if level(case) == "high":
        chairs += board(case)
    return chairs


def touched(case: Reference) -> list[str]:
    return [code for code in SYSTEMS if code in case.facts.systems]


def owner_of(case: Reference) -> Callable[[str], Chair]:
    """The owner of a system decides; where there is none or they are involved, one system owner
    of the unit for all such systems."""

    def chair(code: str) -> Chair:
        owner = case.facts.owners.get(code, "owner")
        if owner in (None, case.requester, case.facts.implementer):
            return Chair("system_owner", "system_owner")
        return Chair(f"system_owner:{owner}", "system_owner", owner, named=True)

    return chair


def free_holders(case: Reference, role: str) -> set[str]:
    return {one for one in case.holders(role) if not is_involved(case, one)}


def board(case: Reference) -> list[Chair]:
    """Every member who is not there as change manager or head already."""
    there = free_holders(case, "change_manager") | free_holders(case, "head_of_ops")
    members = sorted(free_holders(case, "cab_member") - there)
    return [Chair(f"cab_member:{one}", "cab_member", one) for one in members]


def votes_of_board(case: Reference) -> dict[str, int]:
    return {"cab_member": case.facts.cab_votes} if level(case) == "high" else {}


PLACE_AND_TIME = (
    "what", "systems", "starts_at", "ends_at", "outage_minutes", "backout_plan",
    "backout_minutes", "return_until",
)  # fmt: skip
REST = ("type", "reason", "plan", "test_evidence", "implementer", "verifier", "risk", "level")
DONE = ("began_at", "finished_at")


def approved(case: Reference, slot: str) -> list[Any]:
    """Owners approve what happens to their system and when, everybody else all of it; of what was
    done already also when it was done."""
    all_of_it = (*PLACE_AND_TIME, *REST, *(DONE if was_done(case) else ()))
    names = PLACE_AND_TIME if slot.startswith("system_owner") else all_of_it
    return [getattr(case.facts, name) for name in names]


# -- what people write ----------------------------------------------------------------------------
NOTHING = ["", "   "]
PLAN = (
    *PLACE_AND_TIME, "reason", "plan", "test_evidence", "implementer", "verifier", "informed",
    "short_notice",
)  # fmt: skip
LONGEST = 14 * DAY


def is_text(value: Any) -> bool:
    return bool(str(value or "").strip())


def texts(*names: str) -> Sheet:
    return Sheet(
        usual={name: ["Because it helps."] for name in names},
        odd=dict.fromkeys(names, NOTHING),
        fits=lambda case, who, values: all(is_text(values.get(name)) for name in names),
    )


REASON = texts("reason")


def window(opens_in: timedelta, length: timedelta) -> dict[str, Any]:
    """A window that opens some time from now; half an hour takes it back."""
    return {
        "starts_at": lambda case: case.at + opens_in,
        "ends_at": lambda case: case.at + opens_in + length,
        "return_until": lambda case: case.at + opens_in + length - HOUR,
        "backout_minutes": 30,
    }


NO_WINDOW = dict.fromkeys(("starts_at", "ends_at", "return_until", "backout_minutes"), "")


def done(ended: timedelta) -> dict[str, Any]:
    """It was begun three hours before it ended, so long ago."""
    return {
        "began_at": lambda case: case.at - ended - 3 * HOUR,
        "finished_at": lambda case: case.at - ended,
    }


def as_it_stands(case: Reference) -> dict[str, Any]:
    names = (*PLAN, *DONE) if is_emergency(case) else PLAN
    return {name: getattr(case.facts, name) for name in names}


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form that was filled in says."""
    said = {name: values.get(name) for name in (*PLAN, *DONE)}
    for name in ("starts_at", "ends_at", "return_until", *DONE, "implementer", "verifier"):
        said[name] = said[name] or None
    for name in ("what", "reason", "plan", "test_evidence", "backout_plan", "informed",
                 "short_notice"):  # fmt: skip
        said[name] = str(said[name] or "").strip()
    said["systems"] = sorted(said["systems"] or [])
    said["outage_minutes"] = int(said["outage_minutes"] or 0)
    said["backout_minutes"] = int(said["backout_minutes"]) if said["backout_minutes"] else None
    return said


def is_plan(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """It makes sense: the window, what is in it, and who carries out and who verifies."""
    is_number = str(values.get("backout_minutes") or 1).isdigit()
    if not is_number or not set(values.get("systems") or []) <= set(SYSTEMS):
        return False
    said = SimpleNamespace(**read(values))
    people = [one for one in (said.implementer, said.verifier) if one]
    if not set(people) <= case.facts.people or len(people) != len(set(people)):
        return False
    if is_emergency(case) and not is_past(case, said):
        return False
    if case.state not in DRAFTS and any(not getattr(said, name) for name in needed(case)):
        return False
    if not said.starts_at and not said.ends_at:
        return True
    return bool(said.starts_at and said.ends_at) and is_window(said)


def is_past(case: Reference, said: Any) -> bool:
    """What was done ended after it began, and not after now."""
    if any(at and at > case.at for at in (said.began_at, said.finished_at)):
        return False
    return not (said.began_at and said.finished_at) or bool(said.began_at < said.finished_at)


def is_window(said: Any) -> bool:
    length = said.ends_at - said.starts_at
    back = MINUTE * (said.backout_minutes or 0)
    if not timedelta() < length <= LONGEST or max(MINUTE * said.outage_minutes, back) > length:
        return False
    return not said.return_until or said.starts_at <= said.return_until <= said.ends_at - back


def once_agreed(name: str) -> Callable[[Reference], Any]:
    return lambda case: case.facts.agreed.get(name, getattr(case.facts, name))


TAKEN_BACK = {name: once_agreed(name) for name in PLAN}
"""Written again as it was when it was last approved."""

EDITS: list[dict[str, Any]] = [
    TAKEN_BACK, {"plan": "Another way\nin two steps"}, {"plan": "Stop\nDo\nStart"},
    {"informed": "Finance"}, {"outage_minutes": 45}, window(HOUR, 2 * DAY),
    {"implementer": "developer", "verifier": "tester"},
    {"implementer": "analyst", "verifier": "tester"},
    {"outage_minutes": 30}, {"systems": ["portal"]}, {"systems": ["erp"]},
    window(6 * DAY, 9 * DAY), {"implementer": "change_manager"}, {"implementer": "owner"},
    {"short_notice": "A gap."}, TAKEN_BACK, {"systems": ["erp", "sales-system", "portal"]},
    {"test_evidence": "On a copy."}, window(9 * HOUR, 3 * DAY),
    {"what": "Another index."}, TAKEN_BACK, {"systems": ["finance-system"]}, NO_WINDOW,
    {"implementer": ""}, {"plan": ""}, done(2 * HOUR), dict.fromkeys(DONE, ""),
]  # fmt: skip


def edits(case: Reference) -> list[dict[str, Any]]:
    """What comes back after it was agreed on once is as often made what it was."""
    is_undone = case.state == "returned" and case.facts.agreed
    return [*EDITS, *[TAKEN_BACK] * len(EDITS)] if is_undone else EDITS


EDIT = Sheet(
    filled=as_it_stands, pens=edits,
    odd={
        "systems": [["nothing-known"]], "outage_minutes": [100_000],
        "backout_minutes": [-1, 99_999],
        "ends_at": ["", lambda case: case.at - 40 * DAY, lambda case: case.at + 60 * DAY],
        "return_until": [lambda case: case.at - 40 * DAY, lambda case: case.at + 40 * DAY],
        "implementer": ["nobody", "tester"], "verifier": ["nobody", "developer"],
        "finished_at": ["", lambda case: case.at + DAY, lambda case: case.at - 30 * DAY],
    },
    fits=is_plan,
)  # fmt: skip

POINTS = {
    "impact": {"none": 0, "some": 2, "core": 4},
    "reach": {"team": 0, "site": 1, "company": 3},
    "complexity": {"one": 0, "few": 1, "many": 3},
    "tested": {"like_production": 0, "in_part": 2, "no": 4},
    "reversible": {"at_once": 0, "with_effort": 2, "no": 4},
    "experience": {"often": 0, "once": 1, "never": 2},
    "timing": {"quiet": 0, "office": 1, "closing": 3},
}
RISKS = ("low", "medium", "high")


def computed(values: Mapping[str, Any]) -> str:
    """Points judge; what could halt the business, is untested or final is no small thing."""
    points = sum(answers[values[key]] for key, answers in POINTS.items())
    found = "high" if points >= 11 else "medium" if points >= 5 else "low"
    is_core, is_bold = values["impact"] == "core", "no" in (values["tested"], values["reversible"])
    if is_core and is_bold:
        return "high"
    return "medium" if found == "low" and (is_core or is_bold) else found


def is_judgement(case: Reference, who: str, values: dict[str, Any]) -> bool:
    """Every question has an answer; a lower risk than computed has a reason."""
    if any(values.get(key) not in answers for key, answers in POINTS.items()):
        return False
    chosen, found = values.get("risk") or computed(values), computed(values)
    if chosen not in RISKS:
        return False
    is_lower = RISKS.index(chosen) < RISKS.index(found)
    return not is_lower or is_text(values.get("risk_reason"))


CALM = {key: next(iter(answers)) for key, answers in POINTS.items()}
JUDGEMENTS: list[dict[str, Any]] = [
    {},
    {"impact": "core"},
    {"impact": "core", "tested": "no"},
    {"reach": "site"},
    {"reversible": "no"},
    {"tested": "no", "risk": "low", "risk_reason": "Small."},
    {"tested": "no", "risk": "low"},
    {"impact": "core", "risk": "low"},
    {"impact": "core", "reversible": "no", "risk": "medium"},
    {"impact": "some", "tested": "in_part", "complexity": "few"},
    {"risk": "high"},
    {"reach": "company", "complexity": "many", "tested": "in_part", "timing": "closing"},
    {},
    {"risk": "medium"},
    {"impact": "some", "tested": "in_part"},
]
AS_BEFORE = {"risk": lambda case: case.facts.risk, "risk_reason": "As before."}
ASSESSMENT = Sheet(
    filled=lambda case: CALM,
    pens=lambda case: [*JUDGEMENTS, *[AS_BEFORE] * 9] if case.facts.agreed else JUDGEMENTS,
    odd={
        "impact": ["", "vast"], "tested": ["perhaps", "no"], "risk": ["none", "low"],
        "reach": ["company"], "complexity": ["many"], "risk_reason": NOTHING,
    },
    fits=is_judgement,
)  # fmt: skip


def fits_beginning(case: Reference, who: str, values: dict[str, Any]) -> bool:
    """A quarter of an hour late needs no word, more does."""
    in_time = case.at <= case.facts.starts_at + 15 * MINUTE
    return in_time or is_text(values.get("late_start"))


BEGINNING = Sheet(
    usual={"late_start": ["The backup took long.", ""]}, odd={"late_start": ["  "]},
    fits=fits_beginning,
)  # fmt: skip
STEP = Sheet(
    usual={"step": [1, 2, 3]}, odd={"step": [9, "", "first"]},
    fits=lambda case, who, values: values.get("step") in case.facts.steps,
)  # fmt: skip
OUTCOME = Sheet(
    usual={"outcome": ["successful", "with_problems"]}, odd={"outcome": ["failed", "", "fine"]},
    fits=lambda case, who, values: values.get("outcome") in ("successful", "with_problems"),
)  # fmt: skip
TO_DO = Sheet(
    usual={"what": ["Test on a copy."], "owner": ["tester", "pm"], "due_on": [9 * DAY, 0 * DAY]},
    odd={"what": NOTHING, "owner": ["nobody", ""], "due_on": [-DAY, ""]},
    fits=lambda case, who, values: (
        is_text(values.get("what"))
        and values.get("owner") in case.facts.people
        and isinstance(values.get("due_on"), date)
        and values["due_on"] >= case.today
    ),
)


# -- when -----------------------------------------------------------------------------------------
def may_be_submitted(case: Reference) -> bool:
    is_complete = all(getattr(case.facts, name) for name in needed(case))
    return is_complete and fits_template(case) and is_ahead(case) and is_in_time(case)


def needed(case: Reference) -> list[str]:
    """What a change of its type is not submitted without, and keeps from then on."""
    names = ["what", "reason", "systems", "plan", "implementer", "verifier"]
    if was_done(case):
        names += DONE
    else:
        names += ["starts_at", "ends_at"]
        if case.facts.type != "standard":
            names += ["backout_plan", "backout_minutes", "return_until"]
        if case.facts.type == "normal":
            names.append("test_evidence")
    return names


def fits_template(case: Reference) -> bool:
    """A template is good up to its day, and for the systems it names."""
    if case.facts.type != "standard":
        return True
    return case.today <= case.facts.template.good_until and is_covered(case)


def is_covered(case: Reference) -> bool:
    return set(case.facts.systems) <= case.facts.template.systems


def is_ahead(case: Reference) -> bool:
    return was_done(case) or bool(case.facts.starts_at > case.at)


def is_in_time(case: Reference) -> bool:
    """So many business days ahead, or with a word why not."""
    if case.facts.type != "normal" or case.facts.short_notice:
        return True
    return bool(case.facts.starts_at >= days_later(case.at, case.facts.lead))


def is_frozen(case: Reference) -> bool:
    """The window lies in a freeze of one of its systems, and nobody has made an exception."""
    facts = case.facts
    if facts.freeze_override or was_done(case) or not facts.starts_at:
        return False
    return any(
        freeze.since < facts.ends_at and facts.starts_at < freeze.until
        and (not freeze.systems or set(freeze.systems) & set(facts.systems))
        for freeze in facts.freezes
    )  # fmt: skip


def is_too_early(case: Reference) -> bool:
    """Something goes live by it that was not accepted, and nobody let it."""
    facts = case.facts
    return bool(facts.goes_live) and not facts.live_override and not was_done(case)


def let_it_live(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.live_override = values["live_override"].strip()


def may_begin(case: Reference) -> bool:
    """Inside the window, in no freeze, accepted where it goes live, and as it was approved."""
    facts = case.facts
    return bool(facts.starts_at <= case.at < facts.ends_at) and (
        not is_frozen(case) and not is_too_early(case) and is_approved(case)
    )


def is_approved(case: Reference) -> bool:
    """By its template, or by everybody whose yes it needs."""
    is_standard = case.facts.type == "standard" and is_covered(case)
    return is_standard or case.is_carried("awaiting_approval")


# -- what it does ---------------------------------------------------------------------------------
def write(case: Reference, values: Mapping[str, Any]) -> None:
    said = read(values)
    for name in as_it_stands(case):
        setattr(case.facts, name, said[name])


def edit(case: Reference, who: str, values: dict[str, Any]) -> None:
    write(case, values)
    if case.state in DRAFTS:
        case.facts.goes_live = values.get("goes_live", "")


def remember_what(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.agreed = as_it_stands(case)


def judge(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.risk = case.facts.level = values.get("risk") or computed(values)


def go_higher(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.level = {"low": "medium", "medium": "high"}[case.facts.level]


def except_it(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.freeze_override = values["freeze_override"].strip()


def remember_where(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.held_from = case.state


def begin(case: Reference, who: str, values: dict[str, Any]) -> None:
    lines = [line for line in case.facts.plan.splitlines() if line.strip()]
    case.facts.began_at, case.facts.steps = case.at, set(range(1, len(lines) + 1))


def tick(case: Reference, who: str, values: dict[str, Any]) -> None:
    case.facts.steps.remove(values["step"])


def end(case: Reference, outcome: str) -> None:
    case.facts.outcome, case.facts.finished_at = outcome, case.at
    case.facts.has_overrun = case.at > case.facts.ends_at


# -- where it leads -------------------------------------------------------------------------------
def after_submission(case: Reference, values: dict[str, Any]) -> str:
    if case.facts.type == "standard":
        return "scheduled"
    return unless_approved(case) if is_emergency(case) else "assessing"


def unless_approved(case: Reference) -> str:
    """Nobody decides what all have said yes to; anything else is decided, again too."""
    return "scheduled" if is_approved(case) else "awaiting_approval"


def after_assessment(case: Reference, values: dict[str, Any]) -> str:
    judge(case, "", values)
    return unless_approved(case)


def after_edit(case: Reference, values: dict[str, Any]) -> str:
    write(case, values)
    return unless_approved(case) if case.state in DECIDED else case.state


def after_approval(case: Reference, values: dict[str, Any]) -> str:
    return "review" if was_done(case) else "scheduled"


def after_verification(case: Reference, values: dict[str, Any]) -> str:
    return "review" if is_emergency(case) or case.facts.has_overrun else "closed"


def where_it_was(case: Reference, values: dict[str, Any]) -> str:
    return str(case.facts.held_from)


# -- time -----------------------------------------------------------------------------------------
def record_by(case: Reference) -> datetime:
    facts = case.facts
    return days_later(facts.finished_at or facts.began_at or facts.filed_at, 1)


def decided_by(case: Reference) -> datetime | None:
    """Before its window begins."""
    return None if was_done(case) else case.facts.starts_at


def marks(case: Reference) -> list[datetime]:
    """What is further off than four days nobody waits for: there is time to think again."""
    facts = case.facts
    if case.state not in ("scheduled", "implementing") or not facts.starts_at:
        return []
    if facts.starts_at > case.at + 4 * DAY:
        return []
    return [facts.starts_at, facts.starts_at + HOUR, facts.ends_at - MINUTE, facts.ends_at + MINUTE]


# -- how it begins --------------------------------------------------------------------------------
LETTER = {
    "title": "New index", "type": "normal", "what": "An index.", "reason": "It is slow.",
    "systems": ["erp"], "outage_minutes": 30, "plan": "Stop\nDo\nStart",
    "test_evidence": "On a copy.", "backout_plan": "Drop it.", "implementer": "developer",
    "verifier": "tester", "informed": "", "short_notice": "A gap.",
}  # fmt: skip
SOON = {**LETTER, **window(3 * HOUR, 9 * DAY)}
LATER = {**LETTER, **window(6 * DAY, 4 * DAY), "short_notice": ""}
AFTERWARDS = {**LETTER, **NO_WINDOW, **done(5 * HOUR)}
PORTAL = {**SOON, "type": "standard", "template": "portal-restart", "systems": ["portal"]}

USUAL: dict[str, Any] = {"lead": 3, "cab_votes": 2, "owners": {}, "freezes": [], "template": 90}
"""Figures of the back office; `owners`: system → whose it is; freezes from and until so long from
the filing, for some systems or (none) all; the template is good for so many days more."""

OTHER_OWNERS = {"owners": {"portal": None, "sales-system": "service_manager"}}
FROZEN = {"freezes": [(timedelta(), 20 * DAY, []), (30 * DAY, 40 * DAY, ["portal"])]}
PORTAL_FROZEN = {"freezes": [(DAY, 3 * DAY, ["portal"])], "lead": 1, "cab_votes": 1}
STRICT = {**OTHER_OWNERS, "lead": 6, "cab_votes": 3}

SMALL_HOUSE = {"developer": "change_manager", "analyst": "cab_member", "owner": "head_of_ops"}
"""Where people hold two roles that must not meet in one case."""
BIG_BOARD = {"pm": "cab_member", "tester": "cab_member", "service_manager": "change_manager"}

WHY = {"reason": "No."}
LET = {"live_override": "It cannot wait."}
CORE, DARING = {**CALM, "impact": "core"}, {**CALM, "impact": "core", "tested": "no"}
IN_A_WEEK = {**LATER, "short_notice": "A gap."}
AT_ONCE = {**LETTER, **window(25 * MINUTE, 5 * HOUR), "type": "emergency"}
BY_ANALYST = {"implementer": "analyst"}


def judged(answers: Mapping[str, str]) -> list[Led]:
    return [("analyst", "submit", {}), ("change_manager", "assess", answers)]


BY_TWO: list[Led] = [
    ("desk", "submit", {}), ("head", "approve", {}), ("change_manager", "approve", {}),
]  # fmt: skip
BEGUN: list[Led] = [*BY_TWO, ("developer", "begin", {})]
DONE_WELL: list[Led] = [*BEGUN, ("developer", "finish", {"outcome": "successful"})]
WAITED: list[Led] = [
    ("desk", "hold", WHY), ("desk", "resume", {}), ("desk", "hold", WHY), ("desk", "resume", {}),
]  # fmt: skip


def job(case: Reference) -> str:
    """Open a small job that is not accepted yet; return its number."""
    number: str = open_case(
        "project", actor=User.objects.get(username="pm"), at=case.at, title="A small job",
        project_kind="application", track="light", effort_days="8", goal="To be faster.",
        systems=[], manager="pm", starts_on=case.today, ends_on=case.today + 30 * DAY,
    ).case.number  # fmt: skip
    return number


FILINGS = [
    Filing("analyst", None, SOON),
    Filing("analyst", None, LATER, {}, SMALL_HOUSE),
    Filing("owner", None, {**SOON, "systems": ["erp", "portal"]}, OTHER_OWNERS, BIG_BOARD),
    Filing("developer", None, {**SOON, **BY_ANALYST, "type": "emergency"}),
    Filing("desk", None, {**AFTERWARDS, "type": "unauthorised"}, {}, SMALL_HOUSE),
    Filing("desk", None, PORTAL, {**PORTAL_FROZEN, "template": 2}),
    Filing("change_manager", None, SOON, FROZEN, BIG_BOARD),
    Filing("analyst", None, {**LATER, "systems": ["portal", "sales-system"]}, STRICT, BIG_BOARD),
    Filing("analyst", None, {**SOON, "systems": ["sales-system"]}, OTHER_OWNERS,
           away={"analyst": "change_manager", "developer": "tester"}),
    Filing("head", None, {**AFTERWARDS, "type": "emergency"}, FROZEN, SMALL_HOUSE),
    Filing("pm", None, {"title": "To be planned", "type": "normal"}, PORTAL_FROZEN),
    Filing("analyst", None, {**SOON, **window(2 * DAY, 3 * HOUR)}, PORTAL_FROZEN),
    Filing("analyst", None, SOON, led=judged(CORE)),
    Filing("analyst", None, SOON, {}, {"owner": "change_manager"}, led=[
        *judged(CORE), ("owner", "approve", {}), ("analyst", "edit", {"plan": "Another way"}),
    ]),
    Filing("analyst", None, SOON, STRICT, BIG_BOARD, led=judged(DARING)),
    Filing("analyst", None, SOON, PORTAL_FROZEN, led=[
        *judged(DARING), ("head", "approve", {}), ("change_manager", "approve", {}),
    ]),
    Filing("analyst", None, SOON, led=[
        *judged(DARING), ("head", "approve", {}), ("change_manager", "approve", {}),
        ("supervisor", "approve", {}),
    ]),
    Filing("analyst", None, SOON, PORTAL_FROZEN, led=[
        *judged(DARING), ("supervisor", "decline", WHY), ("head", "decline", WHY),
    ]),
    Filing("analyst", None, IN_A_WEEK, led=[*judged(CALM), (SYSTEM, "escalate", {})]),
    Filing("analyst", None, IN_A_WEEK, led=[
        *judged(CALM), ("change_manager", "approve", {}), ("analyst", "edit", {"plan": "Do"}),
        ("change_manager", "send_back", WHY),
    ]),
    Filing("desk", None, {**IN_A_WEEK, "type": "emergency"}, led=[
        *BY_TWO, ("desk", "edit", {"plan": "Another way"}), ("head", "send_back", WHY),
    ]),
    Filing("owner", None, SOON, {}, {"pm": "system_owner"}, led=[
        ("owner", "submit", {}), ("change_manager", "assess", CORE),
    ]),
    Filing("desk", None, PORTAL, led=[("desk", "submit", {}), ("desk", "edit", BY_ANALYST)]),
    Filing("desk", None, AT_ONCE, led=[*BY_TWO, *WAITED]),
    Filing("desk", None, AT_ONCE, away={"developer": "tester"}, led=DONE_WELL),
    Filing("desk", None, AT_ONCE, led=DONE_WELL),
    Filing("desk", None, AT_ONCE, led=[*DONE_WELL, ("tester", "verify", {})]),
    Filing("desk", None, AT_ONCE, led=BEGUN),
    Filing("analyst", None, SOON, led=[("analyst", "submit", {})]),
    Filing("desk", None, AT_ONCE, led=[*BEGUN, ("developer", "back_out", WHY)]),
    Filing("desk", None, {**AT_ONCE, "goes_live": job}, led=[
        *BY_TWO, ("desk", "hold", WHY), ("head", "let_go_live", LET),
    ]),
    Filing("pm", None, {**SOON, "goes_live": job}, led=[
        ("pm", "submit", {}), ("head", "let_go_live", LET), ("change_manager", "assess", CALM),
    ]),
]  # fmt: skip


def put_in_force(figures: Mapping[str, Any], at: datetime) -> None:
    figures = {**USUAL, **figures}
    ChangePolicy.objects.create(lead_business_days=figures["lead"], cab_votes=figures["cab_votes"])
    for code, owner in figures["owners"].items():
        person = User.objects.get(username=owner) if owner else None
        Service.objects.filter(code=code).update(owner=person)
    FreezePeriod.objects.create(
        name="It only warns", is_hard=False, starts_at=at, ends_at=at + 60 * DAY
    )
    for since, until, codes in figures["freezes"]:
        freeze = FreezePeriod.objects.create(
            name="Closing", starts_at=at + since, ends_at=at + until
        )
        freeze.systems.set(Service.objects.filter(code__in=codes))
    template = ChangeTemplate.objects.create(
        code="portal-restart", name="Restart", plan="Restart", backout_plan="Start the standby.",
        backout_minutes=10, owner=User.objects.get(username="owner"),
        expires_on=local_day(at) + figures["template"] * DAY,
    )  # fmt: skip
    template.systems.set(Service.objects.filter(code="portal"))


def job_of(filing: Filing) -> str:
    return str(filing.data.get("goes_live", ""))


def facts(case: Reference, filing: Filing) -> dict[str, Any]:
    """Return the plan as it was filed, and the figures that are in force."""
    figures = {**USUAL, **filing.figures}
    freezes = [
        SimpleNamespace(since=case.at + since, until=case.at + until, systems=codes)
        for since, until, codes in figures["freezes"]
    ]
    template = SimpleNamespace(good_until=case.today + figures["template"] * DAY,
                               systems={"portal"})  # fmt: skip
    said = read(filing.data)
    if filing.data["type"] not in EMERGENCIES:
        said |= dict.fromkeys(DONE)
    return {
        **figures, **said, "freezes": freezes, "template": template, "type": filing.data["type"],
        "people": {one.person for one in case.given if one.role} | {"requester", "requester2"},
        "filed_at": case.at, "risk": "", "level": "", "freeze_override": "", "held_from": "",
        "live_override": "", "goes_live": job_of(filing), "job": job_of(filing),
        "outcome": "", "has_overrun": False, "steps": set(), "agreed": {},
    }  # fmt: skip


# -- the procedure --------------------------------------------------------------------------------
CHANGE = Process(
    kind="change",
    filings=FILINGS,
    first="draft",
    final=("closed", "rejected", "withdrawn"),
    readers=(
        "service_desk", "analyst", "developer", "tester", "system_owner", "change_manager",
        "cab_member", "head_of_ops", "service_manager", "auditor",
    ),
    staff=(
        "service_desk", "analyst", "developer", "tester", "system_owner", "change_manager",
        "cab_member", "head_of_ops", "service_manager", "auditor",
    ),
    answerers=("change_manager",),
    work={
        **{state: Owes(person=lambda case: case.requester) for state in DRAFTS},
        "assessing": Owes("change_manager", barred=is_involved),
        "awaiting_approval": Ballot(deciders, yes="approve", no="decline", barred=is_involved,
                                    board=votes_of_board, about=approved),
        "scheduled": Owes(person=lambda case: case.facts.implementer),
        "on_hold": Owes("change_manager"),
        "implementing": Owes(person=lambda case: case.facts.implementer),
        "verifying": Owes(person=lambda case: case.facts.verifier, barred=carries_it_out),
        "backing_out": Owes(person=lambda case: case.facts.implementer),
        **{state: Owes("change_manager", barred=carries_it_out) for state in REVIEWED},
    },
    timers=(
        Timer("lead", starts=["assessing", "awaiting_approval"], stops=["scheduled", "review"],
              pauses=["on_hold"], until=decided_by),
        Timer("decision", starts=["awaiting_approval"], pauses=["on_hold"],
              stops=["scheduled", "review", "returned", "rejected"],
              days=lambda case: 2, repeats=True, then="escalate"),
        Timer("emergency_record", starts=["draft"], stops=["awaiting_approval"],
              when=is_emergency, until=record_by),
        Timer("review", starts=REVIEWED, stops=["closed"], days=lambda case: 10),
    ),
    moves={
        "edit": Move([*DRAFTS, *BEFORE_WORK], after_edit, REQUESTER, EDIT, does=edit,
                     anew=["awaiting_approval"]),
        "submit": Move(DRAFTS, after_submission, WORKER, when=may_be_submitted),
        "assess": Move(["assessing"], after_assessment, WORKER, ASSESSMENT, does=judge),
        "send_back": Move(["assessing", "awaiting_approval"], "returned", WORKER, REASON),
        "reject": Move(["assessing"], "rejected", WORKER, REASON),
        "approve": Move(["awaiting_approval"], after_approval, WORKER, does=remember_what,
                        when=lambda case: not is_frozen(case)),
        "decline": Move(["awaiting_approval"], "rejected", WORKER, REASON),
        "escalate": Move(["awaiting_approval"], None, ITSELF, does=go_higher,
                         anew=["awaiting_approval"],
                         when=lambda case: level(case) in ("low", "medium")),
        "except_from_freeze": Move([*BEFORE_WORK, "on_hold"], None, HEAD, texts("freeze_override"),
                                   when=is_frozen, does=except_it),
        "let_go_live": Move([*BEFORE_WORK, "on_hold"], None, HEAD, texts("live_override"),
                            when=is_too_early, does=let_it_live),
        "hold": Move(BEFORE_WORK, "on_hold", REQUESTER_OR_MANAGER, REASON, does=remember_where),
        "resume": Move(["on_hold"], where_it_was, WORKER_OR_REQUESTER),
        "withdraw": Move([*DRAFTS, *BEFORE_WORK, "on_hold"], "withdrawn", REQUESTER_OR_MANAGER,
                         REASON),
        "begin": Move(["scheduled"], "implementing", WORKER, BEGINNING, when=may_begin,
                      does=begin),
        "tick": Move(["implementing"], None, IMPLEMENTER, STEP, does=tick,
                     when=lambda case: bool(case.facts.steps)),
        "finish": Move(["implementing"], "verifying", WORKER, OUTCOME,
                       does=lambda case, who, values: end(case, values["outcome"])),
        "back_out": Move(["implementing", "verifying"], "backing_out", WORKER, REASON),
        "confirm_back_out": Move(["backing_out"], "backed_out", WORKER,
                                 does=lambda case, who, values: end(case, "backed_out")),
        "fail": Move(["implementing", "verifying", "backing_out"], "failed", WORKER, REASON,
                     does=lambda case, who, values: end(case, "failed")),
        "verify": Move(["verifying"], after_verification, WORKER),
        "add_review_action": Move(REVIEWED, None, MANAGER, TO_DO),
        "close_review": Move(REVIEWED, "closed", WORKER, texts("cause", "lessons")),
    },
    facts=facts,
    stage=put_in_force,
    marks=marks,
    raised=lambda case: 2 if case.facts.job else 0,
    kept=("risk", "level", "starts_at", "ends_at", "systems", "plan", "freeze_override",
          "live_override", "began_at", "finished_at", "outcome", "has_overrun"),
)  # fmt: skip
"""The procedure; each line is one sentence of it."""
