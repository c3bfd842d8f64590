"""Filters of the case list, in the address so that a view can be kept and sent."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.models import Unit
from workflows.lifecycles import registered
from workflows.models import Case, CaseQuerySet
from workflows.models.cases import Priority

OPEN, CLOSED = "open", "closed"


def kind_choices() -> list[tuple[str, Any]]:
    return [(cls.kind, cls.label) for cls in registered()]


def state_choices() -> list[tuple[str, Any]]:
    return [choice for cls in registered() for choice in cls.State.choices]


class CaseFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=200)
    status = django_filters.ChoiceFilter(
        label=_("Open or closed"), method="by_status", empty_label=_("All"),
        choices=[(OPEN, _("Open")), (CLOSED, _("Closed"))],
    )  # fmt: skip
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=kind_choices, empty_label=_("All"))
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=state_choices, empty_label=_("All")
    )
    service = django_filters.ModelChoiceFilter(
        label=_("System"), to_field_name="code", empty_label=_("All"),
        queryset=lambda request: Service.objects.active().systems(),
    )  # fmt: skip
    unit = django_filters.ModelChoiceFilter(
        label=_("Organisation unit"), to_field_name="code", empty_label=_("All"),
        queryset=lambda request: Unit.objects.all(),
    )  # fmt: skip
    priority = django_filters.ChoiceFilter(
        label=_("Priority"), choices=Priority, empty_label=_("All")
    )

    class Meta:
        model = Case
        fields = ["q", "status", "kind", "state", "service", "unit", "priority"]
        form = forms.Form

    def search(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.matching(value)

    def by_status(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.open() if value == OPEN else cases.closed()
