"""What hangs on a case, gathered for one reader in few queries; nothing here writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework.fields import DateTimeField

from people.actors import Actor
from workflows.case_page import visible_links
from workflows.clocks import read
from workflows.inbox import TaskRow
from workflows.lifecycles import Lifecycle, Work, lifecycle_of
from workflows.models import Case, Clock, Event, Task
from workflows.permissions import may_take

SLUGS = ("code", "username", "number")
"""By what a row is named in the API, where it has one of these."""


def named(value: Any) -> Any:
    """Return a row by its code, user name or number; anything else as it is."""
    if not isinstance(value, models.Model):
        return value
    return next((getattr(value, slug) for slug in SLUGS if hasattr(value, slug)), value.pk)


def own_value(case: Case, name: str) -> Any:
    """Return a field of the kind as it is written: a number has its places also before a reload."""
    value, field = getattr(case, name), _column(case, name)
    if isinstance(value, Decimal) and isinstance(field, models.DecimalField):
        return f"{value:.{field.decimal_places}f}"
    return named(value)


def claimable(tasks: Iterable[Task], who: Actor, looks: Iterable[Lifecycle] = ()) -> set[int]:
    """Return the ids of the tasks `who` may take (1 query, and 1 for each kind of case).

    `looks`: the looks at their cases, where the caller has them; then there is no query.
    """
    free = [one for one in tasks if one.status == Task.Status.OPEN and one.assignee_id is None]
    flows = {look.case.pk: look for look in looks} or _flows({one.case for one in free}, who)
    return {one.pk for one in free if may_take(flows[one.case_id], who, one)}


def task_documents(rows: list[TaskRow], who: Actor, view: str) -> list[dict[str, Any]]:
    """Write rows of an inbox as `TaskOfCase` does; 3 queries where who may take is not plain."""
    free = _free(rows, who, view)
    return [_task_document(row, row.pk in free) for row in rows]


def _free(rows: list[TaskRow], who: Actor, view: str) -> set[int]:
    """Return the ids of the rows `who` may take: in their queue, unless the step bars somebody."""
    asked = [row for row in rows if row.is_up_for_grabs]
    plain = {
        row.pk
        for row in asked
        if view == "queue" and isinstance(spec := row.lifecycle.work[row.step], Work)
        if spec.barred is None
    }
    doubtful = [row.pk for row in asked if row.pk not in plain]
    tasks = Task.objects.filter(pk__in=doubtful).select_related("case", "unit") if doubtful else ()
    return plain | claimable(tasks, who)


def _task_document(row: TaskRow, can_claim: bool) -> dict[str, Any]:
    lifecycle = row.lifecycle
    return {
        "id": row.pk, "step": row.step, "label": row.label, "slot": row.slot, "role": row.role,
        "assignee": row.assignee, "status": row.status, "due_at": _written(row.due_at),
        "can_claim": can_claim, "opened_at": _written(row.opened_at),
        "done_at": _written(row.done_at), "outcome": row.outcome,
        "case": {
            "number": row.number, "kind": row.kind, "kind_label": str(lifecycle.label),
            "title": row.title, "state": row.state,
            "state_label": str(lifecycle.State(row.state).label), "priority": row.priority,
            "requester": row.requester, "service": row.service,
        },
    }  # fmt: skip


def _written(at: datetime | None) -> Any:
    return at and INSTANT.to_representation(at)


INSTANT = DateTimeField()


def _flows(cases: Iterable[Case], who: Actor) -> dict[int, Lifecycle]:
    """Look at many cases at once: who is barred depends on the kind's fields and past tasks."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        by_kind[case.kind].append(case.pk)
    tasks: dict[int, list[Task]] = defaultdict(list)
    ids = [pk for found in by_kind.values() for pk in found]
    for task in Task.objects.filter(case__in=ids).select_related("unit", "assignee"):
        tasks[task.case_id].append(task)
    return {
        case.pk: case.lifecycle(case, who, who.at, tasks=tasks[case.pk])
        for kind, pks in by_kind.items()
        for case in lifecycle_of(kind)
        .model._default_manager.filter(pk__in=pks)
        .select_related("requester", "on_behalf_of", "unit", "service__owner")
    }


def clock_row(clock: Clock, at: datetime) -> dict[str, Any]:
    reading = read(clock, at)
    is_over = clock.state == Clock.State.RUNNING and reading.due_at and at > reading.due_at
    missed = clock.breached_at is not None or clock.state == Clock.State.MISSED
    return {**vars(reading), "started_at": clock.started_at, "breached": bool(is_over) or missed}


def linked(case: Case, who: Actor) -> list[dict[str, Any]]:
    """Return the linked cases the reader may see (2 queries); `outgoing`: read from this case."""
    return [
        {
            "relation": link.relation, "outgoing": link.source_id == case.pk,
            "number": other.number, "title": other.title, "state": other.state,
        }
        for link, other in visible_links(case, who)
    ]  # fmt: skip


def changes(case: Case, events: Iterable[Event]) -> dict[int, list[dict[str, Any]]]:
    """Return, per event, what it changed: field, before, after (1 query per table pointed to)."""
    found = [
        (event.seq, field, pair)
        for event in events
        for name, pair in event.data.get("changes", {}).items()
        if (field := _column(case, name)) is not None
    ]
    rows: dict[Any, set[Any]] = defaultdict(set)
    for _seq, field, pair in found:
        if field.is_relation:
            rows[field.related_model] |= set(pair) - {None}
    names = {model: model._default_manager.in_bulk(pks) for model, pks in rows.items()}
    story: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for seq, field, (before, after) in found:
        if field.is_relation:
            known = names[field.related_model]
            before, after = known.get(before, before), known.get(after, after)
        story[seq].append({"field": field.name, "before": named(before), "after": named(after)})
    return story


def _column(case: Case, name: str) -> Any:
    """Return the field an event names; None for one of an earlier version of the process."""
    try:
        return case._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return None
