"""The gate board: a column for each gate of the standard in force, with who stands there.

Of each column the first `MOST` are shown, the nearest day first; the portfolio has them all.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import F, Subquery, Value
from django.db.models.functions import Coalesce

from projects.models import GateKind
from projects.portfolio import THROUGH, Row, gates_ahead, rows

MOST = 8


@dataclass
class Column:
    """The projects before one gate, or past the last: `kind` is None there."""

    code: str
    kind: GateKind | None
    count: int = 0
    cards: list[Row] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


def columns(found: Any, kinds: list[GateKind], at: datetime) -> list[Column]:
    """Sort the open ones of `found` into columns, one for each of `kinds` (3 queries).

    A gate that is no longer of the standard has one as long as somebody stands there.
    """
    columns = {one.code: Column(one.code, one) for one in kinds}
    places = _first_of_each(found)
    order = list(places)
    projects = sorted(found.filter(pk__in=order), key=lambda one: order.index(one.pk))
    for row in rows(projects, at, only_now=True):
        code, count = places[row.project.pk]
        kind = row.now.gate_kind if row.now else None
        column = columns.setdefault(code, Column(code, kind))
        column.count = count
        column.cards.append(row)
    through = columns.pop(THROUGH, None)
    return [*columns.values(), *([through] if through else [])]


def _first_of_each(found: Any) -> dict[int, tuple[str, int]]:
    """Return column and size of the column of each project that is shown, by its key (1 query).

    Three values of every open project are read: a window function would keep them in the database,
    and takes eight times as long, most of it to compile (127 ms for 1000 projects, against 16).
    """
    now = gates_ahead()
    waiting: dict[str, list[tuple[date, int]]] = defaultdict(list)
    placed = (
        found.open()
        .order_by()
        .annotate(
            code=Coalesce(Subquery(now.values("gate_kind__code")[:1]), Value(THROUGH)),
            due=Coalesce(Subquery(now.values("planned_on")[:1]), F("ends_on")),
        )
    )
    for pk, code, due in placed.values_list("pk", "code", "due"):
        waiting[code].append((due, pk))
    return {
        pk: (code, len(all_there))
        for code, all_there in waiting.items() for _due, pk in sorted(all_there)[:MOST]
    }  # fmt: skip
