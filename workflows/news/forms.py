"""What people choose, as forms: news by channel, quiet hours, the summary, and a new chat."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows import addresses
from workflows.models import Chat, News, NewsPreference
from workflows.models.webhooks import LOOKUP_WITHIN

HINTS: dict[str, Promise] = {
    News.WORK: _("A step is yours, or waits for somebody of your role."),
    News.MOVED: _("What you asked for or follow has reached another step."),
    News.WARNING: _("Much of the time for what you hold is used."),
    News.BREACH: _("What you hold, or answer for, is overdue."),
    News.DEPUTY: _("You stand in for somebody, or come back to your work."),
}


class NewsRow(NamedTuple):
    """A row of the matrix."""

    label: str
    hint: str
    mail: BoundField
    chats: list[tuple[Chat, BoundField]]


def _hour() -> forms.TimeInput:
    return forms.TimeInput(format="%H:%M")


class ChoicesForm(forms.Form):
    """Everything one chooses; `mail_<news>` and `chat_<id>_<news>` are the matrix."""

    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, widget=_hour())
    quiet_to = forms.TimeField(label=_("Quiet until"), required=False, widget=_hour())
    quiet_days = forms.TypedMultipleChoiceField(
        label=_("Quiet all day on"),
        required=False,
        coerce=int,
        choices=list(WEEKDAYS.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    lets_breach_through = forms.BooleanField(
        label=_("Tell me at once when a promised time is over, in quiet hours too"),
        required=False,
    )
    rhythm = forms.ChoiceField(label=_("Send it"), choices=NewsPreference.Rhythm.choices)
    digest_at = forms.TimeField(label=_("At"), widget=_hour())

    def __init__(
        self, *args: Any, chosen: NewsPreference, chats: Sequence[Chat], **kwargs: Any
    ) -> None:
        names = ("quiet_from", "quiet_to", "quiet_days", "lets_breach_through", "rhythm")
        initial = {name: getattr(chosen, name) for name in (*names, "digest_at")}
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.chats = chats
        for news in News:
            self.fields[f"mail_{news}"] = forms.ChoiceField(
                label=_("Mail"), choices=NewsPreference.Mail.choices, initial=chosen.mail_for(news)
            )
            for chat in chats:
                self.fields[f"chat_{chat.pk}_{news}"] = forms.BooleanField(
                    label=f"{chat.name}: {news.label}", required=False, initial=chat.wants(news)
                )

    @property
    def rows(self) -> list[NewsRow]:
        return [
            NewsRow(
                str(news.label),
                str(HINTS.get(news, "")),
                self[f"mail_{news}"],
                [(chat, self[f"chat_{chat.pk}_{news}"]) for chat in self.chats],
            )
            for news in News
        ]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        begin, end = found.get("quiet_from"), found.get("quiet_to")
        if "quiet_from" in found and "quiet_to" in found:
            if (begin is None) != (end is None):
                missing = "quiet_from" if begin is None else "quiet_to"
                self.add_error(missing, gettext("Quiet hours need a beginning and an end."))
            elif begin is not None and begin == end:
                self.add_error("quiet_to", gettext("The end must be another time."))
        if len(found.get("quiet_days", [])) == len(WEEKDAYS):
            self.add_error("quiet_days", gettext("Leave a day on which you may be told something."))
        return found

    @property
    def chosen(self) -> dict[str, Any]:
        """Return what is kept in the preferences."""
        names = ("quiet_from", "quiet_to", "quiet_days", "lets_breach_through", "rhythm")
        kept = {name: self.cleaned_data[name] for name in (*names, "digest_at")}
        return kept | {"mail": {str(news): self.cleaned_data[f"mail_{news}"] for news in News}}

    @property
    def muted(self) -> dict[int, list[str]]:
        return {
            chat.pk: [str(news) for news in News if not self.cleaned_data[f"chat_{chat.pk}_{news}"]]
            for chat in self.chats
        }


class ChatForm(forms.Form):
    """A new chat; its keys are typed here and never shown again."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("As you want to call it."))
    address = forms.CharField(label=_("Address"), max_length=addresses.LONGEST)
    secret = forms.CharField(
        label=_("Secret"),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        said = SAID[kind]
        self.fields["name"].initial = Chat.Kind(kind).label if kind != Chat.Kind.WEBHOOK else ""
        self.fields["address"].label = said.label
        self.fields["address"].help_text = said.help_text
        if said.secret_help:
            self.fields["secret"].help_text = said.secret_help
        else:
            del self.fields["secret"]

    def clean_address(self) -> str:
        """Return what is kept: the key of a robot, cut out of its address; else the address."""
        given: str = self.cleaned_data["address"].strip()
        if self.kind == Chat.Kind.WEBHOOK:
            try:
                addresses.permitted(addresses.parse(given), LOOKUP_WITHIN)
            except addresses.Undelivered as refusal:
                raise ValidationError(str(refusal)) from refusal
            return given
        found = SAID[self.kind].key.fullmatch(given)
        if found is None:
            raise ValidationError(
                gettext("This is not the address of a robot of %(chat)s.")
                % {"chat": Chat.Kind(self.kind).label}
            )
        return found["key"]


class Said(NamedTuple):
    """How a kind of chat is asked for; `key` finds what is kept of the address of a robot."""

    label: Any
    help_text: Any
    key: re.Pattern[str]
    secret_help: Any = ""


KEY = r"(?P<key>[A-Za-z0-9_-]{8,200})"
SAID = {
    Chat.Kind.WECOM.value: Said(
        _("Webhook address of the robot"),
        _("In WeCom: group → Message push → Add; copy its webhook address here."),
        re.compile(rf"(?:https?://[^\s?#]+/cgi-bin/webhook/send\?key=)?{KEY}"),
    ),
    Chat.Kind.DINGTALK.value: Said(
        _("Webhook address of the robot"),
        _("In DingTalk: group settings → Robots → Custom; copy its webhook address here."),
        re.compile(rf"(?:https?://[^\s?#]+/robot/send\?access_token=)?{KEY}"),
        _("Where the robot's security setting is “Sign”: the text that begins with SEC."),
    ),
    Chat.Kind.FEISHU.value: Said(
        _("Webhook address of the robot"),
        _("In Feishu: group settings → Bots → Custom bot; copy its webhook address here."),
        re.compile(rf"(?:https?://[^\s?#]+/open-apis/bot/v2/hook/)?{KEY}/?"),
        _("Where the robot's security setting is “Signature verification”."),
    ),
    Chat.Kind.WEBHOOK.value: Said(
        _("Address"),
        _("Such as https://receiver.example.com/opsgate. Each message is posted there as JSON."),
        re.compile("(?!)"),
        _("If you give one, each message is signed with it."),
    ),
}
