"""The change calendar: what is planned on the days of a month, gathered for one reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone, localdate, localtime
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from change_control.conflicts import PLANNED, Conflict, conflicts_of_these
from change_control.models import LONGEST_WINDOW, Change, FreezePeriod, Risk
from change_control.states import ChangeState as S
from change_control.windows import Spell, concerns, freezes_over
from people.actors import Actor

DAY = timedelta(days=1)
SHOWN = (*PLANNED, S.BACKED_OUT, S.FAILED, S.REVIEW, S.CLOSED)
"""What has a place in the calendar: what is planned, and what was done."""
AT_ONCE = 3
"""So many changes a day are shown in the month; the page of the day has them all."""


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


class Span(NamedTuple):
    """When and where a change is, in the reader's time: as light as a month of thousands needs."""

    pk: int
    start: datetime
    end: datetime
    systems: list[str]
    is_planned: bool


@dataclass(frozen=True)
class Entry:
    """A change as the calendar shows it."""

    change: Change
    start: datetime
    end: datetime
    conflicts: list[Conflict]

    @property
    def is_over(self) -> bool:
        return self.change.state not in PLANNED

    @property
    def times(self) -> tuple[str, str]:
        return f"{self.start:%H:%M}", f"{self.end:%H:%M}"


@dataclass
class Day:
    date: date
    is_in_month: bool
    is_today: bool
    freezes: list[FreezePeriod] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    """Everything on this day, by its beginning."""
    entries: list[Entry] = field(default_factory=list)
    """As much of it as the page shows."""

    @property
    def more(self) -> int:
        return len(self.spans) - len(self.entries)


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


def spans(who: Actor, start: datetime, end: datetime, **only: Any) -> list[Span]:
    """Return what the calendar has of [start, end) (1 query)."""
    system, zone = only.pop("system", None), get_current_timezone()
    rows = changes_between(who, start, end, **only)
    return [
        Span(pk, begins.astimezone(zone), ends.astimezone(zone), systems, state in PLANNED)
        for pk, begins, ends, systems, state
        in rows.values_list("pk", "starts_at", "ends_at", "systems", "state")
        if system is None or system.code in systems
    ]  # fmt: skip


def days(who: Actor, begins: date, ends: date, most: int | None, **only: Any) -> list[Day]:
    """Return the days from `begins` to `ends`, both included, for one reader (10 queries).

    Of each day the first `most` changes are shown with their conflicts, or all of them.
    """
    zone, today = get_current_timezone(), localdate(who.at)
    start, end = (datetime.combine(day, time(), zone) for day in (begins, ends + DAY))
    found = {day: Day(day, True, day == today) for day in _days(begins, ends)}
    for span in spans(who, start, end, **only):
        for day in _met(span.start, span.end, found):
            found[day].spans.append(span)
    for freeze in freezes_over(start, end):
        if "system" not in only or concerns(freeze, [only["system"].code]):
            for day in _met(localtime(freeze.starts_at), localtime(freeze.ends_at), found):
                found[day].freezes.append(freeze)
    shown = {span.pk: span for day in found.values() for span in day.spans[:most]}
    windows = {pk: Spell(span.start, span.end) for pk, span in shown.items() if span.is_planned}
    conflicts = conflicts_of_these(windows, who.at)
    changes: Any = Change.objects.only("number", "title", "kind", "state", "type").in_bulk(shown)
    for one in found.values():
        one.entries = [
            Entry(changes[span.pk], span.start, span.end, conflicts.get(span.pk, []))
            for span in one.spans[:most]
        ]
    return list(found.values())


def month(who: Actor, first: date, **only: Any) -> list[list[Day]]:
    """Return the weeks of the month, Monday first, with the days around it (10 queries)."""
    last = _next(first) - DAY
    row = days(
        who, first - first.weekday() * DAY, last + (6 - last.weekday()) * DAY, AT_ONCE, **only
    )
    for day in row:
        day.is_in_month = day.date.month == first.month
    return [row[at : at + 7] for at in range(0, len(row), 7)]


def in_freezes(row: Iterable[Day]) -> int:
    """Return how many planned changes fall into a freeze."""
    frozen = {
        span.pk
        for day in row for freeze in day.freezes for span in day.spans
        if span.is_planned and span.start < freeze.ends_at and freeze.starts_at < span.end
        and concerns(freeze, span.systems)
    }  # fmt: skip
    return len(frozen)


def page(who: Actor, query: Any) -> dict[str, Any]:
    """Return what the page shows: the day that `query` asks for, or else a month."""
    asked = CalendarFilter(query)
    only = asked.chosen()
    context = {"filter": asked, "is_filtered": bool(only), "types": Change.Type}
    if day := _day(query.get("day", "")):
        (shown,) = row = days(who, day, day, None, **only)
        context |= {"day": shown, "before": day - DAY, "after": day + DAY}
    else:
        first = first_of_month(query.get("month", ""), who.at)
        weeks = month(who, first, **only)
        row = [day for week in weeks for day in week]
        context |= {"first": first, "weeks": weeks, "before": first - DAY, "after": _next(first)}
    count = len({span.pk for day in row for span in day.spans})
    return context | {"count": count, "frozen": in_freezes(row)}


def _day(text: str) -> date | None:
    """Read `2026-11-12`; what is no day is none."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year <= 9000 else None


def _next(first: date) -> date:
    return (first + 31 * DAY).replace(day=1)


def _days(begins: date, ends: date) -> Iterator[date]:
    return (begins + number * DAY for number in range((ends - begins).days + 1))


def _met(start: datetime, end: datetime, days: dict[date, Day]) -> list[date]:
    """Return the days that [start, end) meets; one that ends at midnight not the day after."""
    last = (end - timedelta(microseconds=1)).date()
    return list(_days(max(start.date(), min(days)), min(last, max(days))))
