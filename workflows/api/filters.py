"""What the list of cases can be narrowed to."""

from __future__ import annotations

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters.fields import BaseCSVField

from people.models import Unit
from workflows.models import Case, CaseQuerySet


class TruthField(forms.NullBooleanField):
    widget = forms.TextInput

    def to_python(self, value: str | None) -> bool | None:  # type: ignore[override]  # it is null
        if value is None:
            return None
        if value.lower() not in ("true", "false"):
            raise forms.ValidationError(_("Send true or false here."))
        return value.lower() == "true"


class TruthFilter(filters.BooleanFilter):
    """True or false and nothing else: what cannot be understood is not passed over."""

    field_class = TruthField


class NamesField(BaseCSVField):
    def clean(self, value: list[str] | None) -> list[str] | None:
        if value is not None and not (value and all(value)):
            raise forms.ValidationError(_("Name the fields to order by, separated by commas."))
        names: list[str] | None = super().clean(value)
        return names


class OrderingFilter(filters.OrderingFilter):
    """Names of fields between commas, and between every two commas one."""

    base_field_class = NamesField


class CaseFilter(filters.FilterSet):
    kind = filters.CharFilter(help_text="As in `kinds/`.")
    state = filters.CharFilter()
    open = TruthFilter(
        field_name="closed_at", lookup_expr="isnull", help_text="`true`: not closed yet."
    )
    service = filters.CharFilter(field_name="service__code", help_text="Its code.")
    unit = filters.CharFilter(method="in_unit", help_text="Its code; units below count too.")
    requester = filters.CharFilter(field_name="requester__username", help_text="The user name.")
    q = filters.CharFilter(method="with_words", help_text="Words of number, title or text.")
    ordering = OrderingFilter(fields=["opened_at", "closed_at", "number", "title"])

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Case]) -> QuerySet[Case]:
        """Filter, and keep the order total: pages must not overlap."""
        found: QuerySet[Case] = super().filter_queryset(queryset)
        return found.order_by(*(found.query.order_by or ["-opened_at"]), "-pk")

    def in_unit(self, queryset: QuerySet[Case], name: str, code: str) -> QuerySet[Case]:
        unit = Unit.objects.filter(code=code).first()
        return queryset.filter(unit__path__startswith=unit.path) if unit else queryset.none()

    def with_words(self, queryset: CaseQuerySet, name: str, words: str) -> CaseQuerySet:
        return queryset.matching(words)
