"""The back office of the engine: read what happened, retry what was not delivered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.models import User
from workflows.models import Case, Clock, Event, Outbox, OutboxQuerySet, Task
from workflows.webhook_admin import WebhookAdmin

__all__ = ["WebhookAdmin"]  # registered by being imported


class ReadOnly(admin.ModelAdmin[Any]):
    """Nothing of the engine is written around the door, not even here.

    Staff read here of the cases they see elsewhere; a superuser reads of all.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if not isinstance(request.user, User) or request.user.is_superuser:
            return rows
        visible = Case.objects.visible_to(Actor.of(request.user, timezone.now()))
        return rows.filter(self.of_cases(visible.values("pk")))

    def of_cases(self, ids: Any) -> Q:
        """Return the condition that a row belongs to one of these cases."""
        return Q(case__in=ids)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Case)
class CaseAdmin(ReadOnly):
    list_display = ["number", "title", "kind", "state", "requester", "opened_at"]
    list_filter = ["kind", "state"]
    search_fields = ["number", "title"]

    def of_cases(self, ids: Any) -> Q:
        return Q(pk__in=ids)


@admin.register(Task)
class TaskAdmin(ReadOnly):
    list_display = ["case", "step", "role", "assignee", "status", "due_at"]
    list_filter = ["status", "role"]


@admin.register(Clock)
class ClockAdmin(ReadOnly):
    list_display = ["case", "metric", "state", "due_at", "level"]
    list_filter = ["metric", "state"]


@admin.register(Event)
class EventAdmin(ReadOnly):
    list_display = ["case", "seq", "at", "action", "actor", "source", "target"]
    list_filter = ["kind", "action"]


@admin.register(Outbox)
class OutboxAdmin(ReadOnly):
    list_display = ["key", "receiver", "attempts", "sent_at", "dead_at", "last_error"]
    list_filter = [
        "channel",
        "webhook",
        ("dead_at", admin.EmptyFieldListFilter),
        ("sent_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["recipient", "webhook", "chat"]
    actions = ["retry"]

    def of_cases(self, ids: Any) -> Q:
        return super().of_cases(ids) | Q(case=None)  # such as news of a deputyship

    @admin.display(description=_("recipient"))
    def receiver(self, message: Outbox) -> str:
        return message.receiver

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("workflows.change_outbox")

    @admin.action(description=_("Try to send again"), permissions=["retry"])
    def retry(self, request: HttpRequest, chosen: OutboxQuerySet) -> None:
        """Give dead messages twelve more tries; what was sent stays sent."""
        chosen.dead().update(dead_at=None, attempts=0, next_try_at=timezone.now())
