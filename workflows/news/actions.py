"""What people do with their notifications: mark them done, choose what they are told and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from people.models import User
from workflows.addresses import Undelivered
from workflows.models import Case, Chat, NewsPreference, Outbox
from workflows.news import chats, routing
from workflows.refusals import Conflict
from workflows.relay import send_test_mail

MOST_CHATS = 8


def mark_done(*, actor: User, upto: int, at: datetime) -> int:
    """Mark everything done that somebody was told up to message `upto`: what they have seen.

    What came in since they opened the page stays new.
    """
    return Outbox.objects.of(actor).new().filter(pk__lte=upto).update(done_at=at)


def mark_case_done(*, actor: User, case_id: int | None, upto: int, at: datetime) -> int:
    """Mark what somebody was told of one case done; without a case, the news of absences."""
    told = Outbox.objects.of(actor).new().filter(case=case_id, pk__lte=upto)
    return told.update(done_at=at)


def mark_acted_on(*, case: Case, actor: User, at: datetime) -> int:
    """Mark done what somebody had been told of a case before they acted on it at `at`."""
    told = Outbox.objects.of(actor).new().filter(case=case.pk, created_at__lte=at)
    return told.update(done_at=at)


def choose(
    *, actor: User, chosen: Mapping[str, Any], muted: Mapping[int, list[str]], at: datetime
) -> None:
    """Save what somebody wants to be told; what is held for them follows at once.

    `muted`: per chat, by its id, the news it shall not hear of.
    """
    with transaction.atomic():
        NewsPreference.objects.update_or_create(user=actor, defaults=dict(chosen))
        for chat in Chat.objects.kept().filter(user=actor, pk__in=muted):
            chat.muted = muted[chat.pk]
            chat.save(update_fields=["muted"])
        routing.route_anew(actor, at)


def add_chat(*, actor: User, kind: str, name: str, address: str, secret: str, at: datetime) -> Chat:
    """Set up a chat; it is told of nothing before a test has arrived there."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if Chat.objects.kept().filter(user=actor).count() >= MOST_CHATS:
            raise Conflict(
                _("You have %(number)d chats already. Remove one first.") % {"number": MOST_CHATS}
            )
        NewsPreference.objects.get_or_create(user=actor)
        return Chat.objects.create(
            user=actor, kind=kind, name=name, address=address, secret=secret, created_at=at
        )


def try_chat(*, chat: Chat, actor: User, at: datetime) -> str:
    """Say something in the chat; return why it did not arrive, or nothing when it did."""
    try:
        chats.send_test(chat, actor)
    except Undelivered as refusal:
        return str(refusal)
    Chat.objects.kept().filter(pk=chat.pk, verified_at=None).update(verified_at=at)
    return ""


def remove_chat(*, chat: Chat, actor: User, at: datetime) -> None:
    """Forget the keys of a chat, and what still waits for it: the list has all of that too."""
    with transaction.atomic():
        chat.address, chat.secret, chat.removed_at = "", "", at
        chat.save(update_fields=["address", "secret", "removed_at"])
        Outbox.objects.filter(chat=chat, sent_at__isnull=True).delete()


def try_mail(*, actor: User, at: datetime) -> str:
    """Send a test; return why the mail server did not take it, or nothing when it did."""
    if not actor.email:
        return _("Your account has no e-mail address yet. An administrator can add it.")
    try:
        send_test_mail(actor, at)
    except (OSError, ValueError) as error:  # SMTP's errors are OSErrors; a bad address is a value
        return str(error) or type(error).__name__
    return ""
