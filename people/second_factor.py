"""The second step of signing in, passkeys, and proving again that one is oneself.

django-allauth carries out the steps; pages, sentences and addresses are ours.
"""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext

from people.guessing import count_failure, may_try


# -- signing in -----------------------------------------------------------------------------------
class SecondStep(AuthenticateView):
    """Ask for a code or a passkey after the password, five times at most."""

    template_name = "people/second_step.html"

    def post(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        person = self.stage.login.user
        if not may_try(request, person):
            count_failure(request, person)  # the lock answers in place of this view
            return redirect("login")
        answer: HttpResponse = super().post(request, *args, **named)
        return answer


class PasskeyLogin(LoginWebAuthnView):
    """Sign in with a passkey alone: the first POST asks for a challenge, the second answers it."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if "credential" not in request.POST:
            return JsonResponse(auth.begin_authentication(user=None))
        answer: HttpResponse = super().post(request, *args, **named)
        return answer

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, gettext("This passkey opens no account here."))
        return redirect("login")


# -- once more ------------------------------------------------------------------------------------
class PasswordAgain(ReauthenticateView):
    template_name = "people/again.html"


class CodeAgain(CodeAgainView):
    template_name = "people/again.html"

    def post(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not may_try(request, request.user):  # type: ignore[arg-type]  # behind login_required
            count_failure(request, request.user)  # type: ignore[arg-type]  # as above
            return redirect("profile")
        answer: HttpResponse = super().post(request, *args, **named)
        return answer


class PasskeyAgain(ReauthenticateWebAuthnView):
    template_name = "people/again.html"

    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, gettext("This passkey is not one of yours."))
        return redirect("profile")


# -- setting them up ------------------------------------------------------------------------------
class _Ends:
    """Where setting something up leads: to the recovery codes if there are new ones."""

    did_generate_recovery_codes = False

    def get_success_url(self) -> str:
        ends_at = "mfa_view_recovery_codes" if self.did_generate_recovery_codes else "profile"
        return reverse(ends_at)


class AddApp(_Ends, ActivateTOTPView):
    template_name = "people/app_add.html"

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        messages.success(self.request, gettext("A code is asked for from now on."))
        return answer


class RemoveApp(DeactivateTOTPView):
    template_name = "people/app_remove.html"
    success_url = reverse_lazy("profile")


class AddPasskey(_Ends, AddWebAuthnView):
    """Add a passkey: a key that is enough by itself, since it wants a finger, a face or a PIN."""

    template_name = "people/passkey_add.html"

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**named)
        options = auth.begin_registration(self.request.user, passwordless=True)
        return {**context, "options": options}

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        messages.success(self.request, gettext("The passkey is yours: it opens your account."))
        return answer


class RemovePasskey(RemoveWebAuthnView):
    template_name = "people/passkey_remove.html"
    success_url = reverse_lazy("profile")


class Codes(ViewRecoveryCodesView):
    template_name = "people/codes.html"


class NewCodes(GenerateRecoveryCodesView):
    template_name = "people/codes_new.html"


class NewPassword(PasswordChangeView):
    """Change one's password; a wrong old one counts as a wrong password does."""

    template_name = "people/password.html"
    success_url = reverse_lazy("profile")

    def post(self, request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not may_try(request, request.user):  # type: ignore[arg-type]  # behind login_required
            count_failure(request, request.user)  # type: ignore[arg-type]  # as above
            return redirect("profile")
        return super().post(request, *args, **named)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(
            self.request, gettext("Your password is changed; elsewhere you are signed out.")
        )
        return super().form_valid(form)

    def form_invalid(self, form: Any) -> HttpResponse:
        if "old_password" in form.errors:
            count_failure(self.request, self.request.user)  # type: ignore[arg-type]  # as above
        return super().form_invalid(form)
