"""How several people decide one thing: seats, all of, n of m, a panel, and the veto.

A quorum is declared once and asked twice: which seats to open, and what the votes come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from people.models import User
from people.roles import Role

APPROVE, REJECT, ABSTAIN = "approve", "reject", "abstain"
Votes = Mapping[str, str]
"""Slot → outcome of every vote cast so far."""


@dataclass(frozen=True)
class OpenSeat:
    """A seat to fill for one case: a task with this slot, for a role or for a person.

    `is_named`: the case names the person, who then needs no role.
    """

    slot: str
    role: str
    person: User | None = None
    is_named: bool = False


class Quorum:
    """The common questions of every part."""

    def of(self, case: Any) -> Quorum:
        """Return the quorum that this case needs, where cases of a process need different ones."""
        return self

    def seats(self, case: Any, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        """Yield the seats this case needs; `holders(role)` gives the people of a role."""
        raise NotImplementedError("each kind of quorum has its own")

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        """Return True when carried, False when it cannot be any more, None while open."""
        raise NotImplementedError("each kind of quorum has its own")

    def vetoed(self, votes: Votes) -> bool:
        """Tell whether a no that ends the whole decision was cast in this part."""
        return False

    def roles(self) -> Iterator[Role]:
        raise NotImplementedError("each kind of quorum has its own")


@dataclass(frozen=True)
class Seat(Quorum):
    """One vote of a role; `person(case)` names somebody where the case knows who it is.

    `veto`: this seat's no ends the matter whatever the others say. `when(case)` false: the seat
    is not needed for this case.
    """

    role: Role
    person: Callable[[Any], User | None] | None = None
    when: Callable[[Any], bool] | None = None
    veto: bool = False

    def seats(self, case: Any, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        if self.when is None or self.when(case):
            person = self.person(case) if self.person else None
            yield OpenSeat(self.role, self.role, person, is_named=person is not None)

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        vote = votes.get(self.role)
        if vote is None:
            return None if self.role in open_slots else True
        return vote == APPROVE

    def vetoed(self, votes: Votes) -> bool:
        return self.veto and votes.get(self.role) == REJECT

    def roles(self) -> Iterator[Role]:
        yield self.role


@dataclass(frozen=True)
class Panel(Quorum):
    """`need` yes votes among whoever holds `role` when the decision opens: k of n."""

    role: Role
    need: int

    def seats(self, case: Any, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        for person in holders(self.role):
            yield OpenSeat(f"{self.role}:{person.pk}", self.role, person)

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        mine = f"{self.role}:"
        yes = sum(vote == APPROVE for slot, vote in votes.items() if slot.startswith(mine))
        waiting = sum(slot.startswith(mine) for slot in open_slots)
        return _reached(yes, waiting, self.need)

    def roles(self) -> Iterator[Role]:
        yield self.role


@dataclass(frozen=True)
class AtLeast(Quorum):
    """`need` of the parts must carry; a vetoing seat among them can end it alone."""

    need: int
    parts: tuple[Quorum, ...]

    def __post_init__(self) -> None:
        optional = any(isinstance(part, Seat) and part.when for part in self.parts)
        if optional and self.need < len(self.parts):
            raise ValueError("A seat with `when` counts as a yes when absent: use it in all_of.")

    def of(self, case: Any) -> Quorum:
        return AtLeast(self.need, tuple(part.of(case) for part in self.parts))

    def seats(self, case: Any, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        for part in self.parts:
            yield from part.seats(case, holders)

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        if self.vetoed(votes):
            return False
        verdicts = [part.verdict(votes, open_slots) for part in self.parts]
        return _reached(verdicts.count(True), verdicts.count(None), self.need)

    def roles(self) -> Iterator[Role]:
        for part in self.parts:
            yield from part.roles()

    def vetoed(self, votes: Votes) -> bool:
        return any(part.vetoed(votes) for part in self.parts)


@dataclass(frozen=True)
class EverybodyHeard(AtLeast):
    """Opinions, not votes: it is over when every seat has spoken, and somebody else decides."""

    def of(self, case: Any) -> Quorum:
        return self

    def verdict(self, votes: Votes, open_slots: set[str]) -> bool | None:
        return None if open_slots else True


@dataclass(frozen=True)
class ByCase(Quorum):
    """One of several quorums, the one that `which(case)` names: who decides follows the risk."""

    which: Callable[[Any], str]
    quorums: Mapping[str, Quorum]

    def of(self, case: Any) -> Quorum:
        return self.quorums[self.which(case)].of(case)

    def seats(self, case: Any, holders: Callable[[str], list[User]]) -> Iterator[OpenSeat]:
        return self.of(case).seats(case, holders)

    def roles(self) -> Iterator[Role]:
        yield from dict.fromkeys(role for one in self.quorums.values() for role in one.roles())


def all_of(*parts: Quorum) -> AtLeast:
    """Every part must carry; one no is enough to end it."""
    return AtLeast(len(parts), parts)


def opinions_of(*parts: Quorum) -> EverybodyHeard:
    """Every part is heard; nobody's no ends it."""
    return EverybodyHeard(len(parts), parts)


def at_least(need: int, *parts: Quorum) -> AtLeast:
    """`need` of the parts must carry."""
    return AtLeast(need, parts)


def _reached(yes: int, waiting: int, need: int) -> bool | None:
    if yes >= need:
        return True
    return None if yes + waiting >= need else False
