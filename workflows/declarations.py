"""What a process declares: work, decisions, clocks, actions, pages and parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.forms import BaseForm
from django.utils.functional import Promise
from viewflow import fsm
from viewflow.fsm.base import Transition

from people.models import User
from people.roles import Role
from workflows.permissions import Permission
from workflows.quorums import ABSTAIN, APPROVE, REJECT, Quorum

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from people.actors import Actor
    from workflows.lifecycles import Lifecycle
    from workflows.models import Task

Text = str | Promise
PROVIDER, CUSTOMER, VENDOR = "provider", "customer", "vendor"


@dataclass(frozen=True)
class Work:
    """What a state opens: one task, for a role's queue or for a person the case names.

    `barred`: people who must not do it (separation of duties). `party`: whose time it is. A
    step that comes again goes back to whoever did it, or the step `same_as`, before.
    """

    label: Text
    role: Role | None = None
    person: Callable[[Any], User | None] | None = None
    barred: Permission | None = None
    party: str = PROVIDER
    same_as: str = ""

    def roles(self) -> Iterator[Role]:
        if self.role:
            yield self.role


@dataclass(frozen=True)
class Decision:
    """A state in which several people vote; the quorum says when it is carried or lost.

    `carried` and `lost` name the transitions that the last vote sets off. Votes are cast with
    the actions of the same names, and with `abstain` where it is named, or with one of `also`
    (action → what is said); until the quorum speaks the state stays. `one_vote_each`: whoever
    holds two seats, or stands in for somebody, fills one.
    `binds(case, slot)` says what the vote of a seat is about, as a digest: when the decision opens
    again, a yes to the very same stands, and only the other seats are asked anew.
    """

    label: Text
    quorum: Quorum
    carried: str = "approve"
    lost: str = "reject"
    abstain: str = ""
    one_vote_each: bool = True
    barred: Permission | None = None
    party: str = PROVIDER
    binds: Callable[[Any, str], str] | None = None
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def votes(self) -> dict[str, str]:
        """Return what each of the voting actions says."""
        said = {self.carried: APPROVE, self.lost: REJECT}
        return {**said, **({self.abstain: ABSTAIN} if self.abstain else {}), **self.also}

    def roles(self) -> Iterator[Role]:
        yield from self.quorum.roles()


@dataclass(frozen=True)
class Clock:
    """A promise: it starts when the case enters a state of `starts`, stands still in `pauses`,
    stops in `stops`; any other final state cancels it.

    Its length comes from the standard that matches the case, or from `until(case)`, a date
    agreed on; `when(case)` false: this is not promised for this case. `answered`: the first
    comment of ours to the requester stops it too. `on_breach`: the action the system takes when
    the time is over. `is_ours=False`: the customer's time, no promise of ours. `repeats`: it
    starts afresh each time, also when what `on_breach` names keeps the state. A case that is
    reopened continues its clocks; a missed one stays missed.
    """

    metric: str
    label: Text
    starts: Collection[str]
    stops: Collection[str]
    pauses: Collection[str] = ()
    until: Callable[[Any], datetime | None] | None = None
    when: Callable[[Any], bool] | None = None
    answered: bool = False
    on_breach: str = ""
    is_ours: bool = True
    repeats: bool = False


class Holder(NamedTuple):
    """With whom a case lies, and in which step."""

    party: str
    role: str
    person_id: int | None
    step: str


class Place(NamedTuple):
    """A page of a process in the navigation of those who read or file its cases.

    `key`: the letter that leads there after `G`, if it has one.
    """

    url_name: str
    label: Text
    icon: str
    key: str = ""


class Faults(NamedTuple):
    """What a process of faults says of its cases, so that others can count them: the field with
    their grade, which grades are grave, and the gravest."""

    field: str
    grave: Collection[str]
    gravest: str


class Worklist(NamedTuple):
    """Open tasks that a process puts together in the inbox of whoever holds one of `roles`.

    `is_own`: they are the reader's to do; else they lie with others. `empty`: what to expect here.
    """

    name: str
    label: Text
    roles: Collection[Role]
    tasks: Callable[[Actor], QuerySet[Task]]
    empty: Text
    is_own: bool = False


class Part(NamedTuple):
    """A section that a process adds to the page of a case; the template finds `context` as
    `part`."""

    template: str
    context: dict[str, Any]


class Known(fsm.State.GET_STATE):
    """A target that a rule names from the case alone, so that it is known beforehand."""


@dataclass(frozen=True)
class Action:
    """One thing that can be done from one state, read off a declared transition."""

    name: str
    transition: Transition
    flow: type[Lifecycle]

    @property
    def label(self) -> Text:
        label: Text = self.transition.label
        return label

    @property
    def form(self) -> type[BaseForm] | None:
        form: type[BaseForm] | None = self.transition.custom.get("form")
        return form

    @property
    def line(self) -> int:
        """Return where in the file it is declared."""
        line: int = self.transition.func.__code__.co_firstlineno
        return line

    @property
    def tone(self) -> str:
        """Return `primary`, `danger` or nothing: how the button looks."""
        return str(self.transition.custom.get("tone", ""))

    @property
    def help(self) -> Text:
        text: Text = self.transition.custom.get("help", "")
        return text

    @property
    def targets(self) -> list[str]:
        """Return the states this may lead to; none when the state stays."""
        declared = self.transition.declared_targets()
        return [target for target in declared if isinstance(target, str)]

    def leads_to(self, flow: Lifecycle) -> list[str]:
        """Return the states this may lead to, as far as `flow` knows beforehand; none: it stays."""
        target = self.transition.target
        return [target.func(flow)] if isinstance(target, Known) else self.targets
