"""The page of an action: its form, what comes of it, and what to do when somebody was faster."""

from __future__ import annotations

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from people.actors import Actor
from workflows import case_page, inbox
from workflows.door import perform
from workflows.drafts import drop_draft, keep_draft, restored
from workflows.forms import parted
from workflows.lifecycles import Action
from workflows.models import Case
from workflows.news.actions import mark_acted_on
from workflows.pages import FORM, Request, find_case
from workflows.pages.sending import refilled, sent
from workflows.refusals import BadData, Conflict, UnknownAction
from workflows.shell import actor_of
from workflows.timeline import changes, last_word, readable_events, sentence


@login_required
@require_http_methods(FORM)
def act(request: Request, number: str, name: str) -> HttpResponse:
    """Show the form of an action, or do it; an action that asks nothing is still confirmed.

    One whose form has a preview is done when what it showed was confirmed.
    """
    who = actor_of(request)
    case = find_case(who, number)
    if not case.lifecycle.has_action(name):
        raise UnknownAction(_("There is no such action."))
    action = case.lifecycle.action(name, case.state)
    if request.method != "POST":
        return _action_page(request, case, who, name, action)
    form_class: Any = case.lifecycle.form_of(name)
    flow = case.lifecycle(case, who, who.at)
    if form_class and form_class.preview_template and "confirmed" not in request.POST:
        form = form_class(request.POST, request.FILES, who=who, flow=flow)
        return _action_page(request, case, who, name, action, form)
    asked = form_class(who=who, flow=flow) if form_class else None
    try:
        with transaction.atomic():  # the deed and what falls away with it
            answer = perform(
                case, name, actor=request.user, expected_version=_version(request),
                idempotency_key=request.POST.get("once") or None, **sent(request, asked),
            )  # fmt: skip
            mark_acted_on(case=case, actor=request.user, at=who.at)
            drop_draft(key=request.path, user=request.user)
    except BadData as refusal:
        flow = case.lifecycle(case, who, who.at)
        form = refilled(form_class, request, refusal, who=who, flow=flow)
        return _action_page(request, case, who, name, action, form)
    except Conflict as refusal:
        return _conflict_page(request, case, who, name, refusal, asked)
    messages.success(
        request, _("Done: the case is now “%(state)s”.") % {"state": answer.case.state_label}
    )
    return next_page(request, answer.case, who)


def _version(request: Request) -> int | None:
    value = request.POST.get("expected_version", "")
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else None


def next_page(request: Request, case: Case, who: Actor) -> HttpResponse:
    if request.POST.get("then") == "next":
        task = inbox.shown_tasks(who, "mine").first()
        if task is not None:
            return redirect(task.case)
        return redirect("inbox")
    visible = Case.objects.visible_to(actor_of(request))
    return redirect(case if visible.filter(pk=case.pk).exists() else "inbox")


def _action_page(
    request: Request, case: Any, who: Actor, name: str, action: Action | None, form: Any = None
) -> HttpResponse:
    flow = case.lifecycle(case, who, who.at)
    available = case_page.buttons(flow, who)
    if action is None or name not in {one["name"] for one in available}:
        sentence_ = _("This is not yours to do now. See what the case needs.")
        messages.warning(request, sentence_)
        return redirect(case)
    if form is None:
        form = action.form(who=who, flow=flow) if action.form else None  # type: ignore[call-arg]  # ActionForm's own
    draft = restored(form, key=request.path, user=request.user)
    if form is not None and not form.is_bound:
        form.fill_in(request.GET)
    is_refused = form is not None and form.is_bound and not form.is_valid()
    owes_it = flow.task_for(who) is not None
    is_shown = form is not None and form.is_bound and not is_refused and "edit" not in request.POST
    context = {
        **case_page.head(flow),
        "details": case_page.askers(case) + case_page.details(case),
        "preview": form.preview() if is_shown else None,
        "action": {
            "label": action.label, "description": action.help,
            "next_text": case_page.next_text(flow, action), "is_danger": action.tone == "danger",
        },
        "others": [one for one in available if one["name"] != name],
        "form": form,
        "fields": parted(form) if form and not is_shown else None,
        "draft": draft,
        "draft_key": request.path,
        "once": f"{request.user.pk}-{case.number}-{case.version}-{name}",
        "last_word": last_word(case, who) if owes_it else None,
        "tasks_next": owes_it and bool(who.holds) and bool(action.targets),
        "warnings": case_page.warnings(flow, who) if owes_it else [],
    }  # fmt: skip
    status = 422 if is_refused else 200
    return render(request, "workflows/action.html", context, status=status)


def _conflict_page(
    request: Request, case: Case, who: Actor, name: str, refusal: Conflict, form: Any
) -> HttpResponse:
    """Show what changed meanwhile and what was typed, so that nothing is lost.

    What was typed is kept as a draft: the form finds it again if the action is still there.
    """
    flow = case.lifecycle(case, who, who.at)
    since = readable_events(case, who).filter(seq__gt=_version(request) or case.version)
    typed = typed_into(form, request)
    is_available = name in {one.name for one in flow.available(who)}
    if typed and is_available:
        keep_draft(key=request.path, sent=request.POST, who=who)
    context = {
        "case": case,
        "sentence": refusal.sentence,
        "changed": [
            {
                "at": event.at, "actor": event.actor, "text": sentence(case, event),
                "changes": changes(case, event),
            }
            for event in since
        ],
        "typed": typed,
        "again_url": request.path if is_available else "",
    }  # fmt: skip
    return render(request, "workflows/conflict.html", context, status=409)


def typed_into(form: Any, request: Request) -> list[tuple[str, str]]:
    """Return label and words of every field of `form` that was filled, choices by their names."""
    found = []
    for name, field in form.fields.items() if form else ():
        given = [value for value in request.POST.getlist(name) if value]
        if given:
            names = {str(value): str(label) for value, label in getattr(field, "choices", ())}
            found.append((field.label or name, ", ".join(names.get(one, one) for one in given)))
    return found
