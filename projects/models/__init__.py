"""Projects, the gates at which ops takes them over, and the criteria of acceptance (M8)."""

from projects.models.catalogue import CatalogueVersion, Criterion, GateKind
from projects.models.projects import (
    LIGHT_LIMIT,
    Answer,
    Gate,
    GateCondition,
    Project,
    Waiver,
)
from projects.models.supervision import Finding, Proposal, Supervision

__all__ = [
    "LIGHT_LIMIT", "Answer", "CatalogueVersion", "Criterion", "Finding", "Gate", "GateCondition",
    "GateKind", "Project", "Proposal", "Supervision", "Waiver",
]  # fmt: skip
