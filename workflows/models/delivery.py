"""What must leave the house exactly once, and answers given before."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.models.cases import Case
from workflows.models.news import Chat, News
from workflows.models.webhooks import Webhook


class OutboxQuerySet(models.QuerySet["Outbox"]):
    def unsent(self) -> Self:
        return self.filter(sent_at__isnull=True, dead_at__isnull=True)

    def due(self, at: datetime) -> Self:
        return self.unsent().filter(next_try_at__lte=at)

    def dead(self) -> Self:
        return self.filter(dead_at__isnull=False)

    def unrouted(self) -> Self:
        """Keep what waits for the preferences of its reader to say when and where it goes."""
        has_chosen = Q(recipient__news_preference__isnull=False)
        return self.filter(has_chosen, routed_at__isnull=True)

    def routed(self) -> Self:
        has_not_chosen = Q(recipient__news_preference__isnull=True)
        return self.filter(has_not_chosen | Q(routed_at__isnull=False))

    def items(self) -> Self:
        """Keep what people find in their notifications, each message once."""
        return self.filter(channel__in=(Outbox.Channel.MAIL, Outbox.Channel.APP))

    def of(self, user: User) -> Self:
        return self.items().filter(recipient=user)

    def new(self) -> Self:
        return self.filter(done_at__isnull=True)


class Outbox(models.Model):
    """One message to one recipient, written with the event that causes it, sent afterwards.

    A mail has a person as recipient, a webhook has its row. What a person is told is a mail first,
    and an item of their notifications; it is `APP` where they want no mail of it, and has copies
    for their chats. `routed_at`, `held_until`: see `workflows.news.routing`.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", _("Mail")
        WEBHOOK = "webhook", _("Webhook")
        APP = "app", _("In Opsgate")
        CHAT = "chat", _("Chat")

    key = models.CharField(_("key"), max_length=160, unique=True)
    channel = models.CharField(_("channel"), max_length=20, choices=Channel, default=Channel.MAIL)
    topic = models.CharField(max_length=40)
    recipient = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="+", verbose_name=_("recipient")
    )
    webhook = models.ForeignKey(
        Webhook, models.PROTECT, null=True, related_name="messages", verbose_name=_("webhook")
    )
    chat = models.ForeignKey(
        Chat, models.CASCADE, null=True, related_name="messages", verbose_name=_("chat")
    )
    case = models.ForeignKey(Case, models.CASCADE, null=True, related_name="+")
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    last_error = models.TextField(_("last error"), blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    dead_at = models.DateTimeField(_("given up"), null=True)
    routed_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(_("held until"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)

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
            ),
            models.Index(
                fields=["recipient", "-id"],
                condition=Q(channel__in=("mail", "app"), done_at__isnull=True),
                name="outbox_news",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    channel__in=("mail", "app"),
                    recipient__isnull=False, webhook__isnull=True, chat__isnull=True,
                )
                | Q(
                    channel="webhook",
                    recipient__isnull=True, webhook__isnull=False, chat__isnull=True,
                )
                | Q(
                    channel="chat",
                    recipient__isnull=False, webhook__isnull=True, chat__isnull=False,
                ),
                name="outbox_one_recipient",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.key

    @property
    def news(self) -> str:
        """Return which of the reader's news it is; a clock warns, then its time is over."""
        if self.topic == "clock":
            return News.BREACH if self.data.get("action") == "breach" else News.WARNING
        return News.DEPUTY if self.topic == "handback" else self.topic

    @property
    def about(self) -> str:
        """Say what the message is about; what goes to a webhook is an event, or a test."""
        if self.news in News.values:
            return str(News(self.news).label)
        return gettext("A test") if self.topic == "test" else gettext("An event")

    @property
    def receiver(self) -> str:
        person = str(self.recipient or self.webhook)
        return f"{person} ({self.chat})" if self.chat else person


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
