"""The frame of every change: a case locked and fresh, one person, one instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

import rows
from people.actors import Actor
from people.models import User
from workflows import clocks, webhooks
from workflows.events import CHAIN, next_event
from workflows.lifecycles import Holder, Lifecycle, lifecycle_numbered
from workflows.models import Case, Event, Task
from workflows.permissions import principal
from workflows.refusals import Conflict, NotAllowed, UnknownAction


@dataclass
class Passage:
    """One passage through the door: the locked case, who passes, when, and the event to be."""

    case: Any
    flow: Lifecycle
    who: Actor
    at: datetime
    task: Task | None = None
    held: Holder | None = None
    """With whom the case lay before, as far as custody has been told."""
    _standards: dict[datetime, clocks.Standards] = field(default_factory=dict)

    def standards(self, at: datetime) -> clocks.Standards:
        """Return the standards in force at `at` that match the case as it is now (1 query)."""
        if at not in self._standards:
            self._standards[at] = clocks.standards_of(self.case, at)
        return self._standards[at]

    @property
    def on_behalf_of_id(self) -> int | None:
        """Return for whom a deputy acts: who owes the task, or who asked for the case."""
        if self.task is not None:
            return principal(self.who, self.task)
        customers = {self.case.requester_id, self.case.on_behalf_of_id}
        if self.who.user.pk in customers:
            return None
        return next(iter(customers & self.who.stands_in_for), None)

    def note(self, action: str, *, note: str = "", **data: Any) -> Event:
        """Record something that does not move the case: a claim, a comment, a link.

        Within a transition it comes before the move: the case is still where it was.
        """
        return self.record(Event.Kind.NOTE, action, target=self.flow.source, note=note, data=data)

    def record(
        self,
        kind: str,
        action: str,
        *,
        source: str = "",
        target: str = "",
        note: str = "",
        data: dict[str, Any] | None = None,
        changed: Iterable[str] = (),
    ) -> Event:
        """Append an event, and save the `changed` columns with the chain (2 or 3 queries).

        With webhooks one more, and one for the messages to those that want it.
        """
        event = next_event(
            self.case, kind, action, target or self.case.state, at=self.at,
            actor_id=self.who.user.pk, on_behalf_of_id=self.on_behalf_of_id, source=source,
            note=note, data=data or {},
        )  # fmt: skip
        rows.insert([event])
        webhooks.tell(event)
        rows.update(self.case, (*changed, *CHAIN))
        return event


@contextmanager
def passage(
    case: Case | str, *, actor: User, at: datetime | None = None, writes: bool = True
) -> Iterator[Passage]:
    """Lock `case`, a row or its number, and let `actor` in, in one transaction.

    Raises `UnknownAction` (404) when there is no such case or the actor may not see it,
    `NotAllowed` (403) when their roles only read and they want to write; following a case is no
    writing. Roles are read under the lock: they are those of the instant of the event.
    """
    at = at or timezone.now()
    with transaction.atomic():
        with bounded_wait():
            locked = lock(case)
        # Who waited for the lock read the time before what happened meanwhile.
        at = max(at, locked.last_event_at)
        who = Actor.of(actor, at)
        flow = locked.lifecycle(locked, who, at)
        move = Passage(locked, flow, who, at, held=flow.holder())
        if not who.is_automation:
            _refuse_outsider(move, writes=writes)
        yield move


@contextmanager
def bounded_wait() -> Iterator[None]:
    """Wait for a lock as long as the database is told to; then say so (409)."""
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise Conflict(_("Others are busy with this; please try again.")) from error


def _refuse_outsider(move: Passage, *, writes: bool) -> None:
    case, who = move.case, move.who
    if not (
        case.is_surely_visible_to(who, move.flow.tasks)
        or Case.objects.visible_to(who).filter(pk=case.pk).exists()
    ):
        raise UnknownAction(_("There is no such case."))
    is_customer = not who.identities.isdisjoint({case.requester_id, case.on_behalf_of_id})
    if writes and who.only_reads and not is_customer:
        raise NotAllowed(_("You may read this case, not change it."))


def lock(case: Case | str) -> Case:
    """Return the row fresh from the database, locked until the transaction ends (1 query).

    FOR NO KEY UPDATE: a plain FOR UPDATE deadlocks with the foreign-key check of a concurrent
    insert of an event (measured: 9 deadlocks in 5 s against none).
    """
    if isinstance(case, Case):
        model, number = case.lifecycle.model, case.number
    else:
        model, number = lifecycle_numbered(case).model, case
    found: Case | None = _locking(model).first(number=number)
    if found is None:
        raise UnknownAction(_("There is no such case."))
    return found


@cache
def _locking(model: type[Case]) -> rows.Reading[Case]:
    tables = ("self",) if model is Case else ("self", "case_ptr")
    return rows.Reading(
        lambda number: (
            model._default_manager.select_for_update(no_key=True, of=tables)
            .select_related("requester", "on_behalf_of", "unit", "service")
            .filter(number=number)
        )
    )
