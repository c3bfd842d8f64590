"""The sheet of a gate: shown, and answered criterion by criterion."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from projects import actions, forms, pages
from projects.models import Project
from projects.sheet import Row, Sheet
from workflows.pages import FORM, Request, find_case
from workflows.refusals import BadData, Conflict
from workflows.shell import actor_of


@login_required
@require_safe
def show_handover(request: Request, number: str) -> HttpResponse:
    """Show the handover agreement of a project, to be read and printed; earlier ones below."""
    project = find_case(actor_of(request), number)
    if not isinstance(project, Project):
        raise Http404
    agreements = list(project.agreements.select_related("written_by", "signed_by"))
    if not agreements:
        raise Http404
    context = {"project": project, "agreement": agreements[0], "earlier": agreements[1:]}
    return render(request, "projects/handover.html", context)


@login_required
@require_safe
def show_sheet(request: Request, number: str) -> HttpResponse:
    sheet = _sheet(request, number)
    context = {**_shown(sheet), "rows": sheet.rows(), "next_open": sheet.next_open()}
    return render(request, "projects/sheet.html", context)


@login_required
@require_http_methods(FORM)
def answer(request: Request, number: str, code: str) -> HttpResponse:
    """Save what was written to one criterion, and go on with the sheet there.

    With scripts only this criterion, the filters and the foot are answered. What is refused comes
    back with what was typed, beside what is there now.
    """
    sheet = _sheet(request, number)
    criterion = get_object_or_404(sheet.gate.criteria, code=code)
    if request.method != "POST":
        return HttpResponseRedirect(f"{sheet.url}{sheet.query}#{code}")
    form, save = _sent(request, sheet, code)
    status, refusal = 422, ""
    if form.is_valid():
        try:
            save(gate=sheet.gate, criterion=criterion, actor=request.user, **form.cleaned_data)
            status = 200
        except BadData as refused:
            for name, sentences in refused.errors.items():
                form.add_error(name, list(sentences))
        except Conflict as refused:
            status, refusal = 409, refused.sentence
    if status == 200 and not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{sheet.url}{sheet.query}#{code}")
    sheet = _sheet(request, number)
    row = sheet.row(sheet.line(code))
    if status != 200:
        _give_back(sheet, row, form, refusal)
    context = {**_shown(sheet), "row": row, "rows": [row], "next_open": sheet.next_open(code)}
    template = "_saved" if request.headers.get("HX-Request") else "line"
    return render(request, f"projects/{template}.html", context, status=status)


def _sent(request: Request, sheet: Sheet, code: str) -> tuple[Any, Any]:
    """Return the form that was sent, told by its fields, and what saves it."""
    judged = any(f"{code}-{name}" in request.POST for name in ("result", "remark"))
    if judged or sheet.part == pages.JUDGES:
        return forms.JudgementForm(request.POST, prefix=code), actions.judge_evidence
    files = sheet.gate.attachments.all()
    form = forms.EvidenceForm(request.POST, request.FILES, prefix=code, files=files)
    return form, actions.show_evidence


def _give_back(sheet: Sheet, row: Row, form: Any, refusal: str) -> None:
    """Put what was typed back into the row: into its form, or as text where there is none now.

    Whoever is shown what another wrote has seen it: saving again is meant.
    """
    row.refusal = refusal
    if type(form) is type(row.form):
        if refusal:
            form.data = form.data.copy()
            form.data[form.add_prefix("expected_version")] = sheet.gate.version
        row.form = form
    else:
        typed = ((field.label, form.data.get(field.html_name)) for field in form.visible_fields())
        row.typed = [(label, text) for label, text in typed if text]


def _shown(sheet: Sheet) -> dict[str, Any]:
    return {"gate": sheet.gate, "part": sheet.part, "sheet": sheet, **sheet.counts}


def _sheet(request: Request, number: str) -> Sheet:
    """Return the sheet as it is now."""
    return Sheet.of(number, actor_of(request), request.GET.get("show", ""))
