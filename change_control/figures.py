"""How changes went, month by month: success, emergencies, exceptions from freezes, faults caused.

A share is of the changes that ended in the month, by when the work was finished; below
`ChangePolicy.record_from` changes it would say nothing and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import TruncMonth
from django.utils.timezone import get_current_timezone, localdate, localtime

from change_control.models import DONE_TYPES, Change, ChangePolicy
from people.actors import Actor
from workflows.models import CaseLink

MONTHS = 12
GOOD = (Change.Outcome.SUCCESSFUL, Change.Outcome.WITH_PROBLEMS)


@dataclass(frozen=True)
class Month:
    """Counts of the changes that ended in one month; of all months together: `first` is None."""

    first: date | None
    ended: int = 0
    good: int = 0
    emergencies: int = 0
    exceptions: int = 0
    caused_faults: int = 0
    least: int = 1

    @property
    def success_percent(self) -> int | None:
        return self._share(self.good)

    @property
    def emergency_percent(self) -> int | None:
        return self._share(self.emergencies)

    def _share(self, part: int) -> int | None:
        return part * 100 // self.ended if self.ended >= max(1, self.least) else None


COUNTED = ("ended", "good", "emergencies", "exceptions", "caused_faults")


def months(who: Actor) -> list[Month]:
    """Return the last twelve months of what `who` may see, the present one first (2 queries)."""
    least = ChangePolicy.current().record_from
    firsts = [_months_before(localdate(who.at), number) for number in range(MONTHS)]
    faults = CaseLink.objects.filter(target=OuterRef("pk"), relation=CaseLink.Relation.CAUSED_BY)
    changes: Any = Change.objects.all()  # to mypy these are cases
    since = datetime.combine(firsts[-1], time(), get_current_timezone())
    ended = changes.visible_to(who).filter(finished_at__gte=since).exclude(outcome="")
    rows = (
        ended.order_by()
        .annotate(month=TruncMonth("finished_at"), caused=Exists(faults))
        .values("month")
        .annotate(
            ended=Count("pk"),
            good=Count("pk", filter=Q(outcome__in=GOOD)),
            emergencies=Count("pk", filter=Q(type__in=DONE_TYPES)),
            exceptions=Count("pk", filter=~Q(freeze_override="")),
            caused_faults=Count("pk", filter=Q(caused=True)),
        )
    )
    counts = {localtime(row["month"]).date(): {name: row[name] for name in COUNTED} for row in rows}
    return [Month(first, **counts.get(first, {}), least=least) for first in firsts]


def together(rows: list[Month]) -> Month:
    sums = {name: sum(getattr(row, name) for row in rows) for name in COUNTED}
    return Month(None, **sums, least=rows[0].least)


def _months_before(day: date, number: int) -> date:
    index = day.year * 12 + day.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)
