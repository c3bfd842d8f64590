"""What people set about themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from people.models import Absence, ApiToken, User
from people.zones import zone_choices


class LanguageForm(forms.ModelForm[User]):
    language = forms.ChoiceField(label=_("Language"), widget=forms.RadioSelect)

    class Meta:
        model = User
        fields = ["language"]

    def __init__(self, *args: Any, **known: Any) -> None:
        super().__init__(*args, **known)
        self.fields["language"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("en", "English"), ("zh-hans", "简体中文"),
        ]  # fmt: skip
        self.initial["language"] = self.instance.language or get_language()


class TimeZoneForm(forms.ModelForm[User]):
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zone_choices,
        required=False,
        help_text=_("Dates and times on pages are shown, and read, in this zone."),
    )

    class Meta:
        model = User
        fields = ["time_zone"]


class PreferencesForm(LanguageForm, TimeZoneForm):
    has_single_key_shortcuts = forms.BooleanField(
        label=_("Shortcuts of a single key"),
        required=False,
        help_text=_("Such as J and K for the next and the previous row. Ctrl+K works in any case."),
    )

    class Meta:
        model = User
        fields = ["language", "time_zone", "has_single_key_shortcuts"]


class AbsenceForm(forms.ModelForm[Absence]):
    class Meta:
        model = Absence
        fields = ["from_at", "to_at", "deputy", "reason"]
        labels = {
            "from_at": _("I am away from"), "to_at": _("Until"), "deputy": _("My deputy is"),
            "reason": _("Reason"),
        }  # fmt: skip
        help_texts = {
            "to_at": _("Empty: until you end it yourself."),
            "deputy": _("Does your work meanwhile, with your roles, and in both your names."),
            "reason": _("Your deputy and the back office read it; it may stay empty."),
        }

    def __init__(self, data: Any = None, *, actor: User) -> None:
        super().__init__(data, instance=Absence(user=actor))
        people = User.objects.filter(is_active=True).exclude(pk=actor.pk)
        deputy = self.fields["deputy"]
        deputy.queryset = people.order_by("display_name", "username")  # type: ignore[attr-defined]  # a ModelChoiceField
        deputy.empty_label = _("Choose a person")  # type: ignore[attr-defined]  # as above
        self.initial["from_at"] = timezone.localtime().replace(second=0, microsecond=0)


class TokenForm(forms.ModelForm[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["name", "scope"]
        help_texts = {"name": _("What it is for, such as “build server”.")}
