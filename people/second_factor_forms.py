"""The fields of the second step, in our words; what they check is django-allauth's."""

from __future__ import annotations

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _

DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}


class CodeForm(AuthenticateForm):
    code = forms.CharField(label=_("Code"), widget=forms.TextInput(attrs=DIGITS))


class CodeAgainForm(ReauthenticateForm):
    code = forms.CharField(label=_("Code"), widget=forms.TextInput(attrs=DIGITS))


class AppForm(ActivateTOTPForm):
    code = forms.CharField(
        label=_("The code the app shows now"), widget=forms.TextInput(attrs=DIGITS)
    )


class PasskeyForm(AddWebAuthnForm):
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=80,
        help_text=_("So that you recognise it later, such as “laptop”."),
    )
