"""Whose company account it is that comes in by OpenID Connect.

A link, once made, goes by the provider's own lasting id. Before that only what nobody can claim
for themselves counts: an e-mail address the provider has verified; a user name only where the
house says that people cannot choose theirs.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from people.actions import add_requester
from people.models import User


class Unknown(Exception):
    """Nobody, or more than one person, stands behind the account; says so to whoever came."""


def person_of(account: Any) -> User:
    """Return the person a company account (a SocialAccount) belongs to, made where that is allowed.

    Raises Unknown with a sentence for whoever came.
    """
    told = account.extra_data.get("userinfo") or account.extra_data.get("id_token") or {}
    found = _by_email(told) or _by_username(told)
    if found:
        return found
    username = str(told.get("preferred_username") or account.uid)[:150]
    if not settings.OIDC_NEW_PEOPLE:
        raise Unknown(
            gettext(
                "Your company account is not known here yet. Ask an administrator to let you in."
            )
        )
    if User.objects.filter(username__iexact=username).exists():
        raise Unknown(
            gettext(
                "There is an account of that name already, and your company account does not "
                "prove that it is yours. Ask an administrator."
            )
        )
    email = str(told.get("email") or "") if _is_verified(told) else ""
    return add_requester(
        username=username, display_name=str(told.get("name") or "")[:120], email=email
    )


def _is_verified(told: dict[str, Any]) -> bool:
    return told.get("email_verified") in (True, "true")


def _by_email(told: dict[str, Any]) -> User | None:
    email = str(told.get("email") or "").strip()
    return _only(User.objects.filter(email__iexact=email)) if email and _is_verified(told) else None


def _by_username(told: dict[str, Any]) -> User | None:
    username = str(told.get("preferred_username") or "")
    if not (settings.OIDC_TRUST_USERNAMES and username):
        return None
    return _only(User.objects.filter(username=username))


def _only(people: Any) -> User | None:
    """Return the one active person among `people`; of two nobody knows which."""
    found = list(people.filter(is_active=True)[:2])
    return found[0] if len(found) == 1 else None
