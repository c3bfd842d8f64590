"""What a person may do at one instant: own roles, and those of the people they stand in for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from people.models import Absence, CustomerClass, Grant, Unit, User, in_force
from people.roles import READ_ONLY, Role

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
    """A person at one instant. Superusers get nothing extra: only roles count here."""

    user: User
    at: datetime
    holds: tuple[Hold, ...]
    stands_in_for: frozenset[int]

    @classmethod
    def of(cls, user: User, at: datetime) -> Actor:
        """Read roles and deputyships in force at `at` (2 queries, 1 more when standing in)."""
        absent = absent_through(user.pk, at)
        grants = Grant.objects.in_force(at).filter(user__in={user.pk, *absent})
        own_first = sorted(
            (Hold(grant.role, grant.unit_id, grant.user_id) for grant in grants),
            key=lambda hold: hold.holder_id != user.pk,
        )
        return cls(user, at, tuple(own_first), absent)

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


def absent_through(deputy_id: int, at: datetime) -> frozenset[int]:
    """Return the ids of everybody whose work falls to `deputy_id` at `at`, through chains too."""
    deputies = list(Absence.objects.in_force(at).values_list("user_id", "deputy_id"))
    found: set[int] = set()
    reached = {deputy_id}
    while reached:
        reached = {user for user, deputy in deputies if deputy in reached} - found - {deputy_id}
        found |= reached
    return frozenset(found)


def deputy_chain(user_ids: set[int], at: datetime) -> dict[int, int]:
    """Return who does the work of each of `user_ids` at `at`, themselves unless away (1 query)."""
    deputies = dict(Absence.objects.in_force(at).values_list("user_id", "deputy_id"))
    standing: dict[int, int] = {}
    for user_id in user_ids:
        acting, seen = user_id, {user_id}
        while (after := deputies.get(acting)) is not None and after not in seen:
            acting = after
            seen.add(after)
        standing[user_id] = acting
    return standing


def holders_of(role: Role | str, unit: Unit, at: datetime) -> QuerySet[User]:
    """Return the active people who hold `role` over `unit` at `at`, by name."""
    grants = Grant.objects.in_force(at).filter(role=role, unit__in=unit.lineage)
    return User.objects.filter(is_active=True, pk__in=grants.values("user")).order_by("username")


def customer_class_of(user: User, at: datetime) -> str:
    """Return `A` or `B` (M6): the person's own class, else the nearest unit's, else `B`."""
    lineage = user.unit.lineage if user.unit else []
    spells = CustomerClass.objects.filter(in_force(at), Q(user=user) | Q(unit__in=lineage))
    nearest = max(
        spells,
        key=lambda spell: len(lineage) if spell.user_id else lineage.index(spell.unit_id or 0),
        default=None,
    )
    return nearest.grade if nearest else CustomerClass.Grade.B
