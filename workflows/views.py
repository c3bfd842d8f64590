"""The pages of the engine, for every process alike: read, or pass one request to the door."""

from __future__ import annotations

import re
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from people.actors import Actor, customer_class_of
from people.models import User
from workflows import actions, attachments, bpmn, case_page, inbox
from workflows.clocks import promise, standards_of
from workflows.door import open_case, perform
from workflows.forms import AttachForm, CommentForm, LinkForm
from workflows.lifecycles import Action, Lifecycle, lifecycle_of, registered
from workflows.models import Attachment, Case, Task
from workflows.refusals import BadData, Conflict, UnknownAction
from workflows.shell import actor_of
from workflows.timeline import readable_events, reads_internal, sentence

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
@require_safe
def pick_kind(request: Request) -> HttpResponse:
    who = actor_of(request)
    kinds = [
        {
            "kind": cls.kind, "label": cls.label, "description": cls.description,
            "icon": cls.icon, "promise": first_promise(cls, who),
            "url": f"{request.path}{cls.kind}/",
        }
        for cls in registered()
        if cls.may_be_filed_by(who)
    ]  # fmt: skip
    return render(request, "workflows/case_new_pick.html", {"kinds": kinds})


def first_promise(cls: type[Lifecycle], who: Actor) -> str:
    """Say until when somebody who files now hears from us (2 queries)."""
    spec = next((clock for clock in cls.clocks if cls.initial in clock.starts), None)
    draft = cls.model(kind=cls.kind, customer_class=customer_class_of(who.user, who.at))
    found = spec and promise(spec, draft, who.at, standards_of(draft, who.at))
    if not found:
        return ""
    budget, calendar, _standard = found
    return _hear_by(calendar.working_time().add(who.at, budget))


def _hear_by(due_at: datetime) -> str:
    when = date_format(localtime(due_at), _("D, M j, H:i"))
    return _("You will hear from us by %(when)s.") % {"when": when}


@login_required
@require_http_methods(FORM)
def new_case(request: Request, kind: str) -> HttpResponse:
    who, cls = actor_of(request), filable(kind, actor_of(request))
    if request.method == "POST":
        try:
            answer = open_case(
                kind, actor=request.user, idempotency_key=request.POST.get("once") or None,
                **_sent(request, cls.form(who=who)),  # type: ignore[call-arg]  # ActionForm's own
            )  # fmt: skip
        except BadData as refusal:
            form = _refilled(cls.form, request, refusal, who=who)
            return _new_page(request, cls, who, form, status=422)
        _say_filed(request, answer.case)
        return redirect(answer.case)
    return _new_page(request, cls, who, cls.form(who=who))  # type: ignore[call-arg]  # ActionForm's own


def _say_filed(request: Request, case: Case) -> None:
    """Say what was filed, and until when its own clock promises an answer."""
    messages.success(request, _("%(number)s is on its way.") % {"number": case.number})
    due_at = case.clocks.values_list("due_at", flat=True).first()
    if due_at is not None:
        messages.info(request, _hear_by(due_at))


def filable(kind: str, who: Actor) -> type[Lifecycle]:
    """Return the process of `kind` if `who` may file it, or `UnknownAction` (404)."""
    cls = lifecycle_of(kind)
    if not cls.may_be_filed_by(who):
        raise UnknownAction(_("There is no such kind of case."))
    return cls


def _new_page(
    request: Request, cls: type[Lifecycle], who: Actor, form: Any, status: int = 200
) -> HttpResponse:
    context = {
        "kind_label": cls.label, "intro": cls.description, "form": form,
        "promise": first_promise(cls, who), "once": request.POST.get("once") or uuid4().hex,
        "similar_url": reverse("case_similar", args=[cls.kind]),
    }  # fmt: skip
    return render(request, "workflows/case_new.html", context, status=status)


@login_required
@require_safe
def show_case(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    return render(request, "workflows/case_detail.html", case_page.context(case, who))


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
        answer = perform(
            case, name, actor=request.user, expected_version=_version(request),
            idempotency_key=request.POST.get("once") or None, **_sent(request, asked),
        )  # fmt: skip
    except BadData as refusal:
        flow = case.lifecycle(case, who, who.at)
        form = _refilled(form_class, request, refusal, who=who, flow=flow)
        return _action_page(request, case, who, name, action, form)
    except Conflict as refusal:
        return _conflict_page(request, case, refusal, asked)
    messages.success(
        request, _("Done: the case is now “%(state)s”.") % {"state": answer.case.state_label}
    )
    return _next_page(request, answer.case, who)


def _version(request: Request) -> int | None:
    value = request.POST.get("expected_version", "")
    return int(value) if re.fullmatch("[0-9]{1,9}", value) else None


def _next_page(request: Request, case: Case, who: Actor) -> HttpResponse:
    if request.POST.get("then") == "next":
        task = inbox.tasks_of(who, "mine").first()
        if task is not None:
            return redirect(task.case)
        return redirect("inbox")
    visible = Case.objects.visible_to(actor_of(request))
    return redirect(case if visible.filter(pk=case.pk).exists() else "inbox")


def _action_page(
    request: Request, case: Any, who: Actor, name: str, action: Action | None, form: Any = None
) -> HttpResponse:
    flow = case.lifecycle(case, who, who.at)
    if action is None or name not in {one.name for one in flow.available(who)}:
        sentence_ = _("This is not yours to do now. See what the case needs.")
        messages.warning(request, sentence_)
        return redirect(case)
    if form is None:
        form = action.form(who=who, flow=flow) if action.form else None  # type: ignore[call-arg]  # ActionForm's own
    is_refused = form is not None and form.is_bound and not form.is_valid()
    owes_it = flow.task_for(who) is not None
    is_shown = form is not None and form.is_bound and not is_refused and "edit" not in request.POST
    context = {
        **case_page.head(flow),
        "preview": form.preview() if is_shown else None,
        "action": {
            "label": action.label, "description": action.help,
            "next_text": case_page.next_text(action), "is_danger": action.tone == "danger",
        },
        "form": form,
        "once": f"{request.user.pk}-{case.number}-{case.version}-{name}",
        "tasks_next": owes_it,
        "warnings": case_page.warnings(flow, who) if owes_it else [],
    }  # fmt: skip
    status = 422 if is_refused else 200
    return render(request, "workflows/action.html", context, status=status)


def _conflict_page(request: Request, case: Case, refusal: Conflict, form: Any) -> HttpResponse:
    """Show what changed meanwhile and what was typed, so that nothing is lost."""
    events = readable_events(case, actor_of(request))
    since = events.filter(seq__gt=_version(request) or case.version)
    fields = form.fields if form else {}
    typed = [
        (field.label or name, ", ".join(request.POST.getlist(name)))
        for name, field in fields.items()
        if request.POST.get(name)
    ]
    context = {
        "case": case,
        "sentence": refusal.sentence,
        "changed": [
            {"at": event.at, "actor": event.actor, "text": sentence(case, event)} for event in since
        ],
        "typed": typed,
    }
    return render(request, "workflows/conflict.html", context, status=409)


def _sent(request: Request, form: Any) -> dict[str, Any]:
    """Return what was posted for the fields of the form, several choices as lists."""
    fields = form.fields if form else {}
    return {
        name: request.FILES.getlist(name)
        if name in request.FILES
        else field.widget.value_from_datadict(request.POST, request.FILES, name)
        for name, field in fields.items()
        if name in request.POST or name in request.FILES
    }


def _refilled(form_class: Any, request: Request, refusal: BadData, **kwargs: Any) -> Any:
    """Return the form with what was typed, and the sentences the door gave."""
    form = form_class(request.POST, request.FILES, **kwargs)
    form.is_valid()
    for field, errors in refusal.errors.items():
        known = form.errors.get(field, [])
        for error in errors:
            if error not in known:
                form.add_error(field if field in form.fields else None, error)
    return form


def posted_or_back(view: Any) -> Any:
    """Lead who comes by address, as after a log-in in between, back to the case."""

    @require_http_methods(FORM)
    @wraps(view)
    def posted(request: Request, **where: Any) -> HttpResponse:
        if request.method == "POST":
            answer: HttpResponse = view(request, **where)
            return answer
        return redirect("case", where.get("number") or _task(request, where["pk"]).case.number)

    return posted


@login_required
@posted_or_back
def claim(request: Request, pk: int) -> HttpResponse:
    task = actions.claim_task(task=_task(request, pk), actor=request.user)
    messages.success(request, _("You have taken %(number)s.") % {"number": task.case.number})
    return redirect(task.case)


@login_required
@posted_or_back
def release(request: Request, pk: int) -> HttpResponse:
    task = actions.release_task(task=_task(request, pk), actor=request.user)
    messages.success(request, _("%(number)s is back in the queue.") % {"number": task.case.number})
    return redirect("inbox")


@login_required
@posted_or_back
def assign(request: Request, pk: int) -> HttpResponse:
    task = _task(request, pk)
    person = get_object_or_404(User, username=request.POST.get("to", ""), is_active=True)
    actions.assign_task(task=task, to=person, actor=request.user)
    messages.success(
        request,
        _("%(number)s is now with %(person)s.") % {"number": task.case.number, "person": person},
    )
    return _next_page(request, task.case, actor_of(request))


def _task(request: Request, pk: int) -> Task:
    visible = Case.objects.visible_to(actor_of(request))
    return get_object_or_404(Task.objects.select_related("case"), pk=pk, case__in=visible)


@login_required
@posted_or_back
def comment(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = CommentForm(request.POST, may_be_internal=reads_internal(case, who))
    if not form.is_valid():
        context = {**case_page.context(case, who), "comment_form": form}
        return render(request, "workflows/case_detail.html", context, status=422)
    actions.add_comment(case=case, actor=request.user, **form.cleaned_data)
    return redirect(f"{case.get_absolute_url()}#og-history")


@login_required
@posted_or_back
def attach(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = AttachForm(request.POST, request.FILES)
    if not form.is_valid():
        context = {**case_page.context(case, who), "upload_form": form}
        return render(request, "workflows/case_detail.html", context, status=422)
    for file in form.cleaned_data["attachments"]:
        actions.attach_file(case=case, file=file, actor=request.user)
    return redirect(case)


@login_required
@posted_or_back
def link(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    form = LinkForm(request.POST)
    if form.is_valid():
        visible = Case.objects.visible_to(who)
        other = visible.filter(number=form.cleaned_data["target"].upper()).first()
        if other is None:
            form.add_error("target", _("There is no such case."))
        elif other.pk == case.pk:
            form.add_error("target", _("A case cannot be linked to itself."))
        else:
            source, target = (other, case) if form.is_from_other else (case, other)
            actions.link_cases(source=source, target=target, relation=form.said, actor=who.user)
            return redirect(f"{case.get_absolute_url()}#og-links")
    context = {**case_page.context(case, who), "link_form": form}
    return render(request, "workflows/case_detail.html", context, status=422)


@login_required
@require_safe
def download(request: Request, number: str, pk: int) -> FileResponse:
    """Hand out a file to who may see its case; never shown inside a page of ours."""
    case = find_case(actor_of(request), number)
    return attachments.served(get_object_or_404(Attachment, case=case.pk, pk=pk))


@login_required
@posted_or_back
def watch(request: Request, number: str) -> HttpResponse:
    case = find_case(actor_of(request), number)
    change = actions.unwatch_case if request.POST.get("stop") else actions.watch_case
    change(case=case, actor=request.user)
    return redirect(case)


@login_required
@require_safe
def explain_clock(request: Request, number: str, metric: str) -> HttpResponse:
    who = actor_of(request)
    case = find_case(who, number)
    flow = case.lifecycle(case, who, who.at)
    clocks = {clock.metric: clock for clock in case_page.latest_clocks(flow)}
    if metric not in clocks:
        raise UnknownAction(_("This case has no such clock."))
    context = case_page.explanation(clocks[metric], who.at)
    template = "_explanation" if request.headers.get("HX-Request") else "explanation"
    return render(request, f"workflows/{template}.html", context)


@login_required
@require_safe
def download_bpmn(request: Request, kind: str) -> HttpResponse:
    response = HttpResponse(bpmn.bpmn_xml(lifecycle_of(kind)), content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{kind}.bpmn"'
    return response
