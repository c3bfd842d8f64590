"""Systems that a case touches, kept as a list of their codes and read by their names."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from agreements.models import Service
from workflows.words import listing


class SystemCodes(models.JSONField):
    """Codes of systems; read by their names (1 query)."""

    def words(self, codes: list[str]) -> str:
        return listing(Service.objects.filter(code__in=codes).order_by("code"))


class SystemsField(forms.ModelMultipleChoiceField[Service]):
    """Systems, as the sorted list of their codes."""

    widget = forms.CheckboxSelectMultiple

    def clean(self, value: Any) -> Any:
        return sorted(service.code for service in super().clean(value))
