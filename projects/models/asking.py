"""Whose criteria a gate asks for: its own, and those of gates skipped or left out before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from projects.states import GateState

if TYPE_CHECKING:
    from projects.models.catalogue import GateKind
    from projects.models.projects import Gate


class Asked(NamedTuple):
    """A kind of gate whose criteria are asked for; only its musts where it was skipped."""

    kind_id: int
    is_carried: bool

    @property
    def narrowed(self) -> dict[str, str]:
        return {"level": "must"} if self.is_carried else {}


def asked_of(gates: Iterable[Gate], kinds: Iterable[GateKind]) -> dict[int, list[Asked]]:
    """Return by gate whose criteria it asks for; `gates` are a project's from the first, in order.

    A gate asks for what its kind asks, and for what those before it ask that the project has no
    gate for: its track leaves them out, or its version is newer. Of gates that were skipped the
    next one asks for the musts. `kinds`: those of every version the gates are of, by place.
    """
    by_version: dict[int, list[GateKind]] = {}
    for kind in kinds:
        by_version.setdefault(kind.version_id, []).append(kind)
    asked: dict[int, list[Asked]] = {}
    had: set[str] = set()
    carried: list[Asked] = []
    for gate in gates:
        up_to = [
            kind for kind in by_version[gate.gate_kind.version_id]
            if kind.place <= gate.gate_kind.place
        ]  # fmt: skip
        last = max((kind.place for kind in up_to[:-1] if kind.code in had), default=0)
        own = [Asked(kind.pk, False) for kind in up_to if kind.place > last]
        asked[gate.pk] = [*carried, *own]
        is_skipped = gate.state == GateState.SKIPPED
        carried = [Asked(one.kind_id, True) for one in asked[gate.pk]] if is_skipped else []
        had.add(gate.gate_kind.code)
    return asked
