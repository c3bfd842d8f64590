"""Filters of the case list, in the address so that a view can be kept and sent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.db.models import Model, OuterRef, Q, Subquery
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.timezone import make_aware
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import Calendar, Service
from people.actors import Actor
from people.models import Unit, User, called
from workflows.lifecycles import registered
from workflows.models import Case, CaseQuerySet, Clock, Task, Watch
from workflows.models.cases import Priority
from workflows.shell import actor_of
from workflows.systems import SystemCodes, touching
from workflows.words import WORKING_DAY

OPEN, CLOSED = "open", "closed"


def kind_choices() -> list[tuple[str, Any]]:
    return [(cls.kind, cls.label) for cls in registered()]


def state_choices() -> list[tuple[str, Any]]:
    return [choice for cls in registered() for choice in cls.State.choices]


class InboxFilter(forms.Form):
    """Narrows the lists of tasks down by what their cases are."""

    q = forms.CharField(label=_("Search"), max_length=200, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=lambda: [("", _("All")), *kind_choices()]
    )
    service = forms.ModelChoiceField(
        label=_("System"), required=False, to_field_name="code", empty_label=_("All"),
        queryset=Service.objects.none(),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        systems: Any = self.fields["service"]
        systems.queryset = Service.objects.active().systems()

    def condition(self) -> Q:
        """Return what tasks must be like; a filter that says nothing sensible is left out."""
        self.is_valid()
        said = self.cleaned_data
        rule = Q(case__kind=said["kind"]) if said.get("kind") else Q()
        if said.get("service"):
            rule &= Q(case__service=said["service"])
        if said.get("q"):
            rule &= Q(case__in=Case.objects.matching(said["q"]).order_by().values("pk"))
        return rule


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
        label=_("System"), to_field_name="code", empty_label=_("All"), method="of_system",
        queryset=lambda request: Service.objects.active().systems(),
    )  # fmt: skip
    unit = django_filters.ModelChoiceFilter(
        label=_("Organisation unit"), to_field_name="code", empty_label=_("All"),
        queryset=lambda request: Unit.objects.all(),
    )  # fmt: skip
    priority = django_filters.ChoiceFilter(
        label=_("Priority"), choices=Priority, empty_label=_("All")
    )

    clock = django_filters.ChoiceFilter(
        label=_("Due time"), method="by_clock", empty_label=_("All"),
        choices=[
            ("overdue", _("Overdue")), ("due_soon", _("Due within a working day")),
            ("on_track", _("Due later")), ("paused", _("Paused")),
        ],
    )  # fmt: skip
    whose = django_filters.ChoiceFilter(
        label=_("Whose"), method="by_person", empty_label=_("All"),
        choices=[
            ("asked", _("I asked for it")), ("mine", _("It is with me")),
            ("team", _("In the queues of my roles")), ("watched", _("I follow it")),
        ],
    )  # fmt: skip
    person = django_filters.CharFilter(
        label=_("Person (asks, or has it)"), method="by_name", max_length=60
    )
    opened_from = django_filters.DateFilter(
        label=_("Opened from"), method="by_first_day", widget=forms.DateInput
    )
    opened_to = django_filters.DateFilter(
        label=_("Opened up to"), method="by_last_day", widget=forms.DateInput
    )

    class Meta:
        model = Case
        fields = [
            "q", "status", "clock", "whose", "kind", "state", "service", "unit", "priority",
            "person", "opened_from", "opened_to",
        ]  # fmt: skip
        form = forms.Form

    def search(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.matching(value)

    def by_status(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        return cases.open() if value == OPEN else cases.closed()

    def of_system(self, cases: CaseQuerySet, name: str, value: Service) -> CaseQuerySet:
        """Keep what is asked of a system, and what touches it."""
        rule = Q(service=value)
        for lifecycle in registered():
            for field in lifecycle.model._meta.local_fields:
                if isinstance(field, SystemCodes):
                    found = touching(lifecycle.model._default_manager.all(), value.code, field.name)
                    rule |= Q(pk__in=found.values("pk"))
        return cases.filter(rule)

    def by_clock(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        """Keep cases by their stored due times: what the database can answer from an index.

        "Soon" is within eight working hours of the house's calendar, whatever share of a clock
        is used up: that share is nowhere stored and changes every minute.
        """
        at = self.who.at
        running = Clock.objects.filter(state=Clock.State.RUNNING)
        overdue = running.filter(due_at__lt=at).values("case")
        if value == "overdue":
            return cases.filter(pk__in=overdue)
        if value == "paused":
            paused = Clock.objects.filter(state=Clock.State.PAUSED).values("case")
            return cases.filter(pk__in=paused).exclude(pk__in=running.values("case"))
        hours = Calendar.default().version_at(at).working_time()
        until = hours.add(at, WORKING_DAY)
        soon = running.filter(due_at__gte=at, due_at__lte=until).values("case")
        if value == "due_soon":
            return cases.filter(pk__in=soon).exclude(pk__in=overdue)
        later = running.filter(due_at__gt=until).values("case")
        return cases.filter(pk__in=later).exclude(pk__in=overdue).exclude(pk__in=soon)

    def by_person(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        who, tasks = self.who, Task.objects.all()
        if value == "asked":
            return cases.filter(Q(requester=who.user) | Q(on_behalf_of=who.user))
        if value == "watched":
            return cases.filter(pk__in=Watch.objects.filter(user=who.user).values("case"))
        owed = tasks.mine(who) if value == "mine" else tasks.up_for_grabs(who)
        return cases.filter(pk__in=owed.order_by().values("case"))

    def by_name(self, cases: CaseQuerySet, name: str, value: str) -> CaseQuerySet:
        """Keep what somebody asked for, or had others ask for, or has to do now.

        A user name means that person alone, any other word all who are called like that.
        """
        people = User.objects.filter(username=value)
        if not people.exists():
            people = User.objects.filter(called(value))
        held = Task.objects.filter(assignee__in=people, status__in=Task.OPEN).values("case")
        asked = Q(requester__in=people) | Q(on_behalf_of__in=people)
        return cases.filter(asked | Q(pk__in=held))

    def by_first_day(self, cases: CaseQuerySet, name: str, value: date) -> CaseQuerySet:
        return cases.filter(opened_at__gte=make_aware(datetime.combine(value, time.min)))

    def by_last_day(self, cases: CaseQuerySet, name: str, value: date) -> CaseQuerySet:
        if value == date.max:
            return cases
        next_day = datetime.combine(value + timedelta(days=1), time.min)
        return cases.filter(opened_at__lt=make_aware(next_day))

    @property
    def who(self) -> Actor:
        return actor_of(self.request)


NEXT_DUE = Subquery(
    Clock.objects.filter(case=OuterRef("pk"), state=Clock.State.RUNNING)
    .order_by("due_at")
    .values("due_at")[:1]
)
SORTS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "": (_("Newest first"), ("-opened_at", "-pk")),
    "due": (_("Due first"), (NEXT_DUE.asc(nulls_last=True), "-opened_at", "-pk")),
    "oldest": (_("Oldest first"), ("opened_at", "pk")),
    "number": (_("By number"), ("number",)),
}
"""Orders of the case list; each is that of an index, but `due`, which the page offers for what is
open: what is closed is due no more."""

ALWAYS_SHOWN = 4
"""Fields of a long filter that are not folded away at a desk."""


def is_unfolded(found: django_filters.FilterSet) -> bool:
    """Tell whether a field that is folded away narrows the list."""
    return any(found.data.get(name) for name in [*found.filters][ALWAYS_SHOWN:])


class Chip(NamedTuple):
    """A filter that is in force, and the address without it."""

    label: str
    value: str
    url: str


def chips(found: django_filters.FilterSet, query: QueryDict) -> list[Chip]:
    """Return the filters of an address that say something, in the order of the form."""
    shown = []
    for name, field in found.form.fields.items():
        value = found.form.cleaned_data.get(name) if found.form.is_valid() else None
        if value in (None, ""):
            continue
        rest = query.copy()
        for gone in (name, "page"):
            rest.pop(gone, None)
        said = _said(field, value)
        if name == "person":
            said = str(User.objects.filter(username=value).first() or value)
        shown.append(Chip(str(field.label), said, f"?{rest.urlencode()}"))
    return shown


def _said(field: Any, value: Any) -> str:
    if isinstance(value, date):
        return date_format(value, gettext("M j, Y"))
    choices = getattr(field, "choices", None)
    if choices is not None and not isinstance(value, Model):
        return str(dict(choices).get(value, value))
    return str(value)
