"""The gate board: a column for each gate of the standard in force, with who stands there.

Of each column the first `MOST` are shown, the nearest day first; the portfolio has them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Subquery, Value, Window
from django.db.models.functions import Coalesce, RowNumber

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


def columns(found: Any, kinds: list[GateKind]) -> list[Column]:
    """Sort the open ones of `found` into columns, one for each of `kinds` (3 queries).

    A gate that is no longer of the standard has one as long as somebody stands there.
    """
    columns = {one.code: Column(one.code, one) for one in kinds}
    places = {pk: (code, count) for pk, code, count in _first_of_each(found)}
    projects = sorted(found.filter(pk__in=places), key=lambda one: list(places).index(one.pk))
    for row in rows(projects, only_now=True):
        code, count = places[row.project.pk]
        kind = row.now.gate_kind if row.now else None
        column = columns.setdefault(code, Column(code, kind))
        column.count = count
        column.cards.append(row)
    through = columns.pop(THROUGH, None)
    return [*columns.values(), *([through] if through else [])]


def _first_of_each(found: Any) -> Any:
    """Return key, column and size of the column of each project that is shown (1 query)."""
    now = gates_ahead()
    placed = found.open().annotate(
        code=Coalesce(Subquery(now.values("gate_kind__code")[:1]), Value(THROUGH)),
        due=Coalesce(Subquery(now.values("planned_on")[:1]), F("ends_on")),
    )
    ranked = placed.order_by().annotate(
        rank=Window(RowNumber(), partition_by=F("code"), order_by=["due", "pk"]),
        standing=Window(Count("pk"), partition_by=F("code")),
    )
    shown = ranked.filter(rank__lte=MOST).order_by("rank")
    return shown.values_list("pk", "code", "standing")
