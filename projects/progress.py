"""How far gates have come: what they ask for, what is shown of it, and what has passed."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from projects.models import Answer, Criterion, Project

IS_SHOWN = Q(is_left_out=True) | ~Q(evidence="") | ~Q(link="")


def with_progress(gates: Any) -> Any:
    """Annotate gates with `asked`, `shown` and `passed`, counts of the present round (0 queries).

    As `Gate.criteria`, `Answer.is_present` and `Answer.is_satisfied` say it of one.
    """
    answers = Answer.objects.filter(gate=OuterRef("pk"), round=OuterRef("round"))
    asked = Criterion.objects.filter(
        Q(area=Criterion.Area.BOTH) | Q(area=OuterRef("parent__project_kind"))
    )
    in_light = asked.filter(gate__version=OuterRef("parent__catalogue"), is_light=True)
    return gates.annotate(
        asked=Case(
            When(parent__track=Project.Track.LIGHT, then=_number_of(in_light, by="gate__version")),
            default=_number_of(asked.filter(gate=OuterRef("gate_kind")), by="gate"),
        ),
        shown=_number_of(answers.filter(IS_SHOWN), by="gate"),
        passed=_number_of(answers.filter(result=Answer.Result.PASS), by="gate"),
    )


def _number_of(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """Count correlated `rows`, which share what `by` names."""
    counted = rows.order_by().values(by).annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)
