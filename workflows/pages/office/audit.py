"""Who changed what of the configuration, in words."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from auditlog.models import LogEntry
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from people.models import User
from workflows.pages import Request
from workflows.pages.office import PAGE, office_page
from workflows.words import listing

NOTHING = ("None", "", None)
LONGEST = 200


@dataclass(frozen=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """A line of the log; `deed` says created, changed or deleted."""

    row: LogEntry
    deed: str
    thing: str
    changes: list[Change]


@office_page("auditlog.view_logentry", methods=["GET", "HEAD"])
def list_changes(request: Request) -> HttpResponse:
    rows = LogEntry.objects.select_related("actor", "content_type").order_by("-timestamp", "-pk")
    person, kind = (request.GET.get(name, "") for name in ("person", "kind"))
    if person:
        rows = rows.filter(actor__username=person)
    if kind:
        rows = rows.filter(content_type__model=kind)
    if words := request.GET.get("q", "").strip()[:100]:
        rows = rows.filter(object_repr__icontains=words)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    actors = LogEntry.objects.filter(actor__isnull=False).order_by().values("actor").distinct()
    types = LogEntry.objects.order_by().values_list(
        "content_type__app_label", "content_type__model"
    )
    context = {
        "page_obj": page, "entries": read(list(page)), "q": words, "person": person, "kind": kind,
        "people": User.objects.filter(pk__in=actors).order_by("display_name", "username"),
        "kinds": sorted(_kind(*one) for one in set(types.distinct())),
        "is_filtered": bool(words or person or kind),
    }  # fmt: skip
    return render(request, "office/audit.html", context)


def _kind(app_label: str, model: str) -> tuple[str, str]:
    try:
        return model, str(apps.get_model(app_label, model)._meta.verbose_name)
    except LookupError:
        return model, model


def read(rows: list[LogEntry]) -> list[Entry]:
    """Return the rows in words; one query for each kind of thing they point at."""
    names = _names(rows)
    return [
        Entry(
            row, _deed(row), _thing(row),
            [_change(_field(row, name), name, value, names) for name, value in _changes(row)],
        )
        for row in rows
    ]  # fmt: skip


def _deed(row: LogEntry) -> str:
    return {
        LogEntry.Action.CREATE: _("created"),
        LogEntry.Action.DELETE: _("deleted"),
    }.get(row.action, _("changed"))


def _thing(row: LogEntry) -> str:
    model = row.content_type.model_class()
    return str(model._meta.verbose_name) if model else row.content_type.model


def _changes(row: LogEntry) -> list[tuple[str, Any]]:
    found = row.changes if isinstance(row.changes, dict) else {}
    hidden = {"id", "identity", "path", "password", "secret", "digest"}
    return [
        (name, value)
        for name, value in found.items()
        if name not in hidden
        and not (isinstance(value, list) and _is_nothing(value))
        and getattr(_field(row, name), "concrete", True)
    ]


def _is_nothing(value: list[Any]) -> bool:
    return all(one in NOTHING for one in value)


def _field(row: LogEntry, name: str) -> Any:
    model = row.content_type.model_class()
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def _names(rows: list[LogEntry]) -> dict[tuple[type[models.Model], str], str]:
    """Return what the foreign keys among the changes point at, by model and key."""
    wanted: dict[type[models.Model], set[str]] = defaultdict(set)
    for row in rows:
        for name, value in _changes(row):
            field = _field(row, name)
            if isinstance(field, models.ForeignKey) and isinstance(value, list):
                keys = (str(one) for one in value)
                wanted[field.related_model].update(key for key in keys if key.isdecimal())
    return {
        (model, str(one.pk)): str(one)
        for model, keys in wanted.items()
        for one in model._default_manager.filter(pk__in=keys)
    }


def _change(field: Any, name: str, value: Any, names: Any) -> Change:
    label = _label(field, name)
    if isinstance(value, dict):  # of many: what was added or removed
        told = listing(value.get("objects", []))
        gone = value.get("operation") == "delete"
        return Change(label, told if gone else "–", "–" if gone else told)
    before, after = (_said(field, one, names) for one in value)
    return Change(label, before, after)


def _label(field: Any, name: str) -> str:
    """Return the name of a field; one without its own is called as what it points at."""
    label = str(getattr(field, "verbose_name", name))
    is_unnamed = label == name.replace("_", " ")
    if is_unnamed and isinstance(field, models.ForeignKey):
        return str(field.related_model._meta.verbose_name)
    return label


def _said(field: Any, value: Any, names: Any) -> str:
    if value in NOTHING:
        return "–"
    if isinstance(field, models.ForeignKey):
        return str(names.get((field.related_model, str(value)), value))
    if isinstance(field, models.BooleanField):
        return _("yes") if str(value) == "True" else _("no")
    if isinstance(field, models.DateTimeField) and (at := parse_datetime(str(value))):
        aware = at if timezone.is_aware(at) else at.replace(tzinfo=UTC)  # the log keeps UTC
        return date_format(timezone.localtime(aware), "SHORT_DATETIME_FORMAT")
    choices = dict(getattr(field, "flatchoices", None) or ())
    return str(choices.get(value, value))[:LONGEST]
