"""The inbox, and what is done with a task from a list: take, give back, hand over."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from people.models import User
from workflows import actions, inbox
from workflows.models import Task
from workflows.pages import Request, find_task, posted_or_back
from workflows.pages.acting import next_page
from workflows.shell import actor_of


@login_required
@require_safe
def home(request: Request) -> HttpResponse:
    """Workers land in their inbox, everybody else where their own requests are."""
    who = actor_of(request)
    works = bool(who.holds) or Task.objects.mine(who).exists()
    return redirect("inbox" if works else "case_list")


@login_required
@require_safe
def show_inbox(request: Request) -> HttpResponse:
    who = actor_of(request)
    wanted = request.GET.get("view", "")
    view = wanted if wanted in (*inbox.VIEWS, *inbox.worklists()) else "mine"
    counts = inbox.counts(who, view)
    limit = inbox.MOST if request.GET.get("rows") == "more" else inbox.LIMIT
    context = {
        "view": view, "counts": counts, "groups": inbox.grouped(who, view, limit), "now": who.at,
        "more_url": f"?view={view}&rows=more" if inbox.LIMIT == limit < counts.get(view, 0) else "",
        "worklists": [(one, counts[one.name]) for one in inbox.worklists_of(who, view).values()],
        "worklist": inbox.worklists().get(view),
    }  # fmt: skip
    request._owed = counts["mine"]  # type: ignore[attr-defined]  # the shell need not count again
    template = "_inbox_list" if request.headers.get("HX-Target") == "og-inbox" else "inbox"
    return render(request, f"workflows/{template}.html", context)


@login_required
@posted_or_back
def claim(request: Request, pk: int) -> HttpResponse:
    task = actions.claim_task(task=find_task(request, pk), actor=request.user)
    messages.success(request, _("You have taken %(number)s.") % {"number": task.case.number})
    return redirect(task.case)


@login_required
@posted_or_back
def release(request: Request, pk: int) -> HttpResponse:
    task = actions.release_task(task=find_task(request, pk), actor=request.user)
    messages.success(request, _("%(number)s is back in the queue.") % {"number": task.case.number})
    return redirect("inbox")


@login_required
@posted_or_back
def assign(request: Request, pk: int) -> HttpResponse:
    task = find_task(request, pk)
    person = get_object_or_404(User, username=request.POST.get("to", ""), is_active=True)
    actions.assign_task(task=task, to=person, actor=request.user)
    messages.success(
        request,
        _("%(number)s is now with %(person)s.") % {"number": task.case.number, "person": person},
    )
    return next_page(request, task.case, actor_of(request))
