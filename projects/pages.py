"""What the pages of a project and of its gates show: their parts, and the sheet of a gate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from people.actors import Actor
from people.house_time import house_date
from projects import project_page, renewals, rules, takeover, teams, trial
from projects.models import Answer, Criterion, Gate, Mode, Operation, Project
from projects.states import GateState as S
from projects.supervision import pages as supervision
from workflows.lifecycles import Part
from workflows.quorums import APPROVE, REJECT

if TYPE_CHECKING:
    from projects.flows import GateLifecycle, ProjectLifecycle
    from projects.operation import OperationLifecycle

SHOWS, JUDGES = "shows", "judges"


@dataclass(frozen=True)
class Line:
    """A criterion of the sheet with its answer, and that of the round before."""

    criterion: Criterion
    answer: Answer | None
    before: Answer | None
    is_carried: bool = False
    """Whether it comes from a gate that was skipped."""

    @property
    def is_present(self) -> bool:
        return self.answer is not None and self.answer.is_present


def sheet(gate: Gate) -> list[Line]:
    """Return the criteria with their answers (4 queries)."""
    answers: dict[tuple[int, int], Answer] = {
        (one.criterion_id, one.round): one
        for one in gate.answers.filter(round__gte=gate.round - 1).select_related(
            "shown_by", "judged_by", "file__uploaded_by", "record"
        )
    }
    carried = {one.kind_id for one in gate.asked if one.is_carried}
    return [
        Line(one, answers.get((one.pk, gate.round)), answers.get((one.pk, gate.round - 1)),
             one.gate_id in carried)
        for one in gate.criteria.select_related("gate")
    ]  # fmt: skip


def agreement_part(project: Project) -> list[Part]:
    """Return what was agreed of the handover, once it is written (1 query)."""
    last = takeover.agreement(project)
    if last is None:
        return []
    url = reverse("handover", args=[project.number])
    return [Part("projects/_agreement.html", {"agreement": last, "url": url})]


def parts_of_operation(flow: OperationLifecycle, who: Actor) -> list[Part]:
    """Return the duties of the mode, and the findings (2 queries)."""
    case: Operation = flow.case
    findings = case.findings.select_related("waiver__criterion", "settled_by")
    context = {"mode": Mode(case.mode), "findings": findings}
    return [Part("projects/_operation.html", context)]


def parts_of_project(flow: ProjectLifecycle, who: Actor) -> list[Part]:
    """Return phases, what was agreed, who is of it, newer criteria, supervision (≤ 18 queries)."""
    project: Project = flow.case
    found = project_page.parts(project, who)
    found += agreement_part(project)
    if team := teams.shown_team(project):
        found.append(Part("projects/_team.html", {"rows": team, "manager": project.manager}))
    newest = renewals.newer(project, who.at).first() if project.is_open else None
    if newest is not None:
        found.append(Part("projects/_newer.html", {"newest": newest, "own": project.catalogue}))
    return [*found, *supervision.part_of_project(project, who)]


def parts_of_gate(flow: GateLifecycle, who: Actor) -> list[Part]:
    """Return progress with the way to the sheet, must-fixes, opinions, conditions, waivers
    (≤ 11 queries)."""
    gate: Gate = flow.case
    today = house_date(who.at)
    found = [_progress(gate, today)]
    if takeover.is_at(gate, takeover.AGREES) or takeover.is_at(gate, takeover.TAKES_OVER):
        found += agreement_part(gate.parent)
    if gate.trial_from is not None:
        figures = trial.figures(gate, gate.closed_at or who.at)
        found.append(Part("projects/_trial.html", {"gate": gate, "figures": figures}))
    if gate.state == S.SKIPPED:
        skipped = gate.events.filter(action="skip").select_related("actor").last()
        found.append(Part("projects/_skipped.html", {"event": skipped}))
    if gate.is_open:
        found += supervision.part_of_gate(gate.parent_id, who)
    said = [one for one in rules.opinions(flow) if one.outcome]
    if said:
        told = {"rows": [opinion(one) for one in said], "is_of_round_before": gate.state == S.OPEN}
        found.append(Part("projects/_opinions.html", told))
    return found + _open_ends(gate, today)


def _progress(gate: Gate, today: date) -> Part:
    """Return how far the sheet is (7 queries)."""
    lines = sheet(gate)
    is_under_way = gate.state not in (S.PLANNED, S.SKIPPED)
    context = {
        "gate": gate, "url": reverse("gate_sheet", args=[gate.number]),
        "project": gate.parent, "asked": len(lines),
        "shown": sum(line.is_present for line in lines),
        "passed": sum(bool(line.answer and line.answer.is_satisfied) for line in lines),
        "open_musts": rules.open_musts(gate, today) if is_under_way else [],
    }  # fmt: skip
    return Part("projects/_progress.html", context)


def _open_ends(gate: Gate, today: date) -> list[Part]:
    """Return the conditions and waivers of a gate, where there are any (2 queries)."""
    found = []
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
