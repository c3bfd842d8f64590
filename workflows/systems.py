"""Systems that a case touches, kept as a list of their codes and read by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast

from agreements.models import Service
from workflows.words import listing


def names_of(codes: Iterable[str]) -> str:
    """Return the names of systems, in the order of their codes (1 query)."""
    return listing(Service.objects.filter(code__in=codes).order_by("code"))


def touching(rows: QuerySet[Any], code: str, field: str = "systems") -> QuerySet[Any]:
    """Keep the rows whose list has `code`, looked for as it is written: SQLite has no operator."""
    written: QuerySet[Any] = rows.alias(codes=Cast(F(field), TextField()))
    return written.filter(codes__contains=f'"{code}"')


class SystemCodes(models.JSONField):
    """Codes of systems; read by their names (1 query)."""

    def words(self, codes: list[str]) -> str:
        return names_of(codes)


class SystemsField(forms.ModelMultipleChoiceField[Service]):
    """Systems, as the sorted list of their codes."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        return sorted(service.code for service in super().clean(value))
