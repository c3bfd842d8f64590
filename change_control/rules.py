"""The rules of a change that are more than one line: who decides, what is missing, what next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agreements.models import Calendar, Service
from change_control.conflicts import Kind, conflicts_of
from change_control.models import DONE_TYPES, Change, ChangePolicy, Risk
from change_control.risk import record_of, record_of_template
from change_control.states import ChangeState as S
from people.house_time import house_date
from people.models import User
from people.roles import Role
from workflows.lifecycles import Condition
from workflows.models import Task
from workflows.permissions import Permission, is_requester
from workflows.quorums import APPROVE, REJECT, OpenSeat, Panel, Quorum, Votes
from workflows.words import listing
from workflows.work import is_carried

if TYPE_CHECKING:
    from change_control.flows import ChangeLifecycle as Flow


def requester(case: Change) -> User:
    return case.requester


def implementer(case: Change) -> User | None:
    return case.implementer


def verifier(case: Change) -> User | None:
    return case.verifier


is_implementer = Permission(
    "implementer", lambda flow, who: flow.case.implementer_id in who.identities
)
is_involved = is_requester | is_implementer
"""Who asked for a change or carries it out never decides on it."""


# -- who decides ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class OwnersOfSystems(Quorum):
    """A yes of the owner of every system touched.

    Where systems have no owner, or their owner asks for or carries out the change, one system owner
    of the unit decides in their place.
    """

    def seats(self, case: Change, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        seats = (self._seat(case, service) for service in touched(case))
        yield from {seat.slot: seat for seat in seats}.values()

    def _seat(self, case: Change, service: Service) -> OpenSeat:
        owner = service.owner
        involved = (case.requester_id, case.implementer_id)
        if owner is None or not owner.is_active or owner.pk in involved:
            return OpenSeat(Role.SYSTEM_OWNER, Role.SYSTEM_OWNER)
        return OpenSeat(f"{Role.SYSTEM_OWNER}:{owner.pk}", Role.SYSTEM_OWNER, owner, is_named=True)

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        mine = Role.SYSTEM_OWNER
        cast = [vote for slot, vote in votes.items() if slot.startswith(mine)]
        if REJECT in cast:
            return False
        waiting = any(slot.startswith(mine) for slot in open_slots)
        return None if waiting else all(vote == APPROVE for vote in cast)

    def roles(self) -> Iterator[Role]:
        yield Role.SYSTEM_OWNER


@dataclass(frozen=True)
class Cab(Panel):
    """So many votes of CAB members as the policy asks for.

    Who sits on the board in their own right, as a holder of `beside`, has that one seat only.
    """

    need: int = 2
    beside: tuple[Role, ...] = ()

    def of(self, case: Change) -> Quorum:
        return replace(self, need=case.policy.cab_votes)

    def seats(self, case: Change, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        seated = {person.pk for role in self.beside for person in holders(role)}
        for seat in super().seats(case, holders):
            if seat.person is not None and seat.person.pk not in seated:
                yield seat


def touched(case: Change) -> list[Service]:
    """Return the systems of a change with their owners (1 query)."""
    return list(Service.objects.filter(code__in=case.systems).select_related("owner"))


PLACE_AND_TIME = (
    "what", "systems", "starts_at", "ends_at", "outage_minutes", "backout_plan",
    "backout_minutes", "return_until",
)  # fmt: skip
EVERYTHING = (
    *PLACE_AND_TIME, "type", "reason", "plan", "test_evidence", "implementer_id", "verifier_id",
    "risk", "level",
)  # fmt: skip


def what_is_approved(case: Change, slot: str) -> str:
    """Return a digest of the fields a seat decides on: owners on what happens to their system and
    when, everybody else on all of it; of what was done already, also on when it was done."""
    fields: tuple[str, ...] = EVERYTHING
    if slot.startswith(Role.SYSTEM_OWNER):
        fields = PLACE_AND_TIME
    elif case.was_done:
        fields = (*EVERYTHING, "began_at", "finished_at")
    values = {name: getattr(case, name) for name in fields}
    for name, value in values.items():
        if isinstance(value, datetime):
            values[name] = value.astimezone(UTC)
    said = json.dumps(values, cls=DjangoJSONEncoder)
    return hashlib.sha256(said.encode()).hexdigest()


def content_hash(case: Change) -> str:
    """Return the digest of everything that is approved, for whoever carries it out."""
    return what_is_approved(case, "")


# -- where it goes --------------------------------------------------------------------------------
def after_submission(flow: Flow, **values: Any) -> str:
    """A template was approved before; an emergency goes to those who decide at once."""
    case = flow.case
    if case.type == Change.Type.STANDARD:
        return S.SCHEDULED
    return after_edit(flow) if case.type in DONE_TYPES else S.ASSESSING


def after_approval(flow: Flow, **values: Any) -> str:
    """What was already done is reviewed; everything else waits for its window."""
    return S.REVIEW if flow.case.was_done else S.SCHEDULED


def after_edit(flow: Flow, **values: Any) -> str:
    """What everybody approved needs nobody to decide; anything else is decided, again too."""
    flow.put(**values)  # the rule is about what the change will say
    return S.SCHEDULED if approvals_stand(flow) else S.AWAITING_APPROVAL


def after_verification(flow: Flow, **values: Any) -> str:
    """Emergencies and what overran are reviewed; what went well is closed."""
    case = flow.case
    return S.REVIEW if case.type in DONE_TYPES or case.has_overrun else S.CLOSED


def where_it_was(flow: Flow, **values: Any) -> str:
    return str(flow.case.held_from)


# -- what is missing ------------------------------------------------------------------------------
def missing(case: Change) -> list[str]:
    """Return the labels of the fields that are needed and not filled in."""
    return [
        str(Change._meta.get_field(name).verbose_name)  # type: ignore[union-attr]  # own columns
        for name in case.needed if not getattr(case, name)
    ]  # fmt: skip


def is_complete(flow: Flow) -> Condition:
    lacking = missing(flow.case)
    return Condition(
        not lacking, unmet=_("Still missing: %(fields)s.") % {"fields": listing(lacking)}
    )


def template_holds(flow: Flow) -> Condition:
    """A template is good up to its day, and for the systems it names."""
    case = flow.case
    if case.type != Change.Type.STANDARD or case.template is None:
        return Condition(True, unmet="")
    template = case.template
    if not template.is_active or template.expires_on < house_date(flow.at):
        return Condition(
            False,
            unmet=_("The template “%(template)s” is over; make it a normal change.")
            % {"template": template},
        )
    beyond = beyond_template(case)
    return Condition(
        not beyond,
        unmet=_("The template does not cover %(systems)s.") % {"systems": listing(beyond)},
    )


def beyond_template(case: Change) -> list[str]:
    """Return the systems of a change that its template does not name; one that names none is
    for all (1 query)."""
    named = {service.code for service in case.template.systems.all()} if case.template else set()
    return sorted(set(case.systems) - named) if named else []


def window_is_ahead(flow: Flow) -> Condition:
    case = flow.case
    ahead = case.was_done or case.starts_at is None or case.starts_at > flow.at
    return Condition(ahead, unmet=_("The window has already begun; choose a later one."))


def earliest_window(case: Change, at: datetime) -> datetime | None:
    """Return when a change submitted at `at` may begin: a normal one some business days later,
    unless it says why not (≤ 3 queries)."""
    if case.type != Change.Type.NORMAL or case.short_notice:
        return None
    working = Calendar.default().version_at(at).working_time()
    return working.add_days(at, case.policy.lead_business_days)


def submitted_in_time(flow: Flow) -> Condition:
    """Normal changes are submitted some business days ahead, or say why not."""
    starts = flow.case.starts_at
    earliest = earliest_window(flow.case, flow.at) if starts else None
    if starts is None or earliest is None:
        return Condition(True, unmet="")
    return Condition(
        starts >= earliest,
        unmet=_(
            "Normal changes are submitted %(days)s business days ahead: the window may begin on "
            "%(earliest)s. Move it, or say why it is at short notice."
        ) % {"days": flow.case.policy.lead_business_days, "earliest": _when(earliest)},
    )  # fmt: skip


def no_hard_freeze(flow: Flow) -> Condition:
    """Nothing is scheduled into a hard freeze without a recorded exception."""
    case = flow.case
    if case.freeze_override or case.was_done:
        return Condition(True, unmet="")
    frozen = [one.words for one in conflicts_of(case, flow.at) if one.kind == Kind.HARD_FREEZE]
    return Condition(
        not frozen,
        unmet=_(
            "The window lies in a freeze: %(freezes)s. Move it, or ask the head of operations for "
            "an exception."
        ) % {"freezes": listing(frozen)},
    )  # fmt: skip


def is_frozen(flow: Flow) -> Condition:
    """An exception is recorded where there is something to except from."""
    return Condition(not no_hard_freeze(flow), unmet=_("No freeze is in the way."))


def may_go_live(flow: Flow) -> Condition:
    """What goes live is accepted first, or the head of operations says why not (M8)."""
    case: Change = flow.case
    if case.goes_live is None or case.live_override or case.was_done:
        return Condition(True, unmet="")
    brings = case.goes_live.concrete()
    reason = brings.lifecycle(brings, None, flow.at).keeps_from_going_live()
    return Condition(not reason, unmet=reason)


def is_kept_from_going_live(flow: Flow) -> Condition:
    return Condition(not may_go_live(flow), unmet=_("Nothing keeps it from going live."))


def window_is_open(flow: Flow) -> Condition:
    case = flow.case
    return Condition(
        case.starts_at <= flow.at < case.ends_at,
        unmet=_("The window is from %(start)s to %(end)s.")
        % {"start": _when(case.starts_at), "end": _when(case.ends_at)},
    )


def is_as_approved(flow: Flow) -> Condition:
    return Condition(
        approvals_stand(flow), unmet=_("It is not what was approved any more; have it approved.")
    )


def approvals_stand(flow: Flow) -> bool:
    """Tell whether the votes that carried the change are about what it says now.

    A standard change needs none as long as its template covers it.
    """
    is_standard = flow.case.type == Change.Type.STANDARD
    is_covered = is_standard and not beyond_template(flow.case)
    return is_covered or is_carried(flow, S.AWAITING_APPROVAL)


def may_go_higher(flow: Flow) -> Condition:
    higher = flow.case.decided_by in (Risk.LOW, Risk.MEDIUM)
    return Condition(higher, unmet=_("Nobody stands above those who decide."))


def has_open_steps(flow: Flow) -> Condition:
    is_open = flow.case.steps.filter(done_at__isnull=True).exists()
    return Condition(is_open, unmet=_("Every step is ticked."))


def next_level(case: Change) -> str:
    return Risk.MEDIUM if case.level == Risk.LOW else Risk.HIGH


def is_over(case: Change, at: datetime) -> bool:
    """Tell whether the window of a change is over."""
    return case.ends_at is not None and at > case.ends_at


# -- clocks ---------------------------------------------------------------------------------------
def approve_by(case: Change) -> datetime | None:
    """A change is decided before its window begins."""
    return None if case.was_done else case.starts_at


def may_be_recorded_later(case: Change) -> bool:
    return case.type in DONE_TYPES


def record_by(case: Change) -> datetime | None:
    """What was done before it was recorded is recorded a business day later (1 query)."""
    done = case.finished_at or case.began_at or case.opened_at
    return Calendar.default().version_at(case.opened_at).working_time().add_days(done, 1)


# -- what whoever decides should know -------------------------------------------------------------
def warnings(flow: Flow) -> list[str]:
    """Return how records are, who left, which system has nobody, and what was excepted."""
    case, at = flow.case, flow.at
    found = _records(case, at)
    gone = [str(task.assignee) for task in flow.open_tasks if left(task)]
    if gone:
        found.append(
            _(
                "No longer here: %(people)s. Once the change is edited or sent back, whoever is "
                "responsible now is asked."
            )
            % {"people": listing(gone)}
        )
    nobody = [str(one) for one in touched(case) if one.owner is None or not one.owner.is_active]
    if nobody:
        found.append(_("Without an owner: %(systems)s.") % {"systems": listing(nobody)})
    if case.state == S.IMPLEMENTING and case.return_until and at > case.return_until:
        found.append(
            _("The last point of return, %(when)s, is past: backing out would overrun the window.")
            % {"when": _when(case.return_until)}
        )
    kept = may_go_live(flow)
    if not kept and case.state not in flow.closed:
        found.append(kept.unmet)
    if case.live_override:
        found.append(_("Goes live before acceptance: %(reason)s") % {"reason": case.live_override})
    if case.freeze_override:
        found.append(_("Exception from a freeze: %(reason)s") % {"reason": case.freeze_override})
    return found


def _records(case: Change, at: datetime) -> list[str]:
    """Return how often changes by the same team, and by the same template, succeeded."""
    found = []
    policy: ChangePolicy = case.policy
    record = record_of(case.implementer, at, policy)
    if record.percent is not None:
        found.append(
            _("The implementer's team: %(percent)s %% of %(count)s changes in 12 months succeeded.")
            % {"percent": record.percent, "count": record.count}
        )
    if case.template is not None:
        record = record_of_template(case.template, at, policy)
        if record.percent is not None:
            found.append(
                _("By this template: %(percent)s %% of %(count)s changes in 12 months succeeded.")
                % {"percent": record.percent, "count": record.count}
            )
    return found


def left(task: Task) -> bool:
    return task.assignee is not None and not task.assignee.is_active


def _when(at: datetime) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
