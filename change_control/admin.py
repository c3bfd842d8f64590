"""Windows, freezes, templates and figures of change control, in the back office."""

from __future__ import annotations

from auditlog.registry import auditlog
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from change_control.models import (
    ChangePolicy,
    ChangeTemplate,
    Dependency,
    FreezePeriod,
    MaintenanceWindow,
    RiskTable,
)
from change_control.risk import record_of_template

for model in (ChangePolicy, Dependency, MaintenanceWindow, RiskTable):
    auditlog.register(model)
auditlog.register(ChangeTemplate, m2m_fields={"systems"})
auditlog.register(FreezePeriod, m2m_fields={"systems"})


@admin.register(ChangePolicy)
class ChangePolicyAdmin(admin.ModelAdmin[ChangePolicy]):
    """One row: it is changed, never added twice or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not ChangePolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: ChangePolicy | None = None) -> bool:
        return False


@admin.register(ChangeTemplate)
class ChangeTemplateAdmin(admin.ModelAdmin[ChangeTemplate]):
    list_display = ("code", "name", "owner", "expires_on", "is_active", "record")
    filter_horizontal = ("systems",)

    @admin.display(description=_("record in 12 months"))
    def record(self, obj: ChangeTemplate) -> str:
        """Return how its changes ended; a share of few would say nothing (2 queries)."""
        found = record_of_template(obj, timezone.now(), ChangePolicy.current())
        return str(found.count) if found.percent is None else f"{found.percent} % / {found.count}"

    def has_delete_permission(
        self, request: HttpRequest, obj: ChangeTemplate | None = None
    ) -> bool:
        """A template that was used stays with its changes; it is taken out of use."""
        return super().has_delete_permission(request, obj) and not (obj and obj.changes.exists())


@admin.register(FreezePeriod)
class FreezePeriodAdmin(admin.ModelAdmin[FreezePeriod]):
    list_display = ("name", "starts_at", "ends_at", "is_hard")
    filter_horizontal = ("systems",)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(admin.ModelAdmin[MaintenanceWindow]):
    list_display = ("service", "weekdays", "begins", "ends", "time_zone")


@admin.register(Dependency)
class DependencyAdmin(admin.ModelAdmin[Dependency]):
    list_display = ("system", "needs")


@admin.register(RiskTable)
class RiskTableAdmin(admin.ModelAdmin[RiskTable]):
    """A version that is in force stays as it is; another one is added."""

    list_display = ("number", "effective_from")

    def has_change_permission(self, request: HttpRequest, obj: RiskTable | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or not obj.is_kept)

    def has_delete_permission(self, request: HttpRequest, obj: RiskTable | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or not obj.is_kept)
