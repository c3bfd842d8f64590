"""The change calendar: what is planned on the days of a month, gathered for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, localdate, localtime
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from change_control.conflicts import PLANNED, Conflict, Kind, conflicts_between
from change_control.models import LONGEST_WINDOW, Change, FreezePeriod, Risk
from change_control.states import ChangeState as S
from change_control.windows import concerns, freezes_over
from people.actors import Actor

DAY = timedelta(days=1)
FREEZES = (Kind.HARD_FREEZE, Kind.SOFT_FREEZE)
SHOWN = (*PLANNED, S.BACKED_OUT, S.FAILED, S.REVIEW, S.CLOSED)
"""What has a place in the calendar: what is planned, and what was done."""
AT_ONCE = 6
"""So many changes a day are shown; the others unfold."""


class CalendarFilter(forms.Form):
    """The filters in the address; what cannot be understood filters nothing."""

    system = forms.ModelChoiceField(
        label=_("System"), queryset=Service.objects.active().systems(), to_field_name="code",
        required=False, empty_label=_("All"),
    )  # fmt: skip
    type = forms.ChoiceField(
        label=_("Type"), choices=[("", _("All")), *Change.Type.choices], required=False
    )
    risk = forms.ChoiceField(
        label=_("Risk"), choices=[("", _("All")), *Risk.choices], required=False
    )
    mine = forms.BooleanField(label=_("Only mine"), required=False)

    def chosen(self) -> dict[str, Any]:
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value}


@dataclass(frozen=True)
class Entry:
    """A change on the calendar; times are those of the reader."""

    change: Change
    start: datetime
    end: datetime
    conflicts: list[Conflict]

    @property
    def is_over(self) -> bool:
        return self.change.state not in PLANNED


@dataclass
class Day:
    date: date
    is_in_month: bool
    is_today: bool
    freezes: list[FreezePeriod] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def first(self) -> list[Entry]:
        return self.entries[:AT_ONCE]

    @property
    def rest(self) -> list[Entry]:
        return self.entries[AT_ONCE:]


def first_of_month(text: str, at: datetime) -> date:
    """Read `2026-11`; what is no month is that of `at`."""
    try:
        year, month = map(int, text.split("-"))
        return date(year, month, 1) if 1970 <= year <= 9000 else localdate(at).replace(day=1)
    except ValueError:
        return localdate(at).replace(day=1)


def changes_between(who: Actor, start: datetime, end: datetime, **only: Any) -> QuerySet[Any]:
    """Return the changes `who` may see whose windows meet [start, end), by their beginning."""
    changes: Any = Change.objects.all()  # to mypy these are cases
    found = changes.visible_to(who).filter(
        state__in=SHOWN, starts_at__lt=end, starts_at__gt=start - LONGEST_WINDOW, ends_at__gt=start
    )
    for name in ("type", "risk"):
        if name in only:
            found = found.filter(**{name: only[name]})
    if "mine" in only:
        me = who.user
        found = found.filter(Q(requester=me) | Q(implementer=me) | Q(verifier=me))
    rows: QuerySet[Any] = found.defer("search_tokens").order_by("starts_at", "pk")
    return rows


def entries(who: Actor, start: datetime, end: datetime, **only: Any) -> list[Entry]:
    """Return what the calendar shows of [start, end) (9 queries)."""
    conflicts = conflicts_between(start, end, who.at)
    system = only.pop("system", None)
    return [
        Entry(change, localtime(change.starts_at), localtime(change.ends_at),
              conflicts.get(change.pk, []))
        for change in changes_between(who, start, end, **only)
        if system is None or system.code in change.systems
    ]  # fmt: skip


def month(who: Actor, first: date, **only: Any) -> list[list[Day]]:
    """Return the weeks of the month, Monday first, with the days around it (11 queries)."""
    begins = first - first.weekday() * DAY
    last = _next(first) - DAY
    ends = last + (6 - last.weekday()) * DAY
    zone, today = get_current_timezone(), localdate(who.at)
    start, end = (datetime.combine(day, time(), zone) for day in (begins, ends + DAY))
    days = {day: Day(day, day.month == first.month, day == today) for day in _days(begins, ends)}
    for entry in entries(who, start, end, **only):
        for day in _met(entry.start, entry.end, days):
            days[day].entries.append(entry)
    for freeze in freezes_over(start, end):
        if "system" not in only or concerns(freeze, [only["system"].code]):
            for day in _met(localtime(freeze.starts_at), localtime(freeze.ends_at), days):
                days[day].freezes.append(freeze)
    row = list(days.values())
    return [row[at : at + 7] for at in range(0, len(row), 7)]


def in_freezes(weeks: Iterable[list[Day]]) -> int:
    """Return how many planned changes fall into a freeze."""
    frozen = {
        entry.change.pk
        for week in weeks for day in week for entry in day.entries
        if any(conflict.kind in FREEZES for conflict in entry.conflicts)
    }  # fmt: skip
    return len(frozen)


def page(who: Actor, query: Any) -> dict[str, Any]:
    """Return everything the page shows of the month that `query` asks for."""
    asked = CalendarFilter(query)
    first = first_of_month(query.get("month", ""), who.at)
    weeks = month(who, first, **asked.chosen())
    shown = {entry.change.pk for week in weeks for day in week for entry in day.entries}
    return {
        "first": first, "weeks": weeks, "filter": asked, "count": len(shown),
        "frozen": in_freezes(weeks), "is_filtered": bool(asked.chosen()),
        "before": f"{first - DAY:%Y-%m}", "after": f"{_next(first):%Y-%m}",
        "types": Change.Type,
    }  # fmt: skip


def _next(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)


def _days(begins: date, ends: date) -> Iterator[date]:
    return (begins + number * DAY for number in range((ends - begins).days + 1))


def _met(start: datetime, end: datetime, days: dict[date, Day]) -> list[date]:
    """Return the days that [start, end) meets; one that ends at midnight not the day after."""
    last = (end - timedelta(microseconds=1)).date()
    return list(_days(max(start.date(), min(days)), min(last, max(days))))
