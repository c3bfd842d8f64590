"""What a role may do in the back office; pages and the API ask the door instead."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.utils import timezone

from people.models import Grant, User
from people.roles import Role

WEBHOOKS = ("workflows.add_webhook", "workflows.change_webhook")
MAY: dict[str, tuple[str, ...]] = {
    Role.SERVICE_MANAGER: (
        "agreements.", "changes.", "change_control.", "workflows.view_", "workflows.change_outbox",
        *WEBHOOKS, "people.view_", "people.add_absence", "people.change_absence", "auditlog.view_",
    ),
    Role.CHANGE_MANAGER: ("change_control.", "agreements.view_", "auditlog.view_"),
    Role.AUDITOR: (
        "agreements.view_", "changes.view_", "change_control.view_", "workflows.view_",
        "auditlog.view_",
    ),
    Role.ADMINISTRATOR: (
        "people.", "agreements.view_", "workflows.view_", *WEBHOOKS, "auditlog.view_",
    ),
}  # fmt: skip
"""Role → beginnings of the permissions it brings, for staff."""


class RoleBackend(BaseBackend):
    """Give staff the back-office permissions of the roles they hold now (1 query a request)."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not isinstance(user_obj, User) or not (user_obj.is_active and user_obj.is_staff):
            return False
        return any(perm.startswith(MAY.get(role, ())) for role in self._roles(user_obj))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not isinstance(user_obj, User) or not (user_obj.is_active and user_obj.is_staff):
            return False
        beginnings = {start for role in self._roles(user_obj) for start in MAY.get(role, ())}
        return any(start.startswith(f"{app_label}.") for start in beginnings)

    def _roles(self, user: User) -> set[str]:
        if not hasattr(user, "_roles_now"):
            live = Grant.objects.in_force(timezone.now()).filter(user=user)
            user._roles_now = set(live.values_list("role", flat=True))  # type: ignore[attr-defined]  # kept for the request
        roles: set[str] = user._roles_now  # type: ignore[attr-defined]  # set above
        return roles
