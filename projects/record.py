"""The sign-off record of a gate: what was shown, said and decided, round by round, on paper."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from people.actors import Actor
from people.house_time import house_date
from people.models import Unit
from people.roles import Role
from projects.models import Answer, Criterion, Gate
from projects.states import GateState as S
from workflows.models import Event, Task
from workflows.pages import Request
from workflows.printing import has_pdf, pdf_answer
from workflows.quorums import APPROVE, REJECT
from workflows.shell import actor_of

VERDICTS: dict[str, Promise | None] = {
    "accept": None, "reject": None, "defer": None, "rework": gettext_lazy("To be reworked"),
    "take_back": gettext_lazy("Taken back by the project"),
}  # fmt: skip
"""What ends a round, and how it is called; None: as the state it led to."""
SAID = {APPROVE: gettext_lazy("Agrees"), REJECT: gettext_lazy("Objects")}


@dataclass(frozen=True)
class Row:
    """A criterion with its answer of one round; `is_waived`: it need not pass today."""

    criterion: Criterion
    answer: Answer | None
    is_waived: bool


@dataclass
class Round:
    """One submission of a gate, and all that became of it."""

    number: int
    rows: list[Row]
    submitted: Event | None = None
    verdict: Event | None = None
    opinions: list[Task] = field(default_factory=list)

    @property
    def verdict_label(self) -> str:
        if self.verdict is None:
            return ""
        return str(VERDICTS[self.verdict.action] or S(self.verdict.target).label)

    @property
    def objections(self) -> list[Task]:
        return [one for one in self.opinions if one.outcome == REJECT]


def rounds(gate: Gate, waived: Collection[int] = ()) -> list[Round]:
    """Return every round, the present one last (4 queries).

    `waived`: the ids of the criteria that need not pass today.
    """
    criteria = list(gate.criteria.select_related("gate"))
    answers = {
        (one.round, one.criterion_id): one
        for one in gate.answers.select_related("shown_by", "judged_by")
    }
    found = [
        Round(number, [
            Row(one, answers.get((number, one.pk)), number == gate.round and one.pk in waived)
            for one in criteria
        ])
        for number in range(1, gate.round + 1)
    ]  # fmt: skip
    opened = _tell(gate, found)
    seats = gate.tasks.filter(step=S.IN_REVIEW).select_related("done_by", "on_behalf_of")
    for seat in seats.order_by("opened_seq", "pk"):
        seat.said = _said(seat)  # type: ignore[attr-defined]  # for the template
        opened[seat.opened_seq].opinions.append(seat)
    return found


def _tell(gate: Gate, found: list[Round]) -> dict[int, Round]:
    """Give each round its submission and its verdict; return the round of each event by `seq`."""
    now, opened = found[0], {}
    kinds = (Event.Kind.ACTION, Event.Kind.VOTE)
    for event in gate.events.filter(kind__in=kinds).select_related("actor").order_by("seq"):
        opened[event.seq] = now
        if event.action == "submit":
            now.submitted = event
        elif event.action in VERDICTS:
            now.verdict = event
        changed = event.data.get("changes", {}).get("round")
        if changed:
            now = found[changed[1] - 1]
    return opened


def _said(seat: Task) -> str:
    if seat.status == Task.Status.DONE:
        return str(SAID.get(seat.outcome, _("Agrees on conditions")))
    return _("Not given yet") if seat.is_open else _("Not given")


def context(gate: Gate, who: Actor) -> dict[str, Any]:
    """Return what page and PDF show of a gate (8 queries)."""
    today = house_date(who.at)
    waivers = list(gate.waivers.select_related("criterion", "risk_owner", "granted_by"))
    waived = {one.criterion_id for one in waivers if one.holds(today)}
    *earlier, now = rounds(gate, waived)
    return {
        "gate": gate, "project": gate.parent, "now": now, "earlier": earlier[::-1],
        "units": Unit.objects.filter(pk__in=gate.unit.lineage).order_by("path"),
        "conditions": [
            {"condition": one, "is_overdue": one.is_overdue(today)}
            for one in gate.conditions.select_related("owner", "met_by")
        ],
        "waivers": [{"waiver": one, "holds": one.holds(today)} for one in waivers],
        "files": gate.attachments.select_related("uploaded_by"),
        "signatures": signatures(gate, now),
        "printed_at": who.at, "reader": who.user, "has_pdf": has_pdf(),
    }  # fmt: skip


def signatures(gate: Gate, now: Round) -> list[dict[str, Any]]:
    """Return who signs: the project, every seat, and whoever gives the verdict."""
    decided = now.verdict if now.verdict and now.verdict.action != "take_back" else None
    return [
        {"role": Role.PROJECT_MANAGER.label, "person": gate.parent.manager,
         "said": _("Submitted") if now.submitted else ""},
        *({"role": one.get_role_display(), "person": one.done_by, "said": one.said}  # type: ignore[attr-defined]
          for one in now.opinions),
        {"role": Role.HEAD_OF_OPS.label, "person": decided and decided.actor,
         "said": now.verdict_label if decided else ""},
    ]  # fmt: skip


@login_required
@require_safe
def show(request: Request, number: str) -> HttpResponse:
    return render(request, "projects/record.html", _record(request, number))


@login_required
@require_safe
def as_pdf(request: Request, number: str) -> HttpResponse:
    """Answer with the record as PDF; where there can be none, with the page and the reason."""
    shown = _record(request, number)
    if not shown["has_pdf"]:
        messages.warning(
            request,
            _("This server cannot make PDFs: Pango or a Chinese font is missing. "
              "Print this page instead; your browser can save it as PDF."),
        )  # fmt: skip
        return redirect("gate_record", number)
    return pdf_answer("projects/record_pdf.html", shown, number)


def _record(request: Request, number: str) -> dict[str, Any]:
    """Return the record of a gate the reader may see, or 404."""
    who = actor_of(request)
    gates: Any = Gate.objects.all()  # to mypy these are cases
    related = ("unit", "gate_kind", "parent__manager", "parent__catalogue")
    gate = get_object_or_404(gates.visible_to(who).select_related(*related), number=number)
    url = request.build_absolute_uri(gate.get_absolute_url())
    return {**context(gate, who), "url": url}
