"""The exit figures of trial operation, counted from the record and not from a feeling (M8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from people.house_time import house_date
from projects import takeover
from projects.models import Answer, Gate, GateCondition
from workflows.lifecycles import Lifecycle, registered
from workflows.models import Custody

WEEK = timedelta(days=7)
CALM = timedelta(days=14)
"""So long no fault of the gravest grade occurred."""

ALONE = 80
"""Percent of the faults of the last two weeks that ops closed without the project."""

RESTORE = "G7-06"


class Figure(NamedTuple):
    """`code`: the criterion it speaks to; `is_met`: None where it cannot be told yet."""

    code: str
    said: str
    is_met: bool | None


def figures(gate: Gate, at: datetime) -> list[Figure]:
    """Return what the record says of the trial (3 queries, and 7 for each process of faults)."""
    return [_length(gate, at), *_faults(gate, at), _restore(gate), _conditions(gate)]


def warnings(flow: Lifecycle) -> list[str]:
    """Name the exit figures that are not met; at the end what was agreed, and what is open."""
    gate: Gate = flow.case
    found: list[str] = []
    if takeover.is_at(gate, takeover.TRIAL) and gate.trial_from is not None:
        return [one.said for one in figures(gate, flow.at) if one.is_met is False]
    if takeover.is_at(gate, takeover.TAKES_OVER):
        agreed = takeover.agreement_in_force(gate.parent)
        if agreed is not None:
            said = _("Agreed at the start: %(mode)s, by %(team)s, on %(day)s.")
            values = {"mode": agreed.get_mode_display(), "team": agreed.team, "day": agreed.when}
            found.append(said % values)
        ends = _conditions(gate)
        found += [] if ends.is_met else [ends.said]
    return found


def _length(gate: Gate, at: datetime) -> Figure:
    assert gate.trial_from is not None  # the caller looked
    assert gate.trial_until is not None
    days = max((house_date(at) - gate.trial_from).days, 0)
    of = (gate.trial_until - gate.trial_from).days
    said = ngettext("Day %(days)s of %(of)s day.", "Day %(days)s of %(of)s days.", of)
    is_over = house_date(at) > gate.trial_until
    return Figure("G7-01", said % {"days": days, "of": of}, is_over or None)


def _faults(gate: Gate, at: datetime) -> Iterator[Figure]:
    """Yield what the faults of its systems say: open grave ones, weekly counts, closed alone."""
    processes = [one for one in registered() if one.faults is not None]
    if not processes:
        nothing = _("Not counted: no process of faults is in use here; the sheet tells.")
        yield Figure("G7-02, G7-03, G7-05", nothing, None)
        return
    open_grave = gravest = closed = alone = 0
    weeks = [0, 0, 0]
    for process in processes:
        faults, spec = _of_systems(gate, process), process.faults
        assert spec is not None  # chosen above
        open_grave += faults.filter(closed_at=None, **{f"{spec.field}__in": spec.grave}).count()
        gravest += faults.filter(opened_at__gt=at - CALM, **{spec.field: spec.gravest}).count()
        for ago in range(3):
            since = at - WEEK * (ago + 1)
            weeks[ago] += faults.filter(opened_at__gt=since, opened_at__lte=since + WEEK).count()
        lately = faults.filter(closed_at__gt=at - CALM)
        closed += lately.count()
        alone += lately.exclude(pk__in=_helped(gate)).count()
    yield Figure(
        "G7-02",
        _("Grave faults open: %(open)s; of the gravest grade in 14 days: %(gravest)s.")
        % {"open": open_grave, "gravest": gravest},
        not open_grave and not gravest,
    )
    yield Figure(
        "G7-03",
        _("Faults a week, the latest last: %(weeks)s.")
        % {"weeks": " · ".join(str(count) for count in reversed(weeks))},
        weeks[0] <= weeks[1] <= weeks[2],
    )
    share = 100 * alone // closed if closed else 100
    yield Figure(
        "G7-05",
        _("Closed by ops alone in two weeks: %(alone)s of %(closed)s, %(share)s %%.")
        % {"alone": alone, "closed": closed, "share": share},
        share >= ALONE,
    )


def _of_systems(gate: Gate, process: type[Lifecycle]) -> Any:
    cases: Any = process.model._default_manager.all()
    return cases.filter(service__code__in=gate.parent.systems)


def _helped(gate: Gate) -> Any:
    """Return the cases that lay with a vendor or with who leads the project."""
    helped = Q(party=Custody.Party.VENDOR) | Q(person=gate.parent.manager_id)
    return Custody.objects.filter(helped).values("case")


def _restore(gate: Gate) -> Figure:
    answer = Answer.objects.filter(gate=gate, round=gate.round, criterion__code=RESTORE).first()
    if answer is None or not answer.result:
        return Figure(RESTORE, _("The real restore is not judged yet."), None)
    said = _("The real restore: %(result)s.") % {"result": answer.get_result_display()}
    return Figure(RESTORE, said, answer.is_satisfied)


def _conditions(gate: Gate) -> Figure:
    unmet = GateCondition.objects.filter(
        gate__parent=gate.parent_id, gate__place__lt=gate.place, met_at=None
    ).count()
    said = ngettext(
        "%(count)s condition of earlier gates is open.",
        "%(count)s conditions of earlier gates are open.", unmet,
    )  # fmt: skip
    return Figure("G7-07", said % {"count": unmet}, not unmet)
