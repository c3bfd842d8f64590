"""The lists people work from: tasks by urgency, cases with their leading clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people.actors import Actor
from workflows.clocks import ClockReading, read
from workflows.models import Case, Clock, Task
from workflows.words import clock_level

LIMIT = 200
"""Rows of one list; who has more to do sees the most urgent ones."""

GROUPS = {
    "overdue": gettext_lazy("Overdue"),
    "due_soon": gettext_lazy("Due soon"),
    "on_track": gettext_lazy("On track"),
    "paused": gettext_lazy("Paused"),
    "no_clock": gettext_lazy("Without a due time"),
}
GROUP_OF_LEVEL = {
    "breached": "overdue", "due_very_soon": "due_soon", "at_risk": "due_soon",
    "on_track": "on_track", "paused": "paused",
}  # fmt: skip


@dataclass(frozen=True)
class TaskRow:
    task: Task
    case: Case
    clock: ClockReading | None
    can_take: bool

    @property
    def take_url(self) -> str:
        return reverse("task_claim", args=[self.task.pk])

    @property
    def group(self) -> str:
        return GROUP_OF_LEVEL[clock_level(self.clock)] if self.clock else "no_clock"


@dataclass(frozen=True)
class CaseRow:
    case: Case
    clock: ClockReading | None
    holder_label: str


def tasks_of(who: Actor, view: str) -> QuerySet[Task]:
    """Return the tasks of one view of the inbox, most urgent first, latest first when done."""
    tasks = Task.objects.select_related("case__service", "case__requester", "unit", "assignee")
    if view == "done":
        return tasks.finished_by(who).order_by("-done_at")
    views = {"mine": tasks.mine, "queue": tasks.up_for_grabs, "watching": tasks.watched}
    return views.get(view, tasks.mine)(who).order_by(F("due_at").asc(nulls_last=True), "pk")


def counts(who: Actor) -> dict[str, int]:
    """Return how much lies in each view (4 queries)."""
    tasks = Task.objects.all()
    return {
        "mine": tasks.mine(who).count(),
        "queue": tasks.up_for_grabs(who).count(),
        "watching": tasks.watched(who).count(),
        "done": tasks.finished_by(who).count(),
    }


def grouped(who: Actor, view: str) -> list[dict[str, object]]:
    """Return the rows of a view in groups of urgency, empty groups left out (2 queries)."""
    tasks = list(tasks_of(who, view)[:LIMIT])
    readings = leading_clocks({task.case_id for task in tasks}, who.at)
    rows = [
        TaskRow(task, task.case, readings.get(task.case_id), can_take=view == "queue")
        for task in tasks
    ]
    if view == "done":
        return [{"key": "done", "label": _("Done"), "rows": rows}] if rows else []
    found = {key: [row for row in rows if row.group == key] for key in GROUPS}
    return [{"key": key, "label": GROUPS[key], "rows": rows} for key, rows in found.items() if rows]


def leading_clocks(case_ids: Iterable[int], at: datetime) -> dict[int, ClockReading]:
    """Return per case the live clock that ends first, a paused one if none runs (1 query)."""
    live = Clock.objects.filter(case__in=case_ids, state__in=Clock.LIVE)
    ordered = live.select_related("calendar", "case").order_by(F("due_at").desc(nulls_first=True))
    return {clock.case_id: read(clock, at) for clock in ordered}


def case_rows(cases: list[Case], at: datetime) -> list[CaseRow]:
    """Return what the case list shows of `cases` (2 queries)."""
    ids = {case.pk for case in cases}
    readings = leading_clocks(ids, at)
    holders: dict[int, str] = {}
    tasks = Task.objects.open().filter(case__in=ids).select_related("assignee")
    for task in tasks:
        holders.setdefault(task.case_id, holder_label(task))
    return [CaseRow(case, readings.get(case.pk), holders.get(case.pk, "")) for case in cases]


def holder_label(task: Task) -> str:
    """Return with whom a task lies: the person, or the role whose queue it is in."""
    return str(task.assignee) if task.assignee else task.get_role_display()
