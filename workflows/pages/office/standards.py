"""Standards: what is promised, since when, whether the customer agreed, and what a change moves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements import actions
from agreements.models import Agreement, Calendar, Service, Standard, StandardVersion
from people.actors import Actor
from workflows import retiming
from workflows.lifecycles import registered
from workflows.pages import Request
from workflows.pages.office import UNPROCESSABLE, Deed, blank, carry_out, office_page
from workflows.pages.office.moves import moved_words, told
from workflows.shell import actor_of


class RevisionForm(forms.Form):
    amount = forms.DecimalField(
        label=gettext_lazy("Length"), min_value=Decimal("0.01"), max_digits=7, decimal_places=2
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("Unit of time"), choices=StandardVersion.Unit.choices
    )
    calendar = forms.ModelChoiceField(
        label=gettext_lazy("Calendar"), queryset=Calendar.objects.all(), to_field_name="code"
    )
    effective_from = forms.DateTimeField(
        label=gettext_lazy("In force from"), required=False, widget=forms.DateTimeInput,
        help_text=gettext_lazy("Empty: from now on. Cases under way keep what they were promised."),
    )  # fmt: skip
    is_contractual = forms.BooleanField(
        label=gettext_lazy("The customer has agreed to this figure"), required=False
    )


def _revise(subject: Standard, request: Request, values: dict[str, Any]) -> str:
    at = timezone.now()
    values["effective_from"] = values["effective_from"] or at
    if values["effective_from"] < at:
        raise ValidationError({"effective_from": _("A promise is not changed for the past.")})
    made = actions.revise_standard(subject, actor=request.user, **values)
    return _("Version %(number)d is published: %(length)s.") % {
        "number": made.number, "length": made.describe(),
    }  # fmt: skip


def _confirm(subject: Standard, request: Request, values: dict[str, Any]) -> str:
    version = _current(subject, timezone.now())
    if version is None:
        raise ValidationError(_("No version is in force now."))
    actions.confirm_standard(version, actor=request.user)
    return _("Confirmed: this figure is contractual from now on.")


def _migrate(subject: Standard, request: Request, values: dict[str, Any]) -> str:
    return moved_words(retiming.migrate(subject, actor=request.user, at=timezone.now()))


DEEDS = {
    "revise": Deed("agreements.add_standardversion", _revise, RevisionForm),
    "confirm": Deed("agreements.change_standardversion", _confirm),
    "migrate": Deed("agreements.change_standardversion", _migrate),
}


@office_page("agreements.view_standard", methods=["GET", "HEAD"])
def list_standards(request: Request) -> HttpResponse:
    at = timezone.now()
    found = Standard.objects.select_related("service").prefetch_related("versions__calendar")
    rows: list[dict[str, Any]] = [{"standard": one, "version": _in_force(one, at)} for one in found]
    asked = request.GET.get("show", "")
    if asked == "unconfirmed":
        rows = [row for row in rows if row["version"] and not row["version"].is_contractual]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(kind_label(row["standard"].kind), []).append(row)
    context = {"groups": list(groups.items()), "count": len(rows), "show": asked}
    return render(request, "office/standards.html", context)


@office_page("agreements.view_standard")
def show_standard(request: Request, code: str) -> HttpResponse:
    subject, who = get_object_or_404(Standard, code=code), actor_of(request)
    at = who.at
    refused: tuple[str, forms.Form] | None = None
    if request.method == "POST" and request.POST.get("do") == "preview":
        refused = ("revise", RevisionForm(request.POST, auto_id="id_revise_%s"))
    elif request.method == "POST":
        refused = carry_out(DEEDS, request, subject)
        if refused is None:
            return redirect("office_standard", code=code)
    versions = list(subject.versions.select_related("calendar").order_by("-number"))
    shown = blank(DEEDS, request, revise=_as_now(versions)) | dict([refused] if refused else [])
    context = {
        "standard": subject, "versions": versions, "current": _current(subject, at), "now": at,
        "kind": kind_label(subject.kind), "forms": shown, "refused": refused,
        "proposal": _proposal(refused[1], subject, who) if refused else None,
        "behind": told(retiming.preview(subject, at), who) if "preview" in request.GET else None,
    }  # fmt: skip
    is_wrong = bool(refused and refused[1].errors)
    return render(
        request, "office/standard.html", context, status=UNPROCESSABLE if is_wrong else 200
    )


@office_page("agreements.view_service", methods=["GET", "HEAD"])
def list_promises(request: Request) -> HttpResponse:
    """Show the service catalogue and the agreements, to read."""
    context = {
        "services": Service.objects.select_related("owner", "parent"),
        "agreements": Agreement.objects.prefetch_related("versions", "customers"),
        "now": timezone.now(),
    }
    return render(request, "office/promises.html", context)


TO_COME = {"fault": gettext_lazy("Fault"), "desktop": gettext_lazy("Desktop service")}
"""Kinds that figures are shipped for before their process is there."""


def kind_label(kind: str) -> str:
    """Return the name of a kind of case."""
    known = TO_COME | {cls.kind: cls.label for cls in registered()}
    return str(known.get(kind, kind)) if kind else _("Any kind of case")


def _in_force(standard: Standard, at: datetime) -> StandardVersion | None:
    """Return the version in force among those fetched."""
    return next(
        (
            one for one in standard.versions.all()
            if one.effective_from <= at and (one.effective_to is None or one.effective_to > at)
        ),
        None,
    )  # fmt: skip


def _current(standard: Standard, at: datetime) -> StandardVersion | None:
    found: StandardVersion | None = standard.versions.in_force(at).first()
    return found


def _as_now(versions: list[StandardVersion]) -> dict[str, Any]:
    if not versions:
        return {}
    newest = versions[0]
    return {
        "amount": newest.amount.normalize(),
        "unit": newest.unit,
        "calendar": newest.calendar.code,
    }


def _proposal(form: forms.Form, standard: Standard, who: Actor) -> dict[str, Any] | None:
    """Return what holding cases under way to the proposed figure would do; None if it is wrong."""
    if not isinstance(form, RevisionForm) or not form.is_valid():
        return None
    values = form.cleaned_data
    proposed = StandardVersion(
        standard=standard, number=0, effective_from=who.at, amount=values["amount"],
        unit=values["unit"], calendar=values["calendar"],
    )  # fmt: skip
    moves = retiming.preview_revision(proposed, who.at)
    return {"length": proposed.describe(), **told(moves, who)}
