"""The pages of many cases: the list, and the list as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from people.actors import Actor
from workflows import exports, inbox
from workflows.counting import CountedPaginator
from workflows.filters import CaseFilter
from workflows.models import Case
from workflows.pages import Request
from workflows.shell import actor_of

PAGE = 50


def found_cases(request: Request, who: Actor) -> CaseFilter:
    """Return what the address asks for among the cases `who` may see, newest first."""
    visible = Case.objects.visible_to(who).select_related("requester", "service")
    return CaseFilter(request.GET, queryset=visible, request=request)


@login_required
@require_safe
def list_cases(request: Request) -> HttpResponse:
    who = actor_of(request)
    found = found_cases(request, who)
    page = CountedPaginator(found.qs.defer("search_tokens"), PAGE).get_page(request.GET.get("page"))
    context = {
        "filter": found,
        "page_obj": page,
        "rows": inbox.case_rows(list(page), who.at),
        "is_filtered": any(request.GET.get(name) for name in found.filters),
        "now": who.at,
    }
    return render(request, "workflows/case_list.html", context)


@login_required
@require_GET
def export_csv(request: Request) -> StreamingHttpResponse:
    who = actor_of(request)
    return exports.as_csv(found_cases(request, who).qs, who.at)


@login_required
@require_GET
def export_xlsx(request: Request) -> FileResponse:
    who = actor_of(request)
    return exports.as_xlsx(found_cases(request, who).qs, who.at)
