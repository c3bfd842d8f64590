"""What the page of a change shows besides what every case has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse

from change_control import risk, rules
from change_control.conflicts import PLANNED, Conflict, Kind, conflicts_of, free_slots
from change_control.forms import EditForm
from change_control.models import Change
from change_control.states import BEFORE_WORK, DRAFTS
from change_control.states import ChangeState as S
from people.actors import Actor
from workflows.lifecycles import Part
from workflows.models import Case
from workflows.systems import names_of

if TYPE_CHECKING:
    from change_control.flows import ChangeLifecycle as Flow

MAY_MOVE = (*DRAFTS, *BEFORE_WORK, S.ON_HOLD)
OF_SYSTEMS = (Kind.SAME_SYSTEM, Kind.DEPENDENT_SYSTEM, Kind.OUTSIDE_WINDOW)
BAD = (Kind.SAME_SYSTEM, Kind.DEPENDENT_SYSTEM, Kind.SAME_IMPLEMENTER, Kind.HARD_FREEZE)


def of(flow: Flow, who: Actor) -> list[Part]:
    """Return window, risk, steps and review, where there is something of it (≤ 10 queries)."""
    case: Change = flow.case
    found = []
    if case.starts_at and case.ends_at and (case.state in PLANNED or case.state in MAY_MOVE):
        found.append(Part("change_control/_window.html", _window(case, who)))
    if case.risk_answers:
        rows = risk.told(case)
        found.append(Part("change_control/_risk.html", {"rows": rows, "case": case}))
    steps = list(case.steps.select_related("done_by"))
    if steps:
        ticked = sum(1 for step in steps if step.done_at)
        found.append(Part("change_control/_steps.html", {"steps": steps, "ticked": ticked}))
    review = list(case.review_actions.select_related("owner"))
    if review:
        found.append(Part("change_control/_review_actions.html", {"rows": review}))
    return found


def _window(case: Change, who: Actor) -> dict[str, Any]:
    local = _local(case, case.starts_at, case.ends_at)
    return {
        "when": local, "zone": case.time_zone,
        "conflicts": told(conflicts_of(case, who.at), who),
        "slots_url": reverse("change_slots", args=[case.number])
        if case.state in MAY_MOVE else "",
        "calendar_url": f"{reverse('change_calendar')}?month={local[0]:%Y-%m}",
    }  # fmt: skip


def told(found: Iterable[Conflict], who: Actor) -> list[dict[str, Any]]:
    """Return what stands in the way as `who` may know it: another change by its number and title,
    or only that there is one (≤ 1 query)."""
    found = list(found)
    numbers = {one.other for one in found if one.other}
    visible = Case.objects.visible_to(who).filter(number__in=numbers) if numbers else ()
    others = {one.number: one for one in visible}
    return [
        {
            "kind": one.kind.label, "is_bad": one.kind in BAD, "words": named(one),
            "has_other": bool(one.other), "other": others.get(one.other),
        }
        for one in found
    ]  # fmt: skip


def named(one: Conflict) -> str:
    """Return what is in the way, systems by their names (≤ 1 query)."""
    if one.kind not in OF_SYSTEMS:
        return one.words
    return names_of(one.words.split(", "))


def slots(case: Change, who: Actor) -> dict[str, Any]:
    """Return the free windows of a change and why earlier ones are none (≤ 12 queries).

    To whoever may edit the change, each free window is a link to the form that moves it there.
    """
    flow: Any = case.lifecycle(case, who, who.at)
    may_move = "edit" in {one.name for one in flow.available(who)}
    earliest = rules.earliest_window(case, who.at) if case.state in DRAFTS else None
    found = free_slots(case, who.at, earliest=earliest)
    first = found.free[0].start if found.free else None
    earlier = [one for one in found.passed if first is None or one.start < first]
    reasons = iter(told((one for passed in earlier for one in passed.conflicts), who))
    return {
        "case": case, "zone": case.time_zone, "lead": case.policy.lead_business_days,
        "earliest": earliest and earliest.astimezone(case.zone),
        "free": [
            {
                "when": _local(case, spell.start, spell.end),
                "take_url": _take_url(case, spell.start)
                if may_move and spell.start != case.starts_at
                else "",
            }
            for spell in found.free
        ],
        "passed": [
            {
                "when": _local(case, passed.start, passed.end),
                "conflicts": [next(reasons) for _one in passed.conflicts],
            }
            for passed in earlier
        ],
    }  # fmt: skip


def _take_url(case: Change, start: datetime) -> str:
    """Return where the plan is edited, moved as a whole to begin at `start`."""
    assert case.starts_at is not None
    moved = {
        name: f"{_local(case, at + (start - case.starts_at))[0]:%Y-%m-%dT%H:%M}"
        for name in EditForm.from_address
        if (at := getattr(case, name))
    }
    return f"{reverse('case_action', args=[case.number, 'edit'])}?{urlencode(moved)}"


def _local(case: Change, *times: datetime | None) -> list[datetime]:
    """Return times in the time zone of the change."""
    return [at.astimezone(case.zone) for at in times if at is not None]
