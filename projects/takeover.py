"""Handover agreement, trial operation, go-live, and what becomes of a service in operation (M8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.models import Service
from people.actors import Actor
from people.house_time import house_date
from people.models import User
from projects.models import (
    Gate,
    HandoverAgreement,
    Mode,
    Operation,
    Project,
    ServiceFinding,
    Waiver,
)
from projects.rules import end_of
from projects.states import PASSED
from projects.states import OperationState as S
from workflows.lifecycles import Condition, Lifecycle
from workflows.permissions import Permission

if TYPE_CHECKING:
    from projects.operation import OperationLifecycle as Flow

AGREES, GO_LIVE, TRIAL, TAKES_OVER = "G1", "G6", "G7", "G8"
"""Gates with a part of their own: the agreement, go or no-go, trial operation, the mode."""

TRIAL_DAYS, CORE_TRIAL_DAYS = timedelta(days=30), timedelta(days=90)
EXTENSIONS = 2
"""A trial is extended at most so often (acceptance-and-procurement, B.6)."""

REVIEWED_AFTER = timedelta(days=365)
"""A maintenance mode is looked at again after a year, unless another day is set (G8-10)."""

DECIDED_WITHIN = timedelta(days=14)
"""The board decides on a hand-back within two weeks; our figure, the deck has none."""


def is_at(case: Gate, code: str) -> bool:
    """Tell whether a gate is the one of `code`; the one gate of a small job is none of them."""
    return not case.parent.is_light and case.gate_kind.code == code


# -- the handover agreement ------------------------------------------------------------------------
def agreement(project: Project) -> HandoverAgreement | None:
    """Return what was written last, signed or not (1 query)."""
    return project.agreements.first()


def agreement_in_force(project: Project) -> HandoverAgreement | None:
    """Return what both signed last (1 query)."""
    return project.agreements.filter(signed_at__isnull=False).first()


def write_agreement(project: Project, values: dict[str, Any], *, by: User, at: datetime) -> None:
    """Keep what was agreed under a new number; what nobody signed yet is written over."""
    last = agreement(project)
    number = 1 if last is None else last.number + (last.signed_at is not None)
    fields = {name: values[name] for name in ("what", "when", "team", "mode")}
    HandoverAgreement.objects.update_or_create(
        project=project, number=number, defaults={**fields, "written_by": by, "written_at": at}
    )


def sign_agreement(project: Project, *, by: User, at: datetime) -> None:
    last = agreement(project)
    if last is not None and last.signed_at is None:
        last.signed_by, last.signed_at = by, at
        last.save(update_fields=["signed_by", "signed_at"])


def _wrote_it(flow: Lifecycle, who: Actor) -> bool:
    case: Any = flow.case
    if isinstance(case, Gate) and not is_at(case, AGREES):
        return False
    last = agreement(case.parent if isinstance(case, Gate) else case)
    return last is not None and last.signed_at is None and last.written_by_id == who.user.pk


wrote_the_agreement = Permission("wrote the agreement", _wrote_it)
"""Nobody signs what they wrote, be it as a deputy of the project manager."""


def the_handover_is_agreed(flow: Lifecycle) -> Condition:
    """Nothing of the first gate is submitted before the project wrote the agreement."""
    case: Gate = flow.case
    return Condition(
        not is_at(case, AGREES) or agreement(case.parent) is not None,
        unmet=_("Write the handover agreement first: what, when, which team, which mode."),
    )


def yields_the_agreement(flow: Lifecycle) -> Condition:
    return Condition(
        is_at(flow.case, AGREES), unmet=_("The handover is agreed at the first gate only.")
    )


def was_agreed(flow: Lifecycle) -> Condition:
    return Condition(
        agreement_in_force(flow.case) is not None,
        unmet=_("It is written at the first gate before it can be written anew."),
    )


def waits_for_a_signature(flow: Lifecycle) -> Condition:
    last = agreement(flow.case)
    first = flow.case.gates.filter(place=1, state__in=PASSED)
    return Condition(
        last is not None and last.signed_at is None and first.exists(),
        unmet=_("There is nothing to sign."),
    )


# -- trial operation -------------------------------------------------------------------------------
def trial_ends(project: Project, today: date) -> date:
    """Return the last day of the trial that begins today, longer for core systems (1 query)."""
    systems = Service.objects.filter(code__in=project.systems)
    is_core = systems.filter(criticality=Service.Criticality.CORE).exists()
    return today + (CORE_TRIAL_DAYS if is_core else TRIAL_DAYS)


def tried_until(case: Gate, day: date) -> dict[str, date]:
    """Return the fields of a trial up to `day`: the gate is not due before the day after it."""
    return {"trial_until": day, "planned_on": max(case.planned_on, day + timedelta(days=1))}


def the_trial_is_over(flow: Lifecycle) -> Condition:
    until: date | None = flow.case.trial_until
    return Condition(
        until is None or house_date(flow.at) > until,
        unmet=_("Trial operation runs up to and including %(day)s.") % {"day": until},
    )


def the_trial_may_be_extended(flow: Lifecycle) -> Condition:
    case: Gate = flow.case
    return Condition(
        case.trial_until is not None and case.extensions < EXTENSIONS,
        unmet=_("A trial is extended at most twice.")
        if case.trial_until is not None
        else _("This gate has no trial operation."),
    )


# -- going live ------------------------------------------------------------------------------------
def gate_before_go_live(project: Project) -> Gate | None:
    """Return the gate that decides on production: of a small job its only one (1 query)."""
    gates: Any = project.gates  # to mypy these are cases
    gates = gates.select_related("gate_kind", "parent").order_by("place")
    if not project.is_light:
        gates = gates.filter(gate_kind__code=GO_LIVE)
    found: Gate | None = gates.last()
    return found


def keeps_from_going_live(project: Project) -> str:
    """Return what speaks against going live now, or nothing (1 query)."""
    gate = gate_before_go_live(project)
    if gate is None or gate.state in PASSED:
        return ""
    return _("%(project)s may not go live: %(gate)s is “%(state)s”.") % {
        "project": project.number, "gate": gate.gate_kind, "state": gate.state_label,
    }  # fmt: skip


# -- the service in operation ----------------------------------------------------------------------
is_of_its_project = Permission(
    "of its project", lambda flow, who: not flow.case.parent.people.isdisjoint(who.identities)
)
asked_hand_back = Permission(
    "asked to hand it back", lambda flow, who: flow.case.hand_back_by_id in who.identities
)


def take_into_catalogue(gate: Gate, name: str, owner: User, criticality: str) -> list[str]:
    """Enter owner and criticality for the systems of the project; return their codes.

    A project that named no system brings a new one, under `name`.
    """
    codes: list[str] = gate.parent.systems
    if not codes:
        with override("en"):
            code = slugify(f"{name} {gate.parent.number}")[:60]
        Service.objects.create(code=code, kind=Service.Kind.SYSTEM, name=name, unit=owner.unit)
        codes = [code]
    for system in Service.objects.filter(code__in=codes):
        system.owner, system.criticality = owner, criticality
        system.save(update_fields=["owner", "criticality"])
    return codes


def waivers_of(case: Operation) -> Iterator[Waiver]:
    """Yield the waivers its project was granted that no finding tells of (1 query)."""
    granted = Waiver.objects.filter(
        gate__parent=case.parent_id, granted_at__isnull=False, revoked_at__isnull=True,
        finding__isnull=True,
    )  # fmt: skip
    yield from granted.select_related("criterion").order_by("expires_on", "pk")


def next_due(case: Operation) -> datetime | None:
    """Return when the next waiver ends, or the mode is to be looked at again (1 query)."""
    first = next(waivers_of(case), None)
    return end_of(min(case.review_on, first.expires_on) if first else case.review_on)


def review_by(case: Operation) -> datetime | None:
    return end_of(case.review_on)


def decide_by(case: Operation) -> datetime | None:
    return end_of(case.decide_until)


def where_it_runs(flow: Flow, finding: ServiceFinding | None = None, **values: Any) -> str:
    """Say where a service goes: by its mode, and by what is still to be settled (2 queries)."""
    flow.put(**values)  # a mode decided anew counts already
    case: Operation = flow.case
    if case.mode == Mode.PROJECT:
        return S.WITH_PROJECT
    still = case.findings.filter(settled_at__isnull=True)
    if finding is not None:
        still = still.exclude(pk=finding.pk)
    if "mode" in values:
        still = still.filter(is_review=False)
    today = house_date(flow.at)
    fell_due = case.review_on < today or any(one.expires_on < today for one in waivers_of(case))
    return S.ATTENTION if fell_due or still.exists() else S.RUNNING


def note_what_fell_due(case: Operation, at: datetime) -> None:
    """Write a finding for each waiver that ran out and for a review that is due (≤ 2 + n)."""
    today = house_date(at)
    for waiver in waivers_of(case):
        if waiver.expires_on < today:
            case.findings.create(waiver=waiver, found_at=at)
    reviews = case.findings.filter(is_review=True, settled_at__isnull=True)
    if case.review_on < today and not reviews.exists():
        case.findings.create(is_review=True, found_at=at)


def settle(finding: ServiceFinding, *, by: User, at: datetime, how: str) -> None:
    finding.settled_at, finding.settled_by, finding.settled_how = at, by, how
    finding.save(update_fields=["settled_at", "settled_by", "settled_how"])


def settle_reviews(case: Operation, *, by: User, at: datetime, how: str) -> None:
    for finding in case.findings.filter(is_review=True, settled_at__isnull=True):
        settle(finding, by=by, at=at, how=how)
