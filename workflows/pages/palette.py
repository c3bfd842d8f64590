"""The palette: find a case, a system or a command by a few letters."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from workflows import palette
from workflows.pages import Request
from workflows.shell import actor_of


@login_required
@require_safe
def show_palette(request: Request) -> HttpResponse:
    """Show what is offered for `q`: as a page, or as the list inside the shell's dialog."""
    words = request.GET.get("q", "")
    context = {"words": words, "groups": palette.groups(actor_of(request), words)}
    is_part = request.headers.get("HX-Target") == "og-palette-list"
    template = "shell/_palette_list.html" if is_part else "workflows/palette.html"
    return render(request, template, context)
