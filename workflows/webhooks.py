"""Webhooks: events told to other systems, by the same outbox and relay as mail.

docs/webhooks.md says how a receiver reads and checks them, and what it is promised.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from time import monotonic, time
from typing import Any

from auditlog.context import set_actor
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

import rows
from people.models import User
from workflows.addresses import Undelivered
from workflows.models import Event, Outbox, Webhook
from workflows.models.webhooks import new_secret
from workflows.posting import Letter

TOPIC, TEST = "event", "test"
INSERTED_AT_ONCE = 1000  # a sweep of many alerts to many webhooks passes SQLite's limit of values


class Absence:
    """What this process remembers: that there was no webhook a moment ago.

    Most houses have none, and their events shall not pay a query each. A webhook that is saved
    hears of everything from this many seconds on, from the same process at once.
    """

    SECONDS = 2.0
    since: float | None = None

    def lasts(self) -> bool:
        return self.since is not None and 0 <= monotonic() - self.since < self.SECONDS


_absence = Absence()


def forget_absence(**signal: Any) -> None:
    _absence.since = None


def rows_for(*events: Event) -> list[Outbox]:
    """Build one message per event and webhook that wants it, to be saved with the events.

    1 query for any number of events, none while there are no webhooks. The cases must be loaded.
    """
    if not events or _absence.lasts():
        return []
    webhooks = list(Webhook.objects.active().only("kinds", "event_kinds", "actions"))
    if not webhooks:
        _absence.since = monotonic()
    return [
        Outbox(
            key=f"{event.case.number}:{event.seq}:webhook:{webhook.pk}",
            channel=Outbox.Channel.WEBHOOK, topic=TOPIC, webhook=webhook, case_id=event.case_id,
            data={"seq": event.seq}, created_at=event.at, next_try_at=event.at,
        )
        for event in events
        for webhook in webhooks
        if webhook.wants(event)
    ]  # fmt: skip


def tell(*events: Event) -> None:
    """Write the messages of `events`, in the transaction that writes the events."""
    messages = rows_for(*events)
    for start in range(0, len(messages), INSERTED_AT_ONCE):
        rows.insert(messages[start : start + INSERTED_AT_ONCE])


def send_test(*, webhook: Webhook, actor: User, at: datetime) -> Outbox:
    """Put a message into the outbox that says nothing but that it arrived."""
    return Outbox.objects.create(
        key=f"test:{secrets.token_hex(8)}:webhook:{webhook.pk}",
        channel=Outbox.Channel.WEBHOOK, topic=TEST, webhook=webhook,
        data={"by": actor.username}, created_at=at, next_try_at=at,
    )  # fmt: skip


def renew_secret(*, webhook: Webhook, actor: User, at: datetime) -> str:
    """Give a webhook another secret and return it, the only time it is shown.

    Every message still waiting is signed with the new one.
    """
    with transaction.atomic(), set_actor(actor):
        webhook.secret, webhook.secret_made_at = new_secret(), at
        webhook.save(update_fields=["secret", "secret_made_at"])
    return webhook.secret


def letter(message: Outbox) -> Letter:
    """Write what is posted; the same message has the same key and body at each try (1 query)."""
    webhook = message.webhook
    assert webhook is not None  # a constraint of the table
    if not webhook.is_active:
        raise Undelivered(_("The webhook is switched off."))
    body = json.dumps(_body(message), ensure_ascii=False).encode()
    timestamp = str(int(time()))
    return Letter(
        webhook.address,
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": "Opsgate",
            "Idempotency-Key": message.key,
            "X-Opsgate-Timestamp": timestamp,
            "X-Opsgate-Signature": signature(webhook.secret, timestamp, body),
        },
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 over `timestamp.body`, hexadecimal."""
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _body(message: Outbox) -> dict[str, Any]:
    """Return what a receiver learns: that and where something happened, not what was said."""
    if message.case is None:
        at = message.created_at.astimezone(UTC).isoformat()
        return {"key": message.key, "event": TEST, "at": at, "actor": message.data["by"]}
    case = message.case
    event = case.events.select_related("actor").get(seq=message.data["seq"])
    body = {
        "key": message.key,
        "event": event.kind,
        "number": case.number,
        "kind": case.kind,
        "seq": event.seq,
        "action": event.action,
        "source": event.source,
        "target": event.target,
        "at": event.at.astimezone(UTC).isoformat(),
        "actor": event.actor.username,
        "link": f"{settings.SITE_URL}{case.get_absolute_url()}",
    }
    if event.kind == Event.Kind.CLOCK:
        body |= {name: event.data.get(name) for name in ("metric", "percent")}
    return body
