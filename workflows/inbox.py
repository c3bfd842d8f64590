"""The lists people work from: tasks by urgency, cases with their leading clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.models.calendars import published_version
from people.actors import Actor
from people.models import User, in_reader_language
from people.roles import Role
from rows import Reading
from workflows.clocks import ClockReading, read
from workflows.counting import Count, counts_of
from workflows.lifecycles import Lifecycle, Worklist, lifecycle_of, registered
from workflows.models import Case, Clock, Snooze, Task
from workflows.models.cases import Priority
from workflows.models.tasks import awake
from workflows.words import clock_level

VIEWS = ("mine", "queue", "watching", "done")
PUT_ASIDE = ("waiting", "snoozed")
"""Views of the page alone, which are no tabs: what lies with others, and what one put off."""
LIMIT = 50
"""Rows of one page; who has more to do sees the most urgent ones first."""
MOST = 200

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


class TaskRow(NamedTuple):
    """One row of an inbox, read flat: a page of whole tasks, cases and people costs twice that."""

    pk: int
    step: str
    slot: str
    role: str
    status: str
    due_at: datetime | None
    opened_at: datetime
    done_at: datetime | None
    outcome: str
    assignee: str | None
    assignee_name: str | None
    case_id: int
    number: str
    kind: str
    title: str
    state: str
    priority: str
    requester: str
    requester_name: str
    service: str | None
    service_name: str | None
    service_name_zh: str | None

    @property
    def lifecycle(self) -> type[Lifecycle]:
        return lifecycle_of(self.kind)

    @property
    def label(self) -> str:
        return str(self.lifecycle.work_label(self.step))

    @property
    def system(self) -> str:
        return in_reader_language(self.service_name or "", self.service_name_zh or "")

    @property
    def asked_by(self) -> str:
        return self.requester_name or self.requester

    @property
    def holder(self) -> str:
        """Return with whom it lies: the person, or the role whose queue it is in."""
        return self.assignee_name or self.assignee or str(Role(self.role).label)

    @property
    def is_high_priority(self) -> bool:
        return self.priority == Priority.HIGH

    @property
    def is_up_for_grabs(self) -> bool:
        return self.status == Task.Status.OPEN and self.assignee is None

    @property
    def url(self) -> str:
        return reverse("case", args=[self.number])

    @property
    def take_url(self) -> str:
        return reverse("task_claim", args=[self.pk])


COLUMNS = (
    "pk", "step", "slot", "role", "status", "due_at", "opened_at", "done_at", "outcome",
    "assignee__username", "assignee__display_name", "case_id", "case__number", "case__kind",
    "case__title", "case__state",
    "case__priority", "case__requester__username", "case__requester__display_name",
    "case__service__code", "case__service__name", "case__service__name_zh",
)  # fmt: skip
"""Where the fields of a `TaskRow` come from."""


@dataclass(frozen=True)
class InboxRow:
    task: TaskRow
    clock: ClockReading | None
    can_take: bool
    is_with_others: bool
    until: datetime | None = None
    """When it comes back to the lists of whoever put it off."""

    @property
    def take_label(self) -> str:
        return _("Take %(number)s") % {"number": self.task.number}

    @property
    def select_label(self) -> str:
        return _("Select %(number)s") % {"number": self.task.number}

    @property
    def more_label(self) -> str:
        return _("More for %(number)s") % {"number": self.task.number}

    @property
    def group(self) -> str:
        return GROUP_OF_LEVEL[clock_level(self.clock)] if self.clock else "no_clock"


@dataclass(frozen=True)
class CaseRow:
    case: Case
    clock: ClockReading | None
    holder_label: str


def worklists() -> dict[str, Worklist]:
    """Return the lists that processes declare, by name."""
    return {one.name: one for cls in registered() for one in cls.worklists}


def worklists_of(who: Actor, shown: str = "") -> dict[str, Worklist]:
    """Return the lists offered to `who` by their roles, and the one that is shown."""
    roles = {hold.role for hold in who.holds}
    return {
        name: one for name, one in worklists().items()
        if name == shown or not roles.isdisjoint(one.roles)
    }  # fmt: skip


def tasks_of(who: Actor, view: str) -> QuerySet[Task]:
    """Return the tasks of one view of the inbox, most urgent first, latest first when done."""
    tasks = Task.objects.all()
    if view == "done":
        return tasks.finished_by(who).order_by("-done_at")
    views: dict[str, Callable[[Actor], QuerySet[Task]]] = {
        "mine": tasks.mine, "queue": tasks.up_for_grabs, "watching": tasks.watched,
        "waiting": tasks.waiting, "snoozed": tasks.snoozed,
    }  # fmt: skip
    views |= {name: one.tasks for name, one in worklists().items()}
    return views.get(view, tasks.mine)(who).order_by(F("due_at").asc(nulls_last=True), "pk")


def rows_of(tasks: QuerySet[Task]) -> list[TaskRow]:
    """Return tasks as rows, in their order (1 query)."""
    return [TaskRow(*columns) for columns in tasks.values_list(*COLUMNS)]


def shown_tasks(who: Actor, view: str) -> QuerySet[Task]:
    """Return the tasks of a view as the page shows them: without what `who` put off."""
    tasks = tasks_of(who, view)
    return tasks if view in ("done", "snoozed") else tasks.filter(awake(who))


def counts(who: Actor, shown: str = "") -> dict[str, Count]:
    """Return how much each view of the page shows, as far as it matters (1 query)."""
    views = (*VIEWS, *worklists_of(who, shown), *PUT_ASIDE)
    one_row = User.objects.filter(pk=who.user.pk)
    return counts_of({view: shown_tasks(who, view) for view in views}, one_row)


def grouped(
    who: Actor, view: str, limit: int = LIMIT, only: Q | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a view in groups of urgency, empty groups left out (2 queries, 3 snoozed).

    `only`: what the filters leave of it.
    """
    tasks = rows_of(shown_tasks(who, view).filter(only or Q())[:limit])
    readings = leading_clocks({task.case_id: task.lifecycle for task in tasks}, who.at)
    until = snoozed_until(who, tasks) if view == "snoozed" else {}
    declared = worklists().get(view)
    is_own = declared.is_own if declared else view == "queue"
    rows = [
        InboxRow(
            task, readings.get(task.case_id), can_take=is_own and task.is_up_for_grabs,
            is_with_others=view == "waiting" or (declared is not None and not is_own),
            until=until.get(task.pk),
        )
        for task in tasks
    ]  # fmt: skip
    if view == "done":
        return [_group("done", _("Done"), rows)] if rows else []
    found = {key: [row for row in rows if row.group == key] for key in GROUPS}
    groups = [_group(key, GROUPS[key], found[key]) for key in GROUPS if found[key]]
    if groups and len(rows) == limit:
        groups[-1]["count"] = f"{groups[-1]['count']}+"  # what is cut off is the least urgent
    return groups


def snoozed_until(who: Actor, tasks: list[TaskRow]) -> dict[int, datetime]:
    """Return when each of `tasks` comes back that `who` put off (1 query)."""
    put_off = Snooze.objects.filter(user=who.user, task__in=[task.pk for task in tasks])
    return dict(put_off.values_list("task", "until"))


def _group(key: str, label: Any, rows: list[InboxRow]) -> dict[str, Any]:
    return {"key": key, "label": label, "rows": rows, "count": str(len(rows))}


def leading_clocks(cases: Mapping[int, type[Lifecycle]], at: datetime) -> dict[int, ClockReading]:
    """Return per case the live clock that ends first, a paused one if none runs (1 query).

    `cases`: the process of each, by the id of the case.
    """
    leading = {clock.case_id: clock for clock in LIVE_CLOCKS(cases=tuple(sorted(cases)))}
    for clock in leading.values():
        clock.calendar = published_version(clock.hours)
    return {case_id: read(clock, at, cases[case_id]) for case_id, clock in leading.items()}


LIVE_CLOCKS = Reading(
    lambda cases: (
        Clock.objects.filter(case__pk__in=cases, state__in=Clock.LIVE)
        .annotate(hours=F("calendar__identity"))
        .order_by(F("due_at").desc(nulls_first=True))
    )
)


def case_rows(cases: list[Case], at: datetime) -> list[CaseRow]:
    """Return what the case list shows of `cases` (2 queries)."""
    ids = {case.pk: case.lifecycle for case in cases}
    readings = leading_clocks(ids, at)
    holders: dict[int, str] = {}
    tasks = Task.objects.open().filter(case__in=ids).select_related("assignee")
    for task in tasks:
        holders.setdefault(task.case_id, holder_label(task))
    return [CaseRow(case, readings.get(case.pk), holders.get(case.pk, "")) for case in cases]


def holder_label(task: Task) -> str:
    """Return with whom a task lies: the person, or the role whose queue it is in."""
    return str(task.assignee) if task.assignee else task.get_role_display()
