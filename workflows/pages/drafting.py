"""Keeping what is being typed, and dropping it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from workflows.drafts import drop_draft, form_at, keep_draft
from workflows.pages import Request
from workflows.shell import actor_of


@login_required
@require_POST
def keep(request: Request) -> HttpResponse:
    """Keep a draft; asked by the page while somebody types, never by a form."""
    key = request.POST.get("draft_key", "")
    draft = keep_draft(key=key, sent=request.POST, who=actor_of(request))
    at = time_format(localtime(draft.saved_at), "H:i")
    return JsonResponse({"said": _("Draft kept at %(time)s.") % {"time": at}})


@login_required
@require_POST
def drop(request: Request) -> HttpResponse:
    """Drop a draft and open its form again, empty."""
    key = request.POST.get("draft_key", "")
    form_at(key)
    drop_draft(key=key, user=request.user)
    return redirect(key)
