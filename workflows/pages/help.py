"""Help: how the product works, a guide for each role, the keys."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workflows.guides import WORDS, guide_of, guides_for
from workflows.pages import Request
from workflows.shell import actor_of
from workflows.shortcuts import SHORTCUTS


@login_required
@require_safe
def show_help(request: Request) -> HttpResponse:
    own, others = guides_for({hold.role for hold in actor_of(request).holds})
    return render(request, "help/help.html", {"own": own, "others": others, "words": WORDS})


@login_required
@require_safe
def show_guide(request: Request, slug: str) -> HttpResponse:
    guide = guide_of(slug)
    if guide is None:
        raise Http404
    return render(request, "help/guide.html", {"guide": guide})


@login_required
@require_safe
def show_keys(request: Request) -> HttpResponse:
    return render(request, "help/keys.html", {"groups": SHORTCUTS})
