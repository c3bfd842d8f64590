"""What the pages of a project and of its gates show: their parts, and the sheet of a gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.timezone import localdate

from people.actors import Actor
from projects import project_page, rules
from projects.models import Answer, Criterion, Gate
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


def sheet(gate: Gate) -> list[Line]:
    """Return the criteria with their answers (2 queries)."""
    answers: dict[tuple[int, int], Answer] = {
        (one.criterion_id, one.round): one
        for one in gate.answers.filter(round__gte=gate.round - 1).select_related(
            "shown_by", "judged_by"
        )
    }
    return [
        Line(one, answers.get((one.pk, gate.round)), answers.get((one.pk, gate.round - 1)))
        for one in gate.criteria.select_related("gate")
    ]


def parts_of_project(flow: ProjectLifecycle, who: Actor) -> list[Part]:
    return project_page.parts(flow.case, who)


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
