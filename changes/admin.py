"""The figures of the request process that the service manager may change."""

from auditlog.registry import auditlog
from django.contrib import admin
from django.http import HttpRequest

from changes.models import OptimizationPolicy

auditlog.register(OptimizationPolicy)


@admin.register(OptimizationPolicy)
class OptimizationPolicyAdmin(admin.ModelAdmin[OptimizationPolicy]):
    """One row: it is changed, never added twice or deleted."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not OptimizationPolicy.objects.exists()

    def has_delete_permission(
        self, request: HttpRequest, obj: OptimizationPolicy | None = None
    ) -> bool:
        return False
