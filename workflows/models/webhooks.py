"""Who outside the house is told of events: an address, a secret, and which events."""

from __future__ import annotations

import re
import secrets
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows import addresses
from workflows.models.events import Event

LOOKUP_WITHIN = 5.0  # seconds a person waits while the address is checked
ACTION = re.compile(r"[a-z][a-z0-9_]*")


def new_secret() -> str:
    return secrets.token_urlsafe(32)


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def active(self) -> Self:
        return self.filter(is_active=True)


class Webhook(models.Model):
    """An address that is told of events; an empty choice means all of them.

    Switched off rather than deleted: what was sent to it stays on record.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    address = models.CharField(
        _("address"),
        max_length=addresses.LONGEST,
        help_text=_("Such as https://receiver.example.com/opsgate."),
    )
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    secret_made_at = models.DateTimeField(_("secret made"), default=timezone.now, editable=False)
    kinds = models.JSONField(_("kinds of cases"), default=list, blank=True)
    event_kinds = models.JSONField(_("kinds of events"), default=list, blank=True)
    actions = models.JSONField(_("actions"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    owner = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("made by"), editable=False
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that nothing may be sent to; looks it up when it is in use."""
        try:
            parsed = addresses.parse(self.address)
            if self.is_active:
                addresses.permitted(parsed, LOOKUP_WITHIN)
        except addresses.Undelivered as refusal:
            raise ValidationError({"address": str(refusal)}) from refusal

    def wants(self, event: Event) -> bool:
        """Tell whether `event` is among what was chosen; no query when its case is loaded."""
        chosen: list[tuple[Any, list[str]]] = [
            (event.case.kind, self.kinds),
            (event.kind, self.event_kinds),
            (event.action, self.actions),
        ]
        return all(not wanted or value in wanted for value, wanted in chosen)


def read_actions(text: str) -> list[str]:
    """Return the names of actions in a list written with commas."""
    names = [name for name in re.split(r"[\s,，]+", text) if name]
    if not all(map(ACTION.fullmatch, names)):
        raise ValidationError(
            gettext("Write names of actions as the API has them, with commas: approve, reject.")
        )
    return list(dict.fromkeys(names))
