"""Who is told what: rows of the outbox, written in the transaction of the event they tell of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from people.actors import deputy_chain, holders_of
from workflows.models import Case, Clock, Event, Outbox, Task, Watch
from workflows.passages import Passage


def after_event(move: Passage, event: Event, opened: list[Task]) -> None:
    """Tell whoever owes the next step, and the customer and watchers that the case moved."""
    told = _workers(opened, move.at)
    messages = _rows(event, "work", told)
    if event.source != event.target:
        followers = {move.case.requester_id, move.case.beneficiary_id, *_watchers(move.case)}
        messages += _rows(event, "moved", followers - told - {move.who.user.pk})
    Outbox.objects.bulk_create(messages)


def mentioned(move: Passage, event: Event, user_ids: Iterable[int], followers: bool) -> None:
    """Tell the people named in a comment; with `followers` also customer and watchers."""
    named = set(user_ids) - {move.who.user.pk}
    messages = _rows(event, "mention", named)
    if followers:
        others = {move.case.requester_id, move.case.beneficiary_id, *_watchers(move.case)}
        messages += _rows(event, "comment", others - named - {move.who.user.pk})
    Outbox.objects.bulk_create(messages)


def handed_over(move: Passage, event: Event, task: Task) -> None:
    Outbox.objects.bulk_create(_rows(event, "work", _workers([task], move.at) - {move.who.user.pk}))


def for_alert(clock: Clock, event: Event) -> list[Outbox]:
    """Return the messages of a threshold: to whoever holds the work, and up the ladder."""
    case = clock.case
    open_tasks = list(case.tasks.filter(status__in=Task.OPEN).select_related("unit"))
    told = _workers(open_tasks, event.at)
    for percent, roles in case.lifecycle.escalation.items():
        if event.data["percent"] >= percent:
            for role in roles:
                above = set(holders_of(role, case.unit, event.at).values_list("pk", flat=True))
                told |= set(deputy_chain(above, event.at).values())
    return _rows(event, "clock", told)


def _workers(tasks: list[Task], at: datetime) -> set[int]:
    """Return who should do `tasks` at `at`: the assignee or their deputy, or the whole queue."""
    people: set[int] = set()
    for task in tasks:
        if task.assignee_id is not None:
            people.add(task.assignee_id)
        else:
            people |= set(holders_of(task.role, task.unit, at).values_list("pk", flat=True))
    return set(deputy_chain(people, at).values()) if people else people


def _watchers(case: Case) -> set[int]:
    return set(Watch.objects.filter(case_id=case.pk).values_list("user_id", flat=True))


def _rows(event: Event, topic: str, user_ids: Iterable[int], **data: Any) -> list[Outbox]:
    """Build one message per recipient; the key makes it unique whatever is run twice."""
    return [
        Outbox(
            key=f"{event.case.number}:{event.seq}:{topic}:{user_id}",
            topic=topic, recipient_id=user_id, case_id=event.case_id,
            data={"seq": event.seq, **data}, created_at=event.at, next_try_at=event.at,
        )
        for user_id in sorted(user_ids)
    ]  # fmt: skip
