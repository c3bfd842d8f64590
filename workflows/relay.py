"""Send what lies in the outbox: claimed by one relay, tried again, never lost."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from workflows import letters, posting, webhooks
from workflows.addresses import Undelivered
from workflows.models import Outbox, OutboxQuerySet

logger = logging.getLogger(__name__)

BATCH = 10
LEASE = timedelta(minutes=5)
MAX_TRIES = 12
MAX_PAUSE = timedelta(minutes=15)
SPELL = 30.0
"""Seconds after which a call takes nothing more of a channel: other parts of a beat wait for it.

A call ends at most one mail (20 s) and one round of webhooks (10 s) later, well before its leases.
"""
TO_ONE = 4  # messages on their way to one webhook at the same time
AT_ONCE = 40  # and to all of them
SLOW = 2.0  # seconds; who takes longer gets no more in this call, so that the others need not wait


def relay(at: datetime) -> int:
    """Send everything due at `at` within the time of a call; return how much left the house."""
    return _relay_webhooks(at) + _relay_mail(at)


def _relay_mail(at: datetime) -> int:
    ends_at, sent = monotonic() + SPELL, 0
    due = Outbox.objects.due(at).filter(channel=Outbox.Channel.MAIL)
    while monotonic() < ends_at and (batch := _claim(due, at, BATCH)):
        for number, message in enumerate(batch, start=1):
            sent += _send(message, at, partial(deliver, message))
            if monotonic() >= ends_at:
                _give_back(batch[number:], at)
                break
    return sent


def _relay_webhooks(at: datetime) -> int:
    """Send round by round, each to several receivers together; whoever is slow sits out the rest.

    A round lasts as long as its slowest receiver, at most `posting.LIMIT`.
    """
    ends_at, sent = monotonic() + SPELL, 0
    resting: set[int | None] = set()
    while monotonic() < ends_at and (batch := _claim_round(at, resting)):
        sent += _send_together(batch, at, resting)
    return sent


def _claim_round(at: datetime, resting: set[int | None]) -> list[Outbox]:
    """Take a few messages of each webhook that is not resting, in an order nobody can rely on."""
    due = Outbox.objects.due(at).filter(channel=Outbox.Channel.WEBHOOK)
    waiting = due.exclude(webhook__in=resting).order_by().values_list("webhook", flat=True)
    receivers = list(waiting.distinct())
    random.shuffle(receivers)
    return [
        message
        for receiver in receivers[: AT_ONCE // TO_ONE]
        for message in _claim(due.filter(webhook=receiver), at, TO_ONE)
    ]


def _claim(due: OutboxQuerySet, at: datetime, most: int) -> list[Outbox]:
    """Take a batch for this relay alone: nobody else tries it before the lease is over.

    The try is counted before it is made, so that a letter that kills the process dies too.
    """
    with transaction.atomic():
        batch = list(
            due.order_by("next_try_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient", "webhook", "case")[:most]
        )
        ids = [one.pk for one in batch]
        Outbox.objects.filter(pk__in=ids).update(next_try_at=at + LEASE, attempts=F("attempts") + 1)
    return batch


def _give_back(batch: list[Outbox], at: datetime) -> None:
    """Return what was claimed and not tried."""
    if batch:
        claimed = Outbox.objects.filter(pk__in=[one.pk for one in batch])
        claimed.update(next_try_at=at, attempts=F("attempts") - 1)


def _send_together(batch: list[Outbox], at: datetime, resting: set[int | None]) -> int:
    """Post a round in threads, which touch no database, and note each result as it comes."""
    began, sent = monotonic(), 0
    with ThreadPoolExecutor(len(batch), "webhook") as pool:
        jobs = {_start(pool, message): message for message in batch}
        for job in as_completed(jobs):
            sent += _send(jobs[job], at, job.result)
            if monotonic() - began > SLOW:
                resting.add(jobs[job].webhook_id)
    return sent


def _start(pool: ThreadPoolExecutor, message: Outbox) -> Future[None]:
    try:
        letter = webhooks.letter(message)
    except Exception as error:  # becomes the result of this message alone
        failed: Future[None] = Future()
        failed.set_exception(error)
        return failed
    return pool.submit(posting.post, letter)


def _send(message: Outbox, at: datetime, attempt: Callable[[], object]) -> bool:
    """Make an attempt and note what became of it; true when the message left the house."""
    message.attempts += 1  # as counted when it was claimed
    try:
        attempt()
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
    is_sentence = isinstance(error, Undelivered)
    message.last_error = str(error) if is_sentence else f"{type(error).__name__}: {error}"
    pause = min(timedelta(seconds=2 ** (message.attempts - 1)), MAX_PAUSE)
    message.next_try_at = at + pause
    if message.attempts >= MAX_TRIES:
        message.dead_at = at
    message.save(update_fields=["last_error", "next_try_at", "dead_at"])


def deliver(message: Outbox) -> None:
    """Write the mail in the recipient's language; the same message always has the same id."""
    reader = message.recipient
    assert reader is not None  # a constraint of the table
    if not reader.email or not reader.is_active:
        return
    language = reader.language or settings.LANGUAGE_CODE
    with translation.override(language):
        context = letters.context(message)
        subject = render_to_string(f"mail/{message.topic}_subject.txt", context)
        body = render_to_string(f"mail/{message.topic}.txt", context)
    domain = settings.DEFAULT_FROM_EMAIL.rsplit("@", 1)[-1].rstrip(">")
    message_id = f"<{message.key.replace(':', '.')}@{domain}>"
    EmailMessage(
        subject=" ".join(subject.split()),
        body=body,
        to=[reader.email],
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    ).send()
