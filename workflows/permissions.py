"""Who may do an action: small rules that are combined with `&`, `|` and `~`.

A rule is what a transition names as its `permission`. viewflow only asks it; the door enforces
it. Superusers pass none of them by being superusers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from people.actors import Actor
from people.roles import Role
from rows import Reading

if TYPE_CHECKING:
    from workflows.lifecycles import Lifecycle
    from workflows.models import Task


class Permission:
    """A named yes-or-no question about an actor and a case; `name` goes into the matrix.

    `uses_task`: passing it means doing the task of the state, so moving on finishes that task.
    """

    def __init__(
        self, name: str, test: Callable[[Lifecycle, Actor], bool], *, uses_task: bool = False
    ) -> None:
        self.name = name
        self.test = test
        self.uses_task = uses_task

    def __call__(self, lifecycle: Any, who: Any) -> bool:
        return self.test(lifecycle, who)

    def __and__(self, other: Permission) -> Permission:
        return Permission(
            f"{self.name} and {other.name}",
            lambda flow, who: self(flow, who) and other(flow, who),
            uses_task=self.uses_task or other.uses_task,
        )

    def __or__(self, other: Permission) -> Permission:
        return Permission(
            f"{self.name} or {other.name}",
            lambda flow, who: self(flow, who) or other(flow, who),
            uses_task=self.uses_task or other.uses_task,
        )

    def __invert__(self) -> Permission:
        return Permission(f"not {self.name}", lambda flow, who: not self(flow, who))

    def __repr__(self) -> str:
        return f"<Permission {self.name}>"


def has_role(*roles: Role) -> Permission:
    """Allow whoever holds one of `roles` over the case's unit, also as a deputy."""
    return Permission(
        " or ".join(str(role) for role in roles),
        lambda flow, who: any(who.has_role(role, flow.case.unit) for role in roles),
    )


def worked_on(*steps: str) -> Permission:
    """Match whoever finished a task of one of `steps` of this case, or had it done for them."""
    return Permission(
        "worked on " + " or ".join(str(step) for step in steps),
        lambda flow, who: bool(who.identities & flow.workers(*steps)),
    )


def acted(action: str, *states: str) -> Permission:
    """Match whoever did `action` on this case in one of `states`, or had it done for them."""

    def has_acted(flow: Lifecycle, who: Actor) -> bool:
        people = _acted()(
            case=flow.case.pk,
            actions=flow.ever_called(action),
            sources=flow.ever_called(*states),
        )
        return any(not who.identities.isdisjoint(both) for both in people)

    return Permission(f"{action} in " + " or ".join(str(state) for state in states), has_acted)


@cache
def _acted() -> Reading[tuple[int, int | None]]:
    from workflows.models import Event

    return Reading(
        lambda case, actions, sources: Event.objects.filter(
            case__pk=case, action__in=actions, source__in=sources
        ).values_list("actor_id", "on_behalf_of_id")
    )


def _holds_task(flow: Lifecycle, who: Actor) -> bool:
    return flow.task_for(who) is not None


def _is_requester(flow: Lifecycle, who: Actor) -> bool:
    return bool({flow.case.requester_id, flow.case.on_behalf_of_id} & who.identities)


is_requester = Permission("requester", _is_requester)
holds_task = Permission("holder of the task", _holds_task, uses_task=True)
is_automation = Permission("the system itself", lambda flow, who: who.is_automation)


def may_take(flow: Lifecycle, who: Actor, task: Task) -> bool:
    """Tell whether `who` may do `task`: theirs or of their role, and not barred from the step.

    What came from a role's queue needs the role at this instant; a person the case names needs
    none.
    """
    if task.assignee_id not in (None, *who.identities):
        return False
    entitled = task.is_named or who.has_role(task.role, task.unit)
    barred = flow.is_barred(task.step, who) or flow.has_voted(who, task)
    return entitled and not barred


def principal(who: Actor, task: Task) -> int | None:
    """Return for whom a deputy acts, also on work taken from the queue; None for oneself."""
    if task.assignee_id not in (None, who.user.pk):
        return task.assignee_id
    hold = who.hold(task.role, task.unit)
    return hold.holder_id if hold and hold.holder_id != who.user.pk else None
