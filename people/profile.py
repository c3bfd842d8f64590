"""The page about oneself: preferences, ways to sign in, absences, API tokens."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from people.actions import end_absence, enter_absence, revoke_token
from people.models import Absence, ApiToken, User
from people.profile_forms import AbsenceForm, PreferencesForm, TokenForm
from people.tokens import issue_token


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # behind login_required
    return request.user


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show the page; POST keeps the preferences."""
    form = PreferencesForm(request.POST or None, instance=_me(request))
    if request.method == "POST" and form.is_valid():
        form.save()
        translation.activate(form.cleaned_data["language"])
        messages.success(request, gettext("Saved."))
        return redirect("profile")
    return _page(request, preferences=form)


def _page(request: HttpRequest, **forms: Any) -> HttpResponse:
    me, at = User.objects.select_related("unit").get(pk=_me(request).pk), timezone.now()
    means = list(Authenticator.objects.filter(user=me).order_by("created_at"))
    context = {
        "person": me,
        "preferences": PreferencesForm(instance=me),
        "absence": AbsenceForm(actor=me),
        "token": TokenForm(),
        "new_token": "",
        "absences": me.absences.not_over(at).select_related("deputy").order_by("from_at"),
        "tokens": me.tokens.filter(revoked_at__isnull=True).order_by("pk"),
        "has_app": any(one.type == Authenticator.Type.TOTP for one in means),
        "has_codes": any(one.type == Authenticator.Type.RECOVERY_CODES for one in means),
        "passkeys": [one for one in means if one.type == Authenticator.Type.WEBAUTHN],
        "at": at,
        **forms,
    }
    is_refused = any(getattr(form, "errors", None) for form in forms.values())
    return render(request, "people/profile.html", context, status=422 if is_refused else 200)


# -- absences -------------------------------------------------------------------------------------
@login_required
@require_POST
def add_absence(request: HttpRequest) -> HttpResponse:
    """Enter an absence of one's own; what the model forbids comes back as a sentence."""
    form = AbsenceForm(request.POST, actor=_me(request))
    if not form.is_valid():
        return _page(request, absence=form)
    enter_absence(absence=form.instance, actor=_me(request))
    messages.success(request, gettext("Entered. Your deputy will be told."))
    return redirect("profile")


@login_required
@require_POST
def stop_absence(request: HttpRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence, pk=pk, user=_me(request))
    if end_absence(absence=absence, actor=_me(request), at=timezone.now()):
        messages.success(request, gettext("Ended: what comes in is yours again."))
    return redirect("profile")


# -- API tokens -----------------------------------------------------------------------------------
@login_required
@require_POST
@never_cache
def add_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once: the answer is the page, no redirect carries it."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token=form)
    wanted = form.cleaned_data
    secret = issue_token(user=_me(request), name=wanted["name"], scope=wanted["scope"])
    return _page(request, new_token=secret)


@login_required
@require_POST
def stop_token(request: HttpRequest, pk: int) -> HttpResponse:
    revoke_token(token=get_object_or_404(ApiToken, pk=pk, user=_me(request)), actor=_me(request))
    messages.success(request, gettext("Revoked: it opens nothing any more."))
    return redirect("profile")
