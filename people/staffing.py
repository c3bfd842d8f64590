"""What those who look after people write about others; each change goes to the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from auditlog.context import set_actor
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from people.models import Absence, ApiToken, CustomerClass, Grant, Unit, User, in_force

SOON = timedelta(days=30)
"""How long before its end a role is worth a word."""
DETAILS = ("display_name", "email", "unit", "language", "is_staff")
"""What is changed of a person here; powers beyond roles are given by superusers elsewhere."""


def give_role(
    *, person: User, role: str, unit: Unit, from_at: datetime, to_at: datetime | None, actor: User
) -> Grant:
    """Give a role over a unit and all below it from `from_at` on."""
    with transaction.atomic(), set_actor(actor):
        _guard(person, actor)
        same = Grant.objects.filter(user=person, role=role, unit=unit)
        if same.filter(in_force(from_at)).exists():
            raise ValidationError(_("This person has that role for that unit already."))
        grant = Grant(user=person, role=role, unit=unit, from_at=from_at, to_at=to_at)
        grant.full_clean()
        grant.save()
        return grant


def end_role(*, grant: Grant, actor: User, at: datetime) -> None:
    """End a role in a moment; one that has not begun is taken back."""
    with transaction.atomic(), set_actor(actor):
        _guard(grant.user, actor)
        if grant.from_at > at:
            grant.delete()
            return
        if grant.to_at is not None and grant.to_at <= at:
            raise ValidationError(_("This role has ended already."))
        grant.to_at = at
        grant.save(update_fields=["to_at"])


def enter_absence(
    *, person: User, deputy: User, from_at: datetime, to_at: datetime | None, reason: str,
    actor: User,
) -> Absence:  # fmt: skip
    """Note that somebody is away, and who does their work meanwhile."""
    with transaction.atomic(), set_actor(actor):
        _guard(person, actor)
        absence = Absence(user=person, deputy=deputy, from_at=from_at, to_at=to_at, reason=reason)
        absence.full_clean()
        absence.save()
        return absence


def end_absence_of(*, absence: Absence, actor: User, at: datetime) -> None:
    """End an absence in a moment; one that has not begun is taken back."""
    with transaction.atomic(), set_actor(actor):
        _guard(absence.user, actor)
        if absence.from_at > at:
            absence.delete()
            return
        if absence.to_at is not None and absence.to_at <= at:
            raise ValidationError(_("This absence is over already."))
        absence.to_at = at
        absence.save(update_fields=["to_at"])


def add_person(*, username: str, password: str, actor: User, **details: Any) -> User:
    """Add somebody who may log in with a first password; without one, by the company account."""
    with transaction.atomic(), set_actor(actor):
        person = User(username=username, **details)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
        person.full_clean()
        person.save()
        return person


def change_person(*, person: User, actor: User, **details: Any) -> None:
    """Change what is known of somebody: `DETAILS`."""
    with transaction.atomic(), set_actor(actor):
        _guard(person, actor)
        for name in DETAILS:
            setattr(person, name, details.get(name, getattr(person, name)))
        person.full_clean(exclude=["password"])
        person.save(update_fields=[*DETAILS])


def switch_person(*, person: User, is_active: bool, actor: User) -> None:
    """Let somebody log in, or no longer; nobody locks themselves out."""
    with transaction.atomic(), set_actor(actor):
        _guard(person, actor)
        if person == actor:
            raise ValidationError(_("Nobody switches off their own account."))
        person.is_active = is_active
        person.save(update_fields=["is_active"])


def put_in_class(*, person: User, grade: str, actor: User, at: datetime) -> None:
    """Give somebody a customer class of their own from `at` on; "" leaves it to their unit."""
    with transaction.atomic(), set_actor(actor):
        _guard(person, actor)
        for row in CustomerClass.objects.filter(in_force(at), user=person):
            row.to_at = at
            row.save(update_fields=["to_at"])
        if grade:
            CustomerClass.objects.create(user=person, grade=grade, from_at=at)


def revoke_token_of(*, token: ApiToken, actor: User, at: datetime) -> None:
    """Make somebody's token worthless at once and for good."""
    with transaction.atomic(), set_actor(actor):
        _guard(token.user, actor)
        if token.revoked_at is not None:
            raise ValidationError(_("This token is revoked already."))
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])


def _guard(person: User, actor: User) -> None:
    """Let nobody but a superuser change a superuser."""
    if person.is_superuser and not actor.is_superuser:
        raise PermissionDenied
