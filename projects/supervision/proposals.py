"""What several projects were found wanting in becomes a proposal to the standard (M9)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from people.models import User
from projects import editions
from projects.models import CatalogueVersion, Criterion, Finding, GateKind, Proposal
from projects.supervision.states import FindingState
from workflows.door import open_case

PROJECTS = 3
"""In so many projects the same finding proposes a criterion."""
WORDS = ("code", "level", "area", "is_light", "text", "text_zh", "evidence", "evidence_zh")
CLAUSE, PATTERN = Proposal.Ground.CLAUSE, Proposal.Ground.PATTERN
NAMES = {CLAUSE: "clause__code", PATTERN: "pattern"}


def of_newest() -> QuerySet[GateKind]:
    """Return the gates of the newest version, a draft if there is one."""
    newest = CatalogueVersion.objects.order_by("-number").values("pk")[:1]
    return GateKind.objects.filter(version__in=newest)


def alike(ground: str, key: str) -> QuerySet[Finding]:
    """Return the findings of a clause or pattern that no decided proposal has taken up."""
    found: Any = Finding.objects.filter(**{NAMES[Proposal.Ground(ground)]: key})
    decided = Proposal.objects.filter(ground=ground, key=key, is_live=False)
    fresh: QuerySet[Finding] = found.exclude(state=FindingState.WITHDRAWN).exclude(
        proposals__in=decided
    )
    return fresh.order_by("number")


def propose(finding: Finding, *, actor: User, at: datetime) -> None:
    """Add a finding to the proposal that waits for its like, or propose what is due (M9)."""
    keys = {CLAUSE: finding.clause.code if finding.clause else "", PATTERN: finding.pattern}
    for ground, key in keys.items():
        if key:
            _propose(ground, key, finding, actor, at)


def _propose(ground: str, key: str, finding: Finding, actor: User, at: datetime) -> None:
    # One at a time, by the lock of the oldest version: two findings at once would each see one
    # project too few, or propose twice.
    CatalogueVersion.objects.select_for_update(no_key=True).order_by("number").first()
    waiting: Any = Proposal.objects.filter(ground=ground, key=key, is_live=True).first()
    if waiting is not None:
        waiting.findings.add(finding)
    elif alike(ground, key).order_by().values("parent").distinct().count() >= PROJECTS:
        open_case(
            "proposal",
            actor=actor,
            at=at,
            raised=True,
            title=finding.title,
            text=finding.text,
            ground=ground,
            key=key,
        )


def expected(proposal: Proposal) -> dict[str, Any]:
    """Return the criterion a proposal comes to, as far as its findings say (3 queries)."""
    findings: Any = list(proposal.findings.select_related("clause__gate").order_by("-number"))
    clause = next((one.clause for one in findings if one.clause), None)
    is_must = any(one.is_must_fix for one in findings)
    level = Criterion.Level.MUST if is_must else Criterion.Level.SHOULD
    return {
        "gate": clause.gate.code if clause else None, "level": level,
        "text": proposal.title, "area": clause.area if clause else Criterion.Area.BOTH,
        "code": _next_code(clause.gate.code) if clause else "",
    }  # fmt: skip


def _next_code(gate: str) -> str:
    """Return the first free code of a gate in the newest version, `G2-10`."""
    taken = set(of_newest().values_list("criteria__code", flat=True))
    return next(code for n in range(1, 1000) if (code := f"{gate}-{n:02}") not in taken)


def adopt(proposal: Proposal, values: dict[str, Any], *, actor: User, at: datetime) -> Criterion:
    """Add the criterion to the draft of the next version, with the findings as its origin (403)."""
    draft = editions.draft_version(actor=actor, at=at)
    numbers = proposal.findings.order_by("number").values_list("number", flat=True)
    origin = f"{proposal.number}: {', '.join(numbers)}"
    criterion = Criterion(
        gate=draft.gates.get(code=values["gate"].code),
        origin=origin if len(origin) <= 300 else origin[:299] + "…",
        **{name: values[name] for name in WORDS},
    )
    editions.save_criterion(criterion=criterion, actor=actor, at=at)
    return criterion
