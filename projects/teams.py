"""The team of a project: who joins and who leaves, and that they see what they work on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.actors import holders_of
from people.models import User
from people.roles import Role
from projects import rules
from projects.forms import person
from projects.models import Project, ProjectMember
from workflows.forms import ActionForm
from workflows.models import Case, Watch


class MemberField(forms.ModelMultipleChoiceField[ProjectMember]):
    def label_from_instance(self, obj: ProjectMember) -> str:
        return label_of(obj)


def label_of(member: ProjectMember) -> str:
    return f"{member} · {member.get_part_display()}"


class TeamForm(ActionForm):
    """Somebody joins, some leave, or both."""

    person = person(_("Who joins?"))
    contact = forms.CharField(
        label=_("Or who outside the house?"), max_length=200, required=False,
        help_text=_("Name, company, telephone."),
    )  # fmt: skip
    part = forms.ChoiceField(
        label=_("As what?"),
        choices=[("", "---------"), *ProjectMember.Part.choices],
        required=False,
    )
    leaving = MemberField(
        label=_("Who leaves?"), queryset=ProjectMember.objects.none(), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    is_mistake = forms.BooleanField(
        label=_("They were entered by mistake"),
        required=False,
        help_text=_("Who was of the project does not review it afterwards; who never was, may."),
    )

    def prepare(self) -> None:
        self.fields["person"].required = False
        if not self.flow:
            return
        project: Any = self.flow.case
        leaving = self.fields["leaving"]
        if isinstance(leaving, forms.ModelMultipleChoiceField):
            leaving.queryset = project.members.present().select_related("user")
            if not leaving.queryset:
                del self.fields["leaving"]
        if rules.is_of_the_project(self.flow, self.who) or "leaving" not in self.fields:
            del self.fields["is_mistake"]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        leaving = values["leaving"] = list(values.get("leaving", ()))
        joining = [values[name] for name in ("person", "contact") if values.get(name)]
        part = values.get("part", "")
        if self.errors:
            return values
        if not joining and not leaving:
            raise forms.ValidationError(gettext("Say who joins or who leaves."))
        if len(joining) > 1:
            self.add_error("contact", gettext("One at a time: a person or somebody outside."))
        elif joining and not part:
            self.add_error("part", gettext("Say as what they join."))
        elif joining and self._is_in_the_team(joining[0], part):
            self.add_error("person", gettext("They are in the team already, as that."))
        elif joining and not self._leaves_a_head(joining[0]):
            self.add_error("person", gettext("Nobody would be left who decides on its gates."))
        return {**values, "note": _story(values, joining, leaving)}

    def _is_in_the_team(self, who: User | str, part: str) -> bool:
        if self.flow is None or isinstance(who, str):
            return False
        team: Any = self.flow.case.members
        return bool(team.present().filter(user=who, part=part).exists())

    def _leaves_a_head(self, who: User | str) -> bool:
        """Tell whether somebody is left to decide: who is of the project does not."""
        if self.flow is None or isinstance(who, str):
            return True
        project: Any = self.flow.case
        heads = {one.pk for one in holders_of(Role.HEAD_OF_OPS, project.unit, self.who.at)}
        return who.pk not in heads or bool(heads - {who.pk} - project.people)


def _story(values: dict[str, Any], joining: list[Any], leaving: list[ProjectMember]) -> str:
    """Say in sentences who joins and who leaves, for the history of the project."""
    left = (
        gettext("%(who)s was entered by mistake (%(part)s).") if values.get("is_mistake")
        else gettext("%(who)s leaves (%(part)s).")
    )  # fmt: skip
    told = [left % {"who": one, "part": one.get_part_display()} for one in leaving]
    if part := values.get("part"):
        as_what = {"part": ProjectMember.Part(part).label}
        told += [gettext("%(who)s joins (%(part)s).") % {"who": one, **as_what} for one in joining]
    return "\n\n".join(told)


def change_team(
    *, project: Project, at: datetime, person: Any = None, contact: str = "", part: str = "",
    leaving: Any = (), is_mistake: bool = False, **values: Any,
) -> None:  # fmt: skip
    """Let somebody in and others go; who is in sees the project and its gates.

    Somebody entered by mistake is forgotten, anybody else stays of the project.
    """
    going = project.members.filter(pk__in=[one.pk for one in leaving])
    if is_mistake:
        going.delete()
    else:
        going.update(left_at=at)
    gone = {one.user_id for one in leaving} - {
        one.user_id for one in project.members.filter(left_at__isnull=True)
    }
    Watch.objects.filter(case__in=cases_of(project), user__in=gone).delete()
    if person is None and not contact:
        return
    project.members.create(user=person, contact=contact, part=part, joined_at=at)
    if person is not None:
        let_follow(project, person, at)


def cases_of(project: Project) -> QuerySet[Case]:
    return Case.objects.filter(Q(pk=project.pk) | Q(gate__parent=project))


def let_follow(project: Project, person: User, at: datetime) -> None:
    """Let somebody follow a project and its gates, and so see them (2 queries)."""
    follows = [Watch(case=case, user=person, created_at=at) for case in cases_of(project)]
    Watch.objects.bulk_create(follows, ignore_conflicts=True)


def shown_team(project: Project) -> list[dict[str, Any]]:
    """Return who is in the team by part, in the order of the parts (1 query)."""
    members = list(project.members.filter(left_at__isnull=True).select_related("user"))
    return [
        {"label": label, "people": [str(one) for one in members if one.part == part]}
        for part, label in ProjectMember.Part.choices
        if any(one.part == part for one in members)
    ]
