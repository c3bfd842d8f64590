"""What the pages of the criteria ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.editions import CRITERION_FIELDS, TRACK_FIELDS
from projects.exchange import XLSX
from projects.models import CatalogueVersion, Criterion, GateKind, Track
from workflows.attachments import check


class CriterionForm(forms.ModelForm[Criterion]):
    class Meta:
        model = Criterion
        fields = ("gate", *CRITERION_FIELDS)
        widgets = {name: forms.Textarea(attrs={"rows": 3}) for name in ("text", "text_zh")}

    def __init__(self, *args: Any, version: CatalogueVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gate = self.fields["gate"]
        assert isinstance(gate, forms.ModelChoiceField)
        gate.queryset = version.gates.all()
        gate.label = _("Gate")


class TrackForm(forms.ModelForm[Track]):
    gates = forms.ModelMultipleChoiceField(
        label=_("Gates"), queryset=GateKind.objects.none(), to_field_name="code", required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every gate, also those a later version adds."),
    )  # fmt: skip

    class Meta:
        model = Track
        fields = TRACK_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gates = self.fields["gates"]
        if isinstance(gates, forms.ModelMultipleChoiceField):
            gates.queryset = self.instance.version.gates.order_by("place")

    def clean_gates(self) -> list[str]:
        codes = [gate.code for gate in self.cleaned_data["gates"]]
        last = self.instance.version.gates.order_by("-place").first()
        if codes and last and last.code not in codes:
            sentence = gettext("Every track ends with the last gate, %(gate)s.")
            raise forms.ValidationError(sentence % {"gate": last})
        return codes

    def clean_code(self) -> str:
        """Refuse a code twice: the form does not ask for the version, so Django does not."""
        code: str = self.cleaned_data["code"]
        others = self.instance.version.tracks.exclude(pk=self.instance.pk)
        if others.filter(code=code).exists():
            raise forms.ValidationError(gettext("The version has a track of this code."))
        return code


class PublishForm(forms.Form):
    note = forms.CharField(label=_("What is new?"), max_length=300)


class WorkbookForm(forms.Form):
    file = forms.FileField(label=_("Workbook (.xlsx)"))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if check(file) != XLSX:
            raise forms.ValidationError(gettext("Choose a workbook (.xlsx)."))
        return file
