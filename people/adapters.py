"""What django-allauth asks the product: how one comes in, and whose company account it is."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.actions import keep_language
from people.company import Unknown, person_of
from people.models import User
from people.welcome import welcome_first

TOO_MANY = _("Too many failed attempts. Wait a while, then try again, or ask an administrator.")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up, and every way in ends in the same few lines."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": TOO_MANY,
        "rate_limited": TOO_MANY,
        "incorrect_password": _("This is not your password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: User) -> None:
        user.backend = "django.contrib.auth.backends.ModelBackend"
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **known: Any) -> HttpResponse:
        """Keep the language that was chosen on the way in; greet whoever comes first."""
        keep_language(user=user, chosen=request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
        response: HttpResponse = super().post_login(request, user, **known)
        return welcome_first(user, response)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        sentence = gettext("This account is not in use any more. Ask an administrator.")
        return _back_to_login(request, sentence)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return the ways to prove once more who one is, in our words."""
        words = {
            "reauthenticate": _("With my password"),
            "mfa_reauthenticate": _("With a code"),
            "mfa_reauthenticate:webauthn": _("With a passkey"),
        }
        ways = super().get_reauthentication_methods(user)
        return [{**way, "description": words[way["id"]]} for way in ways]

    def is_safe_url(self, url: str) -> bool:
        return url_has_allowed_host_and_scheme(
            url, {self.request.get_host()}, require_https=self.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(get_client_ip_address(request))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Say what is given as a sentence; allauth's own templates of messages stay unsaid."""
        if message:
            messages.add_message(request, level, message, extra_tags)


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That did not fit. Codes change every half minute: try the next one."),
    }

    def get_totp_label(self, user: User) -> str:
        return user.username

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # its own name for it
        return gettext("My passkey")

    def _get_site_name(self) -> str:
        return gettext("Opsgate")


class CompanyAdapter(DefaultSocialAccountAdapter):
    """The company account opens the account of one person; which, `people.company` decides."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        try:
            person = person_of(sociallogin.account)
        except Unknown as unknown:
            raise ImmediateHttpResponse(_back_to_login(request, str(unknown))) from unknown
        sociallogin.account.user = sociallogin.user = person
        sociallogin.account.save()

    def on_authentication_error(self, request: HttpRequest, *args: Any, **known: Any) -> None:
        """Lead back to the login page, whatever went wrong elsewhere."""
        sentence = gettext("Signing in with the company account did not work. Please try again.")
        raise ImmediateHttpResponse(_back_to_login(request, sentence))


def _back_to_login(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("login")
