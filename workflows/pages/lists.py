"""The pages of many cases: the list, and the list as a file."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from people.actors import Actor
from workflows import columns, desk, exports, inbox
from workflows.counting import CountedPaginator
from workflows.filters import SORTS, CaseFilter, chips, is_unfolded
from workflows.models import Case, Page
from workflows.pages import Request
from workflows.shell import actor_of

PAGE = 50


def found_cases(request: Request, who: Actor) -> CaseFilter:
    """Return what the address asks for among the cases `who` may see, newest first."""
    visible = Case.objects.visible_to(who).select_related("requester", "service", "unit")
    _label, order = SORTS.get(request.GET.get("sort", ""), SORTS[""])
    return CaseFilter(request.GET, queryset=visible.order_by(*order), request=request)


@login_required
@require_safe
def list_cases(request: Request) -> HttpResponse:
    who = actor_of(request)
    found = found_cases(request, who)
    page = CountedPaginator(found.qs.defer("search_tokens"), PAGE).get_page(request.GET.get("page"))
    keys = columns.known(desk.columns_of(request.user, Page.CASES))
    rows = inbox.case_rows(list(page), who.at)
    sort = request.GET.get("sort", "")
    context = {
        "filter": found, "page_obj": page, "now": who.at,
        "rows": [(row, columns.cells(row, keys)) for row in rows],
        "is_filtered": any(request.GET.get(name) for name in found.filters),
        "is_unfolded": is_unfolded(found),
        "chips": chips(found, request.GET), "sort": sort if sort in SORTS else "",
        "sorts": [(name, label) for name, (label, _order) in SORTS.items()],
        "columns": [(key, columns.CASE_COLUMNS[key].label) for key in keys],
        "all_columns": [
            (key, one.label, key in keys) for key, one in columns.CASE_COLUMNS.items()
        ],
        "views": desk.views_of(request.user, Page.CASES), "page_name": Page.CASES,
        "kept_query": desk.kept_query(request.GET.urlencode(), (*found.filters, "sort")),
    }  # fmt: skip
    return render(request, "workflows/case_list.html", context)


@login_required
@require_GET
def export_csv(request: Request) -> StreamingHttpResponse:
    who = actor_of(request)
    layout = exports.with_columns(desk.columns_of(request.user, Page.CASES))
    return exports.as_csv(found_cases(request, who).qs, who.at, layout)


@login_required
@require_GET
def export_xlsx(request: Request) -> FileResponse:
    who = actor_of(request)
    layout = exports.with_columns(desk.columns_of(request.user, Page.CASES))
    return exports.as_xlsx(found_cases(request, who).qs, who.at, layout)
