"""Gates as the procedure has them: the gates before and after, and the project they are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from people.models import User
from projects.models import CatalogueVersion, Gate, GateKind
from tests.walks.gate_house import neighbour, publish
from tests.walks.gate_sheet import (
    FINAL,
    NOTHING,
    PASSED,
    is_of_the_project,
    is_overdue,
    is_text,
    leads,
    unmet,
)
from tests.walks.reference import SYSTEM, Reference, Sheet, Who
from workflows.door import perform


# -- its neighbours -------------------------------------------------------------------------------
def the_way_is_free(case: Reference) -> bool:
    before = case.facts.before
    if before is None:
        return True
    return before.state in PASSED and not is_overdue(case, before.conditions)


def is_free_behind(case: Reference) -> bool:
    before = case.facts.before
    if before is not None and before.state not in PASSED:
        return False
    conditions = [*case.facts.conditions, *(case.facts.before or NOBODY).conditions]
    return case.facts.next == "planned" and not is_overdue(case, conditions)


def go_on(case: Reference) -> None:
    """Open the next gate as soon as the way is free."""
    if is_free_behind(case):
        case.facts.next = "open"


def meet(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.conditions[values["condition"] - 1].met_by = who
    go_on(case)


NOBODY = SimpleNamespace(conditions=[])


def is_before(state: str) -> Callable[[Reference], bool]:
    return lambda case: case.facts.before is not None and case.facts.before.state == state


def accept_before(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    before = case.facts.before
    before.state = "conditions" if unmet(before.conditions) else "accepted"
    if the_way_is_free(case):
        case.perform(SYSTEM, "open_gate", {})


def meet_before(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    unmet(case.facts.before.conditions)[0].met_by = who
    if not unmet(case.facts.before.conditions):
        case.facts.before.state = "accepted"
    if case.state == "planned" and the_way_is_free(case):
        case.perform(SYSTEM, "open_gate", {})
    elif case.state in PASSED:
        go_on(case)


def skip(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    go_on(case)


SKIPPING = Sheet(
    usual={"reason": ["Nothing is built here."], "is_understood": [True]},
    odd={"reason": NOTHING, "is_understood": ["", False]},
    fits=lambda case, who, values: (
        is_text(values.get("reason")) and bool(values.get("is_understood"))
    ),
)  # fmt: skip


# -- its project ----------------------------------------------------------------------------------
def may_join(case: Reference, who: str, values: Mapping[str, Any]) -> bool:
    """Nobody twice, and not the last who could decide on its gates."""
    person, heads = values.get("person"), case.holders("head_of_ops")
    if person not in case.facts.people or person in case.facts.team:
        return False
    of_it = {case.facts.manager, case.requester} | case.facts.team
    return person not in heads or bool(heads - {person} - of_it)


TEAM = Sheet(
    usual={"person": ["tester", "desk", "developer", "head"], "part": ["tester"]},
    odd={"person": ["nobody", ""]}, fits=may_join,
)  # fmt: skip
TEAM_LEADER = Who(lambda case, who: leads(case, who) or case.has(who, "head_of_ops"))
RENEWER = Who(
    lambda case, who: (
        case.has(who, "service_manager", "head_of_ops") and not is_of_the_project(case, who)
    )
)


def join(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """They see what they are of, and review nothing of it."""
    case.facts.team.add(values["person"])
    case.book.followers.add(values["person"])


def team_of(project: Any) -> set[str]:
    return set(project.members.values_list("user__username", flat=True))


def renew_criteria(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """What was not submitted yet goes by the newer ones; a skipped gate with the one after it."""
    is_ahead = case.state == "skipped" and case.facts.next in ("planned", "open")
    if case.state in ("planned", "open") or is_ahead:
        case.perform(SYSTEM, "renew", {})


def publish_and_renew(case: Gate, *, actor: User, at: datetime) -> None:
    project = case.parent
    kinds = GateKind.objects.filter(version=CatalogueVersion.objects.latest("number"))
    number = publish(list(kinds.order_by("place").values_list("code", flat=True)), at)
    perform(project, "change_criteria", actor=actor, at=at, catalogue=number, reason="Newer.")


def open_next(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    case.facts.next = "open"


def cancel_project(case: Reference, who: str, values: Mapping[str, Any]) -> None:
    """Whatever is not decided is cancelled with it."""
    facts = case.facts
    if facts.before and facts.before.state not in FINAL:
        facts.before.state = "cancelled"
    facts.next = facts.next and "cancelled"
    case.perform(SYSTEM, "cancel", {})


def on_neighbour(step: int, action: str, **data: Any) -> Callable[..., Any]:
    return lambda case, **values: perform(neighbour(case, step), action, **data, **values)


def meet_theirs(case: Gate, **values: Any) -> None:
    found: Any = neighbour(case, -1)
    condition = found.conditions.filter(met_at=None).first()
    perform(found, "meet", condition=condition.pk, note="Drilled.", **values)
