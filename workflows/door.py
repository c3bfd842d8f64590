"""The one door: every change of a case passes here, in one transaction, and leaves an event.

`open_case` files and `perform` acts; what does not move a case (claims, comments, links) is in
`actions`, within the same frame (`passages`). Pages, the API, the sweep and commands call nothing
else.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from viewflow.fsm import TransitionConditionsUnmet

import rows
from people.actors import Actor, customer_class_of
from people.house_time import house_date
from people.models import User
from workflows import attachments, clocks, custody, notices, retiming, search, work
from workflows.events import CHAIN, substantial_since
from workflows.forms import Fit, cleaned
from workflows.idempotency import Answer, Render, reserve
from workflows.lifecycles import Action, Lifecycle, lifecycle_of
from workflows.models import Case, CaseLink, Event, IdempotencyRecord, NumberSequence
from workflows.models.events import jsonable
from workflows.passages import Passage, bounded_wait, passage
from workflows.permissions import Permission
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

ENGINE_FIELDS = {"state", "closed_at", "search_tokens", *CHAIN}


def open_case(
    kind: str,
    *,
    actor: User,
    requester: User | None = None,
    at: datetime | None = None,
    idempotency_key: str | None = None,
    render: Render | None = None,
    fit: Fit | None = None,
    raised: bool = False,
    **data: Any,
) -> Answer:
    """File a case of `kind`; `data` are the fields of its form.

    `requester`: who asks for it where the actor only writes it down, as when a part is split off.
    `raised`: another case files it, which asks nobody whether they might.
    `render` makes what is kept for the key, and given again to who sends it again; `fit` brings
    raw data into the shape of the form's fields.
    Raises `UnknownAction` (404), `NotAllowed` (403), `BadData` (422).
    """
    at = at or timezone.now()
    lifecycle = lifecycle_of(kind)
    with transaction.atomic():
        who = Actor.of(actor, at)
        with bounded_wait():
            ledger = reserve(actor, idempotency_key, f"open {kind}", data, at)
        if ledger is not None and ledger.case is not None:
            return _again(ledger, who)
        if not raised and not lifecycle.may_be_filed_by(who):
            raise NotAllowed(_("You may not file this kind of case."))
        values = cleaned(lifecycle.form, data, who=who, fit=fit)
        files = values.pop("attachments", None) or []
        case = _new_case(lifecycle, requester or actor, at, values)
        move = Passage(case, lifecycle.of_new(case, who, at), who, at)
        event = _settle(move, "open", source="", changes={}, values=values)
        for file in files:
            attachments.store(move, file)
        return Answer(case, move.flow, event).keep(ledger, render)


def perform(
    case: Case | str,
    action: str,
    *,
    actor: User,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
    at: datetime | None = None,
    render: Render | None = None,
    fit: Fit | None = None,
    **data: Any,
) -> Answer:
    """Do `action` on `case`, a row or its number; `data` are the fields of the action's form.

    Raises `UnknownAction` (404), `NotAllowed` (403), `Conflict` (409), `BadData` (422).
    `expected_version`: refuse when somebody acted since that version; comments and claims by
    others do not count as acting. `render`, `fit`: as in `open_case`.
    """
    with passage(case, actor=actor, at=at) as move:
        with bounded_wait():
            ledger = reserve(actor, idempotency_key, f"{action} {move.case.number}", data, move.at)
        if ledger is not None and ledger.case is not None:
            return _again(ledger, move.who)
        declared = _declared(move, action)
        _refuse_stale(move.case, expected_version)
        values = cleaned(declared.form, data, who=move.who, flow=move.flow, fit=fit)
        event = _vote(move, declared, values) or _transition(move, declared.name, declared, values)
        return Answer(move.case, move.flow, event).keep(ledger, render)


def _again(ledger: IdempotencyRecord, who: Actor) -> Answer:
    """Return the case of an earlier request with the same key, and the answer kept for it."""
    assert ledger.case is not None  # the caller looked
    case = ledger.case.concrete()
    flow = case.lifecycle(case, who, who.at)
    return Answer(case, flow, kept=ledger.answer, is_replay=True)


def _new_case(
    lifecycle: type[Lifecycle], requester: User, at: datetime, values: dict[str, Any]
) -> Case:
    beneficiary = values.get("on_behalf_of") or requester
    if beneficiary.unit is None:
        raise BadData(
            {"__all__": [_("You belong to no organisation unit; ask your administrator.")]}
        )
    columns = {field.name for field in lifecycle.model._meta.get_fields()}
    with bounded_wait():
        number = NumberSequence.next(lifecycle.prefix, house_date(at).year)
    case = lifecycle.model(
        **{name: value for name, value in values.items() if name in columns},
        number=number,
        kind=lifecycle.kind,
        state=lifecycle.initial,
        lifecycle_revision=lifecycle.revision,
        requester=requester,
        unit=beneficiary.unit,
        customer_class=customer_class_of(beneficiary, at),
        opened_at=at,
        last_event_at=at,
    )
    case.search_tokens = search.token_text(case.prose)
    rows.insert([case])
    return case


def _declared(move: Passage, name: str) -> Action:
    """Find the declared action and refuse, in this order: 404, 409 by state, 403."""
    if not move.flow.has_action(name):
        raise UnknownAction(_("There is no such action."))
    action = move.flow.action(name, move.case.state)
    if action is None:
        raise Conflict(
            _("This case is now “%(state)s”, so that is no longer possible.")
            % {"state": move.case.state_label}
        )
    if not action.transition.has_perm(move.flow, move.who):
        raise NotAllowed(_("“%(action)s” is not yours to do here.") % {"action": action.label})
    return action


def _refuse_stale(case: Case, expected_version: int | None) -> None:
    if expected_version is None or expected_version == case.version:
        return
    if expected_version > case.version or substantial_since(case, expected_version):
        raise Conflict(_("Somebody else acted on this case meanwhile. Look at what changed."))


def _vote(move: Passage, action: Action, values: dict[str, Any]) -> Event | None:
    """Cast a vote where the state is a decision; None when `action` is no vote there."""
    decision = work.decision_of(move.flow)
    if decision is None or action.name not in decision.votes:
        return None
    unmet = action.transition.get_unmet_condition(move.flow)
    if unmet is not None:
        raise Conflict(str(getattr(unmet[1], "message", "")))
    verdict = work.cast_vote(move, decision, action.name, note=values.get("note", ""))
    if verdict is None:
        state = move.case.state
        custody.settle(move)
        return move.record(
            Event.Kind.VOTE, action.name, source=state, note=values.get("note", ""),
            data={"form": jsonable(values)},
        )  # fmt: skip
    name = decision.carried if verdict else decision.lost
    outcome = move.flow.action(name, move.case.state)
    assert outcome is not None  # `manage.py check` refuses a decision without its transitions
    return _transition(move, action.name, outcome, values)


def _transition(move: Passage, name: str, action: Action, values: dict[str, Any]) -> Event:
    """Run the transition body, then let tasks, clocks, custody, event and outbox follow."""
    case, source = move.case, move.case.state
    before = _snapshot(case)
    if move.task is None and uses_task(action):
        move.task = move.flow.task_for(move.who)
    try:
        getattr(move.flow, action.name)(**values)
    except TransitionConditionsUnmet as unmet:
        raise Conflict(unmet.unmet_message) from unmet
    changes = {
        key: [jsonable(before[key]), jsonable(value)]
        for key, value in _snapshot(case).items()
        if key not in ENGINE_FIELDS and before[key] != value
    }
    return _settle(
        move, name, source=source, changes=changes, values=values, before=before,
        anew=bool(action.transition.custom.get("anew")),
    )  # fmt: skip


def _settle(
    move: Passage,
    name: str,
    *,
    source: str,
    changes: dict[str, Any],
    values: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    anew: bool = False,
) -> Event:
    """Bring everything that hangs on the state in line with it, and write the event."""
    case, flow = move.case, move.flow
    is_final = case.state in flow.closed
    case.closed_at = (case.closed_at or move.at) if is_final else None
    retiming.rematch(move, changes)
    if not changes.keys().isdisjoint(case.search_fields):
        case.search_tokens = search.token_text(case.prose)
    due_at = clocks.settle(move, source, name)
    opened = work.settle(move, source, name, due_at, anew=anew)
    custody.settle(move)
    data = {"changes": changes, "form": jsonable(values or {})}
    said = values or {}
    note = str(said.get("note") or said.get("reason") or "") if source else ""
    changed = [key for key, old in (before or {}).items() if getattr(case, key) != old]
    event = move.record(
        Event.Kind.ACTION, name, source=source, note=note, data=data, changed=changed
    )
    notices.after_event(move, event, opened)
    flow.follow_up(name, said)
    _raise_another(move, name, values or {})
    return event


def _raise_another(move: Passage, name: str, values: dict[str, Any]) -> None:
    """File and link the case that the action raises from this one, where it declares so.

    `raises(case, values)` returns the filing data. The person acting files it, and whoever asked
    for this case asks for that one: else the actor could not decide on it.
    """
    declared = next((one for one in move.flow.actions() if one.name == name), None)
    raises = declared.transition.custom.get("raises") if declared else None
    if raises is None:
        return
    data = raises(move.case, values)
    answer = open_case(
        move.case.kind, actor=move.who.user, requester=move.case.requester, at=move.at, **data
    )
    CaseLink.objects.create(
        source=answer.case, target=move.case, relation=CaseLink.Relation.RAISED_FROM,
        created_by=move.who.user, created_at=move.at,
    )  # fmt: skip


def uses_task(action: Action) -> bool:
    """Tell whether doing `action` finishes the actor's task of the state."""
    permission = action.transition.permission
    return isinstance(permission, Permission) and permission.uses_task and bool(action.targets)


def _snapshot(case: Case) -> dict[str, Any]:
    """Return the values of the case's own columns by attribute name."""
    return {
        field.attname: getattr(case, field.attname)
        for field in case._meta.concrete_fields
        if not field.primary_key
    }
