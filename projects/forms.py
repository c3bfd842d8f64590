"""What opening a project and each action on its gates ask for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.house_time import house_date
from people.models import User
from projects import planning
from projects.models import (
    Answer,
    CatalogueVersion,
    Criterion,
    Gate,
    GateCondition,
    GateKind,
    Project,
    Track,
    Waiver,
)
from projects.rules import may_be_waived, next_gate, objections
from workflows.attachments import check
from workflows.forms import ActionForm, NoteForm, OpeningForm, ReasonForm, long_text
from workflows.models import Attachment
from workflows.systems import SystemsField
from workflows.words import listing

WAIVED_FOR, WAIVED_AT_MOST = timedelta(days=90), timedelta(days=180)
"""How long a waiver holds, usually and at most (acceptance-and-procurement, rule 10)."""


def day(label: Any, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **kwargs)


def person(label: Any) -> forms.ModelChoiceField[User]:
    people = User.objects.filter(is_active=True, unit__isnull=False)
    return forms.ModelChoiceField(label=label, queryset=people, to_field_name="username")


def refuse_past(day: date, at: Any) -> date:
    if day < house_date(at):
        raise forms.ValidationError(gettext("This day has already passed."))
    return day


class ProjectForm(OpeningForm):
    send, filed = _("Open the project"), _("%(number)s is open.")

    project_kind = forms.ChoiceField(label=_("What does it build?"), choices=Project.Kind.choices)
    track = forms.ModelChoiceField(
        label=_("Track"), queryset=Track.objects.none(), to_field_name="code", empty_label=None
    )
    effort_days = forms.DecimalField(
        label=_("Effort in person-days"), min_value=0, max_digits=7, decimal_places=1
    )
    goal = long_text(_("What is it for?"))
    systems = SystemsField(
        label=_("Systems it makes or changes"), queryset=Service.objects.active().systems(),
        to_field_name="code", required=False,
    )  # fmt: skip
    manager = person(_("Project manager"))
    starts_on = day(_("Begins"))
    ends_on = day(_("To be handed over"))

    field_order = ["title", "goal", "project_kind", "track", "effort_days", "systems", "manager",
                   "starts_on", "ends_on"]  # fmt: skip

    def prepare(self) -> None:
        super().prepare()
        del self.fields["on_behalf_of"]
        self.catalogue = CatalogueVersion.objects.in_force(self.who.at).first()
        track = self.fields["track"]
        if self.catalogue is not None and isinstance(track, forms.ModelChoiceField):
            track.queryset = self.catalogue.tracks.all()
        self.fields["title"].help_text = _("The name of the project.")
        manager = self.fields["manager"]
        if not self.is_bound and isinstance(manager, forms.ModelChoiceField):
            manager.initial = self.who.user.username

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        starts, ends = values.get("starts_on"), values.get("ends_on")
        if starts and ends and starts >= ends:
            self.add_error("ends_on", gettext("It is handed over before it begins."))
        if self.catalogue is None:
            raise forms.ValidationError(
                gettext("No criteria are in force; ask the service manager to publish them.")
            )
        values["catalogue"] = self.catalogue
        track, effort = values.get("track"), values.get("effort_days")
        if track is None:
            return values
        if None not in (track.limit_days, effort) and effort > track.limit_days:
            sentence = gettext("This track is for at most %(days)s person-days.")
            self.add_error("track", sentence % {"days": track.limit_days})
        return {**values, "track": track.code, "is_light": track.is_light}


class GateForm(OpeningForm):
    """What a project says of a gate when it plans it; people do not file gates."""

    parent = forms.ModelChoiceField(queryset=Project.objects.all())
    gate_kind = forms.ModelChoiceField(queryset=GateKind.objects.all())
    place = forms.IntegerField(min_value=1)
    planned_on = day(_("Planned"))


class PlanForm(NoteForm):
    planned_on = day(_("Planned"))

    field_order = ["planned_on", "note"]

    def prepare(self) -> None:
        if self.flow:
            self.initial = {"planned_on": self.flow.case.planned_on}


class SkipForm(ReasonForm):
    """Whoever skips a gate reads first which musts come back, and where."""

    is_understood = forms.BooleanField(label=_("Its musts are asked for at the next gate"))

    field_order = ["is_understood", "reason"]

    def prepare(self) -> None:
        following = next_gate(self.flow.case) if self.flow else None
        if self.flow and following:
            musts = self.flow.case.criteria.filter(level=Criterion.Level.MUST)
            self.fields["is_understood"].label = gettext(
                "These musts are asked for at %(gate)s as well: %(codes)s."
            ) % {
                "gate": following.gate_kind,
                "codes": listing(musts.values_list("code", flat=True)),
            }


class GateChoice(forms.ModelChoiceField[Any]):
    def label_from_instance(self, gate: Gate) -> str:
        return f"{gate.gate_kind} · {date_format(gate.planned_on, gettext('M j, Y'))}"


class ShiftForm(ReasonForm):
    """Move the day of one gate; `shown` is the plan that was confirmed, if one was shown."""

    gate = GateChoice(
        label=_("Gate"), queryset=Gate.objects.none(), to_field_name="number", empty_label=None,
        help_text=_("The gates after it and the handover follow by as many working days."),
    )  # fmt: skip
    planned_on = day(_("New day"))
    shown = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)

    field_order = ["gate", "planned_on", "reason"]
    preview_template = "projects/_shift.html"

    def prepare(self) -> None:
        if self.flow:
            field = self.fields["gate"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = planning.movable(self.flow.case)

    def clean_planned_on(self) -> date:
        chosen = refuse_past(self.cleaned_data["planned_on"], self.who.at)
        if chosen > house_date(self.who.at) + planning.FARTHEST:
            raise forms.ValidationError(gettext("Choose a day within the next ten years."))
        return chosen

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        shown, gate, chosen = values.pop("shown", ""), values.get("gate"), values.get("planned_on")
        if self.flow and gate and chosen:
            self.judge(planning.shifted(self.flow.case, gate, chosen, self.who.at), shown)
        return values

    def judge(self, shift: planning.Shift, shown: str) -> None:
        """Refuse a plan that cannot be, or that is another than was confirmed."""
        self.shift, unfit = shift, planning.unfit(shift)
        if unfit:
            self.add_error("planned_on", unfit)
        elif shown and shown != shift.digest:
            raise forms.ValidationError(
                gettext("The dates have changed meanwhile. Look at what it would do now.")
            )

    def preview(self) -> dict[str, Any]:
        return {"shift": self.shift, "unknown_from": planning.unknown_from(self.shift)}


class OpinionForm(ActionForm):
    note = long_text(_("Why, and what is missing?"))


class ConditionForm(ActionForm):
    what = forms.CharField(label=_("What has to be done?"), max_length=300)
    owner = person(_("By whom?"))
    due_on = day(_("Due"))

    def clean_due_on(self) -> date:
        return refuse_past(self.cleaned_data["due_on"], self.who.at)


class AcceptForm(ActionForm):
    """An objection is overruled in writing, or not at all."""

    overruling = long_text(_("Why in spite of the objection?"))
    note = long_text(_("Note"), required=False)

    def prepare(self) -> None:
        if self.flow and not objections(self.flow):
            del self.fields["overruling"]


class DeferForm(ReasonForm):
    deferred_until = day(_("Until when?"))

    field_order = ["deferred_until", "reason"]

    def clean_deferred_until(self) -> date:
        until: date = self.cleaned_data["deferred_until"]
        if until <= house_date(self.who.at):
            raise forms.ValidationError(gettext("Choose a day that is still to come."))
        return until


class ConditionField(forms.ModelChoiceField[GateCondition]):
    def label_from_instance(self, obj: GateCondition) -> str:
        return obj.what


class MeetForm(ActionForm):
    condition = ConditionField(
        label=_("Which condition is met?"), queryset=GateCondition.objects.none(),
        widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip
    note = long_text(_("How is it proven?"))

    def prepare(self) -> None:
        field = self.fields["condition"]
        if self.flow and isinstance(field, forms.ModelChoiceField):
            field.queryset = self.flow.case.conditions.filter(met_at__isnull=True)


# -- waivers --------------------------------------------------------------------------------------
class CriterionField(forms.ModelChoiceField[Criterion]):
    def label_from_instance(self, obj: Criterion) -> str:
        return str(obj)


class AskWaiverForm(ReasonForm):
    criterion = CriterionField(
        label=_("Which must?"), queryset=Criterion.objects.none(), to_field_name="code",
        widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip
    risk_owner = person(_("Who carries the risk?"))
    measure = long_text(_("What is done instead?"))
    expires_on = day(_("Holds up to and including"))

    field_order = ["criterion", "reason", "risk_owner", "measure", "expires_on"]

    def prepare(self) -> None:
        today = house_date(self.who.at)
        self.fields["expires_on"].initial = today + WAIVED_FOR
        field = self.fields["criterion"]
        if self.flow and isinstance(field, forms.ModelChoiceField):
            field.queryset = may_be_waived(self.flow.case)

    def clean_expires_on(self) -> date:
        until = refuse_past(self.cleaned_data["expires_on"], self.who.at)
        if until > house_date(self.who.at) + WAIVED_AT_MOST:
            raise forms.ValidationError(gettext("A waiver holds for at most 180 days."))
        return until


class WaiverField(forms.ModelChoiceField[Waiver]):
    def label_from_instance(self, obj: Waiver) -> str:
        return str(obj.criterion)


class OneWaiverForm(ActionForm):
    """Choose one of the waivers of the gate; `granted` says which of them."""

    waiver = WaiverField(
        label=_("Which waiver?"), queryset=Waiver.objects.none(), widget=forms.RadioSelect,
        empty_label=None,
    )  # fmt: skip
    note = long_text(_("Why?"))
    only_asked = False

    def prepare(self) -> None:
        field = self.fields["waiver"]
        if self.flow and isinstance(field, forms.ModelChoiceField):
            live = self.flow.case.waivers.filter(revoked_at__isnull=True)
            if self.only_asked:
                live = live.filter(granted_at__isnull=True).exclude(asked_by=self.who.user)
            field.queryset = live.select_related("criterion")


class GrantWaiverForm(OneWaiverForm):
    """Nobody grants what they asked for, be it as a deputy of the project manager."""

    only_asked = True


# -- the sheet ------------------------------------------------------------------------------------
class AnswerForm(forms.Form):
    expected_version = forms.IntegerField(
        min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput
    )


class EvidenceForm(AnswerForm):
    """`files` are those the gate has already."""

    evidence = long_text(_("Evidence"), rows=2, required=False)
    link = forms.URLField(label=_("Link"), max_length=500, required=False, assume_scheme="https")
    kept = forms.TypedChoiceField(
        label=_("File of this gate"), coerce=int, empty_value=None, required=False
    )
    upload = forms.FileField(label=_("New file"), required=False)
    record = forms.CharField(
        label=_("Record"), max_length=24, required=False,
        help_text=_("Number of a case you may see, such as CHG-2026-00006."),
    )  # fmt: skip
    is_left_out = forms.BooleanField(
        label=_("Does not apply; the evidence says why"), required=False
    )

    def __init__(self, *args: Any, files: Iterable[Attachment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.fields["kept"]
        assert isinstance(kept, forms.TypedChoiceField)
        kept.choices = [("", _("none")), *((file.pk, file.name) for file in files)]

    def clean_upload(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["upload"]
        if file is not None:
            check(file)
        return file

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("is_left_out") and not values.get("evidence"):
            self.add_error("evidence", gettext("Write why it does not apply."))
        return values


class JudgementForm(AnswerForm):
    result = forms.ChoiceField(
        label=_("Result"), choices=[*Answer.Result.choices, ("", _("Not yet"))], required=False
    )
    remark = long_text(_("Remark"), rows=2, required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        is_short = values.get("result") in (Answer.Result.PARTLY, Answer.Result.FAIL)
        if is_short and not values.get("remark"):
            self.add_error("remark", gettext("Write what is missing."))
        return values
