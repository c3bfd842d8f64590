"""What must leave the house exactly once, and answers given before."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.models.cases import Case


class OutboxQuerySet(models.QuerySet["Outbox"]):
    def unsent(self) -> Self:
        return self.filter(sent_at__isnull=True, dead_at__isnull=True)

    def dead(self) -> Self:
        return self.filter(dead_at__isnull=False)


class Outbox(models.Model):
    """One message to one recipient, written with the event that causes it, sent afterwards."""

    key = models.CharField(_("key"), max_length=160, unique=True)
    channel = models.CharField(max_length=20, default="mail")
    topic = models.CharField(max_length=40)
    recipient = models.ForeignKey(
        User, models.CASCADE, related_name="+", verbose_name=_("recipient")
    )
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    dead_at = models.DateTimeField(_("given up"), null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["pk"]
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=Q(sent_at__isnull=True, dead_at__isnull=True),
                name="outbox_due",
            )
        ]

    def __str__(self) -> str:
        return self.key


class IdempotencyRecord(models.Model):
    """The answer given to a request with an Idempotency-Key: given again, done once."""

    actor = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+")
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return self.key
