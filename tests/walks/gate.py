"""Gates of a project as the procedure has them in words (M8), said apart from the code.

A project shows evidence for what a gate asks and submits it; each role of the sign-off matrix says
what it thinks; the head of operations decides, in writing where somebody objected. Who is of the
project does neither. What is promised at an acceptance is owed, and shuts the gates after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from projects.actions import judge_evidence, show_evidence
from tests.walks.gate_around import (
    RENEWER,
    SKIPPING,
    TEAM,
    TEAM_LEADER,
    accept_before,
    cancel_project,
    go_on,
    is_before,
    is_free_behind,
    join,
    meet,
    meet_before,
    meet_theirs,
    on_neighbour,
    open_next,
    publish_and_renew,
    renew_criteria,
    skip,
    team_of,
    the_way_is_free,
)
from tests.walks.gate_house import (
    FILINGS,
    begin,
    facts,
    kept_answers,
    kept_conditions,
    kept_waivers,
    open_project,
    put_in_force,
    read_answers,
    read_conditions,
    read_waivers,
    state_of,
)
from tests.walks.gate_sheet import (
    FINAL,
    GOES_ON,
    HEAD,
    ITSELF,
    JUDGE,
    JUDGEMENT,
    LEADER,
    LONGEST_WAIVER,
    MINUTE,
    NOTHING,
    OPENER,
    PASSED,
    PLANNER,
    REVIEWED,
    SHEET,
    SHOWN,
    TAKER_UP,
    WORKER,
    ask,
    asked,
    asked_of,
    by_criterion,
    grant,
    is_objected,
    is_of_the_project,
    is_text,
    judge,
    live,
    may_be_accepted,
    musts,
    note,
    owed,
    revoke,
    show,
    to_grant,
    unmet,
    waivable,
)
from tests.walks.gate_takeover import (
    ACCEPTER,
    AGREEMENT,
    EXTENDER,
    LONGER,
    TAKEN_OVER,
    agreements_of,
    extend,
    is_at,
    is_in_trial,
    is_taken_over,
    kept_agreements,
    may_be_submitted,
    open_it,
    sign_agreement,
    write_agreement,
)
from tests.walks.hours import DAY, end_of
from tests.walks.reference import (
    Chair,
    Deed,
    Hearing,
    Move,
    Owes,
    Process,
    Reference,
    Sheet,
    Timer,
    Who,
)
from workflows.door import perform


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
