"""The pages of the engine, for every process alike: read, or pass one request to the door."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from people.actors import Actor
from people.models import User
from workflows.models import Case, Task
from workflows.shell import actor_of

FORM = ["GET", "HEAD", "POST"]
"""Methods of a page that is shown and sent."""


class Request(HttpRequest):
    """A request of somebody who is logged in."""

    user: User


def find_case(who: Actor, number: str) -> Any:
    """Return the case with its kind's own fields, or 404: fetching is the permission."""
    related = ("requester", "on_behalf_of", "unit", "service__owner")
    visible = Case.objects.visible_to(who).select_related(*related)
    return get_object_or_404(visible, number=number).concrete()


def find_task(request: Request, pk: int) -> Task:
    visible = Case.objects.visible_to(actor_of(request))
    return get_object_or_404(Task.objects.select_related("case"), pk=pk, case__in=visible)


def posted_or_back(view: Any) -> Any:
    """Lead who comes by address, as after a log-in in between, back to the case."""

    @require_http_methods(FORM)
    @wraps(view)
    def posted(request: Request, **where: Any) -> HttpResponse:
        if request.method == "POST":
            answer: HttpResponse = view(request, **where)
            return answer
        return redirect("case", where.get("number") or find_task(request, where["pk"]).case.number)

    return posted
