"""The sheet of a gate: shown, and answered criterion by criterion."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from people.actors import Actor
from projects import actions, forms, pages, rules
from projects.models import Gate
from projects.states import GateState as S
from workflows.shell import actor_of
from workflows.views import FORM, Request, find_case


@login_required
@require_safe
def show_sheet(request: Request, number: str) -> HttpResponse:
    who = actor_of(request)
    gate = _gate(who, number)
    part = part_of(gate, who)
    lines = pages.sheet(gate)
    context = {
        "gate": gate, "part": part, "rows": [_line(gate, line, part) for line in lines],
        "asked": len(lines), "shown": sum(line.is_present for line in lines),
        "passed": sum(bool(line.answer and line.answer.is_satisfied) for line in lines),
    }  # fmt: skip
    return render(request, "projects/sheet.html", context)


@login_required
@require_http_methods(FORM)
def answer(request: Request, number: str, code: str) -> HttpResponse:
    """Save what was written to one criterion, and go on with the sheet there."""
    who = actor_of(request)
    gate = _gate(who, number)
    criterion = get_object_or_404(gate.criteria, code=code)
    part = part_of(gate, who)
    sheet = reverse("gate_sheet", args=[number])
    if request.method != "POST":
        return HttpResponseRedirect(f"{sheet}#{code}")
    kind = forms.JudgementForm if part == pages.JUDGES else forms.EvidenceForm
    form = kind(request.POST, prefix=code)
    if form.is_valid():
        save: Any = actions.judge_evidence if part == pages.JUDGES else actions.show_evidence
        save(gate=gate, criterion=criterion, actor=request.user, **form.cleaned_data)
        return HttpResponseRedirect(f"{sheet}#{code}")
    line = next(one for one in pages.sheet(gate) if one.criterion == criterion)
    context = {"gate": gate, "part": part, "rows": [_line(gate, line, part, form)]}
    return render(request, "projects/line.html", context, status=422)


def part_of(gate: Gate, who: Actor) -> str:
    """Return what `who` may write on the sheet now: evidence, judgements or nothing."""
    flow = gate.lifecycle(gate, who, who.at)
    if gate.state == S.OPEN and rules.is_manager(flow, who) and who.may_act:
        return pages.SHOWS
    in_review = gate.state in (S.IN_REVIEW, S.AWAITING_VERDICT)
    return pages.JUDGES if in_review and who.may_act and actions.may_judge(flow, who) else ""


def _gate(who: Actor, number: str) -> Gate:
    gate = find_case(who, number)
    if not isinstance(gate, Gate):
        raise Http404
    return gate


def _line(gate: Gate, line: pages.Line, part: str, form: Any = None) -> dict[str, Any]:
    """Return a criterion with the form that `part` writes on it."""
    answer, code = line.answer, line.criterion.code
    if form is None and part == pages.SHOWS:
        names = ("evidence", "link", "is_left_out")
        form = forms.EvidenceForm(
            prefix=code, initial={name: getattr(answer, name) for name in names} if answer else None
        )
    elif form is None and part == pages.JUDGES:
        said = ("result", "remark")
        form = forms.JudgementForm(
            prefix=code, initial={name: getattr(answer, name) for name in said} if answer else None
        )
    return {"line": line, "form": form, "url": reverse("gate_answer", args=[gate.number, code])}
