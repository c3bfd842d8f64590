"""Changes of the criteria are written to the audit log; they are edited on pages of their own."""

from auditlog.registry import auditlog

from projects.models import CatalogueVersion, Criterion, GateKind, Track

for model in (CatalogueVersion, Criterion, GateKind, Track):
    auditlog.register(model)
