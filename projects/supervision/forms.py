"""What asking for supervision, its findings and each reply to them ask for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.house_time import house_date
from people.models import User
from projects.forms import day, refuse_past
from projects.models import Criterion, Finding, Project, Supervision
from projects.supervision.proposals import WORDS, expected, of_newest
from projects.supervision.states import FindingState
from workflows.forms import ActionForm, OpeningForm, ReasonForm, long_text

PATTERNS = 12
"""So many patterns in use are named beside the field."""


# -- the supervision ------------------------------------------------------------------------------
class FocusForm(ActionForm):
    focus = long_text(_("What should it look at?"), rows=3)


class SupervisionForm(OpeningForm):
    """What a project says of its supervision; people do not file one by itself."""

    parent = forms.ModelChoiceField(queryset=Project.objects.all())
    filed_by = forms.ModelChoiceField(queryset=User.objects.all())
    focus = long_text(_("What should it look at?"))


class DeclarationForm(ActionForm):
    """Each line is declared, or the case is not taken on."""

    did_not_design = forms.BooleanField(label=_("I had no part in the design of this project."))
    did_not_bid = forms.BooleanField(
        label=_("I neither bid for it nor have to do with anybody who did.")
    )
    has_no_vote = forms.BooleanField(label=_("I have no vote in a decision on it."))
    note = long_text(_("Note"), rows=2, required=False)


class ConclusionForm(ActionForm):
    conclusion = forms.ChoiceField(
        label=_("What does it come to?"), choices=Supervision.Conclusion.choices,
        widget=forms.RadioSelect,
    )  # fmt: skip
    note = long_text(_("What was reviewed, and why this conclusion?"))


# -- the finding ----------------------------------------------------------------------------------
class ClauseField(forms.ModelChoiceField[Criterion]):
    def label_from_instance(self, obj: Criterion) -> str:
        said = str(obj)
        return said if len(said) <= 100 else said[:99] + "…"

    def to_python(self, value: Any) -> Criterion | None:
        """Refuse a code that two gates of the version use: it names no clause."""
        try:
            return super().to_python(value)
        except Criterion.MultipleObjectsReturned:
            raise forms.ValidationError(
                self.error_messages["invalid_choice"], "invalid_choice", {"value": value}
            ) from None


class FindingForm(ActionForm):
    title = forms.CharField(label=_("Finding in one sentence"), max_length=200)
    text = long_text(_("What was found, where, and what would be right?"))
    area = forms.ChoiceField(
        label=_("Area"), choices=Finding.Area.choices, widget=forms.RadioSelect
    )
    severity = forms.ChoiceField(
        label=_("Severity"), choices=Finding.Severity.choices, widget=forms.RadioSelect,
        help_text=_("A must-fix keeps the next gate closed. An advice ends with the reply."),
    )  # fmt: skip
    due_on = day(_("To be put right by"), required=False, help_text=_("Not needed for an advice."))
    clause = ClauseField(
        label=_("Clause of the standard"), queryset=Criterion.objects.none(), required=False,
        to_field_name="code", empty_label=_("None"),
    )  # fmt: skip
    pattern = forms.CharField(
        label=_("Pattern"), max_length=60, required=False,
        help_text=_(
            "A keyword by which the same thing is known again in other projects; found in three "
            "of them, it proposes a criterion."
        ),
    )  # fmt: skip

    def prepare(self) -> None:
        field = self.fields["clause"]
        if not self.flow:
            return
        if isinstance(field, forms.ModelChoiceField):
            project = self.flow.case.parent
            asked = Criterion.objects.filter(project.fitting, gate__version=project.catalogue_id)
            field.queryset = asked.order_by("gate__place", "code")
        findings: Any = Finding.objects.exclude(state=FindingState.WITHDRAWN)  # to mypy cases
        known = findings.exclude(pattern="").values_list("pattern", flat=True)
        names = list(known.order_by("pattern").distinct()[:PATTERNS])
        if names:
            self.fields["pattern"].help_text = gettext(
                "A keyword by which the same thing is known again in other projects. "
                "In use: %(patterns)s."
            ) % {"patterns": ", ".join(names)}

    def clean_pattern(self) -> str:
        """Keep one spelling of a keyword, so that it is found again."""
        return " ".join(self.cleaned_data["pattern"].split()).casefold()[:60]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        values["note"] = values.get("title", "")  # what the history of the supervision tells
        due, severity = values.get("due_on"), values.get("severity")
        if severity == Finding.Severity.ADVICE:
            values["due_on"] = None
        elif severity and due is None and "due_on" not in self.errors:
            self.add_error("due_on", gettext("Say by when it has to be put right."))
        elif due is not None and due < house_date(self.who.at):
            self.add_error("due_on", gettext("This day has already passed."))
        return values


class FiledFindingForm(OpeningForm):
    """What a supervision says of a finding; people do not file one by itself."""

    parent = forms.ModelChoiceField(queryset=Project.objects.all())
    raised_in = forms.ModelChoiceField(queryset=Supervision.objects.all())
    filed_by = forms.ModelChoiceField(queryset=User.objects.all())
    text = long_text(_("What was found?"))
    area = forms.ChoiceField(choices=Finding.Area.choices)
    severity = forms.ChoiceField(choices=Finding.Severity.choices)
    due_on = day(_("To be put right by"), required=False)
    clause = forms.ModelChoiceField(queryset=Criterion.objects.all(), required=False)
    pattern = forms.CharField(max_length=60, required=False)


class ReplyForm(ActionForm):
    note = long_text(_("How will it be put right?"))


class RejectionForm(ActionForm):
    reason = long_text(_("Why is it rejected?"))


class DeferralForm(ActionForm):
    deferred_until = day(_("Until when?"))
    reason = long_text(_("Why can it wait?"))

    def clean_deferred_until(self) -> date:
        until: date = self.cleaned_data["deferred_until"]
        if until <= house_date(self.who.at):
            raise forms.ValidationError(gettext("Choose a day that is still to come."))
        if self.flow and until > self.flow.case.parent.ends_on:
            raise forms.ValidationError(gettext("It cannot wait longer than until the handover."))
        return until


class DayForm(ReasonForm):
    """Another day by which it has to be put right."""

    due_on = day(_("To be put right by"))

    field_order = ["due_on", "reason"]

    def prepare(self) -> None:
        if self.flow:
            self.initial = {"due_on": self.flow.case.due_on}

    def clean_due_on(self) -> date:
        return refuse_past(self.cleaned_data["due_on"], self.who.at)


class DoneForm(ActionForm):
    note = long_text(_("What was done, and where can it be seen?"))


class VerificationForm(ActionForm):
    note = long_text(_("How was it verified?"), rows=3)


class OverruleForm(ActionForm):
    reason = long_text(_("Why is it overruled, and who carries the risk?"))


# -- the proposal ---------------------------------------------------------------------------------
class ProposalForm(OpeningForm):
    """What findings alike propose; people do not file one by itself."""

    ground = forms.CharField(max_length=10)
    key = forms.CharField(max_length=60)
    text = long_text(_("What was found?"))


class AdoptForm(ActionForm):
    """The criterion as it enters the draft of the next version."""

    gate = forms.ModelChoiceField(label=_("Gate"), queryset=of_newest(), to_field_name="code")

    def prepare(self) -> None:
        texts: dict[str, Any] = {
            name: forms.Textarea(attrs={"rows": 3}) for name in ("text", "text_zh")
        }
        self.fields.update(forms.fields_for_model(Criterion, WORDS, widgets=texts))
        if self.flow:
            self.initial = expected(self.flow.case)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if of_newest().filter(criteria__code=code).exists():
            raise forms.ValidationError(gettext("There is a criterion with this code already."))
        return code


class DeclineForm(ActionForm):
    reason = long_text(_("Why is it declined?"))
