"""What stands in the way of a change, and when there would be room.

Nothing of it is stored: it is looked for whenever it is shown or asked, so that it is never out of
date. A change is looked up by when its window begins, at most `LONGEST_WINDOW` back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F, Max, Min, Q, QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from change_control.models import (
    LONGEST_WINDOW,
    Change,
    Dependency,
    FreezePeriod,
    MaintenanceWindow,
)
from change_control.states import ChangeState as S
from change_control.windows import Spell, concerns, freezes_over, is_within, joined, spells_of

PLANNED = (
    S.ASSESSING, S.AWAITING_APPROVAL, S.SCHEDULED, S.ON_HOLD, S.IMPLEMENTING, S.VERIFYING,
    S.BACKING_OUT,
)  # fmt: skip
"""States in which a change takes up its window; drafts see others and are not seen."""
UNDECIDED = (S.ASSESSING, S.AWAITING_APPROVAL)
LOOK_AHEAD = timedelta(days=90)
SLOTS = 3
MINUTE = timedelta(minutes=1)


class Kind(TextChoices):
    SAME_SYSTEM = "same_system", gettext_lazy("Same system")
    DEPENDENT_SYSTEM = "dependent_system", gettext_lazy("Dependent system")
    SAME_IMPLEMENTER = "same_implementer", gettext_lazy("Same implementer")
    OUTSIDE_WINDOW = "outside_window", gettext_lazy("Outside the maintenance window")
    HARD_FREEZE = "hard_freeze", gettext_lazy("Freeze")
    SOFT_FREEZE = "soft_freeze", gettext_lazy("Freeze that only warns")
    LATE_APPROVAL = "late_approval", gettext_lazy("Not approved in time")


class Plan(NamedTuple):
    """What of a change can clash: when, where, who."""

    pk: int | None
    number: str
    start: datetime
    end: datetime
    systems: frozenset[str]
    implementer_id: int | None
    state: str

    @classmethod
    def of(cls, change: Change) -> Plan | None:
        """Return the plan of a change; None while it has no window."""
        if change.starts_at is None or change.ends_at is None:
            return None
        return cls(
            change.pk, change.number, change.starts_at, change.ends_at,
            frozenset(change.systems), change.implementer_id, change.state,
        )  # fmt: skip

    def meets(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end

    @property
    def keys(self) -> list[str | int]:
        """Return by what it is found: codes of systems, and the implementer's id."""
        return [*self.systems, *(() if self.implementer_id is None else (self.implementer_id,))]

    def has_implementer_of(self, other: Plan) -> bool:
        return self.implementer_id is not None and self.implementer_id == other.implementer_id


@dataclass(frozen=True)
class Conflict:
    """One thing in the way: another change, or a rule about the time."""

    kind: Kind
    other: str = ""
    """The number of the other change."""
    words: str = ""
    """Which system, person or freeze."""

    def __str__(self) -> str:
        if self.other:
            return _("%(kind)s: %(other)s (%(words)s)") % {
                "kind": self.kind.label, "other": self.other, "words": self.words,
            }  # fmt: skip
        if self.words:
            return _("%(kind)s: %(words)s") % {"kind": self.kind.label, "words": self.words}
        return str(self.kind.label)


@dataclass
class Surroundings:
    """Everything around a span of time that a change may clash with (5 queries)."""

    plans: list[Plan]
    freezes: list[FreezePeriod]
    windows: dict[str, list[MaintenanceWindow]]
    near: dict[str, set[str]]
    """By system: the systems it needs, and those that need it."""
    at: datetime
    _near_these: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, start: datetime, end: datetime, at: datetime, only: Iterable[str] | None = None
    ) -> Surroundings:
        """Read what is around [start, end); `only`: with the rules of these systems."""
        kept = MaintenanceWindow.objects.order_by()
        pairs = Dependency.objects.all()
        if only is not None:
            kept = kept.filter(service__code__in=only)
            pairs = pairs.filter(Q(system__code__in=only) | Q(needs__code__in=only))
        windows: dict[str, list[MaintenanceWindow]] = defaultdict(list)
        for window in kept.annotate(code=F("service__code")):
            windows[window.code].append(window)
        near: dict[str, set[str]] = defaultdict(set)
        for system, needs in pairs.values_list("system__code", "needs__code"):
            near[system].add(needs)
            near[needs].add(system)
        return cls(plans_between(start, end), freezes_over(start, end), windows, near, at)

    def conflicts(self, plan: Plan, rivals: Iterable[Plan] | None = None) -> list[Conflict]:
        """Return what stands in the way of `plan`; `rivals`: where they are known already."""
        found = [
            conflict
            for other in (self.rivals(plan) if rivals is None else rivals)
            if other.meets(plan.start, plan.end)
            for conflict in self._between(plan, other)
        ]
        return found + list(self._rules(plan))

    def rivals(self, plan: Plan) -> list[Plan]:
        """Return the plans that would be in the way of `plan`, were they at the same time."""
        around = plan.systems | self._near(plan)
        return [
            other for other in self.plans
            if other.pk != plan.pk
            and (not around.isdisjoint(other.systems) or plan.has_implementer_of(other))
        ]  # fmt: skip

    def by_key(self) -> dict[str | int, list[Plan]]:
        """Return the plans of each system (by its code) and of each implementer (by their id)."""
        found: dict[str | int, list[Plan]] = defaultdict(list)
        for plan in self.plans:
            for key in plan.keys:
                found[key].append(plan)
        return found

    def rivals_among(self, plans: Mapping[str | int, list[Plan]], plan: Plan) -> list[Plan]:
        """Return what is in the way of `plan` at its time, of `plans` by their keys."""
        met = {
            other.pk: other
            for key in (*plan.keys, *self._near(plan)) for other in plans.get(key, ())
            if other.meets(plan.start, plan.end) and other.pk != plan.pk
        }  # fmt: skip
        return list(met.values())

    def _near(self, plan: Plan) -> frozenset[str]:
        """Return the systems that need one of the plan's, or that one of them needs."""
        if plan.systems not in self._near_these:
            near = (self.near.get(system, ()) for system in plan.systems)
            self._near_these[plan.systems] = frozenset().union(*near)
        return self._near_these[plan.systems]

    def _between(self, plan: Plan, other: Plan) -> Iterator[Conflict]:
        if same := plan.systems & other.systems:
            yield Conflict(Kind.SAME_SYSTEM, other.number, ", ".join(sorted(same)))
        elif near := self._near(plan) & other.systems:
            yield Conflict(Kind.DEPENDENT_SYSTEM, other.number, ", ".join(sorted(near)))
        if plan.has_implementer_of(other):
            yield Conflict(Kind.SAME_IMPLEMENTER, other.number, _("at the same time"))

    def _rules(self, plan: Plan) -> Iterator[Conflict]:
        outside = [
            system for system in sorted(plan.systems)
            if not is_within(self.windows.get(system, ()), plan.start, plan.end)
        ]  # fmt: skip
        if outside:
            yield Conflict(Kind.OUTSIDE_WINDOW, words=", ".join(outside))
        for freeze in self.freezes_of(plan):
            kind = Kind.HARD_FREEZE if freeze.is_hard else Kind.SOFT_FREEZE
            yield Conflict(kind, words=str(freeze))
        if plan.state in UNDECIDED and plan.start <= self.at:
            yield Conflict(Kind.LATE_APPROVAL)

    def freezes_of(self, plan: Plan) -> list[FreezePeriod]:
        return [
            freeze for freeze in self.freezes
            if freeze.starts_at < plan.end and plan.start < freeze.ends_at
            and concerns(freeze, plan.systems)
        ]  # fmt: skip


def planned(start: datetime, end: datetime) -> QuerySet[Any]:
    """Return the changes that take up a window which meets [start, end)."""
    changes: Any = Change.objects.all()  # to mypy these are cases
    met: QuerySet[Any] = changes.filter(
        state__in=PLANNED, starts_at__lt=end, starts_at__gt=start - LONGEST_WINDOW,
        ends_at__gt=start,
    )  # fmt: skip
    return met


def plans_between(start: datetime, end: datetime) -> list[Plan]:
    """Return the plans that meet [start, end), in order of their beginning (1 query)."""
    met = planned(start, end).order_by("starts_at", "pk")
    columns = ("pk", "number", "starts_at", "ends_at", "systems", "implementer_id", "state")
    return [
        Plan(pk, number, begins, ends, frozenset(systems), implementer, state)
        for pk, number, begins, ends, systems, implementer, state in met.values_list(*columns)
    ]


def conflicts_of(change: Change, at: datetime) -> list[Conflict]:
    """Return what stands in the way of one change; nothing while it has no window (5 queries)."""
    plan = Plan.of(change)
    if plan is None:
        return []
    return Surroundings.of(plan.start, plan.end, at, plan.systems).conflicts(plan)


def conflicts_between(start: datetime, end: datetime, at: datetime) -> dict[int, list[Conflict]]:
    """Return what stands in the way of each change that meets [start, end), by its id (6 queries).

    Also what a change that reaches out of [start, end) meets there.
    """
    reach = planned(start, end).aggregate(first=Min("starts_at"), last=Max("ends_at"))
    around = Surroundings.of(reach["first"] or start, reach["last"] or end, at)
    met = {plan.pk for plan in around.plans if plan.pk and plan.meets(start, end)}
    return _of_these(met, around)


def conflicts_of_these(spells: Mapping[int, Spell], at: datetime) -> dict[int, list[Conflict]]:
    """Return what stands in the way of each of these changes, by its id and window (5 queries)."""
    if not spells:
        return {}
    start, end = min(one.start for one in spells.values()), max(one.end for one in spells.values())
    return _of_these(spells, Surroundings.of(start, end, at))


def _of_these(wanted: Container[int], around: Surroundings) -> dict[int, list[Conflict]]:
    plans = around.by_key()
    return {
        plan.pk: around.conflicts(plan, around.rivals_among(plans, plan))
        for plan in around.plans
        if plan.pk is not None and plan.pk in wanted
    }


class Passed(NamedTuple):
    """A window that would fit but for what stands in its way."""

    start: datetime
    end: datetime
    conflicts: list[Conflict]


@dataclass(frozen=True)
class Search:
    """Free windows for a change, and why earlier ones are none."""

    free: list[Spell]
    passed: list[Passed]


def free_slots(
    change: Change, at: datetime, *, earliest: datetime | None = None, count: int = SLOTS
) -> Search:
    """Return the first windows of the change's length that nothing stands in the way of.

    After `at` and not before `earliest`, within 90 days, inside the maintenance windows all its
    systems have in common; where they have none, at the hour that was wished for, day by day
    (5 queries).
    """
    plan = Plan.of(change)
    if plan is None:
        return Search([], [])
    length, until = plan.end - plan.start, at + LOOK_AHEAD
    around = Surroundings.of(at, until + length, at, plan.systems)
    rivals = around.rivals(plan)
    ends = {one.end for one in rivals} | {
        freeze.ends_at for freeze in around.freezes if concerns(freeze, plan.systems)
    }
    free: list[Spell] = []
    passed: list[Passed] = []
    soonest = max(_minute_from(at + timedelta.resolution), _minute_from(earliest or at))
    for start in _beginnings(plan, change.zone, around, ends, soonest, until):
        tried = plan._replace(start=start, end=start + length, state="")
        conflicts = around.conflicts(tried, rivals)
        if conflicts:
            passed.append(Passed(tried.start, tried.end, conflicts))
        else:
            free.append(Spell(tried.start, tried.end))
        if len(free) == count:
            break
    return Search(free, passed)


def _minute_from(at: datetime) -> datetime:
    """Return the first whole minute that is not before `at`."""
    return (at + MINUTE - timedelta.resolution).replace(second=0, microsecond=0)


def _beginnings(
    plan: Plan, zone: ZoneInfo, around: Surroundings, ends: Collection[datetime],
    soonest: datetime, until: datetime,
) -> Iterator[datetime]:  # fmt: skip
    """Yield where a window may begin: from `soonest` on, and where something in the way `ends`."""
    length = plan.end - plan.start
    restricted = [around.windows[one] for one in sorted(plan.systems) if around.windows.get(one)]
    if not restricted:
        wished = plan.start.astimezone(zone)
        days = (until - soonest).days + 2
        first = max(soonest.astimezone(zone), wished).date()
        starts = (
            datetime.combine(first + timedelta(days=day), wished.time(), zone).astimezone(UTC)
            for day in range(days)
        )
        yield from (start for start in starts if soonest <= start < until)
        return
    for spell in _common([_spells(windows, soonest, until + length) for windows in restricted]):
        begins = max(spell.start, soonest)
        for start in (begins, *sorted(end for end in ends if begins < end < spell.end)):
            if start < until and start + length <= spell.end:
                yield start


def _spells(windows: Collection[MaintenanceWindow], start: datetime, end: datetime) -> list[Spell]:
    return joined(spell for window in windows for spell in spells_of(window, start, end))


def _common(all_spells: list[list[Spell]]) -> list[Spell]:
    """Return the spells that every list covers."""
    common, *rest = all_spells
    for spells in rest:
        common = [
            Spell(max(one.start, other.start), min(one.end, other.end))
            for one in common for other in spells if other.meets(one.start, one.end)
        ]  # fmt: skip
    return common
