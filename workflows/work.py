"""Tasks follow the state: open what a state owes, close what it no longer does."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

import rows
from people.actors import Actor, holders_of
from people.models import User
from workflows import clocks
from workflows.lifecycles import Decision, Lifecycle, Work
from workflows.models import Task
from workflows.passages import Passage
from workflows.permissions import principal
from workflows.quorums import OpenSeat
from workflows.refusals import Conflict


def decision_of(flow: Lifecycle) -> Decision | None:
    """Return the decision the case's state is, or None where one person's work is owed."""
    spec = flow.work.get(flow.case.state)
    return spec if isinstance(spec, Decision) else None


def settle(
    move: Passage, source: str, outcome: str, due_at: datetime | None, *, anew: bool = False
) -> list[Task]:
    """Close the tasks of the state that was left and open those of the new one; return these.

    Nothing happens to tasks when an action keeps the state, except that their due time follows;
    unless the state is to be entered `anew`, or the case names another person for it now.
    """
    flow = move.flow
    if source == move.case.state and not anew and not _names_another(flow):
        _follow_due(flow, due_at)
        return []
    _close(move, outcome)
    opened = [_open(move, seat, due_at) for seat in _seats(move)]
    rows.insert(opened)
    flow.tasks = [*flow.tasks, *opened]
    return opened


def cast_vote(move: Passage, decision: Decision, name: str, *, note: str) -> bool | None:
    """Finish the actor's seat with their vote; return the quorum's verdict, None while open."""
    move.task = task = move.flow.task_for(move.who)
    if task is None:
        raise Conflict(_("You have already decided, or the decision is made."))
    _finish(move, task, decision.votes[name], note)
    if decision.binds is not None:
        task.data = {**task.data, "binds": decision.binds(move.case, task.slot)}
    rows.update(task, (*FINISHED, "data"))
    seats = move.flow.round_of(task)
    votes = {one.slot: one.outcome for one in move.flow.standing(task.step)}
    votes |= {one.slot: one.outcome for one in seats if not one.is_open}
    quorum = decision.quorum.of(move.case)
    return quorum.verdict(votes, {one.slot for one in seats if one.is_open})


FINISHED = ("status", "done_at", "done_by", "on_behalf_of", "outcome", "note", "assignee")


def _names_another(flow: Lifecycle) -> bool:
    """Tell whether the work is with a person the case named or with nobody, and it names another
    one now."""
    spec = flow.work.get(flow.case.state)
    if not isinstance(spec, Work) or spec.person is None:
        return False
    person = spec.person(flow.case)
    named = person.pk if person else None
    return any(
        (one.is_named or one.assignee_id is None) and one.assignee_id != named
        for one in flow.open_tasks
    )


def _finish(move: Passage, task: Task, outcome: str, note: str = "") -> None:
    behalf = principal(move.who, task)
    task.status, task.outcome, task.note = Task.Status.DONE, outcome, note
    task.done_at, task.done_by = move.at, move.who.user
    task.on_behalf_of_id = behalf
    if task.assignee_id is None:
        task.assignee_id = behalf or move.who.user.pk


def _close(move: Passage, outcome: str) -> None:
    """Finish the actor's own task and cancel the other open ones (1 query each at most)."""
    for task in move.flow.open_tasks:
        if move.task is not None and task.pk == move.task.pk:
            _finish(move, task, outcome)
            rows.update(task, FINISHED)
        else:
            task.status = Task.Status.CANCELLED
            rows.update(task, ("status",))


def _seats(move: Passage) -> list[OpenSeat]:
    """Return the seats of the new state; `Conflict` if nobody at all could take one."""
    case, flow = move.case, move.flow
    spec = flow.work.get(case.state)
    if isinstance(spec, Decision):
        return _decision_seats(move, spec)
    if isinstance(spec, Work):
        person = spec.person(case) if spec.person else None
        is_named = person is not None
        if person is None and spec.role:
            person = _whoever_did_it(move, spec)
        if person is None and spec.role is None:
            raise Conflict(
                _("Nobody can be given the next step “%(step)s”.") % {"step": spec.label}
            )
        return [OpenSeat("1", spec.role or "", person, is_named)]
    return []


def _decision_seats(move: Passage, spec: Decision) -> list[OpenSeat]:
    step = move.case.state
    needed, quorum = needed_seats(move.flow, step), spec.quorum.of(move.case)
    votes = {one.slot: one.outcome for one in move.flow.standing(step)}
    seats = [seat for seat in needed if seat.slot not in votes]
    is_empty = any(
        seat.person is None and not _holders(move.flow, spec, seat.role) for seat in seats
    )
    if is_empty or quorum.verdict(votes, {seat.slot for seat in seats}) is not None:
        raise Conflict(
            _("Too few people can decide “%(step)s”; ask for the missing roles to be given.")
            % {"step": spec.label}
        )
    return seats


def needed_seats(flow: Lifecycle, step: str) -> list[OpenSeat]:
    """Return the seats of a decision, whoever has filled them already."""
    spec = flow.work[step]
    assert isinstance(spec, Decision)  # the caller names a decision
    quorum = spec.quorum.of(flow.case)
    return list(quorum.seats(flow.case, lambda role: _holders(flow, spec, role)))


def is_carried(flow: Lifecycle, step: str) -> bool:
    """Tell whether the votes of a decision that still stand are enough to carry it."""
    spec = flow.work[step]
    assert isinstance(spec, Decision)  # the caller names a decision
    votes = {one.slot: one.outcome for one in flow.standing(step)}
    missing = {seat.slot for seat in needed_seats(flow, step)} - set(votes)
    return spec.quorum.of(flow.case).verdict(votes, missing) is True


def _holders(flow: Lifecycle, spec: Decision, role: str) -> list[User]:
    """Return who holds `role` for the case and is not barred from the decision."""
    people = list(holders_of(role, flow.case.unit, flow.at))
    deputies = flow.who.deputies if flow.who else None
    if spec.barred is None:
        return people
    return [one for one in people if not spec.barred(flow, Actor.of(one, flow.at, deputies))]


def _whoever_did_it(move: Passage, spec: Work) -> User | None:
    """Return who finished this step of the case before, if they still may (0 to 3 queries)."""
    steps = (move.case.state, spec.same_as)
    before = [task for task in move.flow.tasks if task.step in steps and task.done_by_id]
    if not before:
        return None
    person = before[-1].assignee
    if person is None or not person.is_active:
        return None
    who = Actor.of(person, move.at, move.who.deputies)
    barred = spec.barred is not None and spec.barred(move.flow, who)
    return person if who.has_role(spec.role or "", move.case.unit) and not barred else None


def _open(move: Passage, seat: OpenSeat, due_at: datetime | None) -> Task:
    task = Task(
        case=move.case, step=move.case.state, slot=seat.slot, role=seat.role,
        unit=move.case.unit, assignee=seat.person, is_named=seat.is_named, opened_at=move.at,
        opened_seq=move.case.version + 1, due_at=due_at,
    )  # fmt: skip
    if seat.person is not None:
        task.status, task.claimed_at = Task.Status.CLAIMED, move.at
    return task


def follow_clocks(move: Passage) -> None:
    """Let the open tasks be due by what the clocks of the case say now (1 query per task)."""
    _follow_due(move.flow, clocks.earliest_due(move.flow.clock_rows))


def _follow_due(flow: Lifecycle, due_at: datetime | None) -> None:
    for task in flow.open_tasks:
        if task.due_at != due_at:
            task.due_at = due_at
            rows.update(task, ("due_at",))
