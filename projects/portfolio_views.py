"""The pages of many projects: the portfolio, its board, and the portfolio as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from people.actors import Actor
from projects import board, portfolio
from projects.models import GateKind
from projects.portfolio import PortfolioFilter
from workflows import exports
from workflows.counting import CountedPaginator
from workflows.filters import is_unfolded
from workflows.lifecycles import lifecycle_of
from workflows.pages import Request
from workflows.shell import actor_of


def _found(request: Request, who: Actor) -> tuple[PortfolioFilter, list[GateKind]]:
    """Return what the address asks for, and the gates of the standard in force (1 query)."""
    gates = portfolio.gate_kinds(who.at)
    return PortfolioFilter(request.GET, who=who, gates=gates), gates


@login_required
@require_safe
def list_projects(request: Request) -> HttpResponse:
    who = actor_of(request)
    found, _gates = _found(request, who)
    page = CountedPaginator(found.qs.defer("search_tokens"), portfolio.PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "filter": found, "is_filtered": found.is_filtered,
        "is_unfolded": is_unfolded(found), "page_obj": page,
        "rows": portfolio.rows(list(page), who.at, found.names["track"]),
        "may_open": lifecycle_of("project").may_be_filed_by(who),
    }  # fmt: skip
    return render(request, "projects/portfolio.html", context)


@login_required
@require_safe
def show_board(request: Request) -> HttpResponse:
    who = actor_of(request)
    found, gates = _found(request, who)
    context = {
        "filter": found, "is_filtered": found.is_filtered,
        "is_unfolded": is_unfolded(found),
        "columns": board.columns(
            found.qs.defer("search_tokens"), gates, who.at, found.names["track"]
        ),
        "may_open": lifecycle_of("project").may_be_filed_by(who),
    }  # fmt: skip
    return render(request, "projects/board.html", context)


@login_required
@require_GET
def export_csv(request: Request) -> StreamingHttpResponse:
    who = actor_of(request)
    return exports.as_csv(_found(request, who)[0].qs, who.at, portfolio.FILE)


@login_required
@require_GET
def export_xlsx(request: Request) -> FileResponse:
    who = actor_of(request)
    return exports.as_xlsx(_found(request, who)[0].qs, who.at, portfolio.FILE)
