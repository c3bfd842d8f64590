"""What a form asks for, said so that a program can ask it."""

from __future__ import annotations

from typing import Any

from django import forms

from people.actors import Actor
from workflows.lifecycles import Lifecycle

MOST_CHOICES = 200
"""Rows listed as choices; above it `choices` is null and the code or user name is simply sent."""

TYPES: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.ModelMultipleChoiceField, "multiple"),
    (forms.MultipleChoiceField, "multiple"),
    (forms.ModelChoiceField, "choice"),
    (forms.ChoiceField, "choice"),
    (forms.BooleanField, "boolean"),
    (forms.FileField, "file"),
    (forms.JSONField, "json"),
    (forms.DateTimeField, "datetime"),
    (forms.DateField, "date"),
    (forms.TimeField, "time"),
    (forms.DurationField, "duration"),
    (forms.DecimalField, "decimal"),
    (forms.FloatField, "decimal"),
    (forms.IntegerField, "integer"),
)
"""The first that fits names the type; what is left over is text."""


def asked(form: type[forms.BaseForm] | None, who: Actor, flow: Lifecycle | None = None) -> Any:
    """Return an unbound form as `who` would see it; None where nothing is asked."""
    return form(who=who, flow=flow) if form else None  # type: ignore[call-arg]  # ActionForm's own arguments


def described(form: forms.BaseForm | None) -> list[dict[str, Any]]:
    """Describe the fields of `form` (1 query for each that chooses among rows)."""
    return [
        {
            "name": name,
            "label": str(field.label or name),
            "help": str(field.help_text),
            "type": type_of(field),
            "required": field.required,
            "choices": _choices(field),
        }
        for name, field in (form.fields if form else {}).items()
    ]


def type_of(field: forms.Field) -> str:
    found = next((name for cls, name in TYPES if isinstance(field, cls)), None)
    return found or ("long_text" if isinstance(field.widget, forms.Textarea) else "text")


def _choices(field: forms.Field) -> list[dict[str, str]] | None:
    if isinstance(field, forms.ModelChoiceField):
        return _rows(field)
    if not isinstance(field, forms.ChoiceField):
        return None
    declared: Any = field.choices  # a list by now, whatever it was declared as
    flat = [
        pair
        for value, label in declared
        for pair in (label if isinstance(label, (list, tuple)) else [(value, label)])
    ]
    return [{"value": str(value), "label": str(label)} for value, label in flat if value != ""]


def _rows(field: forms.ModelChoiceField[Any]) -> list[dict[str, str]] | None:
    queryset = field.queryset
    rows = list(queryset[: MOST_CHOICES + 1]) if queryset is not None else []
    if len(rows) > MOST_CHOICES:
        return None
    return [
        {"value": str(field.prepare_value(row)), "label": field.label_from_instance(row)}
        for row in rows
    ]
