"""What filing a change and each action on it ask for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from change_control import risk
from change_control.models import (
    DONE_TYPES,
    LONGEST_WINDOW,
    Change,
    ChangeStep,
    ChangeTemplate,
    Risk,
)
from change_control.states import DRAFTS
from change_control.wall_time import WallTimeField, in_zone
from people.actors import Actor
from people.house_time import house_date
from people.models import User, in_reader_language
from people.zones import zone_label
from workflows.declarations import Text
from workflows.forms import ActionForm, OpeningForm, long_text
from workflows.lifecycles import registered
from workflows.models import Case
from workflows.systems import SystemsField

PLAN_FIELDS = (
    "what", "reason", "systems", "time_zone", "starts_at", "ends_at", "outage_minutes", "plan",
    "test_evidence", "backout_plan", "backout_minutes", "return_until", "implementer", "verifier",
    "informed", "short_notice", "began_at", "finished_at", "goes_live",
)  # fmt: skip
ZONES = ("Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Tokyo", "Europe/Berlin",
         "Europe/London", "America/New_York", "UTC")  # fmt: skip
GRACE = timedelta(minutes=15)
"""So much after its planned beginning a change may still begin without a word."""


def person(label: Any, **kwargs: Any) -> forms.ModelChoiceField[User]:
    return forms.ModelChoiceField(
        label=label, queryset=User.objects.filter(is_active=True, unit__isnull=False),
        to_field_name="username", required=False, empty_label=_("Nobody yet"), **kwargs,
    )  # fmt: skip


class PlanFields(forms.Form):
    """The plan of a change; what is missing is asked for when it is submitted."""

    who: Actor
    what = long_text(_("What is changed?"), required=False)
    reason = long_text(_("Why?"), required=False, rows=2)
    systems = SystemsField(
        label=_("Systems touched"), queryset=Service.objects.active().systems(),
        to_field_name="code", required=False,
    )  # fmt: skip
    time_zone = forms.ChoiceField(
        label=_("Time zone of the window"),
        choices=lambda: [(zone, zone_label(zone)) for zone in ZONES],
        required=False,
    )  # fmt: skip
    starts_at = WallTimeField(label=_("Window begins"))
    ends_at = WallTimeField(label=_("Window ends"))
    outage_minutes = forms.IntegerField(
        label=_("Expected outage in minutes"), min_value=0, max_value=100_000, required=False
    )
    plan = long_text(_("Plan"), required=False, rows=5, help_text=_("One step on each line."))
    test_evidence = long_text(_("Test evidence"), required=False, rows=2)
    backout_plan = long_text(_("Back-out plan"), required=False, rows=3)
    backout_minutes = forms.IntegerField(
        label=_("Time to back out, in minutes"), min_value=1, max_value=100_000, required=False
    )
    return_until = WallTimeField(
        label=_("Last point of return"),
        help_text=_("Until then it can still be backed out within the window."),
    )
    implementer = person(_("Implementer"))
    verifier = person(_("Verifier"))
    informed = forms.CharField(label=_("Who is informed"), max_length=500, required=False)
    short_notice = long_text(
        _("Why at short notice"), required=False, rows=2,
        help_text=_("Only where the window begins sooner than changes are usually submitted."),
    )  # fmt: skip
    goes_live = forms.ModelChoiceField(
        label=_("What goes live with it?"), queryset=Case.objects.none(),
        to_field_name="number", required=False, empty_label=_("Nothing new"),
        help_text=_("A project that goes into production by this change."),
    )  # fmt: skip
    began_at = WallTimeField(
        label=_("Was begun"), help_text=_("Only where it was done before it was recorded.")
    )
    finished_at = WallTimeField(label=_("Was finished"))
    headings: ClassVar[Mapping[str, Text]] = {
        "what": _("What and why"),
        "time_zone": _("The window"),
        "plan": _("How, and the way back"),
        "implementer": _("Who"),
        "short_notice": _("Also"),
    }

    def offer_what_goes_live(self) -> None:
        """Offer the running projects that the reader may see."""
        field = self.fields["goes_live"]
        assert isinstance(field, forms.ModelChoiceField)
        kinds = [one.kind for one in registered() if one.goes_live]
        field.queryset = Case.objects.visible_to(self.who).open().filter(kind__in=kinds)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        values["time_zone"] = values.get("time_zone") or ZONES[0]
        values["outage_minutes"] = values.get("outage_minutes") or 0
        zone = ZoneInfo(values["time_zone"])
        for name in ("starts_at", "ends_at", "return_until", "began_at", "finished_at"):
            value = values.get(name)
            if value is not None and timezone.is_naive(value):
                try:
                    values[name] = in_zone(value, zone)
                except ValidationError as error:
                    self.add_error(name, error)
                    values.pop(name, None)
        self._check_window(values)
        self._check_people(values)
        return values

    def _check_window(self, values: dict[str, Any]) -> None:
        start, end, point = (values.get(n) for n in ("starts_at", "ends_at", "return_until"))
        if (start is None) != (end is None) and not self.errors:
            self.add_error("ends_at", gettext("A window has a beginning and an end."))
        began, finished = values.get("began_at"), values.get("finished_at")
        for name, at in (("began_at", began), ("finished_at", finished)):
            if at is not None and at > self.who.at:
                self.add_error(name, gettext("This lies in the future."))
        if began and finished and began >= finished:
            self.add_error("finished_at", gettext("It was finished before it was begun."))
        if start is None or end is None:
            return
        if end <= start:
            self.add_error("ends_at", gettext("The window ends before it begins."))
            return
        if end - start > LONGEST_WINDOW:
            self.add_error("ends_at", gettext("A window has at most 14 days; split the change."))
        if timedelta(minutes=values["outage_minutes"]) > end - start:
            self.add_error("outage_minutes", gettext("The outage is longer than the window."))
        back = timedelta(minutes=values.get("backout_minutes") or 0)
        if back > end - start:
            self.add_error("backout_minutes", gettext("Backing out takes longer than the window."))
        elif point is not None and not start <= point <= end - back:
            self.add_error(
                "return_until",
                gettext("From there backing out does not end within the window any more."),
            )

    def _check_people(self, values: dict[str, Any]) -> None:
        implementer = values.get("implementer")
        if implementer is not None and implementer == values.get("verifier"):
            self.add_error("verifier", gettext("Whoever implements a change does not verify it."))


class FilingForm(PlanFields, OpeningForm):
    """A draft: only what it is about is asked for at once."""

    folds = False
    send = _("Keep it as a draft")
    filed = _("%(number)s is kept as a draft. Complete it, and submit it.")

    type = forms.ChoiceField(
        label=_("Type"), choices=Change.Type, initial=Change.Type.NORMAL, widget=forms.RadioSelect
    )
    template = forms.ModelChoiceField(
        label=_("Template"), queryset=ChangeTemplate.objects.filter(is_active=True),
        to_field_name="code", required=False, empty_label=_("None"),
        help_text=_("For standard changes."),
    )  # fmt: skip
    origin = forms.CharField(
        label=_("Comes from"), max_length=30, required=False,
        help_text=_("The number of the request, fault or project it is done for."),
    )  # fmt: skip

    field_order = ["title", "type", "template", "origin", *PLAN_FIELDS]
    only_with = {
        "template": ("type", [Change.Type.STANDARD]),
        "short_notice": ("type", [Change.Type.NORMAL]),
        "began_at": ("type", DONE_TYPES),
        "finished_at": ("type", DONE_TYPES),
    }

    def prepare(self) -> None:
        super().prepare()
        del self.fields["on_behalf_of"]
        self.fields["title"].help_text = _("One sentence: what is done, and to which system?")
        self.offer_what_goes_live()

    def clean_origin(self) -> str:
        number: str = self.cleaned_data["origin"].strip()
        if number and not Case.objects.visible_to(self.who).filter(number=number).exists():
            raise forms.ValidationError(gettext("There is no such case."))
        return number

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        kind, template = values.get("type"), values.get("template")
        if kind == Change.Type.STANDARD and template is None:
            self.add_error("template", gettext("A standard change is made from a template."))
        if kind != Change.Type.STANDARD:
            values["template"] = None
        elif template is not None:
            values |= {
                "plan": values.get("plan") or template.plan,
                "backout_plan": values.get("backout_plan") or template.backout_plan,
                "backout_minutes": values.get("backout_minutes")
                or template.backout_minutes
                or None,
            }
        if kind not in DONE_TYPES:
            values |= {"began_at": None, "finished_at": None}
        return values


class EditForm(PlanFields, ActionForm):
    """The plan once more; what was approved and is edited is asked again."""

    folds = False
    from_address = ("starts_at", "ends_at", "return_until")
    send = _("Save the plan")

    field_order = PLAN_FIELDS

    def prepare(self) -> None:
        if self.flow is None:
            return
        case = self.flow.case
        if case.type not in DONE_TYPES:
            del self.fields["began_at"]
            del self.fields["finished_at"]
        self.offer_what_goes_live()
        if case.state not in DRAFTS:
            del self.fields["goes_live"]
            for name in case.needed:
                self.fields[name].required = True
        self.initial = {name: getattr(case, name) for name in PLAN_FIELDS}
        for name in ("starts_at", "ends_at", "return_until", "began_at", "finished_at"):
            at = self.initial[name]
            self.initial[name] = at and at.astimezone(case.zone).replace(tzinfo=None)
        for name in ("implementer", "verifier"):
            self.initial[name] = self.initial[name] and self.initial[name].username
        self.initial["goes_live"] = case.goes_live and case.goes_live.number


class AssessForm(ActionForm):
    """The questionnaire of the table in force, and a person's word on what comes out."""

    risk = forms.ChoiceField(
        label=_("Another risk than computed"), choices=[("", _("As computed")), *Risk.choices],
        required=False,
    )  # fmt: skip
    risk_reason = long_text(
        _("Why another risk"), required=False, rows=2,
        help_text=_("A lower risk than computed needs a reason."),
    )  # fmt: skip

    def prepare(self) -> None:
        self.version, self.table = risk.table_at(self.who.at)
        rest = dict(self.fields)
        self.fields.clear()
        for question in self.table["questions"]:
            self.fields[question["key"]] = forms.ChoiceField(
                label=in_reader_language(question["text"], question["text_zh"]),
                choices=[
                    (one["key"], in_reader_language(one["text"], one["text_zh"]))
                    for one in question["answers"]
                ],
                widget=forms.RadioSelect,
            )
        self.fields.update(rest)
        if self.flow:
            self.initial = {**self.flow.case.risk_answers}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        keys = [question["key"] for question in self.table["questions"]]
        if self.errors or not self.flow:
            return values
        case, policy = self.flow.case, self.flow.case.policy
        given = {key: values.pop(key) for key in keys}
        record = risk.record_of(case.implementer, self.flow.at, policy)
        answers = risk.answers_with_record(given, record, policy)
        found = risk.judge(answers, self.table)
        chosen = Risk(values["risk"] or found.risk)
        if chosen.rank < found.risk.rank and not values["risk_reason"]:
            self.add_error(
                "risk_reason",
                gettext("The answers come to %(risk)s; a lower risk needs a reason.")
                % {"risk": found.risk.label},
            )
        return {
            **values, "risk": chosen, "level": chosen, "risk_answers": answers,
            "risk_score": found.points, "risk_version": self.version,
        }  # fmt: skip


class OverrideForm(ActionForm):
    freeze_override = long_text(_("Why in spite of the freeze?"), rows=3)


class GoLiveForm(ActionForm):
    live_override = long_text(_("Why before it is accepted?"), rows=3)


class BeginForm(ActionForm):
    late_start = long_text(
        _("Why is it begun late?"), required=False, rows=2,
        help_text=_("Only where the planned beginning is past."),
    )  # fmt: skip

    def clean_late_start(self) -> str:
        reason: str = self.cleaned_data["late_start"]
        if not reason and self.flow and self.flow.at > self.flow.case.starts_at + GRACE:
            raise forms.ValidationError(
                gettext("The planned beginning is past; say why it is begun late.")
            )
        return reason


class TickForm(ActionForm):
    step = forms.ModelChoiceField(
        label=_("Step"), queryset=ChangeStep.objects.none(), to_field_name="place",
        widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip

    def prepare(self) -> None:
        if self.flow:
            field = self.fields["step"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = self.flow.case.steps.filter(done_at__isnull=True)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        return {**values, "note": str(values.get("step", ""))}  # what the story tells


class FinishForm(ActionForm):
    outcome = forms.ChoiceField(
        label=_("How did it go?"), widget=forms.RadioSelect,
        choices=[
            (Change.Outcome.SUCCESSFUL, _("As planned")),
            (Change.Outcome.WITH_PROBLEMS, _("Done, with problems")),
        ],
    )  # fmt: skip
    note = long_text(_("What happened"), required=False, rows=3)


class ReviewActionForm(ActionForm):
    what = forms.CharField(label=_("What has to be done?"), max_length=300)
    owner = forms.ModelChoiceField(
        label=_("Owner"), queryset=User.objects.filter(is_active=True, unit__isnull=False),
        to_field_name="username",
    )  # fmt: skip
    due_on = forms.DateField(
        label=_("Due"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean_due_on(self) -> date:
        due: date = self.cleaned_data["due_on"]
        if due < house_date(self.who.at):
            raise forms.ValidationError(gettext("This day has already passed."))
        return due


class ReviewForm(ActionForm):
    cause = long_text(_("Cause"), rows=3)
    lessons = long_text(_("Lessons"), rows=3)
