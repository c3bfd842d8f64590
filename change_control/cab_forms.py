"""What calling a meeting of the board and each action on it ask for."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from change_control.cab import members
from change_control.models import AgendaItem
from people.actors import Actor
from workflows.forms import ActionForm, OpeningForm, long_text


class MeetingFields(forms.Form):
    meets_at = forms.DateTimeField(
        label=_("Meets"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    place = forms.CharField(label=_("Place or link"), max_length=200, required=False)

    who: Actor

    def clean_meets_at(self) -> datetime:
        at: datetime = self.cleaned_data["meets_at"]
        if at <= self.who.at:
            raise forms.ValidationError(gettext("This time has already passed."))
        return at


class CallMeetingForm(MeetingFields, OpeningForm):
    send, filed = _("Call the meeting"), _("%(number)s is called.")
    field_order = ["title", "meets_at", "place"]

    def prepare(self) -> None:
        super().prepare()
        del self.fields["on_behalf_of"]
        self.fields["title"].help_text = _("Such as: weekly meeting, 24 November.")


class MoveMeetingForm(MeetingFields, ActionForm):
    def prepare(self) -> None:
        if self.flow:
            case = self.flow.case
            self.initial = {
                "meets_at": timezone.localtime(case.meets_at).replace(tzinfo=None),
                "place": case.place,
            }


class AttendanceForm(ActionForm):
    """Who is here; where somebody is away, their deputy is asked for in their place."""

    present = forms.MultipleChoiceField(
        label=_("Who is here?"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Nobody is here; then there is no meeting.")},
    )  # fmt: skip

    def prepare(self) -> None:
        if self.flow:
            field = self.fields["present"]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = [
                (
                    member.username,
                    gettext("%(deputy)s, in place of %(member)s")
                    % {"deputy": deputy, "member": member} if deputy else str(member),
                )
                for member, deputy in members(self.flow.case.unit, self.flow.at)
            ]  # fmt: skip


class ItemField(forms.ModelChoiceField[AgendaItem]):
    def label_from_instance(self, obj: AgendaItem) -> str:
        return str(obj.change)


class DiscussForm(ActionForm):
    item = ItemField(
        label=_("Change"), queryset=AgendaItem.objects.none(), to_field_name="place",
        widget=forms.RadioSelect, empty_label=None,
    )  # fmt: skip
    said = long_text(_("What was said"), rows=4)

    def prepare(self) -> None:
        if self.flow:
            field = self.fields["item"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = self.flow.case.items.select_related("change")
