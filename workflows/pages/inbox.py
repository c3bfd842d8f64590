"""The inbox, and what is done with a task from a list: take, give back, hand over."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from people.actors import Actor
from people.models import User
from people.welcome import welcome_first
from workflows import actions, desk, inbox
from workflows.counting import Count
from workflows.filters import InboxFilter
from workflows.models import Case, Page, Task
from workflows.pages import Request, find_task, posted_or_back
from workflows.pages.acting import next_page
from workflows.shell import actor_of

FILTERS = ("q", "kind", "service")


@login_required
@require_safe
def home(request: Request) -> HttpResponse:
    """Workers land in their inbox, everybody else where they ask and find what they asked for.

    Who has not ended the welcome is led there first.
    """
    place = redirect("inbox" if actor_of(request).holds else "requester_home")
    return welcome_first(request.user, place)


def view_of(request: Request) -> str:
    wanted = request.GET.get("view", "")
    known = (*inbox.VIEWS, *inbox.PUT_ASIDE, *inbox.worklists())
    return wanted if wanted in known else "mine"


@login_required
@require_safe
def show_inbox(request: Request) -> HttpResponse:
    who, view = actor_of(request), view_of(request)
    counts = inbox.counts(who, view)
    limit = inbox.MOST if request.GET.get("rows") == "more" else inbox.LIMIT
    narrowed = InboxFilter(request.GET)
    groups = inbox.grouped(who, view, limit, narrowed.condition())
    context = {
        "view": view, "counts": counts, "groups": groups, "now": who.at, "filter": narrowed,
        "more_url": _more(request, view, limit, groups, counts),
        "is_filtered": any(request.GET.get(name) for name in FILTERS),
        "is_new": not any(counts.values()) and not Case.objects.exists(),
        "worklists": [(one, counts[one.name]) for one in inbox.worklists_of(who, view).values()],
        "worklist": inbox.worklists().get(view), "is_chosen_from": view != "done",
        "views": desk.views_of(request.user, Page.INBOX), "page_name": Page.INBOX,
        "back": quote(request.get_full_path()),
        "kept_query": desk.kept_query(request.GET.urlencode(), ("view", *FILTERS)),
    }  # fmt: skip
    request._owed = counts["mine"]  # type: ignore[attr-defined]  # the shell need not count again
    template = "_inbox_list" if request.headers.get("HX-Target") == "og-inbox" else "inbox"
    return render(request, f"workflows/{template}.html", context)


def _more(
    request: Request, view: str, limit: int, groups: list[Any], counts: dict[str, Count]
) -> str:
    """Return where the rows beyond the first are, nothing where all are shown."""
    shown = sum(len(group["rows"]) for group in groups)
    if limit == inbox.MOST or shown < limit or counts.get(view, 0) <= limit:
        return ""
    query = request.GET.copy()
    query["view"], query["rows"] = view, "more"
    return f"?{query.urlencode()}"


@login_required
@require_safe
def tell_news(request: Request) -> JsonResponse:
    """Say how the list that is shown differs from what it would show now (2 queries of its own).

    `shown`: the tasks on the page. Answers with the number of new ones, and a word for each that
    is gone.
    """
    who, view = actor_of(request), view_of(request)
    keys = request.GET.get("shown", "").split(",")[: inbox.MOST]
    shown = {int(key) for key in keys if key.isdecimal() and len(key) < 19}
    limit = max(inbox.LIMIT, len(shown))
    tasks = inbox.shown_tasks(who, view).filter(InboxFilter(request.GET).condition())
    now = set(tasks.values_list("pk", flat=True)[:limit])
    new, gone = len(now - shown), shown - now
    words = ngettext("%(number)d new task", "%(number)d new tasks", new) % {"number": new}
    return JsonResponse({"new": new, "words": words, "gone": _gone(gone, who) if gone else {}})


def _gone(keys: set[int], who: Actor) -> dict[int, str]:
    """Say of each task that left the list what became of it, as far as `who` may know."""
    seen = Task.objects.filter(pk__in=keys, case__in=Case.objects.visible_to(who))
    words = dict.fromkeys(keys, _("No longer here"))
    for task in seen.select_related("assignee", "done_by"):
        if task.status == Task.Status.DONE:
            words[task.pk] = _("Done by %(person)s") % {"person": task.done_by}
        elif task.assignee_id and task.assignee_id not in who.identities:
            words[task.pk] = _("Taken by %(person)s") % {"person": task.assignee}
    return words


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
