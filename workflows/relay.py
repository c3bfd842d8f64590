"""Send what lies in the outbox: claimed by one relay, tried again, never lost.

What leaves together is a parcel: one message, or what was held of one person, or what is due in one
chat. Each message of a parcel is noted for itself.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone, translation

from people.actors import Actor
from people.models import User
from workflows import letters, posting, webhooks
from workflows.addresses import Undelivered
from workflows.models import Chat, Outbox, OutboxQuerySet
from workflows.news import chats, routing
from workflows.news.hours import zone_of

logger = logging.getLogger(__name__)

BATCH = 10
LEASE = timedelta(minutes=5)
MAX_TRIES = 12
MAX_PAUSE = timedelta(minutes=15)
SPELL = 30.0
"""Seconds after which a call takes nothing more of a channel: other parts of a beat wait for it.

A call ends at most one mail (20 s) and one round of webhooks (10 s) later, well before its leases.
"""
MANY = 200  # messages of one parcel
TO_ONE = 4  # messages on their way to one webhook at the same time
AT_ONCE = 40  # and to all of them
SLOW = 2.0  # seconds; who takes longer gets no more in this call, so that the others need not wait


Parcel = list[Outbox]


class Lane(NamedTuple):
    """What is posted to many receivers side by side: the outbox's name of them, and how to write.

    `writes` makes of a parcel what is then done without a database.
    """

    channel: Outbox.Channel
    receiver: str
    writes: Callable[[Parcel, datetime], Callable[[], object]]


def _post_event(parcel: Parcel, at: datetime) -> Callable[[], object]:
    return partial(posting.post, webhooks.letter(parcel[0]))


LANES = (
    Lane(Outbox.Channel.WEBHOOK, "webhook", _post_event),
    Lane(Outbox.Channel.CHAT, "chat", chats.attempt),
)


def relay(at: datetime) -> int:
    """Send everything due at `at` within the time of a call; return how much left the house."""
    routing.route(at)
    return sum(_relay_lane(lane, at) for lane in LANES) + _relay_held(at) + _relay_mail(at)


def _relay_mail(at: datetime) -> int:
    ends_at, sent = monotonic() + SPELL, 0
    due = _mails(at).filter(held_until__isnull=True)
    while monotonic() < ends_at and (batch := _claim(due, at, BATCH)):
        for number, message in enumerate(batch, start=1):
            sent += _send([message], at, partial(deliver, message))
            if monotonic() >= ends_at:
                _give_back(batch[number:], at)
                break
    return sent


def _relay_held(at: datetime) -> int:
    """Send what was held of each person, as one mail, now that its time has come."""
    ends_at, sent = monotonic() + SPELL, 0
    due = _mails(at).filter(held_until__isnull=False)
    for reader in due.order_by().values_list("recipient", flat=True).distinct():
        while monotonic() < ends_at and (batch := _claim(due.filter(recipient=reader), at, MANY)):
            sent += _send(batch, at, partial(deliver_together, batch, at))
    return sent


def _mails(at: datetime) -> OutboxQuerySet:
    return Outbox.objects.due(at).filter(channel=Outbox.Channel.MAIL).routed()


def _relay_lane(lane: Lane, at: datetime) -> int:
    """Send round by round, each to several receivers together; whoever is slow sits out the rest.

    A round lasts as long as its slowest receiver, at most `posting.LIMIT`.
    """
    ends_at, sent = monotonic() + SPELL, 0
    resting: set[int] = set()
    while monotonic() < ends_at and (parcels := _claim_round(lane, at, resting)):
        sent += _send_together(lane, parcels, at, resting)
    return sent


def _claim_round(lane: Lane, at: datetime, resting: set[int]) -> list[Parcel]:
    """Take a few parcels of each receiver that is not resting, in an order nobody can rely on."""
    due = Outbox.objects.due(at).filter(channel=lane.channel).routed()
    waiting = due.exclude(**{f"{lane.receiver}__in": resting}).order_by()
    receivers = list(waiting.values_list(lane.receiver, flat=True).distinct())
    random.shuffle(receivers)
    return [
        parcel
        for receiver in receivers[: AT_ONCE // TO_ONE]
        for parcel in _parcels(due.filter(**{lane.receiver: receiver}), at)
    ]


def _parcels(due: OutboxQuerySet, at: datetime) -> list[Parcel]:
    """Take what is due for one receiver: a robot is told all of it at once, others one by one.

    Robots take about twenty messages a minute; a webhook is promised one request per message.
    """
    batch = _claim(due, at, TO_ONE)
    if batch and batch[0].chat and batch[0].chat.kind != Chat.Kind.WEBHOOK:
        return [batch + _claim(due, at, MANY)]
    return [[message] for message in batch]


def _claim(due: OutboxQuerySet, at: datetime, most: int) -> list[Outbox]:
    """Take a batch for this relay alone: nobody else tries it before the lease is over.

    The try is counted before it is made, so that a letter that kills the process dies too.
    """
    with transaction.atomic():
        batch = list(
            due.order_by("next_try_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient", "webhook", "chat", "case")[:most]
        )
        ids = [one.pk for one in batch]
        Outbox.objects.filter(pk__in=ids).update(next_try_at=at + LEASE, attempts=F("attempts") + 1)
    return batch


def _give_back(batch: list[Outbox], at: datetime) -> None:
    """Return what was claimed and not tried."""
    if batch:
        claimed = Outbox.objects.filter(pk__in=[one.pk for one in batch])
        claimed.update(next_try_at=at, attempts=F("attempts") - 1)


def _send_together(lane: Lane, parcels: list[Parcel], at: datetime, resting: set[int]) -> int:
    """Post a round in threads, which touch no database, and note each result as it comes."""
    began, sent = monotonic(), 0
    with ThreadPoolExecutor(len(parcels), lane.receiver) as pool:
        jobs = {_start(pool, lane, parcel, at): parcel for parcel in parcels}
        for job in as_completed(jobs):
            sent += _send(jobs[job], at, job.result)
            if monotonic() - began > SLOW:
                resting.add(getattr(jobs[job][0], f"{lane.receiver}_id"))
    return sent


def _start(pool: ThreadPoolExecutor, lane: Lane, parcel: Parcel, at: datetime) -> Future[object]:
    try:
        attempt = lane.writes(parcel, at)
    except Exception as error:  # becomes the result of this parcel alone
        failed: Future[object] = Future()
        failed.set_exception(error)
        return failed
    return pool.submit(attempt)


def _send(parcel: Parcel, at: datetime, attempt: Callable[[], object]) -> int:
    """Make an attempt and note what became of it; return how many messages left the house."""
    for message in parcel:
        message.attempts += 1  # as counted when it was claimed
    try:
        attempt()
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # whatever is wrong with one parcel, the others go out
        for message in parcel:
            _put_off(message, at, error)
        return 0
    for message in parcel:
        message.sent_at = max(at, timezone.now())
        message.save(update_fields=["sent_at"])
    return len(parcel)


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
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        mail = _written(message.topic, letters.context(message))
    _post_mail(mail, reader, message.key.replace(":", "."))


def deliver_together(messages: Parcel, at: datetime) -> None:
    """Write one mail of what was held; what its reader may not see any more is left out.

    The same messages always have the same id; a single one is the mail it would have been.
    """
    reader = messages[0].recipient
    assert reader is not None  # a constraint of the table
    if not reader.email or not reader.is_active:
        return
    language, zone = reader.language or settings.LANGUAGE_CODE, zone_of(reader)
    with translation.override(language), timezone.override(zone):
        context = letters.summary(messages, Actor.of(reader, at))
        if context["count"] == 1:
            (message,) = context["messages"]
            return deliver(message)
        if not context["count"]:
            return None
        mail = _written("summary", context)
    keys = "\n".join(sorted(one.key for one in messages))
    _post_mail(mail, reader, f"summary.{hashlib.sha256(keys.encode()).hexdigest()[:32]}")


def _written(name: str, context: dict[str, Any]) -> tuple[str, str]:
    """Return subject and text of a mail, in the language now active."""
    subject = render_to_string(f"mail/{name}_subject.txt", context)
    return " ".join(subject.split()), render_to_string(f"mail/{name}.txt", context)


def _post_mail(mail: tuple[str, str], reader: User, name: str) -> None:
    subject, body = mail
    domain = settings.DEFAULT_FROM_EMAIL.rsplit("@", 1)[-1].rstrip(">")
    EmailMessage(
        subject=subject,
        body=body,
        to=[reader.email],
        headers={"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"},
    ).send()


def send_test_mail(reader: User, at: datetime) -> None:
    """Send a mail that says nothing but that it arrived, or raise what the server said."""
    with translation.override(reader.language or settings.LANGUAGE_CODE):
        mail = _written("test", letters.frame() | {"reader": reader})
    _post_mail(mail, reader, f"test.{reader.pk}.{at.timestamp():.6f}")
