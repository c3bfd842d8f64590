"""API tokens: issue one, find its owner."""

import hashlib
import secrets

from people.models import ApiToken, User
from rows import Reading


def issue_token(*, user: User, name: str) -> str:
    """Create a token for `user` and return it; this is the only time it can be read."""
    secret = secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=_digest(secret))
    return secret


def owner_of(secret: str) -> User | None:
    """Return the active person whose live token `secret` is (1 query)."""
    token = LIVE.first(digest=_digest(secret))
    return token.user if token else None


LIVE = Reading(
    lambda digest: ApiToken.objects.select_related("user__unit").filter(
        digest=digest, revoked_at__isnull=True, user__is_active=True
    )
)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
