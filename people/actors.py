"""What a person may do at one instant: own roles, and those of the people they stand in for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from people.models import Absence, CustomerClass, Grant, Unit, User, in_force
from people.roles import READ_ONLY, Role
from rows import Reading

AUTOMATION = "automation"


def automation() -> User:
    """Return the system actor, a real row; one query, and two more the first time."""
    user, _created = User.objects.get_or_create(
        username=AUTOMATION, defaults={"display_name": "运维关口 Opsgate", "is_active": False}
    )
    return user


@dataclass(frozen=True, slots=True)
class Hold:
    """A role over a unit and all below it; `holder_id` is the absent person for a deputy's hold."""

    role: str
    unit_id: int
    holder_id: int


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at one instant. Superusers get nothing extra: only roles count here.

    `deputies`: who stands in for whom at that instant, everybody's.
    """

    user: User
    at: datetime
    holds: tuple[Hold, ...]
    stands_in_for: frozenset[int]
    deputies: Mapping[int, int] = field(compare=False)

    @classmethod
    def of(cls, user: User, at: datetime, deputies: Mapping[int, int] | None = None) -> Actor:
        """Read roles and, unless given, deputyships in force at `at` (2 queries)."""
        deputies = deputies_at(at) if deputies is None else deputies
        absent = absent_through(user.pk, deputies)
        own_first = sorted(
            (Hold(*grant) for grant in GRANTS(at=at, users=(user.pk, *sorted(absent)))),
            key=lambda hold: hold.holder_id != user.pk,
        )
        return cls(user, at, tuple(own_first), absent, deputies)

    @property
    def is_automation(self) -> bool:
        return self.user.username == AUTOMATION

    @property
    def may_act(self) -> bool:
        """Tell whether the account is in use; the system's own nobody can log in to."""
        return self.user.is_active or self.is_automation

    @property
    def identities(self) -> frozenset[int]:
        """Return the ids this person acts under: their own and those they stand in for."""
        return self.stands_in_for | {self.user.pk}

    @property
    def only_reads(self) -> bool:
        """Tell whether every role of this person is one that reads and changes nothing."""
        return bool(self.holds) and all(hold.role in READ_ONLY for hold in self.holds)

    def hold(self, role: str, unit: Unit) -> Hold | None:
        """Return the hold that gives `role` over `unit`, the person's own before a deputy's."""
        lineage = set(unit.lineage)
        return next((h for h in self.holds if h.role == role and h.unit_id in lineage), None)

    def has_role(self, role: str, unit: Unit) -> bool:
        return self.hold(role, unit) is not None


GRANTS = Reading(
    lambda at, users: (
        Grant.objects.in_force(at)
        .filter(user__pk__in=users)
        .order_by("pk")
        .values_list("role", "unit_id", "user_id")
    )
)
ABSENCES = Reading(
    lambda at: Absence.objects.in_force(at).order_by("pk").values_list("user_id", "deputy_id")
)
EVERY_HOLDER = Reading(
    lambda at, roles: (
        Grant.objects.in_force(at)
        .filter(role__in=roles, user__is_active=True)
        .values_list("role", "unit_id", "user_id")
    )
)
HOLDERS = Reading(
    lambda at, roles, units: (
        Grant.objects.in_force(at)
        .filter(role__in=roles, unit__pk__in=units, user__is_active=True)
        .values_list("role", "unit_id", "user_id")
    )
)


def deputies_at(at: datetime) -> dict[int, int]:
    """Return who stands in for whom at `at` (1 query)."""
    return dict(ABSENCES(at=at))


def absent_through(deputy_id: int, deputies: Mapping[int, int]) -> frozenset[int]:
    """Return the ids of everybody whose work falls to `deputy_id`, through chains too."""
    found: set[int] = set()
    reached = {deputy_id} if deputies else set()
    while reached:
        falls = {user for user, deputy in deputies.items() if deputy in reached}
        reached = falls - found - {deputy_id}
        found |= reached
    return frozenset(found)


def deputy_chain(user_ids: Collection[int], deputies: Mapping[int, int]) -> dict[int, int]:
    """Return who does the work of each of `user_ids`, themselves unless away."""
    standing: dict[int, int] = {}
    for user_id in user_ids:
        acting, seen = user_id, {user_id}
        while (after := deputies.get(acting)) is not None and after not in seen:
            acting = after
            seen.add(after)
        standing[user_id] = acting
    return standing


class Holders:
    """The active people who hold some roles at one instant: over `unit`, or anywhere (1 query)."""

    def __init__(self, roles: Collection[str], at: datetime, unit: Unit | None = None) -> None:
        wanted = tuple(sorted(roles))
        if not wanted:
            self.grants: list[tuple[str, int, int]] = []
        elif unit is None:
            self.grants = EVERY_HOLDER(at=at, roles=wanted)
        else:
            self.grants = HOLDERS(at=at, roles=wanted, units=tuple(unit.lineage))

    def of(self, role: str, unit: Unit) -> set[int]:
        """Return the ids of those who hold `role` over `unit`."""
        lineage = set(unit.lineage)
        return {who for held, over, who in self.grants if held == role and over in lineage}


def holders_of(role: Role | str, unit: Unit, at: datetime) -> QuerySet[User]:
    """Return the active people who hold `role` over `unit` at `at`, by name."""
    grants = Grant.objects.in_force(at).filter(role=role, unit__in=unit.lineage)
    return User.objects.filter(is_active=True, pk__in=grants.values("user")).order_by("username")


def customer_class_of(user: User, at: datetime) -> str:
    """Return `A` or `B` (M6): the person's own class, else the nearest unit's, else `B`."""
    lineage = user.unit.lineage if user.unit else []
    grades: dict[int, str] = {}
    for grade, of_user, of_unit in CLASSES(at=at, user=user.pk, units=tuple(lineage)):
        grades[len(lineage) if of_user else lineage.index(of_unit)] = grade
    return grades[max(grades)] if grades else CustomerClass.Grade.B


CLASSES = Reading(
    lambda at, user, units: CustomerClass.objects.filter(
        in_force(at), Q(user__pk=user) | Q(unit__pk__in=units)
    ).values_list("grade", "user_id", "unit_id")
)
