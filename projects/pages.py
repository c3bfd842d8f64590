"""What the pages of projects show: the portfolio, a project's gates, the sheet of a gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.timezone import localdate

from people.actors import Actor
from projects import rules
from projects.models import Answer, Criterion, Gate, Project
from projects.states import PASSED
from projects.states import GateState as S
from workflows.lifecycles import Part
from workflows.quorums import APPROVE, REJECT

if TYPE_CHECKING:
    from projects.flows import GateLifecycle, ProjectLifecycle

SHOWS, JUDGES = "shows", "judges"


@dataclass(frozen=True)
class Line:
    """A criterion of the sheet with its answer, and that of the round before."""

    criterion: Criterion
    answer: Answer | None
    before: Answer | None

    @property
    def is_present(self) -> bool:
        return self.answer is not None and self.answer.is_present


@dataclass(frozen=True)
class GateCard:
    """A gate as board and project page show it."""

    gate: Gate
    is_late: bool
    shown: int
    passed: int
    asked: int
    open_conditions: int


def sheet(gate: Gate) -> list[Line]:
    """Return the criteria with their answers (2 queries)."""
    answers: dict[tuple[int, int], Answer] = {
        (one.criterion_id, one.round): one
        for one in gate.answers.filter(round__gte=gate.round - 1).select_related(
            "shown_by", "judged_by", "file__uploaded_by", "record"
        )
    }
    return [
        Line(one, answers.get((one.pk, gate.round)), answers.get((one.pk, gate.round - 1)))
        for one in gate.criteria.select_related("gate")
    ]


def cards(project: Project, who: Actor) -> list[GateCard]:
    """Return the gates of a project in their order (4 queries)."""
    today = localdate(who.at)
    of_gates = Counter(project.criteria.values_list("gate_id", flat=True))
    gates: Any = project.gates  # to mypy these are cases
    found = gates.select_related("gate_kind", "parent").order_by("place")
    found = found.prefetch_related("answers", "conditions")
    shown = []
    for gate in found:
        mine = [one for one in gate.answers.all() if one.round == gate.round]
        results = Counter(one.result for one in mine)
        open_conditions = sum(one.met_at is None for one in gate.conditions.all())
        is_late = gate.is_open and gate.state in (S.PLANNED, S.OPEN) and gate.planned_on < today
        shown.append(
            GateCard(
                gate, is_late, sum(one.is_present for one in mine), results[Answer.Result.PASS],
                of_gates.total() if project.is_light else of_gates[gate.gate_kind_id],
                open_conditions,
            )
        )  # fmt: skip
    return shown


def parts_of_project(flow: ProjectLifecycle, who: Actor) -> list[Part]:
    return [Part("projects/_gates.html", {"cards": cards(flow.case, who)})]


def parts_of_gate(flow: GateLifecycle, who: Actor) -> list[Part]:
    """Return progress with the way to the sheet, opinions, conditions, waivers (≤ 8 queries)."""
    gate: Gate = flow.case
    today = localdate(who.at)
    lines = sheet(gate)
    found = [
        Part(
            "projects/_progress.html",
            {
                "gate": gate, "url": reverse("gate_sheet", args=[gate.number]),
                "project": gate.parent, "asked": len(lines),
                "shown": sum(line.is_present for line in lines),
                "passed": sum(bool(line.answer and line.answer.is_satisfied) for line in lines),
                "open_musts": rules.open_musts(gate, today) if gate.state != S.PLANNED else [],
            },
        )
    ]  # fmt: skip
    said = [one for one in rules.opinions(flow) if not one.is_open]
    if said:
        found.append(Part("projects/_opinions.html", {"rows": [opinion(one) for one in said]}))
    conditions = list(gate.conditions.select_related("owner", "met_by"))
    if conditions:
        rows = [{"condition": one, "is_overdue": one.is_overdue(today)} for one in conditions]
        found.append(Part("projects/_conditions.html", {"rows": rows}))
    waivers = list(gate.waivers.select_related("criterion", "risk_owner", "granted_by"))
    if waivers:
        shown = [{"waiver": one, "holds": one.holds(today)} for one in waivers]
        found.append(Part("projects/_waivers.html", {"rows": shown}))
    return found


def opinion(task: Any) -> dict[str, Any]:
    return {
        "task": task, "is_objection": task.outcome == REJECT,
        "is_agreement": task.outcome == APPROVE,
    }  # fmt: skip


def portfolio(who: Actor, *, only_open: bool) -> list[dict[str, Any]]:
    """Return the projects `who` may see with the gate each stands at (3 queries)."""
    projects: Any = Project.objects.all()  # to mypy these are cases
    seen = projects.visible_to(who).select_related("manager").order_by("ends_on", "pk")
    if only_open:
        seen = seen.open()
    today = localdate(who.at)
    rows = []
    for project in seen.prefetch_related("gates__gate_kind"):
        gates = sorted(project.gates.all(), key=lambda gate: gate.place)
        now = next((gate for gate in gates if gate.is_open and gate.state not in PASSED), None)
        rows.append(
            {
                "project": project, "gates": gates, "now": now,
                "passed": sum(gate.state in PASSED for gate in gates),
                "is_late": now is not None and now.planned_on < today,
            }
        )  # fmt: skip
    return rows
