"""Calendars: the hours promised time runs in, their versions, and a due time tried out."""

from __future__ import annotations

import calendar as months
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements import actions
from agreements.models import Calendar, CalendarDay, CalendarVersion, Standard, StandardVersion
from agreements.workings import Workings, work_out
from agreements.worktime import ONE_DAY, NoWorkingTime
from workflows import retiming
from workflows.pages import Request
from workflows.pages.office import UNPROCESSABLE, Deed, blank, carry_out, office_page
from workflows.pages.office.moves import moved_words, told
from workflows.shell import actor_of

LONGEST = {"business_minutes": 60_000, "business_hours": 1000, "business_days": 120}
"""How much may be tried: its working is shown day by day."""
UNITS = [(unit, label) for unit, label in StandardVersion.Unit.choices if unit in LONGEST]


class YearForm(forms.Form):
    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=2020, max_value=2100)


class TryForm(forms.Form):
    start = forms.DateTimeField(label=gettext_lazy("Filed"), widget=forms.DateTimeInput)
    standard = forms.ModelChoiceField(
        label=gettext_lazy("As promised by"), required=False,
        empty_label=gettext_lazy("A length of my own"),
        queryset=Standard.objects.none(), to_field_name="code",
    )  # fmt: skip
    amount = forms.DecimalField(
        label=gettext_lazy("Length"), required=False, min_value=Decimal("0.25"),
        max_digits=7, decimal_places=2,
    )  # fmt: skip
    unit = forms.ChoiceField(label=gettext_lazy("Unit of time"), choices=UNITS, required=False)

    def __init__(self, data: Any, version: CalendarVersion, **kwargs: Any) -> None:
        super().__init__(data, auto_id="id_try_%s", **kwargs)
        field = self.fields["standard"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Standard.objects.filter(
            is_active=True, versions__calendar=version.calendar
        ).distinct()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("standard"):
            return values
        unit, amount = values.get("unit") or "business_hours", values.get("amount")
        if amount is None and "amount" not in self.errors:
            self.add_error("amount", _("Say how long, or choose a standard."))
        elif amount is not None and amount > LONGEST[unit]:
            self.add_error("amount", _("That is more than can be shown day by day."))
        elif amount is not None and unit == "business_days" and amount != int(amount):
            self.add_error("amount", _("Business days are whole; use hours for a part of one."))
        return values


def _draft(subject: Calendar, request: Request, values: dict[str, Any]) -> str:
    actions.draft_version(subject, actor=request.user)
    return _("The draft is ready. Nothing counts by it until it is published.")


def _import(subject: Calendar, request: Request, values: dict[str, Any]) -> str:
    number = actions.import_holidays(_open_draft(subject), year=values["year"], actor=request.user)
    said = ngettext(
        "%(number)d day is added to the draft.", "%(number)d days are added to the draft.", number
    )
    return said % {"number": number}


def _publish(subject: Calendar, request: Request, values: dict[str, Any]) -> str:
    actions.publish_version(_open_draft(subject), actor=request.user, at=timezone.now())
    return _("Published: what begins from now on counts by it.")


def _migrate(subject: Calendar, request: Request, values: dict[str, Any]) -> str:
    moved = retiming.migrate(subject, actor=request.user, at=timezone.now())
    return moved_words(moved)


DEEDS = {
    "draft": Deed("agreements.add_calendarversion", _draft),
    "import": Deed("agreements.change_calendarversion", _import, YearForm),
    "publish": Deed("agreements.change_calendarversion", _publish),
    "migrate": Deed("agreements.change_calendarversion", _migrate),
}


@office_page("agreements.view_calendar", methods=["GET", "HEAD"])
def list_calendars(request: Request) -> HttpResponse:
    at = timezone.now()
    rows = [
        {"calendar": one, "version": in_force(list(one.versions.all()), at),
         "draft": next((each for each in one.versions.all() if not each.is_kept), None)}
        for one in Calendar.objects.prefetch_related("versions")
    ]  # fmt: skip
    return render(
        request, "office/calendars.html", {"rows": rows, "soon": at.date() + timedelta(90)}
    )


def in_force(versions: list[CalendarVersion], at: datetime) -> CalendarVersion | None:
    """Return which of all versions of a calendar counts at `at`."""
    kept = [one for one in versions if one.published_at is not None and one.published_at <= at]
    return max(kept, key=lambda one: one.number, default=None)


@office_page("agreements.view_calendar")
def show_calendar(request: Request, code: str) -> HttpResponse:
    subject, refused = _find(code), None
    if request.method == "POST":
        refused = carry_out(DEEDS, request, subject)
        if refused is None:
            return redirect("office_calendar", code=code)
    at = timezone.now()
    versions = list(subject.versions.order_by("-number"))
    version = _chosen(request, versions, at)
    year = _year(request, at)
    shown = blank(DEEDS, request, **{"import": {"year": year}}) | dict([refused] if refused else [])
    days = list(version.days.all())
    context = {
        "calendar": subject, "versions": versions, "version": version, "now": at,
        "current": in_force(versions, at), "forms": shown, "week": _week(version),
        "draft": next((one for one in versions if not one.is_kept), None), "year": year,
        "months": _months(version, year, days), "stretches": _stretches(days, year),
        "try_form": TryForm(None, version, initial=_example(version, at)),
        "preview": _preview(request, subject, version, at), "refused": refused,
    }  # fmt: skip
    return render(
        request, "office/calendar.html", context, status=UNPROCESSABLE if refused else 200
    )


@office_page("agreements.view_calendar", methods=["GET", "HEAD"])
def try_calendar(request: Request, code: str) -> HttpResponse:
    """Answer when something filed at a time is due, and show the way; alone for htmx."""
    subject, at = _find(code), timezone.now()
    version = _chosen(request, list(subject.versions.order_by("-number")), at)
    asked = request.GET if "start" in request.GET else _example(version, at)
    form = TryForm(asked, version)
    workings = _worked_out(form, version) if form.is_valid() else None
    known_to = version.data_ends_on
    context = {
        "calendar": subject, "version": version, "try_form": form, "workings": workings,
        "is_uncertain": workings and known_to
        and workings.due.astimezone(ZoneInfo(version.timezone)).date() > known_to,
    }  # fmt: skip
    is_part = bool(request.headers.get("HX-Request"))
    name = "office/_workings.html" if is_part else "office/try.html"
    return render(request, name, context)


def _worked_out(form: TryForm, version: CalendarVersion) -> Workings | None:
    values = form.cleaned_data
    try:
        return work_out(version, values["start"], _length(values, version))
    except (NoWorkingTime, OverflowError, ValueError):
        form.add_error(None, _("This calendar has no working time ahead."))
        return None


def _length(values: dict[str, Any], version: CalendarVersion) -> timedelta:
    start, standard = values["start"], values.get("standard")
    promised = standard.versions.in_force(start).first() if standard else None
    if standard and promised is None:
        promised = standard.versions.order_by("-number").first()
    if promised is None:
        unit = values.get("unit") or StandardVersion.Unit.BUSINESS_HOURS
        promised = StandardVersion(amount=values["amount"], unit=unit)
    return promised.budget(start, version.working_time())


def _find(code: str) -> Calendar:
    return get_object_or_404(Calendar, code=code)


def _open_draft(subject: Calendar) -> CalendarVersion:
    return get_object_or_404(CalendarVersion, calendar=subject, published_at__isnull=True)


def _chosen(request: Request, versions: list[CalendarVersion], at: datetime) -> CalendarVersion:
    """Return the version the address names, else the one in force, else the newest."""
    wanted = request.GET.get("version", "")
    if wanted:
        found = next((one for one in versions if str(one.number) == wanted), None)
    else:
        found = in_force(versions, at) or next(iter(versions), None)
    if found is None:
        raise Http404
    return found


def _year(request: Request, at: datetime) -> int:
    asked = request.GET.get("year", "")
    return int(asked) if asked.isdecimal() and 2000 <= int(asked[:5]) <= 2100 else at.year


def _example(version: CalendarVersion, at: datetime) -> dict[str, Any]:
    """Return a question worth asking: filed on Friday evening, eight working hours."""
    local = at.astimezone(ZoneInfo(version.timezone))
    friday = local + ((4 - local.weekday()) % 7) * ONE_DAY
    start = friday.replace(hour=17, minute=30, second=0, microsecond=0)
    return {"start": start, "amount": 8, "unit": "business_hours"}


def _preview(
    request: Request, subject: Calendar, version: CalendarVersion, at: datetime
) -> dict[str, Any] | None:
    """Return which clocks a draft, or the version in force, would move; only when asked."""
    if "preview" not in request.GET:
        return None
    is_draft = not version.is_kept
    try:
        moves = retiming.preview_draft(version, at) if is_draft else retiming.preview(subject, at)
    except NoWorkingTime:
        return {"has_no_hours": True}
    return told(moves, actor_of(request))


def _week(version: CalendarVersion) -> list[dict[str, Any]]:
    return [
        {"name": WEEKDAYS[number], "windows": version.weekly.get(str(number), [])}
        for number in range(7)
    ]


def _months(version: CalendarVersion, year: int, days: list[CalendarDay]) -> list[dict[str, Any]]:
    special = {day.date: day for day in days}
    return [
        {
            "first": date(year, month, 1),
            "weeks": [
                [_cell(version, day, month, special.get(day)) for day in week]
                for week in months.Calendar().monthdatescalendar(year, month)
            ],
        }
        for month in range(1, 13)
    ]


def _cell(
    version: CalendarVersion, day: date, month: int, special: CalendarDay | None
) -> dict[str, Any]:
    is_worked = version.is_always or bool(version.weekly.get(str(day.weekday())))
    kind = special.kind if special else "open" if is_worked else "rest"
    return {"day": day, "is_here": day.month == month, "kind": kind, "special": special}


def _stretches(days: list[CalendarDay], year: int) -> list[dict[str, Any]]:
    """Return the special days of a year, neighbours of the same name as one stretch."""
    found: list[dict[str, Any]] = []
    for day in (one for one in days if one.date.year == year):
        last = found[-1] if found else None
        is_next = last is not None and last["last"].date + ONE_DAY == day.date
        if (
            last is not None
            and is_next
            and (last["last"].name, last["last"].kind) == (day.name, day.kind)
        ):
            last["last"], last["count"] = day, last["count"] + 1
        else:
            found.append({"first": day, "last": day, "count": 1})
    return found
