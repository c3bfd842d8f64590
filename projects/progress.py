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
    """Return `gates` with `asks`, `shown` and `passed`, counts of the present round (4 queries).

    As `Gate.criteria`, `Answer.is_present` and `Answer.is_satisfied` say it of one.
    """
    answers = Answer.objects.filter(gate=OuterRef("pk"), round=OuterRef("round"))
    found = list(
        gates.select_related("gate_kind", "parent").annotate(
            shown=_number_of(answers.filter(IS_SHOWN)),
            passed=_number_of(answers.filter(result=Answer.Result.PASS)),
        )
    )
    counts = _counts_of_asked({gate.parent_id for gate in found})
    for gate in found:
        gate.asks = counts[gate.pk]
    return found


def _counts_of_asked(projects: set[int]) -> dict[int, int]:
    """Return how much each gate of some projects asks for (3 queries)."""
    rows: Any = Gate.objects.filter(parent__in=projects)  # to mypy these are cases
    gates_of: dict[int, list[Gate]] = defaultdict(list)
    for gate in rows.select_related("gate_kind", "parent").order_by("parent", "place"):
        gates_of[gate.parent_id].append(gate)
    versions = {gate.gate_kind.version_id for gates in gates_of.values() for gate in gates}
    kinds = list(GateKind.objects.filter(version__in=versions).order_by("place"))
    criteria = Counter(
        Criterion.objects.filter(gate__version__in=versions).values_list(
            "gate_id", "area", "is_light", "level"
        )
    )
    return {
        pk: count
        for gates in gates_of.values() for pk, count in _of_project(gates, kinds, criteria).items()
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
