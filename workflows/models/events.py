"""What happened, for good: events in a hash chain; and what people said and attached."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC
from pathlib import PurePath
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.models.cases import Case


class Event(models.Model):
    """One thing that happened to a case. Triggers refuse to change or delete a row.

    `hash` covers the row and the hash before it, so a changed, missing or reordered row is
    found, and `Case.chain_head` finds a deleted tail.
    """

    class Kind(models.TextChoices):
        ACTION = "action", _("Action")
        VOTE = "vote", _("Decision")
        NOTE = "note", _("Note")
        CLOCK = "clock", _("Clock")

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name=_("case"))
    seq = models.PositiveIntegerField(_("number in the case"))
    at = models.DateTimeField(_("time"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    action = models.CharField(_("action"), max_length=60)
    source = models.CharField(_("status before"), max_length=40, blank=True)
    target = models.CharField(_("status after"), max_length=40)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["case", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="event_seq_once")]

    def __str__(self) -> str:
        return f"{self.case_id}#{self.seq} {self.action}"

    def digest(self) -> str:
        """Return the SHA-256 over this row and the hash before it, hexadecimal."""
        fields = [
            self.case_id, self.seq, self.at.astimezone(UTC).isoformat(), self.kind, self.action,
            self.source,
            self.target, self.actor_id, self.on_behalf_of_id, self.request_id, self.note,
            self.data, self.previous_hash,
        ]  # fmt: skip
        text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


class Comment(models.Model):
    """What somebody said about a case, in Markdown. An internal one is hidden from customers."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    body = models.TextField(_("comment"), max_length=20_000)
    is_internal = models.BooleanField(_("internal: not shown to the requester"), default=False)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.body[:60]


def random_place(attachment: Attachment, filename: str) -> str:
    """Return where the file lies: a random name, so that nothing of the user's is a path."""
    return f"{secrets.token_hex(2)}/{secrets.token_hex(16)}{PurePath(filename).suffix.lower()}"


class Attachment(models.Model):
    """A file of a case, served only through the case's permission."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments")
    file = models.FileField(_("file"), upload_to=random_place, max_length=200)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


def jsonable(value: Any) -> Any:
    """Return `value` as the event keeps it: rows by key, dates and decimals as text."""
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, (list, tuple, set, models.QuerySet)):
        return [jsonable(one) for one in value]
    if isinstance(value, dict):
        return {str(key): jsonable(one) for key, one in value.items()}
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
