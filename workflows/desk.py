"""What people do to many tasks at once, and what they arrange for themselves in their lists.

Nothing here moves a case: what does is asked of `actions`, a task at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agreements.models import Calendar
from people.actors import Actor, holders_of
from people.models import User
from workflows import actions
from workflows.models import Case, ChosenColumns, SavedView, Snooze, Task
from workflows.refusals import BadData, Conflict, Refusal

MOST_TASKS = 200
"""Tasks of one request: what a page of the inbox shows at most."""
MOST_VIEWS = 20
AFTERNOON = 14
"""The hour of the wall clock "this afternoon" begins with."""
LONGEST_SNOOZE = timedelta(days=366)


@dataclass(frozen=True)
class Outcome:
    """What became of one of several tasks; `refusal` is why nothing did, empty if it was done."""

    case: Case
    refusal: str = ""


def _unfit(field: str, sentence: str) -> BadData:
    """Return a refusal (422) of a form of one field: the sentence is said wherever it is shown."""
    refusal = BadData({field: [sentence]})
    refusal.sentence = sentence
    return refusal


def do_each(tasks: Iterable[Task], act: Callable[[Task], object]) -> list[Outcome]:
    """Do the same to each task, in transactions of their own: no refusal undoes another's."""
    outcomes = []
    for task in tasks:
        try:
            act(task)
        except BadData as refusal:
            sentences = [one for several in refusal.errors.values() for one in several]
            outcomes.append(Outcome(task.case, " ".join(sentences)))
        except Refusal as refusal:
            outcomes.append(Outcome(task.case, refusal.sentence))
        else:
            outcomes.append(Outcome(task.case))
    return outcomes


def chosen_tasks(who: Actor, keys: Iterable[str]) -> list[Task]:
    """Return the tasks of these keys in cases `who` may see, in their order (1 query)."""
    wanted = [int(key) for key in dict.fromkeys(keys) if key.isdecimal() and len(key) < 19]
    tasks = Task.objects.select_related("case", "unit").filter(
        pk__in=wanted[:MOST_TASKS], case__in=Case.objects.visible_to(who)
    )
    found = {task.pk: task for task in tasks}
    return [found[pk] for pk in wanted if pk in found]


def colleagues_for(tasks: list[Task], who: Actor) -> list[User]:
    """Return who holds the role of at least one of `tasks` (1 query per role and unit)."""
    places = {(task.role, task.unit_id): task.unit for task in tasks if task.is_open and task.role}
    found = {
        person.pk: person
        for (role, _unit), unit in places.items()
        for person in holders_of(role, unit, who.at)
        if person.pk != who.user.pk
    }
    return sorted(found.values(), key=str)


# -- snoozing --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Until:
    """A moment a task can be put off to."""

    name: str
    label: str
    at: datetime


def snooze_choices(at: datetime) -> list[Until]:
    """Return the moments offered at `at`; mornings are those of the house's calendar."""
    hours = Calendar.default().version_at(at).working_time()
    here = localtime(at)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    afternoon = midnight.replace(hour=AFTERNOON)
    monday = midnight + timedelta(days=7 - here.weekday())
    choices = [Until("hour", _("In an hour"), at + timedelta(hours=1))]
    if at + timedelta(hours=1) < afternoon:
        choices.append(Until("afternoon", _("This afternoon"), afternoon))
    morning = hours.next_open(midnight + timedelta(days=1))
    choices.append(Until("morning", _("The next working morning"), morning))
    next_week = hours.next_open(monday)
    if next_week != morning:
        choices.append(Until("week", _("Next week"), next_week))
    return choices


@transaction.atomic
def snooze_task(*, task: Task, until: datetime, actor: User, at: datetime) -> Snooze:
    """Hide a task from the actor's own lists until `until`; a second time moves the moment.

    Forgets what the actor put off until moments that are over.
    """
    if not task.is_open:
        raise Conflict(_("This work is already done or no longer needed."))
    if not at < until <= at + LONGEST_SNOOZE:
        raise _unfit("until", _("Choose a moment within the next year."))
    if task.due_at is not None and task.due_at < at:
        raise Conflict(_("It is overdue and cannot be put off."))
    Snooze.objects.filter(user=actor, until__lte=at).delete()
    snooze, _is_new = Snooze.objects.update_or_create(
        user=actor, task=task, defaults={"until": until}
    )
    return snooze


def wake_task(*, task: Task, actor: User) -> None:
    """Show a task in the actor's lists again; nothing happens to one that is not snoozed."""
    Snooze.objects.filter(user=actor, task=task).delete()


def hand_over(*, to: User, who: Actor) -> Callable[[Task], object]:
    return lambda task: actions.assign_task(task=task, to=to, actor=who.user)


def read_moment(text: datetime | None) -> datetime:
    """Return the moment somebody chose, or say that it is missing."""
    if text is None:
        raise _unfit("until", _("Choose a date and a time."))
    return text


# -- views under a name, and columns ---------------------------------------------------------------
def kept_query(text: str, names: Iterable[str]) -> str:
    """Return of an address what belongs to a view: its known filters that say something."""
    asked, kept = QueryDict(text), QueryDict(mutable=True)
    for name in names:
        values = [value for value in asked.getlist(name) if value]
        if values:
            kept.setlist(name, values)
    return kept.urlencode()


@transaction.atomic
def save_view(*, page: str, name: str, query: str, actor: User, at: datetime) -> SavedView:
    """Keep an address of a list under a name; the same name again replaces what it leads to."""
    name = _view_name(name)
    if len(query) > 500:
        raise _unfit("query", _("These filters are too long to be kept."))
    User.objects.select_for_update().get(pk=actor.pk)  # two at once would make twenty-one
    views = SavedView.objects.filter(user=actor, page=page)
    if not views.filter(name=name).exists() and views.count() >= MOST_VIEWS:
        raise Conflict(_("You have 20 views of this list already; delete one first."))
    view, _is_new = views.update_or_create(
        user=actor, page=page, name=name, defaults={"query": query}, create_defaults={
            "query": query, "created_at": at,
        },
    )  # fmt: skip
    return view


def rename_view(*, view: SavedView, name: str, actor: User) -> None:
    name = _view_name(name)
    others = SavedView.objects.filter(user=actor, page=view.page).exclude(pk=view.pk)
    if others.filter(name=name).exists():
        raise Conflict(_("You have a view of that name already."))
    view.name = name
    view.save(update_fields=["name"])


def _view_name(name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 60:
        raise _unfit("name", _("Give the view a name of at most 60 characters."))
    return name


def delete_view(*, view: SavedView, actor: User) -> None:
    SavedView.objects.filter(user=actor, pk=view.pk).delete()


def views_of(user: User, page: str) -> list[SavedView]:
    """Return the views somebody keeps of a list, in the order they were saved (1 query)."""
    return list(SavedView.objects.filter(user=user, page=page))


def choose_columns(*, page: str, columns: list[str], actor: User) -> None:
    """Keep which columns the actor wants to see of a list; none at all means the usual ones."""
    ChosenColumns.objects.update_or_create(user=actor, page=page, defaults={"columns": columns})


def columns_of(user: User, page: str) -> list[str]:
    """Return the columns somebody chose of a list, nothing if they never did (1 query)."""
    found: Any = ChosenColumns.objects.filter(user=user, page=page).values_list("columns").first()
    return list(found[0]) if found else []
