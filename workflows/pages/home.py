"""The page of whoever asks for things: search, what there is to ask for, and how it stands."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workflows import home
from workflows.pages import Request
from workflows.pages.filing import filable_kinds
from workflows.shell import actor_of


@login_required
@require_safe
def show_home(request: Request) -> HttpResponse:
    who, words = actor_of(request), request.GET.get("q", "").strip()[:200]
    kinds = filable_kinds(who)
    context = {
        **home.overview(who, words), "words": words, "now": who.at,
        "kinds": home.fitting(kinds, words), "all_kinds": kinds,
    }  # fmt: skip
    return render(request, "workflows/requester_home.html", context)
