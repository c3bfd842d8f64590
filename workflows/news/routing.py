"""Where a message goes, and when, by what its reader chose; decided as it is about to leave.

Nothing of this is asked while somebody acts: an event writes one row per reader whatever they
chose. The relay routes what is due before it sends; who chose nothing needs no routing.

A row that is held has `held_until`, and what is held of one person leaves as one mail.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime

from django.db import transaction

import rows
from people.models import User
from workflows.models import Chat, News, NewsPreference, Outbox
from workflows.news.hours import after_quiet, next_summary

logger = logging.getLogger(__name__)

BATCH = 100
ROUTED = ("channel", "next_try_at", "sent_at", "routed_at", "held_until")


def route(at: datetime) -> int:
    """Route everything that is due; return how much (4 queries per hundred)."""
    routed = 0
    while done := _route_some(at):
        routed += done
    return routed


def _route_some(at: datetime) -> int:
    with transaction.atomic():
        waiting = list(
            Outbox.objects.due(at)
            .unrouted()
            .order_by("next_try_at")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("recipient__news_preference")[:BATCH]
        )
        chats: dict[int, list[Chat]] = defaultdict(list)
        for chat in Chat.objects.in_use().filter(user__in={one.recipient_id for one in waiting}):
            chats[chat.user_id].append(chat)
        copies: list[Outbox] = []
        for message in waiting:
            assert message.recipient is not None  # who has no reader is not among them
            chosen = message.recipient.news_preference
            chosen.user = message.recipient
            if message.channel == Outbox.Channel.MAIL:
                copies += _copies(message, chosen, chats[message.recipient.pk], at)
            _route(message, chosen, at)
        rows.insert(copies, ignore_conflicts=True)
        rows.update_many(waiting, ROUTED)
    return len(waiting)


def _route(message: Outbox, chosen: NewsPreference, at: datetime) -> None:
    """Send it now, hold it, or leave it in the list alone where no mail is wanted."""
    message.routed_at, message.held_until = at, None
    wanted = NewsPreference.Mail.NOW
    if message.channel == Outbox.Channel.MAIL:
        wanted = NewsPreference.Mail(chosen.mail_for(message.news))
    if wanted == NewsPreference.Mail.OFF:
        message.channel, message.sent_at = Outbox.Channel.APP, at
        return
    if wanted == NewsPreference.Mail.DIGEST:
        leaves_at = next_summary(chosen, at)
    else:
        leaves_at = _leaves_at(message.news, chosen, at)
    message.next_try_at = leaves_at
    if leaves_at > at:
        message.held_until = leaves_at


def _leaves_at(news: str, chosen: NewsPreference, at: datetime) -> datetime:
    if news == News.BREACH and chosen.lets_breach_through:
        return at
    return after_quiet(chosen, at)


def _copies(
    message: Outbox, chosen: NewsPreference, chats: list[Chat], at: datetime
) -> list[Outbox]:
    """Return one message per chat that wants it; the key makes it one, however often it is asked.

    A chat hears of nothing from before it was there.
    """
    leaves_at = _leaves_at(message.news, chosen, at)
    return [
        Outbox(
            key=f"{message.key}:chat:{chat.pk}", channel=Outbox.Channel.CHAT, topic=message.topic,
            recipient=message.recipient, chat=chat, case_id=message.case_id, data=message.data,
            created_at=message.created_at, next_try_at=leaves_at, routed_at=at,
            held_until=leaves_at if leaves_at > at else None,
        )
        for chat in chats
        if chat.wants(message.news) and chat.created_at <= message.created_at
    ]  # fmt: skip


def route_anew(user: User, at: datetime) -> int:
    """Let what is held for somebody be routed by what they choose now; return how much.

    A chat is not asked again whether it wants what it was given.
    """
    held = Outbox.objects.unsent().filter(recipient=user, held_until__isnull=False, attempts=0)
    return held.update(routed_at=None, held_until=None, next_try_at=at)
