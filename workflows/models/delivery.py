"""What must leave the house exactly once, and answers given before."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.models.cases import Case
from workflows.models.webhooks import Webhook


class OutboxQuerySet(models.QuerySet["Outbox"]):
    def unsent(self) -> Self:
        return self.filter(sent_at__isnull=True, dead_at__isnull=True)

    def due(self, at: datetime) -> Self:
        return self.unsent().filter(next_try_at__lte=at)

    def dead(self) -> Self:
        return self.filter(dead_at__isnull=False)


class Outbox(models.Model):
    """One message to one recipient, written with the event that causes it, sent afterwards.

    A mail has a person as recipient, a webhook has its row.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        WEBHOOK = "webhook", _("Webhook")

    key = models.CharField(_("key"), max_length=160, unique=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, default=Channel.MAIL)
    topic = models.CharField(max_length=40)
    recipient = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="+", verbose_name=_("recipient")
    )
    webhook = models.ForeignKey(
        Webhook, models.PROTECT, null=True, related_name="messages", verbose_name=_("webhook")
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
        constraints = [
            models.CheckConstraint(
                condition=Q(channel="mail", recipient__isnull=False, webhook__isnull=True)
                | Q(channel="webhook", recipient__isnull=True, webhook__isnull=False),
                name="outbox_one_recipient",
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
