"""The projects whose gates are walked, and what the product keeps of a gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from people.actors import Actor
from people.models import User
from projects.actions import judge_evidence, show_evidence
from projects.models import CatalogueVersion, Criterion, Gate, GateKind, Track
from tests.walks.gate_sheet import CRITERIA, EVIDENCE, by_criterion
from tests.walks.gate_takeover import AGREED
from tests.walks.hours import DAY, local_day
from tests.walks.reference import SYSTEM, WAIT, Filing, Led, Reference
from workflows.door import open_case, perform

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


def neighbour(case: Gate, step: int) -> Gate | None:
    return Gate.objects.filter(parent=case.parent_id, place=case.place + step).first()


def state_of(step: int) -> Callable[[Gate], str | None]:
    def read(case: Gate) -> str | None:
        found = neighbour(case, step)
        return found.state if found else None

    return read
