"""What the handover agreement, the maintenance mode and a service in operation ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.house_time import house_date
from projects import takeover
from projects.forms import AcceptForm as PlainAcceptForm
from projects.forms import day, person, refuse_past
from projects.models import Mode, Operation, Project, ServiceFinding
from workflows.forms import ActionForm, OpeningForm, ReasonForm, long_text


class AgreementForm(ActionForm):
    what = long_text(_("What does ops take over?"))
    when = day(_("When?"))
    team = forms.CharField(label=_("Which team receives it?"), max_length=200)
    mode = forms.ChoiceField(label=_("Intended maintenance mode"), choices=Mode.choices)

    def prepare(self) -> None:
        if self.flow:
            case = self.flow.case
            project = case if isinstance(case, Project) else case.parent
            last = takeover.agreement(project)
            self.initial = {"when": project.ends_on, "what": project.goal}
            if last is not None:
                names = ("what", "when", "team", "mode")
                self.initial = {name: getattr(last, name) for name in names}


class ExtendTrialForm(ReasonForm):
    trial_until = day(_("Up to and including which day?"))

    field_order = ["trial_until", "reason"]

    def clean_trial_until(self) -> date:
        until: date = self.cleaned_data["trial_until"]
        if self.flow and self.flow.case.trial_until and until <= self.flow.case.trial_until:
            raise forms.ValidationError(gettext("Choose a later day than now."))
        return refuse_past(until, self.who.at)


# -- the mode --------------------------------------------------------------------------------------
class ModeFields(forms.Form):
    """The mode, and what is known beside the choice (acceptance-and-procurement, B.5)."""

    who: Any
    mode = forms.ChoiceField(
        label=_("Maintenance mode"), widget=forms.RadioSelect,
        choices=lambda: [
            (one, _("%(mode)s: %(duty)s") % {"mode": one.label, "duty": one.duty}) for one in Mode
        ],
    )  # fmt: skip
    mode_reason = long_text(_("Why this mode?"), rows=3)
    effort_days = forms.DecimalField(
        label=_("Effort of a year in person-days"), min_value=0, max_digits=7, decimal_places=1
    )
    skills = forms.ChoiceField(label=_("Skills of ops"), choices=Operation.Skills.choices)
    yearly_cost = forms.DecimalField(
        label=_("Cost of a year"), min_value=0, max_digits=14, decimal_places=2
    )
    budget_line = forms.CharField(label=_("Budget line"), max_length=100)
    contract_ends_on = day(_("Support contract ends"), required=False)
    review_on = day(_("The mode is reviewed on"))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "mode" not in self.fields:
            return values
        if values.get("mode") == Mode.VENDOR and not values.get("contract_ends_on"):
            self.add_error(
                "contract_ends_on", gettext("A vendor leads by a contract; say when it ends.")
            )
        review = values.get("review_on")
        if review and review <= house_date(self.who.at):
            self.add_error("review_on", gettext("Choose a day that is still to come."))
        return values


MODE_FIELDS = tuple(ModeFields.base_fields)
ENTRY_FIELDS = ("service_name", "business_owner", "criticality")


class ModeForm(ModeFields, ActionForm):
    def prepare(self) -> None:
        if self.flow:
            self.initial = {name: getattr(self.flow.case, name) for name in MODE_FIELDS}


class AcceptForm(ModeFields, PlainAcceptForm):
    """The last gate decides too how the service is maintained, and enters it in the catalogue."""

    service_name = forms.CharField(
        label=_("Name of the service in the catalogue"), max_length=200,
        help_text=_("The project named no system: this one enters the catalogue."),
    )  # fmt: skip
    business_owner = person(_("Business owner"))
    criticality = forms.ChoiceField(
        label=_("Criticality"), choices=Service.Criticality.choices,
        initial=Service.Criticality.NORMAL,
    )  # fmt: skip

    field_order = [*MODE_FIELDS, *ENTRY_FIELDS, "overruling", "note"]

    def prepare(self) -> None:
        super().prepare()
        case = self.flow.case if self.flow else None
        if case is None or not takeover.is_at(case, takeover.TAKES_OVER):
            for name in (*MODE_FIELDS, *ENTRY_FIELDS):
                del self.fields[name]
            return
        if case.parent.systems:
            del self.fields["service_name"]
        agreed = takeover.agreement_in_force(case.parent)
        self.initial = {
            "mode": agreed.mode if agreed else None,
            "review_on": house_date(self.who.at) + takeover.REVIEWED_AFTER,
        }


class OperationForm(ModeFields, OpeningForm):
    """What the last gate says of the service; people do not file services."""

    parent = forms.ModelChoiceField(queryset=Project.objects.all())
    systems = forms.JSONField()


# -- while it runs ---------------------------------------------------------------------------------
class FindingForm(ActionForm):
    what = forms.CharField(label=_("What did you find?"), max_length=300)


class SettleForm(ActionForm):
    finding = forms.ModelChoiceField(
        label=_("Which finding?"), queryset=ServiceFinding.objects.none(),
        widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip
    note = long_text(_("How was it settled?"))

    def prepare(self) -> None:
        field = self.fields["finding"]
        if self.flow and isinstance(field, forms.ModelChoiceField):
            unsettled = self.flow.case.findings.filter(settled_at__isnull=True)
            field.queryset = unsettled.select_related("waiver__criterion")
