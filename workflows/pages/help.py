"""Help: how the product works, a guide for each role, the keys, the hints of the first visit."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.messages import success
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from people.actions import put_away_hint
from workflows.guides import WORDS, guide_of, guides_for
from workflows.hints import HINTS
from workflows.pages import Request
from workflows.shell import actor_of


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
@require_POST
def put_hints_away(request: Request) -> HttpResponse:
    """Put away the hint that was `seen`, or without one show all of them anew."""
    name, target = request.POST.get("seen", ""), request.POST.get("next", "")
    if name and name not in HINTS:
        raise Http404
    put_away_hint(actor=request.user, name=name)
    if request.headers.get("HX-Request"):
        return HttpResponse()
    if not name:
        success(request, _("The hints are there again, once on each page."))
    return redirect(target if url_has_allowed_host_and_scheme(target, None) else reverse("help"))


@login_required
@require_safe
def show_keys(request: Request) -> HttpResponse:
    return render(request, "help/keys.html")
