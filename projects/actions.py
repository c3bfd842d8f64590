"""What people write on the sheet of a gate, criterion by criterion, each saved by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from people.models import User
from projects import rules
from projects.models import Answer, Criterion, Gate
from projects.states import GateState as S
from workflows.passages import Passage, passage
from workflows.refusals import Conflict, NotAllowed


def show_evidence(
    *, gate: Gate, criterion: Criterion, evidence: str, link: str, is_left_out: bool,
    actor: User, at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Keep what the project shows for a criterion, while the gate is open (403, 409).

    A criterion that does not apply is left out, with the reason as its evidence.
    """
    with passage(gate, actor=actor, at=at) as move:
        if not rules.is_manager(move.flow, move.who):
            raise NotAllowed(_("Evidence is shown by the project manager."))
        _refuse_outside(move, S.OPEN)
        answer = _answer(move.case, criterion)
        answer.evidence, answer.link, answer.is_left_out = evidence, link, is_left_out
        answer.shown_by, answer.shown_at = actor, move.at
        answer.save()
        return answer


def judge_evidence(
    *, gate: Gate, criterion: Criterion, result: str, remark: str, actor: User,
    at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Keep what the reviewers make of it, while the submission is reviewed or decided
    (403, 409). The last word counts; who said it is kept."""
    with passage(gate, actor=actor, at=at) as move:
        _refuse_outside(move, S.IN_REVIEW, S.AWAITING_VERDICT)
        if not may_judge(move.flow, move.who):
            raise NotAllowed(_("Evidence is judged by whoever reviews this gate."))
        answer = _answer(move.case, criterion)
        answer.result, answer.remark = result, remark
        answer.judged_by, answer.judged_at = (actor, move.at) if result else (None, None)
        answer.save()
        return answer


def may_judge(flow: Any, who: Any) -> bool:
    """Tell whether `who` has a part in the review: a seat of it, still open or taken."""
    if rules.is_of_the_project(flow, who):
        return False
    roles = {one.role for one in rules.opinions(flow)}
    return any(who.has_role(role, flow.case.unit) for role in roles)


def _refuse_outside(move: Passage, *states: str) -> None:
    if move.case.state not in states:
        raise Conflict(
            _("This case is now “%(state)s”, so that is no longer possible.")
            % {"state": move.case.state_label}
        )


def _answer(gate: Gate, criterion: Criterion) -> Answer:
    if not gate.criteria.filter(pk=criterion.pk).exists():
        raise Conflict(_("This gate does not ask for that."))
    found = Answer.objects.filter(gate=gate, criterion=criterion, round=gate.round).first()
    return found or Answer(gate=gate, criterion=criterion, round=gate.round)
