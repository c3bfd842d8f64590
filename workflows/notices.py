"""Who is told what: rows of the outbox, written in the transaction of the event they tell of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rows
from people.actors import Holders, deputies_at, deputy_chain
from people.models import Unit
from workflows.models import Case, Clock, Event, Outbox, Task, Watch
from workflows.passages import Passage


def after_event(move: Passage, event: Event, opened: list[Task]) -> None:
    """Tell whoever owes the next step, and the customer and watchers that the case moved."""
    told = _workers(move, opened)
    messages = _messages(event, "work", told)
    if event.source != event.target:
        followers = {move.case.requester_id, move.case.beneficiary_id, *_watchers(move.case)}
        messages += _messages(event, "moved", followers - told - {move.who.user.pk})
    rows.insert(messages)


def mentioned(move: Passage, event: Event, user_ids: Iterable[int], followers: bool) -> None:
    """Tell the people named in a comment; with `followers` also customer and watchers."""
    named = set(user_ids) - {move.who.user.pk}
    messages = _messages(event, "mention", named)
    if followers:
        others = {move.case.requester_id, move.case.beneficiary_id, *_watchers(move.case)}
        messages += _messages(event, "comment", others - named - {move.who.user.pk})
    rows.insert(messages)


def handed_over(move: Passage, event: Event, task: Task) -> None:
    rows.insert(_messages(event, "work", _workers(move, [task]) - {move.who.user.pk}))


@dataclass
class Ladder:
    """Whom to tell of alerts at `at`: read once for many cases (3 queries)."""

    at: datetime
    open_tasks: dict[int, list[Task]]
    holders: Holders
    deputies: Mapping[int, int]

    @classmethod
    def of(cls, cases: Collection[Case], at: datetime) -> Ladder:
        open_tasks: dict[int, list[Task]] = defaultdict(list)
        for task in Task.objects.open().filter(case__in=[case.pk for case in cases]):
            open_tasks[task.case_id].append(task)
        roles = {task.role for tasks in open_tasks.values() for task in tasks if task.role}
        for lifecycle in {case.lifecycle for case in cases}:
            roles |= {role for told in lifecycle.escalation.values() for role in told}
        return cls(at, open_tasks, Holders(roles, at), deputies_at(at))

    def told(self, case: Case, percent: int) -> set[int]:
        """Return whoever holds the work, and who stands above at so many percent."""
        people = set()
        for task in self.open_tasks.get(case.pk, []):
            people |= _of_task(task, case.unit, self.holders)
        for threshold, roles in case.lifecycle.escalation.items():
            if percent >= threshold:
                people |= {pk for role in roles for pk in self.holders.of(role, case.unit)}
        return set(deputy_chain(people, self.deputies).values())


def for_alert(clock: Clock, event: Event, ladder: Ladder) -> list[Outbox]:
    """Return the messages of a threshold: to whoever holds the work, and up the ladder."""
    told = ladder.told(clock.case, event.data["percent"])
    return _messages(event, "clock", told, action=event.action)


def _workers(move: Passage, tasks: list[Task]) -> set[int]:
    """Return who should do `tasks`: the assignee or their deputy, or the whole queue (1 query)."""
    roles = {task.role for task in tasks if task.assignee_id is None}
    holders = Holders(roles, move.at, move.case.unit)
    people = {pk for task in tasks for pk in _of_task(task, move.case.unit, holders)}
    return set(deputy_chain(people, move.who.deputies).values())


def _of_task(task: Task, unit: Unit, holders: Holders) -> set[int]:
    return {task.assignee_id} if task.assignee_id is not None else holders.of(task.role, unit)


def _watchers(case: Case) -> set[int]:
    return {user for (user,) in WATCHERS(case=case.pk)}


WATCHERS = rows.Reading(lambda case: Watch.objects.filter(case__pk=case).values_list("user_id"))


def _messages(event: Event, topic: str, user_ids: Iterable[int], **data: Any) -> list[Outbox]:
    """Build one message per recipient; the key makes it unique whatever is run twice."""
    return [
        Outbox(
            key=f"{event.case.number}:{event.seq}:{topic}:{user_id}",
            topic=topic, recipient_id=user_id, case_id=event.case_id,
            data={"seq": event.seq, **data}, created_at=event.at, next_try_at=event.at,
        )
        for user_id in sorted(user_ids)
    ]  # fmt: skip
