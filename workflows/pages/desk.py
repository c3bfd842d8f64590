"""What is done to several tasks of a list, and the views, columns and snoozes people keep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from people.actors import Actor
from people.models import User
from workflows import actions, desk
from workflows.columns import CASE_COLUMNS
from workflows.filters import CaseFilter
from workflows.models import Page, SavedView, Snooze, Task, Watch
from workflows.pages import FORM, Request
from workflows.pages.inbox import FILTERS
from workflows.refusals import UnknownAction
from workflows.shell import actor_of
from workflows.words import listing

QUERY_OF = {
    Page.INBOX: ("view", *FILTERS), Page.CASES: (*CaseFilter.base_filters, "sort"),
}  # fmt: skip
"""What of an address belongs to a view of a list."""

DONE: dict[str, Any] = {
    "take": gettext_lazy("Taken"), "hand_over": gettext_lazy("Handed over"),
    "snooze": gettext_lazy("Snoozed"), "wake": gettext_lazy("Back in your lists"),
    "follow": gettext_lazy("Followed"), "unfollow": gettext_lazy("No longer followed"),
}  # fmt: skip
SAID: dict[str, Any] = {
    "take": gettext_lazy("Taken: %(numbers)s."),
    "hand_over": gettext_lazy("Handed over: %(numbers)s."),
    "snooze": gettext_lazy("Snoozed, for you alone: %(numbers)s."),
    "wake": gettext_lazy("Back in your lists: %(numbers)s."),
    "follow": gettext_lazy("You follow %(numbers)s."),
    "unfollow": gettext_lazy("You no longer follow %(numbers)s."),
}
NAMED = 5
"""Cases named in what is said afterwards; of more, only the first."""


def way_back(request: Request, default: str = "inbox") -> str:
    """Return the address of ours the page was come from, or the list's own."""
    back = request.POST.get("back") or request.GET.get("back") or ""
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_ours and back.startswith("/") else reverse(default)


class MomentForm(forms.Form):
    until = forms.DateTimeField(label=gettext_lazy("Until"), widget=forms.DateTimeInput)


@login_required
@require_safe
def choose(request: Request) -> HttpResponse:
    """Show what can be done with the chosen tasks besides taking them; a page, or in the drawer."""
    who = actor_of(request)
    tasks = desk.chosen_tasks(who, request.GET.getlist("task"))
    if not tasks:
        messages.warning(request, _("Select at least one task first."))
        return redirect(way_back(request))
    cases = {task.case_id for task in tasks}
    followed = Watch.objects.filter(user=who.user, case__in=cases).count()
    context = {
        "tasks": tasks, "until": desk.snooze_choices(who.at), "form": MomentForm(),
        "people": desk.colleagues_for(_given_by(who, tasks), who),
        "may_follow": followed < len(cases), "may_unfollow": followed > 0,
        "is_overdue": all(task.due_at and task.due_at < who.at for task in tasks),
        "is_snoozed": Snooze.objects.filter(
            user=who.user, task__in=tasks, until__gt=who.at
        ).exists(),
        "back": way_back(request),
    }  # fmt: skip
    template = "_inbox_choices" if request.headers.get("HX-Request") else "inbox_choices"
    return render(request, f"workflows/{template}.html", context)


def _given_by(who: Actor, tasks: list[Task]) -> list[Task]:
    """Keep what `who` may hand over to somebody else."""
    return [
        task for task in tasks
        if not task.is_own_seat
        and (task.assignee_id in who.identities or actions.hands_out(who, task))
    ]  # fmt: skip


@login_required
@require_http_methods(FORM)
def act_on_tasks(request: Request) -> HttpResponse:
    """Do one thing to each chosen task; who is refused reads of each case why."""
    if request.method != "POST":
        return redirect("inbox")
    who, name = actor_of(request), request.POST.get("do", "")
    if name not in DONE:
        raise UnknownAction(_("There is no such action."))
    keys = request.POST.getlist("task")
    tasks = desk.chosen_tasks(who, keys)
    if not keys:
        messages.warning(request, _("Select at least one task first."))
        return redirect(way_back(request))
    outcomes = desk.do_each(tasks, _action(request, who, name))
    done = [one.case for one in outcomes if not one.refusal]
    refused = [one for one in outcomes if one.refusal]
    missing = len(set(keys)) - len(tasks)
    if refused or missing:
        context = {
            "label": DONE[name], "done": done, "refused": refused, "back": way_back(request),
            "missing": missing,
        }  # fmt: skip
        status = 200 if done else 409
        return render(request, "workflows/inbox_outcome.html", context, status=status)
    _say_done(request, name, [case.number for case in done])
    return redirect(way_back(request))


def _action(request: Request, who: Actor, name: str) -> Any:
    """Return what is done to each task, or raise `BadData` where the choice is missing."""
    if name == "hand_over":
        person = get_object_or_404(User, username=request.POST.get("to", ""), is_active=True)
        return desk.hand_over(to=person, who=who)
    if name == "snooze":
        until = _moment(request, who)
        return lambda task: desk.snooze_task(task=task, until=until, actor=who.user, at=who.at)
    simple: dict[str, Any] = {
        "take": lambda task: actions.claim_task(task=task, actor=who.user),
        "wake": lambda task: desk.wake_task(task=task, actor=who.user),
        "follow": lambda task: actions.watch_case(case=task.case, actor=who.user),
        "unfollow": lambda task: actions.unwatch_case(case=task.case, actor=who.user),
    }
    return simple[name]


def _moment(request: Request, who: Actor) -> datetime:
    """Return the moment that was chosen: one of those offered, or a date and a time."""
    wanted = request.POST.get("for", "")
    offered = {one.name: one.at for one in desk.snooze_choices(who.at)}
    if wanted in offered:
        return offered[wanted]
    form = MomentForm(request.POST)
    return desk.read_moment(form.cleaned_data["until"] if form.is_valid() else None)


def _say_done(request: Request, name: str, numbers: list[str]) -> None:
    shown = numbers if len(numbers) <= NAMED else [*numbers[:NAMED], "…"]
    messages.success(request, SAID[name] % {"numbers": listing(shown)})


# -- views under a name ----------------------------------------------------------------------------
def _page_named(name: str) -> Page:
    if name not in Page.values:
        raise UnknownAction(_("There is no such list."))
    return Page(name)


@login_required
@require_http_methods(FORM)
def keep_views(request: Request) -> HttpResponse:
    """Show the views one keeps, or keep another one."""
    who = actor_of(request)
    if request.method != "POST":
        views = SavedView.objects.filter(user=who.user).order_by("page", "pk")
        context = {"views": views, "most": desk.MOST_VIEWS}
        return render(request, "workflows/saved_views.html", context)
    page = _page_named(request.POST.get("page", ""))
    query = desk.kept_query(request.POST.get("query", ""), QUERY_OF[page])
    view = desk.save_view(
        page=page, name=request.POST.get("name", ""), query=query, actor=who.user, at=who.at
    )
    messages.success(request, _("“%(name)s” is kept among your views.") % {"name": view.name})
    return redirect(view)


@login_required
@require_http_methods(FORM)
def change_view(request: Request) -> HttpResponse:
    if request.method == "POST":
        key = request.POST.get("view", "")
        pk = int(key) if key.isdecimal() and len(key) < 19 else 0
        view = get_object_or_404(SavedView, user=request.user, pk=pk)
        if request.POST.get("do") == "delete":
            desk.delete_view(view=view, actor=request.user)
            messages.success(request, _("“%(name)s” is deleted.") % {"name": view.name})
        else:
            desk.rename_view(view=view, name=request.POST.get("name", ""), actor=request.user)
            messages.success(request, _("The view is now named “%(name)s”.") % {"name": view.name})
    return redirect("saved_views")


@login_required
@require_http_methods(FORM)
def choose_case_columns(request: Request) -> HttpResponse:
    if request.method == "POST":
        wanted = request.POST.getlist("column")
        columns = [] if "usual" in request.POST else [key for key in CASE_COLUMNS if key in wanted]
        desk.choose_columns(page=Page.CASES, columns=columns, actor=request.user)
    return redirect(way_back(request, "case_list"))
