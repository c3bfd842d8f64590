"""What people do to a case besides moving it: take, hand over, talk, attach, link, watch."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from auditlog.context import set_actor
from auditlog.models import LogEntry
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

import rows
from people.actors import Actor
from people.models import User
from people.roles import Role
from workflows import attachments, clocks, custody, notices, work
from workflows.lifecycles import PROVIDER
from workflows.models import (
    Attachment,
    Case,
    CaseLink,
    Comment,
    Outbox,
    OutboxQuerySet,
    Task,
    Watch,
)
from workflows.passages import Passage, passage
from workflows.permissions import may_take, principal
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction
from workflows.timeline import is_customer, reads_internal

MENTION = re.compile(r"(?<![A-Za-z0-9_.@])@([\w.+-]+)")
HANDS_OUT = (Role.SERVICE_MANAGER, Role.SERVICE_DESK)
"""Roles that may assign work of others; everybody may hand over their own."""


def claim_task(*, task: Task, actor: User, at: datetime | None = None) -> Task:
    """Take a task from the queue; `Conflict` (409) if somebody was faster.

    A deputy takes it for the person they stand in for: it is theirs again when they return.
    """
    with passage(task.case, actor=actor, at=at) as move:
        found = _fresh(move, task)
        if found.assignee_id in move.who.identities:
            return found
        if found.status != Task.Status.OPEN:
            raise Conflict(_("%(person)s has already taken this.") % {"person": found.assignee})
        if not may_take(move.flow, move.who, found):
            raise NotAllowed(
                _("This work is not for you: it needs another role or another person.")
            )
        principal_id = principal(move.who, found)
        _give(move, found, User.objects.get(pk=principal_id) if principal_id else actor)
        move.note("claim", task=found.pk, step=found.step)
        return found


def release_task(*, task: Task, actor: User, at: datetime | None = None) -> Task:
    """Put a task back into the queue of its role."""
    with passage(task.case, actor=actor, at=at) as move:
        found = _fresh(move, task)
        if found.assignee_id not in move.who.identities:
            raise NotAllowed(_("Only the person who has this work can put it back."))
        if not found.role or found.is_own_seat:
            raise Conflict(_("This work belongs to one person and has no queue to go back to."))
        found.status, found.assignee, found.claimed_at = Task.Status.OPEN, None, None
        found.is_named = False
        rows.update(found, GIVEN)
        custody.settle(move)
        event = move.note("release", task=found.pk, step=found.step)
        notices.handed_over(move, event, found)
        return found


def assign_task(*, task: Task, to: User, actor: User, at: datetime | None = None) -> Task:
    """Give a task to somebody who may do it: one's own, or any as service manager or desk."""
    with passage(task.case, actor=actor, at=at) as move:
        found = _fresh(move, task)
        own = found.assignee_id in move.who.identities
        if not own and not hands_out(move.who, found):
            raise NotAllowed(_("You may only hand over your own work."))
        if not found.role or found.is_own_seat or not _could_do(move, found, to):
            raise BadData({"to": [_("%(person)s may not do this work.") % {"person": to}]})
        _give(move, found, to)
        event = move.note("assign", task=found.pk, step=found.step, to=to.pk, to_name=str(to))
        notices.handed_over(move, event, found)
        return found


def hands_out(who: Actor, task: Task) -> bool:
    """Tell whether `who` may give out work of others in the unit of `task`."""
    return any(who.has_role(role, task.unit) for role in HANDS_OUT)


def _could_do(move: Passage, task: Task, person: User) -> bool:
    who = Actor.of(person, move.at)
    allowed = who.has_role(task.role, task.unit) and not move.flow.is_barred(task.step, who)
    return person.is_active and allowed and not move.flow.has_voted(who, task)


def _give(move: Passage, task: Task, person: User) -> None:
    task.status, task.assignee, task.claimed_at = Task.Status.CLAIMED, person, move.at
    task.is_named = False
    rows.update(task, GIVEN)
    custody.settle(move)


GIVEN = ("status", "assignee", "claimed_at", "is_named")


def _fresh(move: Passage, task: Task) -> Task:
    """Return the task as it is under the lock, the very row `move` looks at."""
    found = next((one for one in move.flow.tasks if one.pk == task.pk), None)
    if found is None:
        raise UnknownAction(_("There is no such task."))
    if not found.is_open:
        raise Conflict(_("This work is already done or no longer needed."))
    return found


def add_comment(
    *,
    case: Case,
    body: str,
    actor: User,
    is_internal: bool = False,
    at: datetime | None = None,
) -> Comment:
    """Say something about a case; `@username` calls a person who may see it.

    The first public word of ours to the requester stops the clocks that wait for an answer (M4).
    """
    if not body.strip():
        raise BadData({"body": [_("Write something first.")]})
    if len(body) > 20_000:
        raise BadData({"body": [_("At most 20,000 characters fit into a comment.")]})
    with passage(case, actor=actor, at=at) as move:
        if is_internal and not reads_internal(move.case, move.who):
            raise NotAllowed(_("Internal comments are for the staff."))
        comment = Comment.objects.create(
            case=move.case, author=actor, body=body, is_internal=is_internal, created_at=move.at
        )
        event = move.note("comment", id=comment.pk, is_internal=is_internal)
        if not is_internal and not is_customer(move.case, move.who) and _is_ours(move):
            for clock in clocks.answer_given(move):
                move.note("answered", metric=clock.metric)
            work.follow_clocks(move)
        named = mentioned_in(body)
        readers = [one.pk for one in named if _may_read(move, one, is_internal=is_internal)]
        notices.mentioned(move, event, readers, followers=not is_internal)
        return comment


def mentioned_in(body: str) -> list[User]:
    """Return the active people whose user name follows an `@` (1 query).

    Chinese needs no space after a name and a sentence may end with one, so the longest known
    name that what follows begins with is meant.
    """
    runs = MENTION.findall(body)[:50]
    beginnings = {run[:end] for run in runs for end in range(1, min(len(run), 150) + 1)}
    known = {user.username: user for user in User.objects.filter(username__in=beginnings)}
    fitting = ([name for name in known if run.startswith(name)] for run in runs)
    meant = dict.fromkeys(max(names, key=len) for names in fitting if names)
    return [known[name] for name in meant if known[name].is_active]


def _is_ours(move: Passage) -> bool:
    """Tell whether whoever speaks has a part in our work on this kind of case."""
    ours = [spec for spec in move.flow.work.values() if spec.party == PROVIDER]
    roles = {role for spec in ours for role in spec.roles()}
    return any(move.who.has_role(role, move.case.unit) for role in roles)


def _may_read(move: Passage, person: User, *, is_internal: bool) -> bool:
    who = Actor.of(person, move.at)
    if is_internal and not reads_internal(move.case, who):
        return False
    return Case.objects.visible_to(who).filter(pk=move.case.pk).exists()


def attach_file(
    *, case: Case, file: UploadedFile[Any], actor: User, at: datetime | None = None
) -> Attachment:
    """Add a file to a case; `BadData` (422) says why one is not accepted."""
    with passage(case, actor=actor, at=at) as move:
        try:
            return attachments.store(move, file)
        except ValidationError as error:
            raise BadData({"file": error.messages}) from error


def link_cases(
    *, source: Case, target: Case, relation: str, actor: User, at: datetime | None = None
) -> CaseLink:
    """Link two cases the actor sees; written into the story of both."""
    if source.pk == target.pk:
        raise BadData({"target": [_("A case cannot be linked to itself.")]})
    if relation not in CaseLink.Relation.values:
        raise BadData({"relation": [_("Choose how the two belong together.")]})
    first, second = sorted((source, target), key=lambda case: case.pk)
    with passage(first, actor=actor, at=at) as one, passage(second, actor=actor, at=at) as other:
        link, is_new = CaseLink.objects.get_or_create(
            source=source, target=target, relation=relation,
            defaults={"created_by": actor, "created_at": one.at},
        )  # fmt: skip
        if not is_new:
            raise Conflict(_("These cases are already linked that way."))
        for move, opposite in ((one, other), (other, one)):
            is_source = move.case.pk == source.pk
            move.note("link", relation=relation, other=opposite.case.number, outgoing=is_source)
        return link


def watch_case(*, case: Case, actor: User, at: datetime | None = None) -> None:
    """Follow a case one sees; following twice is following once."""
    with passage(case, actor=actor, at=at, writes=False) as move:
        is_new = Watch.objects.get_or_create(
            case=case, user=actor, defaults={"created_at": move.at}
        )[1]
        if is_new:
            move.note("watch")


def unwatch_case(*, case: Case, actor: User, at: datetime | None = None) -> None:
    with passage(case, actor=actor, at=at, writes=False) as move:
        if Watch.objects.filter(case=case, user=actor).delete()[0]:
            move.note("unwatch")


def add_watcher(*, case: Case, person: User, actor: User, at: datetime | None = None) -> None:
    """Let somebody follow a case they may see already; said by the staff of the case."""
    with passage(case, actor=actor, at=at) as move:
        if not reads_internal(move.case, move.who):
            raise NotAllowed(_("Only the staff of this case may ask others to follow it."))
        if not person.is_active or not _may_read(move, person, is_internal=False):
            sentence = _("%(person)s may not see this case.") % {"person": person}
            raise BadData({"watcher": [sentence]})
        is_new = Watch.objects.get_or_create(
            case=case, user=person, defaults={"created_at": move.at}
        )[1]
        if is_new:
            move.note("add_watcher", to=person.pk, to_name=str(person))


def retry_messages(*, messages: OutboxQuerySet, actor: User, at: datetime) -> int:
    """Give messages that were given up twelve more tries; return how many. What was sent stays."""
    with transaction.atomic(), set_actor(actor):
        chosen = list(messages.dead().select_for_update(of=("self",)))
        Outbox.objects.filter(pk__in=[one.pk for one in chosen]).update(
            dead_at=None, attempts=0, next_try_at=at
        )
        for one in chosen:
            LogEntry.objects.log_create(
                one, action=LogEntry.Action.UPDATE, force_log=True,
                changes={"dead_at": [str(one.dead_at), "None"]},
            )  # fmt: skip
    return len(chosen)
