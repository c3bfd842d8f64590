"""The service manager's pages for what is promised; each change is written to the audit log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agreements import actions
from agreements.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    CalendarDay,
    CalendarVersion,
    Service,
    Standard,
    StandardVersion,
)
from people.models import User

for model in (
    AgreementVersion,
    Calendar,
    CalendarDay,
    CalendarVersion,
    Service,
    Standard,
    StandardVersion,
):
    auditlog.register(model)
auditlog.register(Agreement, m2m_fields={"customers"})


class ShallowJSONField(forms.JSONField):
    """JSON; nested deeper or with longer numbers than Python can follow, it is refused too."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], params={"value": "…"}) from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


JSON: Any = {models.JSONField: {"form_class": ShallowJSONField}}


class ChoiceOfRows(AutocompleteSelect):
    """Shows the row that was chosen, and asks no database for what can be no row."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        keys = [one for one in value if re.fullmatch("[0-9]{1,18}", str(one))]
        return super().optgroups(name, keys, attr)


class Page(admin.ModelAdmin):  # type: ignore[type-arg]  # Django has no subscript here at run time
    """The base of the pages below, any model."""

    formfield_overrides = JSON

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", ChoiceOfRows(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class KeptAdmin(Page):
    """A version that is kept can be read; only its changeable fields can be written."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None or not obj.is_kept:
            return []
        names = [field.name for field in obj._meta.fields if field.editable]
        return [name for name in names if name not in obj.CHANGEABLE | {"id"}]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and obj is not None and not obj.is_kept


class Rows(admin.TabularInline):  # type: ignore[type-arg]  # Django has no subscript here at run time
    """The base of the tables inside a page, any model."""

    extra = 0
    formfield_overrides = JSON


class VersionInline(Rows):
    """Versions under their subject, to read and to open; they are edited on their own page."""

    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(name) for name in self.fields or ()]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AgreementVersionInline(VersionInline):
    model = AgreementVersion
    fields = ["number", "effective_from", "effective_to", "signed_at"]


class CalendarVersionInline(VersionInline):
    model = CalendarVersion
    fields = ["number", "timezone", "is_always", "data_ends_on", "published_at"]


class StandardVersionInline(VersionInline):
    model = StandardVersion
    fields = ["number", "amount", "unit", "calendar", "is_contractual", "effective_from"]


class CalendarDayInline(Rows):
    model = CalendarDay

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)


def _is_draft(version: CalendarVersion | None) -> bool:
    return version is None or not version.is_kept


@admin.register(Service)
class ServiceAdmin(Page):
    list_display = ["__str__", "code", "kind", "parent", "owner", "criticality", "is_active"]
    list_filter = ["kind", "criticality", "is_active"]
    list_select_related = ["parent", "owner"]
    search_fields = ["code", "name", "name_zh"]
    autocomplete_fields = ["parent"]


@admin.register(Agreement)
class AgreementAdmin(Page):
    list_display = ["number", "name", "provider"]
    search_fields = ["number", "name", "name_zh"]
    filter_horizontal = ["customers"]
    inlines = [AgreementVersionInline]


@admin.register(AgreementVersion)
class AgreementVersionAdmin(KeptAdmin):
    list_display = ["__str__", "effective_from", "effective_to", "signed_at"]
    list_filter = ["agreement"]
    list_select_related = ["agreement"]


@admin.register(Calendar)
class CalendarAdmin(Page):
    list_display = ["__str__", "code"]
    search_fields = ["code", "name", "name_zh"]
    inlines = [CalendarVersionInline]
    actions = ["draft_next_version"]

    @admin.action(description=_("Draft the next version"), permissions=["change"])
    def draft_next_version(self, request: HttpRequest, queryset: QuerySet[Calendar]) -> None:
        for calendar in queryset:
            try:
                actions.draft_version(calendar, actor=_person(request))
            except ValidationError as refusal:
                _report(self, request, calendar, refusal)


@admin.register(CalendarVersion)
class CalendarVersionAdmin(KeptAdmin):
    list_display = ["__str__", "timezone", "is_always", "data_ends_on", "published_at"]
    list_filter = ["calendar"]
    list_select_related = ["calendar"]
    inlines = [CalendarDayInline]
    actions = ["publish"]

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[CalendarVersion]) -> None:
        for version in queryset:
            try:
                actions.publish_version(version, actor=_person(request), at=timezone.now())
            except ValidationError as refusal:
                _report(self, request, version, refusal)


@admin.register(Standard)
class StandardAdmin(Page):
    list_display = ["__str__", "metric", "kind", "service", "fault_class", "customer_class", "size"]
    list_filter = ["kind", "metric", "is_active"]
    list_select_related = ["service"]
    search_fields = ["code", "name", "name_zh"]
    autocomplete_fields = ["service"]
    inlines = [StandardVersionInline]


@admin.register(StandardVersion)
class StandardVersionAdmin(KeptAdmin):
    list_display = ["standard", "number", "length", "calendar", "standing", "effective_from"]
    list_filter = ["standard__kind", "is_contractual"]
    list_select_related = ["standard", "calendar"]

    @admin.display(description=_("length"))
    def length(self, version: StandardVersion) -> str:
        return version.describe()


def _person(request: HttpRequest) -> User:
    """Return who is logged in; the admin lets nobody else come this far."""
    assert isinstance(request.user, User)
    return request.user


def _report(page: Page, request: HttpRequest, row: object, refusal: ValidationError) -> None:
    page.message_user(request, f"{row}: {' '.join(refusal.messages)}", messages.ERROR)
