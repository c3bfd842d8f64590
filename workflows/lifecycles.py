"""How a process is declared, and the register of all declared ones.

A process is one class: states, transitions (`viewflow.fsm`), the work each state opens, the
clocks that run. It is registered by being defined; `flows.py` of every app is imported at start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.db import models
from django.db.models import F
from django.forms import BaseForm
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from viewflow import fsm

from agreements.models.calendars import published_version
from people.actors import Actor
from people.models import User
from people.roles import Role
from rows import Reading
from workflows.declarations import (
    CUSTOMER,
    PROVIDER,
    VENDOR,
    Action,
    Clock,
    Decision,
    Faults,
    Holder,
    Known,
    Part,
    Place,
    Text,
    Work,
    Worklist,
)
from workflows.permissions import may_take
from workflows.quorums import APPROVE
from workflows.refusals import UnknownAction

if TYPE_CHECKING:
    from workflows.models import Case, Event, Task
    from workflows.models import Clock as ClockRow

Condition = fsm.State.CONDITION
Either = fsm.State.GET_STATE
MAIN, GRAVE = "primary", "danger"

__all__ = [
    "CUSTOMER", "GRAVE", "MAIN", "PROVIDER", "VENDOR", "Action", "Clock", "Condition", "Decision",
    "Either", "Faults", "Holder", "Known", "Lifecycle", "Part", "Place", "Text", "Work", "Worklist",
    "asks", "case_state", "clocks_of_cases", "lifecycle_numbered", "lifecycle_of", "registered",
    "tasks_of_cases",
]  # fmt: skip


_registered: dict[str, type[Lifecycle]] = {}


def registered() -> list[type[Lifecycle]]:
    """Return every declared process, in the order they were defined."""
    return list(_registered.values())


def lifecycle_of(kind: str) -> type[Lifecycle]:
    """Return the process of `kind`; `UnknownAction` (404) if there is none."""
    if kind not in _registered:
        raise UnknownAction(_("There is no such kind of case."))
    return _registered[kind]


def lifecycle_numbered(number: str) -> type[Lifecycle]:
    """Return the process whose cases are numbered like `number`; `UnknownAction` (404) if none."""
    prefix = number.partition("-")[0]
    found = next((one for one in _registered.values() if one.prefix == prefix), None)
    if found is None:
        raise UnknownAction(_("There is no such case."))
    return found


@cache
def tasks_of_cases() -> Reading[Task]:
    from workflows.models import Task

    return Reading(lambda case: Task.objects.filter(case__pk=case))


@cache
def clocks_of_cases() -> Reading[ClockRow]:
    from workflows.models import Clock

    return Reading(
        lambda case: (
            Clock.objects.filter(case__pk=case)
            .select_related("standard")
            .annotate(hours=F("calendar__identity"))
        )
    )


class Lifecycle:
    """Base of every process. An instance is one look at one case by one person.

    Class attributes: `kind` (in addresses and the API), `prefix` (of numbers), `label`,
    `description`, `model`, `State`, `initial`, `form` (filing), `work`, `clocks`, `readers`
    (roles that see every case of their unit), `filers` (roles that may file; none: everybody),
    `closed` (the final states), `idle` (states where nobody owes work, and why), `revision`,
    `path` (the states of the stepper), `beside` (a state beside the path → the state of the path
    it stands at; else where it was left), `asked` (the heading over the words of the case),
    `details` (the fields the case page shows), `icon`,
    `goes_live` (its cases bring something into production), `faults` (its cases tell of
    something broken), `places` (pages of its own), `worklists` (lists of its own in the inbox),
    `notes` (what it records besides moves → the sentence that tells
    one or several of them in a row, by one person, in the history),
    `renamed` (state or action of earlier days → its name today) and `retired` (action, source and
    target of ways that are no more), by which events of earlier days are read.
    """

    kind: ClassVar[str] = ""
    prefix: ClassVar[str]
    label: ClassVar[Text]
    description: ClassVar[Text] = ""
    icon: ClassVar[str] = "file-text"
    model: ClassVar[type[Case]]
    State: ClassVar[type[models.TextChoices]]
    initial: ClassVar[str]
    form: ClassVar[type[BaseForm]]
    state: ClassVar[Any]
    work: ClassVar[Mapping[str, Work | Decision]]
    clocks: ClassVar[Collection[Clock]] = ()
    readers: ClassVar[Collection[Role]] = ()
    filers: ClassVar[Collection[Role]] = ()
    idle: ClassVar[Mapping[str, Text]] = {}
    closed: ClassVar[Collection[str]]
    path: ClassVar[Collection[str]] = ()
    beside: ClassVar[Mapping[str, str]] = {}
    asked: ClassVar[Text] = gettext_lazy("Request")
    details: ClassVar[Collection[str]] = ()
    places: ClassVar[Collection[Place]] = ()
    goes_live: ClassVar[bool] = False
    faults: ClassVar[Faults | None] = None
    worklists: ClassVar[Collection[Worklist]] = ()
    notes: ClassVar[Mapping[str, Callable[[list[Event]], str]]] = {}
    escalation: ClassVar[Mapping[int, Collection[Role]]] = {
        100: (Role.SERVICE_MANAGER,),
        150: (Role.HEAD_OF_OPS,),
    }
    revision: ClassVar[int] = 1
    renamed: ClassVar[Mapping[str, str]] = {}
    retired: ClassVar[Collection[tuple[str, str, str]]] = ()
    _actions: ClassVar[dict[str | None, list[Action]]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind:
            _registered[cls.kind] = cls

    def __init__(
        self,
        case: Case,
        who: Actor | None = None,
        at: datetime | None = None,
        tasks: list[Task] | None = None,
    ) -> None:
        self.case: Any = case
        self.who = who
        self.at = at or now()
        self._source: str = case.state
        if tasks is not None:
            self.tasks = tasks

    @classmethod
    def of_new(cls, case: Case, who: Actor, at: datetime) -> Self:
        """Return a look at a case just filed, which has no tasks and clocks yet."""
        flow = cls(case, who, at, tasks=[])
        flow.clock_rows = []
        return flow

    @cached_property
    def tasks(self) -> list[Task]:
        """Return every task of the case, oldest first (1 query)."""
        tasks = tasks_of_cases()(case=self.case.pk)
        for task in tasks:
            task.case = self.case
            if task.unit_id == self.case.unit_id:
                task.unit = self.case.unit
        return tasks

    @cached_property
    def clock_rows(self) -> list[ClockRow]:
        """Return every clock of the case, oldest first, with its standard and hours (1 query)."""
        clocks = clocks_of_cases()(case=self.case.pk)
        for clock in clocks:
            clock.case = self.case
            clock.calendar = published_version(clock.hours)  # type: ignore[attr-defined]  # annotated
        return clocks

    @property
    def open_tasks(self) -> list[Task]:
        return [task for task in self.tasks if task.is_open]

    def workers(self, *steps: str) -> frozenset[int]:
        """Return the ids of everybody who did a task of `steps`, and for whom it was done."""
        done = [task for task in self.tasks if task.step in steps and task.done_by_id]
        ids = {task.done_by_id for task in done} | {task.on_behalf_of_id for task in done}
        return frozenset(pk for pk in ids if pk is not None)

    def holder(self) -> Holder | None:
        """Return with whom the case lies: the assignee or role of the one open task, of several
        the first role still to decide; nobody when it is closed."""
        if self.case.state in self.closed:
            return None
        tasks, spec = self.open_tasks, self.work.get(self.case.state)
        party = spec.party if spec else PROVIDER
        person_id = tasks[0].assignee_id if isinstance(spec, Work) and tasks else None
        return Holder(party, tasks[0].role if tasks else "", person_id, self.case.state)

    def task_for(self, who: Actor, slot: str | None = None) -> Task | None:
        """Return the open task of the present state that `who` may do, their own first."""
        fitting = [
            task
            for task in self.open_tasks
            if (slot is None or task.slot == slot) and may_take(self, who, task)
        ]
        return min(fitting, key=lambda task: task.assignee_id != who.user.pk, default=None)

    def has_voted(self, who: Actor, task: Task) -> bool:
        """Tell whether `who` already filled another seat of this round of a decision."""
        spec = self.work[task.step]
        if not isinstance(spec, Decision) or not spec.one_vote_each:
            return False
        seats = [*self.round_of(task), *self.standing(task.step)]
        return any(who.user.pk in (one.done_by_id, one.on_behalf_of_id) for one in seats)

    def round_of(self, task: Task) -> list[Task]:
        """Return the seats opened together with `task`; votes of an earlier round do not count."""
        opened = (task.step, task.opened_seq)
        return [one for one in self.tasks if (one.step, one.opened_seq) == opened]

    def standing(self, step: str) -> list[Task]:
        """Return the seats of earlier rounds whose yes still stands: it was to what is there now.

        One per seat, the last; none where votes are not bound to what they are about.
        """
        spec = self.work.get(step)
        if not isinstance(spec, Decision) or spec.binds is None:
            return []
        yes = {one.slot: one for one in self.tasks if one.step == step and one.outcome == APPROVE}
        digest = spec.binds
        return [one for one in yes.values() if one.data.get("binds") == digest(self.case, one.slot)]

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Called after `name` was recorded, `open` too: for rows that a process keeps besides."""

    def link_to(self, number: str, relation: str) -> None:
        """Link the case to another that the actor may see; to nothing where there is none."""
        from workflows.models import Case, CaseLink

        assert self.who is not None  # the door always looks with somebody's eyes
        others = Case.objects.visible_to(self.who).exclude(pk=self.case.pk)
        target = others.filter(number=number.strip()).first() if number else None
        if target is not None:
            CaseLink.objects.get_or_create(
                source=self.case, target=target, relation=relation,
                defaults={"created_by": self.actor, "created_at": self.at},
            )  # fmt: skip

    def is_barred(self, step: str, who: Actor) -> bool:
        barred = self.work[step].barred
        return barred is not None and barred(self, who)

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        entitled = not cls.filers or any(hold.role in cls.filers for hold in who.holds)
        return who.may_act and entitled

    def available(self, who: Actor) -> list[Action]:
        """Return what `who` may do now: allowed, and no condition in the way."""
        return [
            action
            for action in self.actions(self.case.state)
            if action.transition.has_perm(self, who) and action.transition.conditions_met(self)
        ]

    @property
    def actor(self) -> User:
        assert self.who is not None  # the door always looks with somebody's eyes
        return self.who.user

    @property
    def source(self) -> str:
        """Return the state the running transition leaves (viewflow has already set the next)."""
        return self._source

    def put(self, **values: Any) -> None:
        """Set the case's own fields among `values`; what is only for the record is left out."""
        columns = {field.name for field in self.case._meta.concrete_fields}
        for name in columns & set(values):
            setattr(self.case, name, values[name])

    def keeps_from_going_live(self) -> str:
        """Return why nothing of this case may go into production yet; empty if nothing does."""
        return ""

    def warnings(self) -> list[str]:
        """Return sentences that whoever decides should read first."""
        return []

    def parts(self, who: Actor) -> list[Part]:
        """Return what the page of the case shows `who` besides what every case has."""
        return []

    @classmethod
    def concerns(cls, who: Actor) -> bool:
        """Tell whether `who` has to do with this process by a role."""
        return any(hold.role in (*cls.readers, *cls.filers) for hold in who.holds)

    @classmethod
    def actions(cls, state: str | None = None) -> list[Action]:
        """Return the declared actions, of one state or of all, in the order of the file."""
        if "_actions" not in cls.__dict__:  # once per class
            found = (
                Action(method.slug, transition, cls)
                for method, transitions in cls.state.get_transitions().items()
                for transition in transitions
            )
            cls._actions = {None: sorted(found, key=lambda action: action.line)}
            for one in cls._actions[None]:
                cls._actions.setdefault(one.transition.source, []).append(one)
        return cls._actions.get(state, [])

    @classmethod
    def form_of(cls, name: str) -> type[BaseForm] | None:
        """Return the form the action `name` asks for, whatever state it leaves."""
        return next((action.form for action in cls.actions() if action.name == name), None)

    @classmethod
    def has_action(cls, name: str) -> bool:
        return any(action.name == name for action in cls.actions())

    @classmethod
    def action(cls, name: str, state: str) -> Action | None:
        """Look `name` up among the declared actions; None if it does not leave `state`."""
        return next((action for action in cls.actions(state) if action.name == name), None)

    @classmethod
    def now_called(cls, name: str) -> str:
        """Return what a state or action that an event tells of is called today."""
        return cls.renamed.get(name, name)

    @classmethod
    def ever_called(cls, *names: str) -> tuple[str, ...]:
        """Return `names`, and those of earlier days by which events tell of the same."""
        return (*map(str, names), *(old for old, new in cls.renamed.items() if new in names))

    @classmethod
    def work_label(cls, step: str) -> Text:
        return cls.work[step].label if step in cls.work else step

    @classmethod
    def clock_label(cls, metric: str) -> Text:
        return next((clock.label for clock in cls.clocks if clock.metric == metric), metric)

    @classmethod
    def spec(cls, metric: str) -> Clock:
        """Return what is declared of `metric`; if nothing any more, a clock that only stops."""
        declared = (clock for clock in cls.clocks if clock.metric == metric)
        return next(declared, Clock(metric, metric, starts=(), stops=cls.closed))


def asks(form: type[BaseForm], tone: str = "", **more: Any) -> dict[str, Any]:
    """Return what a transition carries along: its form, how its button looks, what it `raises`.

    `anew=True`: a transition that keeps the state opens its work again, as if it were entered.
    """
    return {"form": form, "tone": tone, **more}


def case_state(states: type[models.TextChoices]) -> fsm.State:
    """Return the state slot of a lifecycle: it reads and writes `case.state`, nothing else."""
    slot = fsm.State(states)
    slot.getter()(lambda flow: flow.case.state)
    slot.setter()(lambda flow, value: setattr(flow.case, "state", value))
    return slot
