"""Who has to do with a gate, and what stands in the way of a submission and of a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from people.house_time import house_date, house_instant
from people.models import User
from people.roles import Role
from projects.models import Answer, Criterion, Finding, Gate, GateCondition, Project
from projects.states import MOVABLE, PASSED
from projects.states import GateState as S
from workflows.lifecycles import Condition, Lifecycle
from workflows.models import Task
from workflows.permissions import Permission
from workflows.quorums import REJECT
from workflows.words import listing

if TYPE_CHECKING:
    from projects.flows import GateLifecycle as Flow
    from projects.flows import ProjectLifecycle

WITH_CONDITIONS = "conditions"
LIGHT, OTHER = "light", "other"
SHIPPED = ("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G8")


# -- who ------------------------------------------------------------------------------------------
READERS = (
    Role.PROJECT_MANAGER, Role.OPS_REVIEWER, Role.SUPERVISOR, Role.HEAD_OF_OPS, Role.SERVICE_DESK,
    Role.SERVICE_MANAGER, Role.SYSTEM_OWNER, Role.PROCUREMENT_OVERSEER, Role.AUDITOR,
)  # fmt: skip
"""Who reads everything of a project, of any."""


def project(case: Any) -> Project:
    """Return the project of a gate, or the project itself."""
    found: Project = case if isinstance(case, Project) else case.parent
    return found


def manager(case: Any) -> User:
    return project(case).manager


is_manager = Permission(
    "project manager", lambda flow, who: manager(flow.case).pk in who.identities
)
is_of_the_project = Permission(
    "of the project", lambda flow, who: not project(flow.case).people.isdisjoint(who.identities)
)

its_day_has_come = Permission(
    "on its day", lambda flow, who: house_date(flow.at) >= flow.case.deferred_until
)
"""Time is up at the close of business before it, which may be days earlier."""


def sign_off(case: Gate) -> str:
    """Return the row of the sign-off matrix that holds for a gate; own gates have the widest."""
    if case.parent.is_light:
        return LIGHT
    return case.gate_kind.code if case.gate_kind.code in SHIPPED else OTHER


# -- answers --------------------------------------------------------------------------------------
def answers(case: Gate) -> dict[int, Answer]:
    """Return the answers of the present round by criterion (1 query)."""
    return {one.criterion_id: one for one in case.answers.filter(round=case.round)}


def _named(criteria: Iterable[Criterion]) -> str:
    return listing([one.code for one in criteria])


def everything_is_shown(flow: Flow) -> Condition:
    """Nothing is submitted while evidence of a must is missing."""
    found = answers(flow.case)
    missing = [
        one for one in flow.case.criteria
        if one.is_must and not (one.pk in found and found[one.pk].is_present)
    ]  # fmt: skip
    return Condition(
        not missing,
        unmet=_("Evidence is missing for what must be shown: %(codes)s.")
        % {"codes": _named(missing)},
    )


def open_musts(case: Gate, today: date) -> list[Criterion]:
    """Return the musts that the reviewers have not passed and nobody waived (3 queries)."""
    found = answers(case)
    waived = {one.criterion_id for one in case.waivers.all() if one.holds(today)}
    return [
        one for one in case.criteria
        if one.is_must and one.pk not in waived
        and not (one.pk in found and found[one.pk].is_satisfied)
    ]  # fmt: skip


def musts_are_satisfied(flow: Flow) -> Condition:
    """Accepted without a condition is only what passed; with one, what is still open is named."""
    case: Gate = flow.case
    missing = open_musts(case, house_date(flow.at))
    return Condition(
        not missing or bool(case.conditions.filter(met_at__isnull=True)),
        unmet=_(
            "At %(gate)s these musts have not passed: %(codes)s. Note a condition, or send it back."
        )
        % {"gate": case.gate_kind.code, "codes": _named(missing)},
    )


# -- waivers --------------------------------------------------------------------------------------
def may_be_waived(case: Gate) -> QuerySet[Criterion]:
    """Return the musts of a gate that no waiver is asked for or granted (1 query)."""
    live = case.waivers.filter(revoked_at__isnull=True).values("criterion")
    return case.criteria.filter(level=Criterion.Level.MUST).exclude(pk__in=live)


def something_may_be_waived(flow: Flow) -> Condition:
    return Condition(may_be_waived(flow.case).exists(), unmet=_("Every must is waived already."))


def a_waiver_is_asked_for(flow: Flow) -> Condition:
    asked = flow.case.waivers.filter(granted_at__isnull=True, revoked_at__isnull=True)
    return Condition(asked.exists(), unmet=_("No waiver is asked for."))


def a_waiver_is_live(flow: Flow) -> Condition:
    live = flow.case.waivers.filter(revoked_at__isnull=True)
    return Condition(live.exists(), unmet=_("There is no waiver to revoke."))


# -- opinions -------------------------------------------------------------------------------------
def opinions(flow: Lifecycle) -> list[Task]:
    """Return what was said in the present round, seat by seat."""
    seats = [one for one in flow.tasks if one.step == S.IN_REVIEW]
    last = max((one.opened_seq for one in seats), default=0)
    return [one for one in seats if one.opened_seq == last]


def objections(flow: Lifecycle) -> list[Task]:
    return [one for one in opinions(flow) if one.outcome == REJECT]


# -- the way through the gates --------------------------------------------------------------------
def the_way_is_free(flow: Flow) -> Condition:
    """A gate is opened after those before it are passed, none of their conditions overdue and no
    must-fix finding open."""
    case: Gate = flow.case
    gates: Any = Gate.objects.all()  # to mypy these are cases
    before = gates.filter(parent=case.parent_id, place__lt=case.place)
    closed = before.exclude(state__in=PASSED).order_by("place").first()
    if closed is not None:
        return Condition(
            False, unmet=_("%(gate)s has to be passed first.") % {"gate": closed.gate_kind}
        )
    today = house_date(flow.at)
    overdue = [
        condition.what
        for gate in before.prefetch_related("conditions")
        for condition in gate.conditions.all()
        if condition.is_overdue(today)
    ]
    if overdue:
        return Condition(
            False,
            unmet=_("Conditions of an earlier gate are overdue: %(conditions)s.")
            % {"conditions": listing(overdue)},
        )
    return no_must_fix_is_open(flow)


def open_must_fixes(project_id: int) -> list[Finding]:
    """Return the findings of its supervision that keep the gates of a project closed (1 query)."""
    found: Any = Finding.objects.open()  # to mypy these are cases
    must_fix = found.filter(parent=project_id, severity=Finding.Severity.MUST_FIX)
    return list(must_fix.order_by("number"))


def no_must_fix_is_open(flow: Flow) -> Condition:
    """A gate is neither opened nor accepted over a must-fix; it may be shown and reviewed."""
    codes = [one.number for one in open_must_fixes(flow.case.parent_id)]
    return Condition(
        not codes,
        unmet=_("These must-fix findings of the technical supervision are open: %(codes)s.")
        % {"codes": listing(codes)},
    )


def is_not_the_last(flow: Flow) -> Condition:
    """What the last gate asks for could be carried into no other."""
    after = Gate.objects.filter(parent=flow.case.parent_id, place__gt=flow.case.place)
    return Condition(after.exists(), unmet=_("The last gate cannot be skipped."))


def next_gate(case: Gate) -> Gate | None:
    """Return the first gate after `case` that is still to come (1 query)."""
    gates: Any = Gate.objects.all()  # to mypy these are cases
    after = gates.filter(parent=case.parent_id, place__gt=case.place, state=S.PLANNED)
    following: Gate | None = after.select_related("gate_kind").order_by("place").first()
    return following


def after_acceptance(flow: Flow, condition: GateCondition | None = None, **values: Any) -> str:
    """Say where an acceptance leads; `condition` is the one that is met just now (1 query)."""
    unmet = flow.case.conditions.filter(met_at__isnull=True)
    if condition is not None:
        unmet = unmet.exclude(pk=condition.pk)
    return str(S.CONDITIONS if unmet.exists() else S.ACCEPTED)


def a_gate_may_be_moved(flow: ProjectLifecycle) -> Condition:
    ahead = flow.case.gates.filter(state__in=MOVABLE)
    return Condition(ahead.exists(), unmet=_("No gate is ahead whose day could be moved."))


def every_gate_is_decided(flow: ProjectLifecycle) -> Condition:
    return gates_are_decided(flow.case)


def gates_are_decided(project: Project) -> Condition:
    gates: Any = project.gates  # to mypy these are cases
    waiting = gates.filter(closed_at__isnull=True).order_by("place")
    names = [str(gate.gate_kind) for gate in waiting.select_related("gate_kind")]
    return Condition(not names, unmet=_("Not decided yet: %(gates)s.") % {"gates": listing(names)})


# -- by when --------------------------------------------------------------------------------------
def end_of(day: date | None) -> datetime | None:
    return house_instant(datetime.combine(day + timedelta(days=1), time())) if day else None


def submit_by(case: Gate) -> datetime | None:
    return end_of(case.planned_on)


def begin_of(day: date | None) -> datetime | None:
    return end_of(day - timedelta(days=1)) if day else None


def reopens_at(case: Gate) -> datetime | None:
    return begin_of(case.deferred_until)


def conditions_by(case: Gate) -> datetime | None:
    """Return the end of the day on which the first open condition is due (1 query)."""
    due = case.conditions.filter(met_at__isnull=True).aggregate(first=Min("due_on"))["first"]
    return end_of(due)
