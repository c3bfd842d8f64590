"""Who calls: the owner of a token, or whoever is signed in on the pages."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from people.models import ApiToken, User
from people.tokens import owner_of

SCHEMES = ("bearer", "token")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; `Token <token>` is understood too.

    A token of a narrow scope opens the views that name it in `scopes`, and nothing else.
    """

    def authenticate(self, request: Request) -> tuple[User, str] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in SCHEMES:
            return None
        more = getattr(request.parser_context["view"], "scopes", ())
        owner = owner_of(secret.strip(), ApiToken.Scope.EVERYTHING, *more)
        if owner is None:
            raise AuthenticationFailed(_("This token is unknown or was revoked."))
        return owner, "token"

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook has no types
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "`manage.py apitoken` issues one.",
        }
