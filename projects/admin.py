"""Changes of the criteria are written to the audit log; they are edited on pages of their own."""

from auditlog.registry import auditlog

from projects.models import CatalogueVersion, Criterion, GateKind

for model in (CatalogueVersion, Criterion, GateKind):
    auditlog.register(model)
