"""API tokens: issue one, find its owner."""

import hashlib
import secrets

from django.utils import timezone

from people.models import ApiToken, User
from rows import Reading


def issue_token(*, user: User, name: str, scope: str = ApiToken.Scope.EVERYTHING) -> str:
    """Create a token for `user` and return it; this is the only time it can be read."""
    secret = secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, scope=scope, digest=_digest(secret))
    return secret


def renew_token(*, user: User, name: str, scope: str) -> str:
    """Create the one token of `scope` that `user` has from now on, and return it."""
    live = ApiToken.objects.filter(user=user, scope=scope, revoked_at__isnull=True)
    live.update(revoked_at=timezone.now())
    return issue_token(user=user, name=name, scope=scope)


def owner_of(secret: str, *scopes: str) -> User | None:
    """Return the active person whose live token of one of `scopes` `secret` is (1 query)."""
    token = LIVE.first(digest=_digest(secret))
    return token.user if token and token.scope in scopes else None


LIVE = Reading(
    lambda digest: ApiToken.objects.select_related("user__unit").filter(
        digest=digest, revoked_at__isnull=True, user__is_active=True
    )
)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
