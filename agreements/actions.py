"""What changes agreements: drafting and publishing calendars, revising standards, shipped data."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from auditlog.context import set_actor
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from agreements.models import (
    Calendar,
    CalendarDay,
    CalendarVersion,
    Service,
    Standard,
    StandardVersion,
)
from agreements.worktime import NoWorkingTime
from people.models import User

DATA = Path(__file__).parent / "data"
SHIPPED_FROM = datetime.fromisoformat("2024-01-01T00:00:00+08:00")  # as far back as the holidays


def draft_version(calendar: Calendar, *, actor: User) -> CalendarVersion:
    """Copy the newest version of a calendar and its days into a draft that can be edited."""
    with transaction.atomic(), set_actor(actor):
        newest = calendar.versions.order_by("-number").first()
        if newest is not None and not newest.is_kept:
            raise ValidationError(_("This calendar already has a draft."))
        if newest is None:
            return CalendarVersion.objects.create(calendar=calendar, number=1)
        draft = CalendarVersion.objects.create(
            calendar=calendar,
            number=newest.number + 1,
            timezone=newest.timezone,
            weekly=newest.weekly,
            is_always=newest.is_always,
            data_ends_on=newest.data_ends_on,
        )
        for day in newest.days.all():
            day.pk, day.version, day._state.adding = None, draft, True
            day.save()
        return draft


def publish_version(version: CalendarVersion, *, actor: User | None, at: datetime) -> None:
    """Put a draft into force from `at` on; from then it is kept as it is.

    Raises ValidationError if it is published already or never opens after `at`.
    """
    with transaction.atomic(), set_actor(actor):
        if version.is_kept:
            raise ValidationError(_("This version is published already."))
        try:
            version.working_time().next_open(at)
        except NoWorkingTime:
            raise ValidationError(_("This calendar has no working time ahead.")) from None
        version.published_at = at
        version.save(update_fields=["published_at"])


def import_holidays(version: CalendarVersion, *, year: int, actor: User) -> int:
    """Put the holidays and adjusted days of a year in China into a draft; return how many.

    A date that is listed already stays as it is. Adjusted days are worked like a Monday. Raises
    ValidationError for a year whose notice is not among the shipped data.
    """
    with transaction.atomic(), set_actor(actor):
        if version.is_kept:
            raise ValidationError(_("A published version does not change. Make a new one."))
        known = set(version.days.values_list("date", flat=True))
        fresh = [day for day in _notice(year) if date.fromisoformat(day["date"]) not in known]
        for day in fresh:
            windows = [] if day["kind"] == CalendarDay.Kind.OFF else version.weekly.get("0", [])
            CalendarDay.objects.create(version=version, windows=windows, **day)
        ends_on = date(year, 12, 31)
        if version.data_ends_on is None or version.data_ends_on < ends_on:
            version.data_ends_on = ends_on
            version.save(update_fields=["data_ends_on"])
        return len(fresh)


def _notice(year: int) -> list[dict[str, Any]]:
    found = [day for day in _shipped("china_days") if day["date"].startswith(f"{year}-")]
    if not found:
        raise ValidationError(
            _("The holidays of %(year)s have not come with this version of Opsgate."),
            params={"year": str(year)},
        )
    return found


def confirm_standard(version: StandardVersion, *, actor: User) -> None:
    """Note that the customer agreed to this figure: it is contractual from now on."""
    with transaction.atomic(), set_actor(actor):
        if version.is_contractual:
            raise ValidationError(_("This figure is confirmed already."))
        version.is_contractual = True
        version.save(update_fields=["is_contractual"])


def revise_standard(
    standard: Standard, *, actor: User, effective_from: datetime, **changes: Any
) -> StandardVersion:
    """End the open version at `effective_from` and begin the next with `changes` to it.

    `changes` name fields of StandardVersion. The new version is not contractual unless they say so.
    """
    with transaction.atomic(), set_actor(actor):
        current = standard.versions.select_for_update().get(effective_to__isnull=True)
        current.effective_to = effective_from
        current.full_clean()
        current.save(update_fields=["effective_to"])
        kept = {name: getattr(current, name) for name in ("amount", "unit", "calendar", "warn_at")}
        revised = StandardVersion(
            standard=standard,
            number=current.number + 1,
            effective_from=effective_from,
            **(kept | changes),
        )
        revised.full_clean()
        revised.save()
        return revised


class Loaded(NamedTuple):
    """The codes of what `load_defaults` made, and of what it found and left alone."""

    made: list[str]
    kept: list[str]


@transaction.atomic
def load_defaults() -> Loaded:
    """Load the shipped catalogue, calendars and standards, where their codes do not exist yet.

    What exists is left alone, whoever made or changed it, so this can run again at any time.
    """
    loaded = Loaded([], [])
    for load in (_load_services, _load_calendars, _load_standards):
        load(loaded)
    return loaded


def _load_services(loaded: Loaded) -> None:
    for product_class in _shipped("catalogue"):
        products = product_class.pop("products")
        kind = Service.Kind.PRODUCT_CLASS
        parent, is_new = Service.objects.get_or_create(
            code=product_class.pop("code"), defaults={"kind": kind, **product_class}
        )
        _note(loaded, parent.code, is_new)
        for row in products:
            defaults = {"kind": Service.Kind.PRODUCT, "parent": parent, **row}
            product, is_new = Service.objects.get_or_create(code=row["code"], defaults=defaults)
            _note(loaded, product.code, is_new)


def _load_calendars(loaded: Loaded) -> None:
    for row in _shipped("calendars"):
        names = {"name": row["name"], "name_zh": row["name_zh"]}
        calendar, is_new = Calendar.objects.get_or_create(code=row["code"], defaults=names)
        _note(loaded, calendar.code, is_new)
        if is_new:
            _load_version(calendar, row)


def _load_version(calendar: Calendar, row: dict[str, Any]) -> None:
    ends_on = row.get("data_ends_on")
    version = CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        timezone=row["timezone"],
        weekly=row.get("weekly", {}),
        is_always=row.get("is_always", False),
        data_ends_on=date.fromisoformat(ends_on) if ends_on else None,
    )
    for day in _shipped(row["days"]) if "days" in row else ():
        # An adjusted working day is worked like the weekday the calendar names.
        windows = [] if day["kind"] == CalendarDay.Kind.OFF else row["weekly"][row["work_like"]]
        CalendarDay.objects.create(version=version, windows=windows, **day)
    publish_version(version, actor=None, at=SHIPPED_FROM)


def _load_standards(loaded: Loaded) -> None:
    figures = json.loads((DATA / "sla_defaults.json").read_text(encoding="utf-8"))
    calendars = {calendar.code: calendar for calendar in Calendar.objects.all()}
    for row in _shipped("standards"):
        terms = {
            "amount": Decimal(row.pop("amount", None) or _figure(figures, row.pop("figure"))),
            "unit": row.pop("unit"),
            "calendar": calendars[row.pop("calendar")],
            "warn_at": figures["percent_triggers"],
        }
        standard, is_new = Standard.objects.get_or_create(code=row["code"], defaults=row)
        _note(loaded, standard.code, is_new)
        if is_new:
            StandardVersion.objects.create(
                standard=standard, number=1, effective_from=SHIPPED_FROM, **terms
            )


def _shipped(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _figure(figures: dict[str, Any], path: str) -> int:
    """Return the figure at `path`, like "change.decision_workdays"."""
    found: Any = figures
    for key in path.split("."):
        found = found[key]
    return int(found)


def _note(loaded: Loaded, code: str, is_new: bool) -> None:
    (loaded.made if is_new else loaded.kept).append(code)
