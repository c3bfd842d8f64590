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
from projects.models.takeover import HandoverAgreement, Mode, Operation, ServiceFinding

__all__ = [
    "LIGHT_LIMIT", "Answer", "CatalogueVersion", "Criterion", "Gate", "GateCondition", "GateKind",
    "HandoverAgreement", "Mode", "Operation", "Project", "ServiceFinding", "Waiver",
]  # fmt: skip
