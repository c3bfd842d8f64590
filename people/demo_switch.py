"""In the demo world: become another of its people in one press.

It signs in with the password that everybody knows, by the same way as the login page. So where
that password opens no account, which is any real installation, it opens none either.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import authenticate, logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from people.demo import PASSWORD, PEOPLE, demo_people, is_demo_person
from people.models import User

LANDING = "landing"
"""The cookie that says: whoever comes next has just become another person."""


@require_POST
@login_required
def switch(request: HttpRequest) -> HttpResponse:
    """Sign in as another person of the demo world, on the same page if they may see it."""
    assert isinstance(request.user, User)
    if not is_demo_person(request.user):
        raise Http404
    wanted = demo_people().filter(username=request.POST.get("username", "")).first()
    other = wanted and authenticate(request, username=wanted.username, password=PASSWORD)
    if not isinstance(other, User):
        raise Http404
    language = request.user.language
    logout(request)
    User.objects.filter(pk=other.pk).update(language=language)
    known = {"username": other.username}
    login = Login(user=other, redirect_url=_page(request))
    response: HttpResponse = perform_password_login(request, known, login)
    response.set_cookie(LANDING, "1", max_age=60, httponly=True, samesite="Lax",
                        secure=settings.SESSION_COOKIE_SECURE)  # fmt: skip
    return response


def _page(request: HttpRequest) -> str:
    page = request.POST.get("next", "")
    return page if url_has_allowed_host_and_scheme(page, None) else reverse("home")


def see_as(request: HttpRequest) -> dict[str, Any]:
    """Context processor: whom a person of the demo world may become (no query)."""
    return {"see_as": SimpleLazyObject(lambda: _others(getattr(request, "user", None)))}


def _others(user: Any) -> list[dict[str, str]]:
    if not (isinstance(user, User) and is_demo_person(user)):
        return []
    return [
        {
            "username": username,
            "name": name,
            "roles": ", ".join(str(role.label) for role in roles) or gettext("Requester"),
        }
        for username, name, _unit, _language, roles in PEOPLE
        if username != user.username
    ]
