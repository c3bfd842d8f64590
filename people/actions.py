"""What people write about themselves, and what is written when they come in."""

from __future__ import annotations

from datetime import datetime

from auditlog.context import set_actor
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from people.models import Absence, ApiToken, User


def keep_language(*, user: User, chosen: str) -> None:
    """Remember the language `user` chose, if it is one of ours."""
    if chosen in dict(settings.LANGUAGES) and chosen != user.language:
        user.language = chosen
        user.save(update_fields=["language"])


def add_requester(*, username: str, display_name: str, email: str) -> User:
    """Make somebody whom only the company account lets in, without any role."""
    user = User(username=username, display_name=display_name, email=email)
    user.set_unusable_password()
    user.save()
    return user


def finish_welcome(*, actor: User, at: datetime) -> None:
    """Note that `actor` has been welcomed; the first time counts."""
    User.objects.filter(pk=actor.pk, welcomed_at__isnull=True).update(welcomed_at=at)


@transaction.atomic
def put_away_hint(*, actor: User, name: str) -> None:
    """Keep the hint of a page from `actor`; without a name all hints are shown anew (2 queries)."""
    person = User.objects.select_for_update().get(pk=actor.pk)
    person.hints_put_away = sorted({*person.hints_put_away, name}) if name else []
    person.save(update_fields=["hints_put_away"])


def enter_absence(*, absence: Absence, actor: User) -> None:
    """Enter an absence of `actor`, audited; the caller has asked the model's rules."""
    with transaction.atomic(), set_actor(actor):
        absence.user = actor
        absence.save()


@transaction.atomic
def end_absence(*, absence: Absence, actor: User, at: datetime) -> bool:
    """End an absence of `actor` now, or take back one that has not begun; False if it is over."""
    held = Absence.objects.select_for_update().filter(pk=absence.pk, user=actor)
    live = held.not_over(at).first()
    if live is None:
        return False
    with set_actor(actor):
        if live.from_at > at:
            live.delete()
        else:
            live.to_at = at
            live.save(update_fields=["to_at"])
    return True


def revoke_token(*, token: ApiToken, actor: User) -> None:
    """Make a token of `actor` worthless at once and for good."""
    live = ApiToken.objects.filter(pk=token.pk, user=actor, revoked_at__isnull=True)
    live.update(revoked_at=timezone.now())
