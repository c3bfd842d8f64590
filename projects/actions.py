"""What people write on the sheet of a gate, criterion by criterion, each saved by itself.

What is said leaves an event, so that who said what before can be proved; what says nothing new
leaves none. `expected_version`: the version of the gate that the writer saw.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.utils.translation import gettext as _

from people.models import User
from projects import rules
from projects.models import Answer, Criterion, Gate
from projects.states import GateState as S
from workflows import attachments
from workflows.models import Attachment, Case
from workflows.models.events import jsonable
from workflows.passages import Passage, passage
from workflows.refusals import BadData, Conflict, NotAllowed

SHOW, JUDGE = "show", "judge"
"""What the events are called."""


def show_evidence(
    *, gate: Gate, criterion: Criterion, evidence: str, link: str, is_left_out: bool,
    actor: User, kept: int | None = None, upload: UploadedFile[Any] | None = None,
    record: str = "", expected_version: int | None = None, at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Keep what the project shows for a criterion, while the gate is open (403, 409, 422).

    A criterion that does not apply is left out, with the reason as its evidence. `kept` is the id
    of a file the gate has already, `upload` a new one, `record` the number of a case.
    """
    with passage(gate, actor=actor, at=at) as move:
        if not rules.is_manager(move.flow, move.who):
            raise NotAllowed(_("Evidence is shown by the project manager."))
        _refuse_outside(move, S.OPEN)
        answer = _answer(move, criterion, expected_version)
        shown = {
            "evidence": evidence, "link": link, "is_left_out": is_left_out,
            "file": _file(move, kept, upload), "record": _record(move, answer, record),
        }  # fmt: skip
        stamp = {"shown_by": actor, "shown_at": move.at}
        return _keep(move, answer, SHOW, shown, stamp)


def judge_evidence(
    *, gate: Gate, criterion: Criterion, result: str, remark: str, actor: User,
    expected_version: int | None = None, at: datetime | None = None,
) -> Answer:  # fmt: skip
    """Keep what the reviewers make of it, while the submission is reviewed or decided
    (403, 409). The last word counts; who said it is kept."""
    with passage(gate, actor=actor, at=at) as move:
        _refuse_outside(move, S.IN_REVIEW, S.AWAITING_VERDICT)
        if not may_judge(move.flow, move.who):
            raise NotAllowed(_("Evidence is judged by whoever reviews this gate."))
        answer = _answer(move, criterion, expected_version)
        judged = {"result": result, "remark": remark}
        stamp = {"judged_by": actor if result else None, "judged_at": move.at if result else None}
        return _keep(move, answer, JUDGE, judged, stamp)


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


def _answer(move: Passage, criterion: Criterion, expected_version: int | None) -> Answer:
    gate: Gate = move.case
    if not gate.criteria.filter(pk=criterion.pk).exists():
        raise Conflict(_("This gate does not ask for that."))
    _refuse_stale(move, criterion, expected_version)
    found = gate.answers.filter(criterion=criterion, round=gate.round).first()
    return found or Answer(gate=gate, criterion=criterion, round=gate.round)


def _refuse_stale(move: Passage, criterion: Criterion, seen: int | None) -> None:
    """Refuse to write over what another said of this criterion since, or in another round.

    What one wrote oneself is no surprise: fast clicks send the version of before the last.
    """
    if seen is None:
        return
    if seen > move.case.version:
        raise Conflict(_("Somebody else acted on this case meanwhile. Look at what changed."))
    said = Q(action__in=(SHOW, JUDGE), data__code=criterion.code)
    others = move.case.events.filter(seq__gt=seen).exclude(actor=move.who.user)
    event = others.filter(said | Q(data__changes__has_key="round")).select_related("actor").last()
    if event is not None:
        raise Conflict(
            _("%(person)s acted on this meanwhile. Compare with yours, and save again.")
            % {"person": event.actor}
        )


def _keep(
    move: Passage, answer: Answer, name: str, said: dict[str, Any], stamp: dict[str, Any]
) -> Answer:
    if all(getattr(answer, field) == value for field, value in said.items()):
        return answer
    for field, value in (said | stamp).items():
        setattr(answer, field, value)
    answer.save()
    move.note(name, code=answer.criterion.code, round=answer.round, **_told(said))
    return answer


def _told(said: dict[str, Any]) -> dict[str, Any]:
    """Return what an event keeps: of a file its content, of a record where it stood then."""
    told = jsonable({name: value for name, value in said.items() if value})
    file, record = said.get("file"), said.get("record")
    if file is not None:
        told["file"] = {"id": file.pk, "name": file.name, "sha256": file.sha256}
    if record is not None:
        told["record"] = {"number": record.number, "version": record.version,
                          "hash": record.chain_head}  # fmt: skip
    return dict(told)


def _file(move: Passage, kept: int | None, upload: UploadedFile[Any] | None) -> Attachment | None:
    """Return the file of the gate that is meant; one that is sent again is not kept twice."""
    files = move.case.attachments
    if upload is not None:
        found: Attachment | None = files.filter(sha256=attachments.sha256_of(upload)).first()
        try:
            return found or attachments.store(move, upload)
        except ValidationError as error:
            raise BadData({"upload": error.messages}) from error
    if kept is None:
        return None
    found = files.filter(pk=kept).first()
    if found is None:
        raise BadData({"kept": [_("This gate has no such file.")]})
    return found


def _record(move: Passage, answer: Answer, number: str) -> Case | None:
    """Return the case that is meant: one the writer may see, or that was shown before."""
    number = number.strip().upper()
    if not number or (answer.record is not None and answer.record.number == number):
        return answer.record if number else None
    found = Case.objects.visible_to(move.who).filter(number=number).first()
    if found is None:
        raise BadData({"record": [_("There is no such case.")]})
    return found
