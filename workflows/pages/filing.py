"""Asking for something: what there is to ask for, the form, and what is like it already."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from people.actors import Actor, customer_class_of
from workflows.clocks import promise, standards_of
from workflows.door import open_case
from workflows.drafts import drop_draft, restored
from workflows.forms import parted
from workflows.lifecycles import Lifecycle, lifecycle_of, registered
from workflows.models import Case
from workflows.pages import FORM, Request
from workflows.pages.sending import refilled, sent
from workflows.refusals import BadData, UnknownAction
from workflows.shell import actor_of
from workflows.similar import similar_cases

MAIN_FIELDS = 5
"""Four questions and the files; what else may be said waits under “More”."""


@login_required
@require_safe
def pick_kind(request: Request) -> HttpResponse:
    kinds = filable_kinds(actor_of(request))
    if len(kinds) == 1:
        return redirect(f"{kinds[0]['url']}?{request.GET.urlencode()}")
    return render(request, "workflows/case_new_pick.html", {"kinds": kinds})


def filable_kinds(who: Actor) -> list[dict[str, Any]]:
    """Return what `who` may ask for, with what is promised (2 queries for each)."""
    return [
        {
            "kind": cls.kind, "label": cls.label, "description": cls.description,
            "icon": cls.icon, "promise": first_promise(cls, who),
            "url": reverse("case_new_kind", args=[cls.kind]),
        }
        for cls in registered()
        if cls.may_be_filed_by(who)
    ]  # fmt: skip


def first_promise(cls: type[Lifecycle], who: Actor, form: Any = None) -> str:
    """Say until when somebody who files now, with what `form` holds so far, hears from us.

    2 queries, and those of the form.
    """
    spec = next((clock for clock in cls.clocks if cls.initial in clock.starts), None)
    chosen = _chosen(form)
    person = chosen.pop("on_behalf_of", None) or who.user
    columns = {field.name for field in cls.model._meta.concrete_fields}
    draft = cls.model(
        kind=cls.kind, customer_class=customer_class_of(person, who.at),
        **{name: value for name, value in chosen.items() if name in columns},
    )  # fmt: skip
    found = spec and promise(spec, draft, who.at, standards_of(draft, who.at))
    if not found:
        return ""
    budget, calendar, _standard = found
    return _hear_by(calendar.working_time().add(who.at, budget))


def _chosen(form: Any) -> dict[str, Any]:
    """Return what is filled in and right so far; the rest is not asked for yet."""
    if form is None:
        return {}
    form.is_valid()
    return {name: value for name, value in form.cleaned_data.items() if value not in (None, "")}


def _hear_by(due_at: datetime) -> str:
    when = date_format(localtime(due_at), _("D, M j, H:i"))
    return _("You will hear from us by %(when)s.") % {"when": when}


@login_required
@require_http_methods(FORM)
def new_case(request: Request, kind: str) -> HttpResponse:
    who, cls = actor_of(request), filable(kind, actor_of(request))
    if request.method == "POST":
        try:
            with transaction.atomic():
                answer = open_case(
                    kind, actor=request.user, idempotency_key=request.POST.get("once") or None,
                    **sent(request, cls.form(who=who)),  # type: ignore[call-arg]  # ActionForm's own
                )  # fmt: skip
                drop_draft(key=request.path, user=request.user)
        except BadData as refusal:
            form = refilled(cls.form, request, refusal, who=who)
            return _new_page(request, cls, who, form, status=422)
        messages.success(request, cls.form.filed % {"number": answer.case.number})  # type: ignore[attr-defined]  # OpeningForm's own
        _promise(request, answer.case)
        return redirect(answer.case)
    empty: Any = cls.form(who=who)  # type: ignore[call-arg]  # ActionForm's own
    empty.fill_in(request.GET)
    return _new_page(request, cls, who, empty)


def _promise(request: Request, case: Case) -> None:
    """Say until when the clock of a case promises an answer."""
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
    draft = restored(form, key=request.path, user=request.user)
    context = {
        "draft": draft, "draft_key": request.path,
        "fields": parted(form, MAIN_FIELDS, keep=("attachments",)),
        "promise_url": reverse("case_promise", args=[cls.kind]),
        "kind_label": cls.label, "intro": cls.description, "form": form,
        "promise": first_promise(cls, who), "once": request.POST.get("once") or uuid4().hex,
        "similar_url": reverse("case_similar", args=[cls.kind]),
    }  # fmt: skip
    return render(request, "workflows/case_new.html", context, status=status)


@login_required
@require_safe
def show_similar(request: Request, kind: str) -> HttpResponse:
    """Answer with a part of the filing page; without scripts nobody asks for it."""
    who = actor_of(request)
    filable(kind, who)
    cases = similar_cases(request.GET.get("title", ""), who)
    return render(request, "workflows/_similar.html", {"cases": cases})


@login_required
@require_safe
def show_promise(request: Request, kind: str) -> HttpResponse:
    """Answer with a part of the filing page: what is promised for what is chosen so far."""
    who = actor_of(request)
    cls = filable(kind, who)
    form = cls.form(request.GET, who=who)  # type: ignore[call-arg]  # ActionForm's own
    context = {"promise": first_promise(cls, who, form)}
    return render(request, "workflows/_promise.html", context)
