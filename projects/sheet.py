"""The sheet of a gate as one reader sees it: what is still open, what comes next, and why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.actors import Actor
from projects import forms, rules
from projects.actions import JUDGE, SHOW, may_judge
from projects.models import Answer, Gate
from projects.pages import JUDGES, SHOWS, Line, sheet
from projects.states import GateState as S
from workflows.lifecycles import MAIN, Decision
from workflows.models import Attachment, Case, Event
from workflows.words import listing

ALL, OPEN, MUSTS, FAILED = "all", "open", "musts", "failed"
FILTERS: dict[str, Promise] = {
    ALL: gettext_lazy("All"), OPEN: gettext_lazy("Still open"), MUSTS: gettext_lazy("Musts"),
    FAILED: gettext_lazy("Not passed"),
}  # fmt: skip
SHORT = (Answer.Result.PARTLY, Answer.Result.FAIL)


@dataclass(frozen=True)
class Step:
    """What the gate needs next from its reader; `reason` says what is still in its way."""

    name: str
    label: str
    url: str
    reason: str


@dataclass(frozen=True)
class Said:
    """What somebody said of a criterion, as the event kept it."""

    event: Event

    @property
    def text(self) -> str:
        data: dict[str, Any] = self.event.data
        if self.event.action == JUDGE:
            result = str(data.get("result", ""))
            label = Answer.Result(result).label if result else _("Not judged yet")
            return " · ".join(filter(None, (str(label), data.get("remark"))))
        parts = [
            _("Does not apply:") if data.get("is_left_out") else "",
            data.get("evidence"), data.get("link"), data.get("file", {}).get("name"),
            data.get("record", {}).get("number"),
        ]  # fmt: skip
        return " · ".join(filter(None, parts)) or _("Not shown yet")


@dataclass
class Row:
    """A criterion with the form that its reader may write; `refusal` says why it was not saved."""

    line: Line
    url: str
    form: Any = None
    story: list[Said] = field(default_factory=list)
    refusal: str = ""
    typed: list[tuple[str, str]] = field(default_factory=list)


class Sheet:
    """One reader's look at a gate that was just read: first the gate, then its answers.

    So its version is never newer than what is shown with it.
    """

    def __init__(self, gate: Gate, who: Actor, wanted: str = "") -> None:
        self.gate, self.who = gate, who
        self.flow = gate.lifecycle(gate, who, who.at)
        self.wanted = wanted if wanted in FILTERS else ALL
        self.url = reverse("gate_sheet", args=[gate.number])
        self.query = "" if self.wanted == ALL else f"?show={self.wanted}"

    @classmethod
    def of(cls, number: str, who: Actor, wanted: str = "") -> Self:
        """Return the sheet of a gate that `who` may see, or 404 (1 query)."""
        gates: Any = Gate.objects.all()  # to mypy these are cases
        related = ("requester", "on_behalf_of", "unit", "parent__manager", "gate_kind")
        seen = gates.visible_to(who).select_related(*related)
        return cls(get_object_or_404(seen, number=number), who, wanted)

    @cached_property
    def part(self) -> str:
        """Return what the reader may write now: evidence, judgements or nothing."""
        gate, who = self.gate, self.who
        if gate.state == S.OPEN and rules.is_manager(self.flow, who) and who.may_act:
            return SHOWS
        in_review = gate.state in (S.IN_REVIEW, S.AWAITING_VERDICT)
        return JUDGES if in_review and who.may_act and may_judge(self.flow, who) else ""

    @cached_property
    def lines(self) -> list[Line]:
        """Return all criteria; the records the reader may see have an address (3 queries)."""
        lines = sheet(self.gate)
        answers = [one for line in lines for one in (line.answer, line.before) if one is not None]
        records = {one.record.pk for one in answers if one.record}
        visible = Case.objects.visible_to(self.who).filter(pk__in=records)
        seen = set(visible.values_list("pk", flat=True)) if records else set()
        for one in answers:
            if one.record and one.record.pk in seen:
                one.record_url = one.record.get_absolute_url()
        return lines

    # -- what is counted and chosen ---------------------------------------------------------------
    @cached_property
    def counts(self) -> dict[str, int]:
        return {
            "asked": len(self.lines), "shown": sum(line.is_present for line in self.lines),
            "passed": sum(bool(one.answer and one.answer.is_satisfied) for one in self.lines),
            "done": sum(not self.is_open(line) for line in self.lines),
        }  # fmt: skip

    def is_open(self, line: Line) -> bool:
        """Tell whether the present state still waits for evidence, or for a result."""
        if self.gate.state in (S.PLANNED, S.OPEN):
            return not line.is_present
        return line.answer is None or not line.answer.result

    def _is_short(self, line: Line) -> bool:
        """Tell whether it did not pass: now, or while nothing is judged yet, in the last round."""
        now = line.answer and line.answer.result
        return (now or (line.before and line.before.result)) in SHORT

    def _fits(self, line: Line, wanted: str) -> bool:
        if wanted == OPEN:
            return self.is_open(line)
        if wanted == MUSTS:
            return line.criterion.is_must
        return wanted != FAILED or self._is_short(line)

    @property
    def chosen(self) -> list[Line]:
        return [line for line in self.lines if self._fits(line, self.wanted)]

    @property
    def filters(self) -> list[dict[str, Any]]:
        return [
            {
                "label": label, "count": sum(self._fits(line, name) for line in self.lines),
                "url": self.url if name == ALL else f"{self.url}?show={name}",
                "is_current": name == self.wanted,
            }
            for name, label in FILTERS.items()
        ]  # fmt: skip

    def next_open(self, after: str = "") -> dict[str, str] | None:
        """Return code and place of the next criterion still open, from `after` on and around."""
        waiting = [one.criterion.code for one in self.chosen if self.is_open(one)]
        query = self.query
        if not waiting:
            waiting, query = [one.criterion.code for one in self.lines if self.is_open(one)], ""
        if not waiting:
            return None
        code = next((one for one in waiting if one > after), waiting[0])
        return {"code": code, "url": f"{self.url}{query}#{code}"}

    @property
    def step(self) -> Step | None:
        """Return the main action of the state where it is the reader's; its own conditions say
        what is missing."""
        flow, gate = self.flow, self.gate
        for action in flow.actions(gate.state):
            if action.tone != MAIN or not action.transition.has_perm(flow, self.who):
                continue
            unmet = action.transition.get_unmet_condition(flow)
            reason = str(getattr(unmet[1], "message", "")) if unmet else ""
            spec = flow.work.get(gate.state)
            if isinstance(spec, Decision):  # one of several: they are chosen on the gate's page
                return Step(action.name, str(spec.label), gate.get_absolute_url(), reason)
            url = reverse("case_action", args=[gate.number, action.name])
            return Step(action.name, str(action.label), url, reason)
        return None

    # -- what is written --------------------------------------------------------------------------
    @cached_property
    def files(self) -> list[Attachment]:
        return list(self.gate.attachments.all()) if self.part == SHOWS else []

    @cached_property
    def _stories(self) -> Mapping[str, list[Said]]:
        """Return what was said of each criterion in all rounds, oldest first (1 query)."""
        events = self.gate.events.filter(action__in=(SHOW, JUDGE)).select_related("actor")
        found: dict[str, list[Said]] = defaultdict(list)
        for event in events.order_by("seq"):
            found[event.data.get("code", "")].append(Said(event))
        return found

    def rows(self) -> list[Row]:
        return [self.row(line) for line in self.chosen]

    def row(self, line: Line) -> Row:
        code = line.criterion.code
        address = reverse("gate_answer", args=[self.gate.number, code])
        story = self._stories.get(code, [])
        return Row(line, address + self.query, self.form(line), story if len(story) > 1 else [])

    def line(self, code: str) -> Line:
        return next(one for one in self.lines if one.criterion.code == code)

    def form(self, line: Line) -> Any:
        """Return the form for what the reader may write now, with what is written already."""
        answer, code = line.answer, line.criterion.code
        initial: dict[str, Any] = {"expected_version": self.gate.version}
        if self.part == SHOWS:
            if answer is not None:
                initial |= {name: getattr(answer, name) for name in ("evidence", "link")}
                initial |= {"kept": answer.file_id, "is_left_out": answer.is_left_out}
                initial["record"] = answer.record.number if answer.record else ""
            return forms.EvidenceForm(prefix=code, initial=initial, files=self.files)
        if self.part == JUDGES:
            if answer is not None:
                initial |= {"result": answer.result, "remark": answer.remark}
            return forms.JudgementForm(prefix=code, initial=initial)
        return None


# -- the history of the gate -----------------------------------------------------------------------
def _codes(events: list[Event]) -> dict[str, str]:
    codes = dict.fromkeys(str(event.data.get("code", "")) for event in events)
    return {"codes": listing(list(codes))}


NOTES = {
    SHOW: lambda events: _("wrote the evidence for %(codes)s") % _codes(events),
    JUDGE: lambda events: _("judged %(codes)s") % _codes(events),
}
