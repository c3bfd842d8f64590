"""What the page of a project shows of all its gates: phases, the present gate, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from people.actors import Actor
from people.house_time import house_date
from projects.models import GateCondition, Project, Waiver
from projects.progress import with_progress
from projects.states import PASSED, STANDING
from projects.states import GateState as S
from workflows.lifecycles import Part
from workflows.models import Attachment, Event

LEAST = 0.8
"""Percent of the length that a phase of one day takes, so that it can be seen."""
VERDICTS = ("accept", "rework", "defer", "reject")


@dataclass(frozen=True)
class Span:
    """A stretch of days within the project, in percent of its whole length."""

    start: float
    length: float

    @property
    def end(self) -> float:
        return round(self.start + self.length, 2)


@dataclass(frozen=True)
class Phase:
    """The way to one gate: as it is planned, and as it went so far.

    `done` ends where the gate was passed, or today; None while the phase has not begun.
    """

    gate: Any
    passed_on: date | None
    is_late: bool
    plan: Span
    done: Span | None


class Scale:
    """Places days between the first and the last of a plan."""

    def __init__(self, first: date, last: date) -> None:
        self.first, self.days = first, max((last - first).days, 1)

    def place(self, day: date) -> float:
        return round(100 * min(max((day - self.first).days / self.days, 0), 1), 2)

    def span(self, first: date, last: date) -> Span:
        start = self.place(first)
        return Span(start, round(max(self.place(last) - start, LEAST), 2))


def parts(project: Project, who: Actor) -> list[Part]:
    """Return phases, the present gate, conditions, waivers, decisions, documents (7 queries).

    Of a gate that `who` may not open itself they learn no more than where it stands.
    """
    rows: Any = project.gates  # to mypy these are cases
    gates = with_progress(rows.order_by("place"))
    seen = set(rows.visible_to(who).values_list("pk", flat=True))
    by_key = {gate.pk: gate for gate in gates if gate.pk in seen}
    said = verdicts({gate.pk: gate for gate in gates})
    shown = [
        Part("projects/_phases.html", timeline(project, gates, said, house_date(who.at))),
        *_present(gates),
        *_open_ends(by_key, house_date(who.at)),
    ]
    if decisions := [one for one in reversed(said) if one.gate.pk in seen]:
        shown.append(Part("projects/_decisions.html", {"rows": decisions}))
    files = Attachment.objects.filter(case__in=by_key).select_related("uploaded_by")
    if documents := [{"gate": by_key[one.case_id], "file": one} for one in files]:
        shown.append(Part("projects/_documents.html", {"rows": documents}))
    return shown


@dataclass(frozen=True)
class Verdict:
    """What was decided on a gate; `event` says when, by whom and why."""

    gate: Any
    event: Event

    @property
    def is_passed(self) -> bool:
        return self.event.target in PASSED

    @property
    def words(self) -> Any:
        """Return what the gate became; one that was sent back is open again like any other."""
        flow = self.gate.lifecycle
        if self.event.target == S.OPEN:
            return _("Sent back for rework")
        return flow.State(flow.now_called(self.event.target)).label

    @property
    def overruling(self) -> str:
        return str(self.event.data.get("form", {}).get("overruling", ""))


def verdicts(gates: dict[int, Any]) -> list[Verdict]:
    """Return every verdict on the gates, the first one first (1 query)."""
    events = Event.objects.filter(case__in=gates, kind=Event.Kind.ACTION, action__in=VERDICTS)
    found = events.select_related("actor").order_by("at", "pk")
    return [Verdict(gates[event.case_id], event) for event in found]


def timeline(
    project: Project, gates: list[Any], said: list[Verdict], today: date
) -> dict[str, Any]:
    """Return the phases on one scale, and where today is on it."""
    passed = {one.gate.pk: house_date(one.event.at) for one in said if one.is_passed}
    ends = [project.ends_on, *(gate.planned_on for gate in gates), *passed.values()]
    scale = Scale(project.starts_on, max([*ends, today] if project.is_open else ends))
    now: Any = _stood_at(gates) if project.is_open else None
    phases: list[Phase] = []
    planned_from = done_from = project.starts_on
    for gate in gates:
        until = passed.get(gate.pk) or (today if gate is now else None)
        plan = scale.span(planned_from, gate.planned_on)
        done = scale.span(done_from, until) if until and until >= done_from else None
        is_late = gate is now and gate.planned_on < today
        phases.append(Phase(gate, passed.get(gate.pk), is_late, plan, done))
        planned_from, done_from = gate.planned_on, passed.get(gate.pk, done_from)
    has_begun = project.is_open and today >= project.starts_on
    return {
        "project": project, "phases": phases, "day": today,
        "today": scale.place(today) if has_begun else None,
    }  # fmt: skip


def _stood_at(gates: list[Any]) -> Any:
    return next((gate for gate in gates if gate.state in STANDING), None)


def _present(gates: list[Any]) -> list[Part]:
    now = _stood_at(gates)
    if now is None or now.is_closed:
        return []
    sheet = reverse("gate_sheet", args=[now.number])
    return [Part("projects/_present.html", {"gate": now, "url": sheet})]


def _open_ends(gates: dict[int, Any], today: date) -> list[Part]:
    """Return the conditions and waivers of all gates, where there are any (2 queries)."""
    found = []
    conditions = GateCondition.objects.filter(gate__in=gates).select_related("owner")
    if rows := [
        {"gate": gates[one.gate_id], "condition": one, "is_overdue": one.is_overdue(today)}
        for one in conditions
    ]:
        found.append(Part("projects/_conditions.html", {"rows": rows}))
    waivers = Waiver.objects.filter(gate__in=gates)
    if rows := [
        {"gate": gates[one.gate_id], "waiver": one, "holds": one.holds(today)}
        for one in waivers.select_related("criterion", "risk_owner", "granted_by")
    ]:
        found.append(Part("projects/_waivers.html", {"rows": rows}))
    return found
