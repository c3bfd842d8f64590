"""What a person wants to be told, when, and where beside the list of the product and mail."""

from __future__ import annotations

from datetime import time
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from people.models import User


class News(models.TextChoices):
    """What one may be told of: the topics of messages as a reader tells them apart."""

    WORK = "work", _("Work for me")
    MOVED = "moved", _("My case has moved on")
    MENTION = "mention", _("Somebody calls me in a comment")
    COMMENT = "comment", _("A comment on what I asked for or follow")
    WARNING = "warning", _("Time is running short")
    BREACH = "breach", _("A promised time is over")
    DEPUTY = "deputy", _("Standing in for each other")


class NewsPreference(models.Model):
    """What somebody chose; who has no row gets a mail for everything, at once."""

    class Mail(models.TextChoices):
        NOW = "now", _("At once")
        DIGEST = "digest", _("In the summary")
        OFF = "off", _("No mail")

    class Rhythm(models.TextChoices):
        DAILY = "daily", _("every day")
        WEEKDAYS = "weekdays", _("from Monday to Friday")
        WEEKLY = "weekly", _("on Mondays")

    user = models.OneToOneField(User, models.CASCADE, related_name="news_preference")
    mail = models.JSONField(default=dict)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    quiet_days = models.JSONField(default=list)
    lets_breach_through = models.BooleanField(default=True)
    digest_at = models.TimeField(default=time(8))
    rhythm = models.CharField(max_length=10, choices=Rhythm, default=Rhythm.DAILY)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_to__isnull=True)
                | (
                    Q(quiet_from__isnull=False, quiet_to__isnull=False)
                    & ~Q(quiet_from=F("quiet_to"))
                ),
                name="quiet_hours_begin_and_end",
                violation_error_message=_("Quiet hours need a beginning and another end."),
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    def mail_for(self, news: str) -> str:
        return str(self.mail.get(news, self.Mail.NOW))


class ChatQuerySet(models.QuerySet["Chat"]):
    def kept(self) -> Self:
        return self.filter(removed_at__isnull=True)

    def in_use(self) -> Self:
        """Keep those that are told of news: a test has arrived there once."""
        return self.kept().filter(verified_at__isnull=False)


class Chat(models.Model):
    """A place outside of the house where a person wants to be told: a group's robot, a webhook.

    Removed rather than deleted, what was sent stays on record; its keys are forgotten then.
    """

    class Kind(models.TextChoices):
        WECOM = "wecom", _("WeCom")
        DINGTALK = "dingtalk", _("DingTalk")
        FEISHU = "feishu", _("Feishu")
        WEBHOOK = "webhook", _("My own webhook")

    user = models.ForeignKey(User, models.CASCADE, related_name="chats")
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    name = models.CharField(_("name"), max_length=60)
    address = models.CharField(max_length=500, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    muted = models.JSONField(default=list)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    objects = ChatQuerySet.as_manager()

    class Meta:
        verbose_name = _("chat of a person")
        verbose_name_plural = _("chats of people")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name

    def wants(self, news: str) -> bool:
        return news not in self.muted
