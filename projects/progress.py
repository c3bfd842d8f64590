"""How far gates have come: what they ask for, what is shown of it, and what has passed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from projects.models import Answer, Criterion, Gate, GateKind
from projects.models.asking import asked_of

IS_SHOWN = (
    Q(is_left_out=True) | ~Q(evidence="") | ~Q(link="") | Q(file__isnull=False)
    | Q(record__isnull=False)
)  # fmt: skip


def with_progress(gates: Any) -> list[Any]:
    """Return `gates`, all of some projects and in their order, with `asks`, `shown` and `passed`:
    counts of the present round (2 queries).

    As `Gate.criteria`, `Answer.is_present` and `Answer.is_satisfied` say it of one.
    """
    answers = Answer.objects.filter(gate=OuterRef("pk"), round=OuterRef("round"))
    found = list(
        gates.select_related("gate_kind", "parent").annotate(
            shown=_number_of(answers.filter(IS_SHOWN)),
            passed=_number_of(answers.filter(result=Answer.Result.PASS)),
        )
    )
    counts = _counts_of_asked(found)
    for gate in found:
        gate.asks = counts[gate.pk]
    return found


def _counts_of_asked(gates: list[Gate]) -> dict[int, int]:
    """Return how much each gate asks for (1 query)."""
    versions = {gate.gate_kind.version_id for gate in gates}
    rows = Criterion.objects.filter(gate__version__in=versions).select_related("gate")
    kinds = {gate.gate_kind_id: gate.gate_kind for gate in gates}
    criteria: Criteria = Counter()
    for row in rows.only("area", "is_light", "level", "gate__version", "gate__place", "gate__code"):
        kinds.setdefault(row.gate_id, row.gate)
        criteria[row.gate_id, row.area, row.is_light, row.level] += 1
    by_place = sorted(kinds.values(), key=lambda kind: kind.place)
    of_projects: dict[int, list[Gate]] = defaultdict(list)
    for gate in gates:
        of_projects[gate.parent_id].append(gate)
    return {
        pk: count
        for of_one in of_projects.values()
        for pk, count in _of_project(of_one, by_place, criteria).items()
    }  # fmt: skip


Criteria = Counter[tuple[int, str, bool, str]]
"""How many a kind of gate has of each area, of the light track or not, and level."""


def _of_project(gates: Sequence[Gate], kinds: list[GateKind], criteria: Criteria) -> dict[int, int]:
    project = gates[0].parent
    fitting: Counter[int] = Counter()
    musts: Counter[int] = Counter()
    for (kind, area, is_light, level), number in criteria.items():
        is_of_area = area in (Criterion.Area.BOTH, project.project_kind)
        if is_of_area and (is_light or not project.is_light):
            fitting[kind] += number
            musts[kind] += number * (level == Criterion.Level.MUST)
    return {
        pk: sum(musts[one.kind_id] if one.is_carried else fitting[one.kind_id] for one in asked)
        for pk, asked in asked_of(gates, kinds).items()
    }  # fmt: skip


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    """Count the correlated answers of a gate."""
    counted = rows.order_by().values("gate").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
