"""What the pages of projects, gates, supervisions and findings show of technical supervision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet

from people.actors import Actor
from projects.models import Finding, Project, Proposal
from projects.supervision import rules
from projects.supervision.states import FindingState
from workflows.clocks import ClockReading
from workflows.inbox import leading_clocks
from workflows.lifecycles import Part, lifecycle_of

if TYPE_CHECKING:
    from projects.supervision.finding_flow import FindingLifecycle
    from projects.supervision.flows import SupervisionLifecycle
    from projects.supervision.proposal_flow import ProposalLifecycle


@dataclass(frozen=True)
class Row:
    """A finding as a list shows it; `clock` is what it is late by, or has left."""

    finding: Finding
    clock: ClockReading | None

    @property
    def is_overruled(self) -> bool:
        return self.finding.state == FindingState.OVERRULED


def rows(findings: Any, who: Actor) -> list[Row]:
    """Return findings that `who` may see, must-fixes and open ones first (2 queries)."""
    seen = findings.visible_to(who).select_related("clause", "parent", "overruled_by")
    found = list(seen.order_by("number"))
    still_open = [one.pk for one in found if one.is_open]
    clocks = leading_clocks(dict.fromkeys(still_open, lifecycle_of("finding")), who.at)
    found.sort(key=lambda one: (one.is_closed, not one.is_must_fix, one.is_advice, one.number))
    return [Row(one, clocks.get(one.pk)) for one in found]


def part_of_project(project: Project, who: Actor) -> list[Part]:
    """Return who supervises a project, and what was found (5 queries)."""
    supervision = rules.live_supervision(project)
    found: Any = Finding.objects.filter(parent=project)
    shown = rows(found, who)
    if supervision is None and not shown:
        return []
    context = {"supervision": supervision, "rows": shown, "now": who.at}
    return [Part("projects/_supervision.html", context)]


def part_of_gate(project_id: int, who: Actor) -> list[Part]:
    """Return the must-fixes that keep the gates of a project closed (2 or 3 queries)."""
    blocking: Any = Finding.objects.filter(
        parent=project_id, severity=Finding.Severity.MUST_FIX, closed_at__isnull=True
    )
    shown = rows(blocking, who)
    return [Part("projects/_must_fixes.html", {"rows": shown, "now": who.at})] if shown else []


def parts_of_supervision(flow: SupervisionLifecycle, who: Actor) -> list[Part]:
    found: Any = Finding.objects.filter(raised_in=flow.case)
    context = {"supervision": flow.case, "project": flow.case.parent, "rows": rows(found, who),
               "now": who.at}  # fmt: skip
    return [Part("projects/_supervised.html", context)]


def parts_of_finding(flow: FindingLifecycle, who: Actor) -> list[Part]:
    finding: Finding = flow.case
    return [Part("projects/_finding.html", {"finding": finding, "project": finding.parent})]


def parts_of_proposal(flow: ProposalLifecycle, who: Actor) -> list[Part]:
    """Return the findings that propose it, and where the criterion went."""
    proposal: Proposal = flow.case
    context = {"proposal": proposal, "rows": rows(proposal.findings.all(), who), "now": who.at}
    return [Part("projects/_proposal.html", context)]


def proposals(who: Actor) -> list[Proposal]:
    """Return the proposals `who` may see with the number of their projects (1 query)."""
    found: Any = Proposal.objects.all()  # to mypy these are cases
    seen: QuerySet[Proposal] = found.visible_to(who).select_related("criterion__gate__version")
    counted = Count("findings__parent", distinct=True)
    return list(seen.annotate(projects=counted).order_by("-is_live", "-opened_at", "-pk"))
