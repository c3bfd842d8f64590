"""Projects, the gates at which ops takes them over, and the criteria of acceptance (M8)."""

from projects.models.catalogue import (
    LIGHT_LIMIT,
    CatalogueVersion,
    Criterion,
    GateKind,
    Track,
)
from projects.models.projects import Answer, Gate, GateCondition, Project, Waiver
from projects.models.supervision import Finding, Proposal, Supervision
from projects.models.takeover import HandoverAgreement, Mode, Operation, ServiceFinding
from projects.models.teams import ProjectMember

__all__ = [
    "LIGHT_LIMIT", "Answer", "CatalogueVersion", "Criterion", "Finding", "Gate", "GateCondition",
    "GateKind", "HandoverAgreement", "Mode", "Operation", "Project", "ProjectMember", "Proposal",
    "ServiceFinding", "Supervision", "Track", "Waiver",
]  # fmt: skip
