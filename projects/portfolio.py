"""The portfolio: every project with the gate it stands at and what puts it at risk.

A project stands at its first gate that is not passed. It is at risk while that gate or its handover
is late, a condition of any gate is overdue, or the gate was rejected, deferred, or sent back more
than once. List, board and file read the same rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.actors import Actor
from people.house_time import house_date
from people.models import User, in_reader_language
from projects.models import CatalogueVersion, Gate, GateCondition, GateKind, Project, Track
from projects.progress import with_progress
from projects.states import PASSED, STANDING, ProjectState
from projects.states import GateState as S
from workflows.exports import Column, Layout
from workflows.forms import LongSelect
from workflows.systems import touching
from workflows.words import listing

if TYPE_CHECKING:
    from datetime import date, datetime

PAGE = 25
THROUGH, ANY, ALL = "through", "any", "all"
CODE = re.compile(r"[-\w]{1,10}", re.ASCII)
ROUNDS = 2
"""So many rounds are usual: the first, and one of rework."""
RISKS = {
    "is_rejected": _("rejected"), "is_late": _("late"), "is_overdue": _("condition overdue"),
    "is_deferred": _("deferred"), "is_reworked": _("sent back more than once"),
}  # fmt: skip
"""What puts a project at risk and how it is said, the gravest first."""
RISK_CHOICES = [(name.removeprefix("is_"), label) for name, label in RISKS.items()]


def risks_of_gate(today: date) -> dict[str, Q]:
    """Return those of `RISKS` that the gate decides at which a project stands."""
    return {
        "is_rejected": Q(state=S.REJECTED), "is_late": Q(planned_on__lt=today),
        "is_deferred": Q(state=S.DEFERRED), "is_reworked": Q(round__gt=ROUNDS),
    }  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A project as list, board and file show it; `gates` in their order, as far as they are read.

    `now` is the gate it stands at, with `asks`, `shown` and `passed`; None when it is closed, or
    all are passed.
    """

    project: Project
    gates: list[Any]
    now: Any
    risks: list[str]
    track: str

    @property
    def gates_passed(self) -> int:
        return sum(gate.state in PASSED for gate in self.gates)

    @property
    def risk_words(self) -> str:
        return listing(self.risks)


def gates_ahead() -> QuerySet[Any]:
    """Return the gates that the project outside has not got past; at the first it stands."""
    gates: Any = Gate.objects.all()  # to mypy these are cases
    found: QuerySet[Any] = gates.filter(parent=OuterRef("pk"), state__in=STANDING)
    return found.order_by("place")


def projects_of(who: Actor) -> Any:
    """Return the projects `who` may see, the nearest handover first, with `now_id`, `is_overdue`
    and `is_over`: its day of handover has passed."""
    today = house_date(who.at)
    overdue = GateCondition.objects.filter(
        gate__parent=OuterRef("pk"), met_at__isnull=True, due_on__lt=today
    )
    projects: Any = Project.objects.all()  # to mypy these are cases
    found = projects.visible_to(who).annotate(
        now_id=Subquery(gates_ahead().values("pk")[:1]), is_overdue=Exists(overdue),
        is_over=Q(ends_on__lt=today),
    )  # fmt: skip
    return found.order_by("ends_on", "pk")


def stands_at(*which: Q, **lookups: Any) -> Exists:
    return Exists(Gate.objects.filter(*which, pk=OuterRef("now_id"), **lookups))


def at_risk(name: str, today: date) -> Q:
    """Return which open projects are at risk for the reason `name`, or for any."""
    of_gate = risks_of_gate(today)
    if name == ANY:
        any_of_gate = Q(*of_gate.values(), _connector=Q.OR)
        return stands_at(any_of_gate) | Q(is_overdue=True) | Q(is_over=True)
    found = Q(stands_at(of_gate[name])) if name in of_gate else Q(is_overdue=True)
    return found | Q(is_over=True) if name == "is_late" else found


def rows(projects: list[Any], at: datetime, tracks: dict[str, str] | None = None) -> list[Row]:
    """Return the rows of `projects` (2 queries, and 1 where no names of `tracks` are given)."""
    gates: Any = Gate.objects.filter(parent__in=projects)  # to mypy these are cases
    parents = {one.pk: one for one in projects}
    of_projects: dict[int, list[Any]] = {pk: [] for pk in parents}
    for gate in with_progress(gates.annotate(**risks_of_gate(house_date(at))).order_by("place")):
        gate.parent = parents[gate.parent_id]
        of_projects[gate.parent_id].append(gate)
    if tracks is None:
        tracks = choices_of()["track"]
    return [_row(one, of_projects[one.pk], tracks) for one in projects]


def choices_of() -> dict[str, dict[str, str]]:
    """Return the names of tracks, as their newest versions have them, and of systems by code
    (1 query)."""
    systems = Service.objects.active().systems().order_by()
    tracks = Track.objects.order_by()
    named = systems.values_list(Value("system"), Value(0), "path", "code", "name", "name_zh")
    others = tracks.values_list(
        Value("track"), "version__number", Value(""), "code", "name", "name_zh"
    )
    found: dict[str, dict[str, str]] = {"system": {}, "track": {}}
    for what, _number, _path, code, name, name_zh in sorted(named.union(others, all=True)):
        found[what][code] = in_reader_language(name, name_zh)
    return found


def _row(project: Any, gates: list[Any], tracks: dict[str, str]) -> Row:
    track = tracks.get(project.track, project.track)
    if project.is_closed:
        return Row(project, gates, None, [], track)
    now = next((gate for gate in gates if gate.pk == project.now_id), None)
    is_at = {name: getattr(now, name, False) for name in RISKS}
    is_at |= {"is_overdue": project.is_overdue, "is_late": is_at["is_late"] or project.is_over}
    risks = [str(label) for name, label in RISKS.items() if is_at[name]]
    return Row(project, gates, now, risks, track)


# -- filters --------------------------------------------------------------------------------------
def gate_kinds(at: datetime) -> list[GateKind]:
    """Return the gates of the standard in force, in their order (1 query)."""
    in_force = CatalogueVersion.objects.in_force(at).values("pk")[:1]
    return list(GateKind.objects.filter(version=Subquery(in_force)).order_by("place"))


def _of_another_version(code: str, codes: dict[str, Any]) -> dict[str, str]:
    """Let a gate be asked for that is not of the standard in force, as the board does."""
    return {code: code} if code not in codes and CODE.fullmatch(code) else {}


class PortfolioFilter(django_filters.FilterSet):
    """The filters in the address; without `state` only what is under way is shown."""

    q = django_filters.CharFilter(label=_("Search"), method="search", max_length=200)
    gate = django_filters.ChoiceFilter(label=_("Stands at"), method="at_gate", empty_label=_("All"))
    risk = django_filters.ChoiceFilter(
        label=_("At risk"), method="at_risk", empty_label=_("All"),
        choices=[(ANY, _("at risk for any reason")), *RISK_CHOICES],
    )  # fmt: skip
    state = django_filters.ChoiceFilter(
        label=_("State"), method="in_state", empty_label=ProjectState.RUNNING.label,
        choices=[*ProjectState.choices[1:], (ALL, _("All"))],
    )  # fmt: skip
    manager = django_filters.ChoiceFilter(
        label=_("Project manager"), field_name="manager__username", empty_label=_("All"),
        widget=LongSelect,
    )  # fmt: skip
    kind = django_filters.ChoiceFilter(
        label=_("What it builds"), field_name="project_kind", choices=Project.Kind,
        empty_label=_("All"),
    )  # fmt: skip
    track = django_filters.ChoiceFilter(label=_("Track"), empty_label=_("All"))
    system = django_filters.ChoiceFilter(
        label=_("System"), method="of_system", empty_label=_("All"), widget=LongSelect
    )

    class Meta:
        model = Project
        fields = ["q", "gate", "risk", "state", "manager", "kind", "track", "system"]
        form = forms.Form

    def __init__(self, data: Any, *, who: Actor, gates: list[GateKind]) -> None:
        """Offer what there is to choose from (2 queries)."""
        super().__init__(data, projects_of(who).select_related("manager"))
        self.today = house_date(who.at)
        self.names = choices_of()
        mine: Any = Project.objects.all()  # to mypy these are cases
        managers = User.objects.filter(pk__in=mine.visible_to(who).order_by().values("manager"))
        codes = {one.code: str(one) for one in gates} | {THROUGH: _("All gates passed")}
        offered = {
            "gate": list((codes | _of_another_version(data.get("gate", ""), codes)).items()),
            "manager": [
                (one.username, str(one)) for one in managers.order_by("display_name", "pk")
            ],
            "track": list(self.names["track"].items()),
            "system": list(self.names["system"].items()),
        }
        for name, choices in offered.items():
            self.form.fields[name].choices = choices

    @property
    def is_filtered(self) -> bool:
        return any(self.data.get(name) for name in self.filters)

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") else found.open()

    def search(self, projects: Any, name: str, value: str) -> Any:
        return projects.matching(value)

    def at_gate(self, projects: Any, name: str, value: str) -> Any:
        if value == THROUGH:
            return projects.open().filter(now_id__isnull=True)
        return projects.open().filter(stands_at(gate_kind__code=value))

    def at_risk(self, projects: Any, name: str, value: str) -> Any:
        reason = value if value == ANY else f"is_{value}"
        return projects.open().filter(at_risk(reason, self.today))

    def in_state(self, projects: Any, name: str, value: str) -> Any:
        return projects if value == ALL else projects.filter(state=value)

    def of_system(self, projects: Any, name: str, value: str) -> Any:
        return touching(projects, value)


# -- as a file ------------------------------------------------------------------------------------
def _of_now(name: str, row: Row) -> Any:
    return getattr(row.now, name) if row.now else None


COLUMNS = (
    Column(_("Number"), 17, lambda row: row.project.number),
    Column(_("Title"), 46, lambda row: row.project.title),
    Column(_("State"), 16, lambda row: row.project.state_label),
    Column(_("What it builds"), 14, lambda row: row.project.get_project_kind_display()),
    Column(_("Track"), 24, lambda row: row.track),
    Column(_("Effort in person-days"), 14, lambda row: float(row.project.effort_days)),
    Column(_("Project manager"), 20, lambda row: str(row.project.manager)),
    Column(_("Systems"), 26, lambda row: ", ".join(row.project.systems)),
    Column(_("Begins"), 12, lambda row: row.project.starts_on),
    Column(_("To be handed over"), 12, lambda row: row.project.ends_on),
    Column(_("Gates passed"), 12, lambda row: f"{row.gates_passed} / {len(row.gates)}"),
    Column(_("Stands at"), 34, lambda row: str(row.now.gate_kind) if row.now else ""),
    Column(_("State of the gate"), 22, lambda row: _of_now("state_label", row)),
    Column(_("Planned"), 12, lambda row: _of_now("planned_on", row)),
    Column(_("Criteria asked"), 12, lambda row: _of_now("asks", row)),
    Column(_("Criteria shown"), 12, lambda row: _of_now("shown", row)),
    Column(_("Criteria passed"), 12, lambda row: _of_now("passed", row)),
    Column(_("At risk"), 30, lambda row: row.risk_words),
)
# Translators: the name of a file with a list of projects, before its extension.
FILE = Layout(_("projects-%(day)s"), _("Projects"), COLUMNS, rows)
