"""The first visit: language, time zone, and where news goes; three steps, any of them skipped."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from people.actions import finish_welcome
from people.demo import is_demo_person
from people.models import User
from people.profile_forms import LanguageForm, TimeZoneForm

STEPS: list[tuple[Any, type[forms.ModelForm[User]] | None]] = [
    (_("Language"), LanguageForm), (_("Time"), TimeZoneForm), (_("Notifications"), None),
]  # fmt: skip


def welcome_first(user: User, response: HttpResponse) -> HttpResponse:
    """Lead a person who comes for the first time through the welcome, then to where they wanted."""
    if user.welcomed_at or is_demo_person(user) or response.status_code != 302:
        return response
    return redirect(f"{reverse('welcome', args=[1])}?{urlencode({'next': response['Location']})}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, step: int) -> HttpResponse:
    """Show a step; POST keeps its answer, or with `skip` ends the welcome as it is."""
    assert isinstance(request.user, User)
    if not 1 <= step <= len(STEPS):
        raise Http404
    kind = STEPS[step - 1][1]
    form = kind(request.POST or None, instance=request.user) if kind else None
    target = _target(request)
    is_over = step == len(STEPS) or "skip" in request.POST
    if request.method == "POST" and ("skip" in request.POST or form is None or form.is_valid()):
        if form is not None and "skip" not in request.POST:
            form.save()
        if is_over:
            finish_welcome(actor=request.user, at=timezone.now())
            return redirect(target)
        return redirect(f"{reverse('welcome', args=[step + 1])}?{urlencode({'next': target})}")
    phases = [
        {"label": name, "status": "done" if at < step else "now" if at == step else "todo"}
        for at, (name, _kind) in enumerate(STEPS, 1)
    ]
    context = {"form": form, "step": step, "phases": phases, "next": target, "is_last": is_over}
    return render(request, "people/welcome.html", context)


def _target(request: HttpRequest) -> str:
    target = request.POST.get("next") or request.GET.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, None) else reverse("home")
