"""A project that runs goes on under newer criteria, as far as nothing was submitted yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.models import CatalogueVersion, Criterion, Gate, GateKind, Project
from projects.states import GateState as S
from workflows.forms import ActionForm, ReasonForm
from workflows.lifecycles import Condition
from workflows.words import listing

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from projects.flows import ProjectLifecycle


def newer(project: Project, at: Any) -> QuerySet[CatalogueVersion]:
    """Return the published versions after that of the project, the newest first."""
    return CatalogueVersion.objects.in_force(at).filter(number__gt=project.catalogue.number)


def newer_criteria_are_in_force(flow: ProjectLifecycle) -> Condition:
    return Condition(
        newer(flow.case, flow.at).exists(), unmet=gettext("There are no newer criteria.")
    )


def gates_to_renew(project: Project, version: CatalogueVersion) -> list[tuple[Gate, GateKind]]:
    """Return the gates not submitted yet, each with its kind in `version` (2 queries).

    A skipped gate belongs to the next one, which asks for its musts. A gate that `version` has
    no more stays as it is.
    """
    kinds = {kind.code: kind for kind in version.gates.all()}
    gates: Any = project.gates  # to mypy these are cases
    found: list[Gate] = []
    skipped: list[Gate] = []
    for gate in gates.select_related("gate_kind", "parent").order_by("place"):
        if gate.state == S.SKIPPED:
            skipped.append(gate)
            continue
        if gate.state in (S.PLANNED, S.OPEN):
            found += [*skipped, gate]
        skipped = []
    return [(gate, kinds[gate.gate_kind.code]) for gate in found if gate.gate_kind.code in kinds]


def keep_answers(gate: Gate, kind: GateKind) -> None:
    """Let answers and waivers of a gate be to the criterion that took the place of the old one.

    Where its words have changed, it must be shown again, and the waiver asked for again.
    """
    new = _by_code(kind.version)
    for rows in (gate.answers, gate.waivers):
        found: Any = rows.select_related("criterion__gate")
        for row in found:
            after = new.get(_place(row.criterion))
            if after is not None and not _reads_otherwise(row.criterion, after):
                row.criterion = after
                row.save(update_fields=["criterion"])


def to_show_again(gate: Gate, version: CatalogueVersion) -> list[str]:
    """Return the codes of what was shown in this round and reads otherwise in `version`."""
    new = _by_code(version)
    shown = gate.answers.filter(round=gate.round).select_related("criterion__gate")
    lost = [
        one.criterion.code for one in shown
        if one.is_present and (after := new.get(_place(one.criterion)))
        and _reads_otherwise(one.criterion, after)
    ]  # fmt: skip
    return sorted(lost)


def _by_code(version: CatalogueVersion) -> dict[tuple[str, str], Criterion]:
    found = Criterion.objects.filter(gate__version=version).select_related("gate")
    return {_place(one): one for one in found}


def _place(criterion: Criterion) -> tuple[str, str]:
    return criterion.gate.code, criterion.code


def _reads_otherwise(was: Criterion, now: Criterion) -> bool:
    return (was.text, was.text_zh) != (now.text, now.text_zh)


class VersionField(forms.ModelChoiceField[CatalogueVersion]):
    def label_from_instance(self, obj: CatalogueVersion) -> str:
        text = gettext("Version %(number)s") % {"number": obj.number}
        return f"{text} · {obj.note}" if obj.note else text


class RenewalForm(ReasonForm):
    """Which version, after a look at what that means for each gate."""

    catalogue = VersionField(
        label=_("Version of the criteria"), queryset=CatalogueVersion.objects.none(),
        to_field_name="number", widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip

    field_order = ["catalogue", "reason"]

    def prepare(self) -> None:
        field = self.fields["catalogue"]
        if self.flow and isinstance(field, forms.ModelChoiceField):
            project: Any = self.flow.case
            field.queryset = newer(project, self.who.at)
            field.help_text = format_html_join("", "<p>{}</p>", _previews(project, field.queryset))


def _previews(project: Project, versions: QuerySet[CatalogueVersion]) -> Iterator[tuple[Any]]:
    """Yield what going on under each of the versions means, with the way to what differs."""
    since, seen = project.catalogue.number, gettext("What changed")
    for version in versions[:5]:
        gates = [gate for gate, _kind in gates_to_renew(project, version)]
        again = [code for gate in gates if gate.state == S.OPEN
                 for code in to_show_again(gate, version)]  # fmt: skip
        sentence = gettext("These gates go by version %(number)s: %(gates)s.") % {
            "number": version.number,
            "gates": listing(gate.gate_kind.code for gate in gates) or "—",
        }
        if again:
            sentence += " " + gettext("To be shown again: %(codes)s.") % {"codes": listing(again)}
        url = reverse("criteria_changes", args=[version.number])
        yield (format_html('{} <a href="{}?from={}">{}</a>', sentence, url, since, seen),)


class GateRenewalForm(ActionForm):
    """What a project says to a gate of its own; people do not."""

    gate_kind = forms.ModelChoiceField(queryset=GateKind.objects.all())
