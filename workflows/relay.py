"""Send what lies in the outbox: claimed by one relay, tried again, never lost."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from workflows import letters
from workflows.models import Outbox

logger = logging.getLogger(__name__)

BATCH = 10  # so that a batch of time-outs (20 s each) ends before its lease
LEASE = timedelta(minutes=5)
MAX_TRIES = 12
MAX_PAUSE = timedelta(minutes=15)


def relay(at: datetime) -> int:
    """Send everything due at `at`; return how many messages left the house."""
    sent = 0
    while batch := _claim(at):
        sent += sum(_send(message, at) for message in batch)
    return sent


def _claim(at: datetime) -> list[Outbox]:
    """Take a batch for this relay alone: nobody else tries it before the lease is over.

    The try is counted before it is made, so that a letter that kills the process dies too.
    """
    with transaction.atomic():
        due = Outbox.objects.unsent().filter(next_try_at__lte=at).order_by("next_try_at")
        batch = list(
            due.select_for_update(skip_locked=True, of=("self",)).select_related(
                "recipient", "case"
            )[:BATCH]
        )
        ids = [one.pk for one in batch]
        Outbox.objects.filter(pk__in=ids).update(next_try_at=at + LEASE, attempts=F("attempts") + 1)
    return batch


def _send(message: Outbox, at: datetime) -> bool:
    message.attempts += 1  # as counted when it was claimed
    try:
        deliver(message)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # whatever is wrong with one letter, the others go out
        _put_off(message, at, error)
        return False
    message.sent_at = max(at, timezone.now())
    message.save(update_fields=["sent_at"])
    return True


def _put_off(message: Outbox, at: datetime, error: Exception) -> None:
    """Try again after 1 s, 2 s, 4 s … 15 min; after 12 tries it waits for a person."""
    logger.warning("message %s was not sent: %s", message.key, error)
    message.last_error = f"{type(error).__name__}: {error}"
    pause = min(timedelta(seconds=2 ** (message.attempts - 1)), MAX_PAUSE)
    message.next_try_at = at + pause
    if message.attempts >= MAX_TRIES:
        message.dead_at = at
    message.save(update_fields=["last_error", "next_try_at", "dead_at"])


def deliver(message: Outbox) -> None:
    """Write the mail in the recipient's language; the same message always has the same id."""
    if not message.recipient.email or not message.recipient.is_active:
        return
    language = message.recipient.language or settings.LANGUAGE_CODE
    with translation.override(language):
        context = letters.context(message)
        subject = render_to_string(f"mail/{message.topic}_subject.txt", context)
        body = render_to_string(f"mail/{message.topic}.txt", context)
    domain = settings.DEFAULT_FROM_EMAIL.rsplit("@", 1)[-1].rstrip(">")
    message_id = f"<{message.key.replace(':', '.')}@{domain}>"
    EmailMessage(
        subject=" ".join(subject.split()),
        body=body,
        to=[message.recipient.email],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    ).send()
