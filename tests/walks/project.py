"""Projects as the procedure has them in words (M8), said apart from the code.

A project has the gates of the standard it began with, in order; its manager leads it, and ends it
when every gate is decided. The head of operations may cancel it, with what is not decided of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from people.models import User
from projects.models import CatalogueVersion, Gate, Project
from tests.walks.gate import DAY_PLANNED, REASON, STAFF, texts
from tests.walks.gate_around import RENEWER, TEAM, TEAM_LEADER, join, team_of
from tests.walks.gate_house import LETTER, PLATFORM, bring_to_the_verdict, everybody, publish
from tests.walks.gate_sheet import FINAL, LEADER, PASSED, decides, is_of_the_project, leads, row
from tests.walks.gate_takeover import (
    AGREED,
    AGREEMENT,
    agreements_of,
    kept_agreements,
    sign_agreement,
    write_agreement,
    wrote_it,
)
from tests.walks.hours import DAY, days_between, end_of, later_day
from tests.walks.reference import (
    Deed,
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
from workflows.door import perform

MINUTE = timedelta(minutes=1)
RUNNING, ENDS = ["running"], ("finished", "cancelled")


# -- who ------------------------------------------------------------------------------------------
WORKER = Who(lambda case, who: case.task_of(who) is not None, works=True)
HEAD = Who(lambda case, who: case.has(who, "head_of_ops"))
DECIDER = Who(decides)
SIGNER = Who(lambda case, who: decides(case, who) and not wrote_it(case, who))


# -- its gates ------------------------------------------------------------------------------------
def is_decided(case: Reference) -> bool:
    return all(state in FINAL for _code, state, _day in case.facts.gates)


def now_open(case: Reference) -> int:
    return next(place for place, gate in enumerate(case.facts.gates) if gate[1] == "open")


def may_be_decided(case: Reference) -> bool:
    """A gate is open, and for each seat there is somebody who is not of the project."""
    code = next((code for code, state, _day in case.facts.gates if state == "open"), None)
    if code is None:
        return False
    roles = (*row(code, is_light=case.facts.track == "light"), "head_of_ops")
    return all(
        any(not is_of_the_project(case, one) for one in case.holders(role)) for role in roles
    )


def put(case: Reference, place: int, state: str) -> None:
    code, _before, day = case.facts.gates[place]
    case.facts.gates[place] = (code, state, day)


def is_the_last(case: Reference) -> bool:
    return may_be_decided(case) and now_open(case) + 1 == len(case.facts.gates)


def undecided(case: Reference) -> list[int]:
    return [place for place, gate in enumerate(case.facts.gates) if gate[1] not in FINAL]


def plan_one(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    place = undecided(case)[0]
    code, state, _day = case.facts.gates[place]
    case.facts.gates[place] = (code, state, values["planned_on"])


def accept_one(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """The next one is opened by itself; the first yields the handover agreement."""
    place = now_open(case)
    agree_at_the_first(case)
    if case.facts.gates[place][0] == "G1":
        sign_agreement(case, who)
    put(case, place, "accepted")
    if place + 1 < len(case.facts.gates):
        put(case, place + 1, "open")


def reject_last(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    agree_at_the_first(case)
    put(case, now_open(case), "rejected")


def agree_at_the_first(case: Reference) -> None:
    """As `bring_to_the_verdict` does; the one gate of a small job has no part of it."""
    if case.facts.gates[now_open(case)][0] == "G1" and case.facts.track != "light":
        write_agreement(case, case.facts.manager, {**AGREED, "when": case.today})


def waits_for_a_signature(case: Reference) -> bool:
    facts = case.facts
    is_unsigned = bool(facts.agreements) and not facts.agreements[-1].signed_by
    return is_unsigned and facts.gates[0][1] in PASSED


def cancel(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    for place, (_code, state, _day) in enumerate(case.facts.gates):
        if state not in FINAL:
            put(case, place, "cancelled")


def decide(case: Project, action: str, **values: Any) -> None:
    gate = bring_to_the_verdict(Gate.objects.get(parent=case, state="open"), values["at"])
    perform(gate, action, reason="Because.", **values)


def plan_first(case: Project, **values: Any) -> None:
    gates = Gate.objects.filter(parent=case, closed_at=None).order_by("place")
    perform(gates[0], "plan", **values)


# -- its dates and its supervision ----------------------------------------------------------------
MOVABLE = ("planned", "open")


def number_of(case: Reference, place: int) -> str:
    return f"GAT-{case.facts.year}-{place + 1:05}"


def movable(case: Reference) -> dict[str, int]:
    """Return the gates that are ahead: number → place."""
    places = enumerate(case.facts.gates)
    return {number_of(case, place): place for place, gate in places if gate[1] in MOVABLE}


def shift(case: Reference, number: str, planned_on: date) -> tuple[dict[int, date], date]:
    """Return the days of the gates that move, and the handover: so many working days later."""
    place = movable(case)[number]
    days = days_between(case.facts.gates[place][2], planned_on)
    after = [one for one in movable(case).values() if one > place]
    moved = {one: later_day(case.facts.gates[one][2], days) for one in after}
    return {place: planned_on, **moved}, later_day(case.facts.ends_on, days)


def is_shift(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """To another day that is not over, nor before the gate before, and with an end after all."""
    number, day = values.get("gate"), values.get("planned_on")
    reason = str(values.get("reason") or "").strip()
    if number not in movable(case) or not isinstance(day, date) or day < case.today or not reason:
        return False
    place = movable(case)[number]
    before = [case.facts.gates[one][2] for one in movable(case).values() if one < place]
    _moved, ends_on = shift(case, number, day)
    is_other = day != case.facts.gates[place][2] and all(day >= max(before) for _ in before[:1])
    return is_other and ends_on > case.facts.starts_on


def shift_dates(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    moved, case.facts.ends_on = shift(case, values["gate"], values["planned_on"])
    for place, day in moved.items():
        code, state, _before = case.facts.gates[place]
        case.facts.gates[place] = (code, state, day)


SHIFT = Sheet(
    usual={
        "gate": [lambda case: min(movable(case), default=""),
                 lambda case: max(movable(case), default="")],
        "planned_on": [20 * DAY, 5 * DAY, 33 * DAY, DAY], "reason": ["The vendor is late."],
    },
    odd={"gate": ["", "GAT-1999-00001"], "planned_on": [-DAY, "", 0 * DAY], "reason": ["", " "]},
    fits=is_shift,
)  # fmt: skip
FOCUS = texts("focus")
SUPERVISED = Who(lambda case, who: leads(case, who) or case.has(who, "head_of_ops", "supervisor"))


def be_supervised(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.is_supervised = True


# -- how it begins --------------------------------------------------------------------------------
THREE = {"gates": ["G2", "G3", "G4"]}
LIGHT = {**LETTER, "track": "light"}
LATE = {**LETTER, "starts_on": -10 * DAY, "ends_on": 3 * DAY}
ACCEPTED: list[Led] = [("head", "accept_one", {})]
FILINGS = [
    Filing("pm", None, LETTER, {"gates": ["G1", "G2"]}, {"owner": "head_of_ops"}),
    Filing("service_manager", None, LATE, {"gates": ["G2", "G4"]}),
    Filing("pm", None, LIGHT, THREE, {"owner": "head_of_ops"}),
    Filing("head", None, {**PLATFORM, "manager": "owner"}, {"gates": ["G3"]},
           {"pm": "head_of_ops"}),
    Filing("ops_reviewer", None, LATE, THREE, away={"pm": "desk"}),
    Filing("pm", None, LATE, {"gates": ["G2"]}, led=ACCEPTED),
    Filing("pm", None, LETTER, {"gates": ["G1", "G3"]}, led=ACCEPTED * 2),
    Filing("pm", None, LIGHT, {"gates": ["G2", "G3"]}, led=[("head", "reject_last", {})]),
]  # fmt: skip


def put_in_force(figures: Mapping[str, Any], at: datetime) -> None:
    """Publish the standard of today, and leave the next one a draft."""
    publish(figures["gates"], at)
    publish(figures["gates"], None)


def publish_draft(case: Project, *, actor: User, at: datetime) -> None:
    version = CatalogueVersion.objects.get(number=3)
    version.published_at = at
    version.save(update_fields=["published_at"])


def note_it(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.is_newer = True


def go_by_newer(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.is_newer, case.facts.catalogue = False, 3


NEWER = Sheet(
    usual={"catalogue": [3], "reason": ["They are clearer."]},
    odd={"catalogue": [2, "", "new"], "reason": ["", "   "]},
    fits=lambda case, who, values: (
        case.facts.is_newer and values.get("catalogue") == 3
        and bool(str(values.get("reason") or "").strip())
    ),
)  # fmt: skip


def facts(case: Reference, filing: Filing) -> dict[str, Any]:
    """Return its gates with their days, spread over its time; the first is open at once."""
    data, codes = filing.data, filing.figures["gates"]
    gates = codes[-1:] if data["track"] == "light" else codes
    days = (data["ends_on"] - data["starts_on"]).days
    return {
        **data, "year": case.today.year, "is_supervised": False, "is_newer": False,
        "people": everybody(case), "team": set(), "catalogue": 2,
        "agreements": [], "gates": [
            (code, "planned" if place > 1 else "open",
             data["starts_on"] + days * place // len(gates) * DAY)
            for place, code in enumerate(gates, start=1)
        ],
    }  # fmt: skip


def read_gates(case: Project) -> list[Any]:
    gates = Gate.objects.filter(parent=case).order_by("place").select_related("gate_kind")
    return [(one.gate_kind.code, one.state, one.planned_on) for one in gates]


def marks(case: Reference) -> list[datetime]:
    end = end_of(case.facts.ends_on)
    return [end - MINUTE, end + MINUTE] if end < case.at + 4 * DAY else []


# -- the procedure --------------------------------------------------------------------------------
PROJECT = Process(
    kind="project",
    filings=FILINGS,
    first="running",
    final=ENDS,
    readers=STAFF,
    staff=STAFF,
    answerers=(),
    work={"running": Owes(person=lambda case: case.facts.manager)},
    timers=(
        Timer("handover", starts=RUNNING, stops=["finished"],
              until=lambda case: end_of(case.facts.ends_on)),
    ),
    moves={
        "finish": Move(RUNNING, "finished", WORKER, when=is_decided),
        "cancel": Move(RUNNING, "cancelled", HEAD, REASON, does=cancel),
        "write_agreement": Move(RUNNING, None, LEADER, AGREEMENT, does=write_agreement,
                                when=lambda case: any(
                                    one.signed_by for one in case.facts.agreements
                                )),
        "ask_supervision": Move(RUNNING, None, SUPERVISED, FOCUS, does=be_supervised,
                                when=lambda case: not case.facts.is_supervised),
        "shift_dates": Move(RUNNING, None, LEADER, SHIFT, does=shift_dates,
                            when=lambda case: bool(movable(case))),
        "change_team": Move(RUNNING, None, TEAM_LEADER, TEAM, does=join),
        "change_criteria": Move(RUNNING, None, RENEWER, NEWER, does=go_by_newer,
                                when=lambda case: case.facts.is_newer),
        "sign_agreement": Move(RUNNING, None, SIGNER, when=waits_for_a_signature,
                               does=lambda case, who, values: sign_agreement(case, who)),
    },
    deeds={
        "publish_newer": Deed(
            RUNNING, None, Who(lambda case, who: case.has(who, "service_manager")),
            when=lambda case: case.facts.catalogue == 2 and not case.facts.is_newer,
            does=note_it, done=publish_draft, elsewhere=True,
        ),
        "plan_one": Deed(
            RUNNING, None, LEADER, DAY_PLANNED, when=lambda case: bool(undecided(case)),
            does=plan_one, done=plan_first, elsewhere=True,
        ),
        "accept_one": Deed(
            RUNNING, None, DECIDER, when=may_be_decided, does=accept_one, elsewhere=True,
            done=lambda case, **values: decide(case, "accept", **values),
        ),
        "reject_last": Deed(
            RUNNING, None, DECIDER, when=is_the_last, does=reject_last, elsewhere=True,
            done=lambda case, **values: decide(case, "reject", **values),
        ),
    },
    facts=facts,
    stage=put_in_force,
    raised=lambda case: len(case.facts.gates) + case.facts.is_supervised,
    marks=marks,
    kept=("project_kind", "track", "starts_on", "ends_on"),
    reads={
        "gates": (read_gates, lambda case: case.facts.gates),
        "catalogue": (lambda case: case.catalogue.number, lambda case: case.facts.catalogue),
        "agreements": (agreements_of, kept_agreements),
        "team": (team_of, lambda case: case.facts.team),
        "supervision": (
            lambda case: [one.is_live for one in case.supervisions.all()],
            lambda case: [case.state != "cancelled"] * case.facts.is_supervised,
        ),
        "manager": (lambda case: case.manager.username, lambda case: case.facts.manager),
    },
)  # fmt: skip
"""The procedure; each line is one sentence of it."""
