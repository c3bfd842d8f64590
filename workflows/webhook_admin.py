"""The back office of webhooks: where events go, a test, and the log of what was sent."""

from __future__ import annotations

from typing import Any

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows import webhooks
from workflows.lifecycles import registered
from workflows.models import Event, Webhook
from workflows.models.webhooks import read_actions

auditlog.register(Webhook, exclude_fields=["secret"])


class WebhookForm(forms.ModelForm[Webhook]):
    """What the table keeps as lists, chosen with ticks or written with commas."""

    kinds = forms.MultipleChoiceField(
        label=_("Kinds of cases"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of them."),
    )  # fmt: skip
    event_kinds = forms.MultipleChoiceField(
        label=_("Kinds of events"), required=False, choices=Event.Kind.choices,
        widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all of them."),
    )  # fmt: skip
    actions = forms.CharField(
        label=_("Actions"), required=False,
        help_text=_("Names with commas, such as approve, reject, breach. Empty: all of them."),
    )  # fmt: skip

    class Meta:
        model = Webhook
        fields = ["name", "address", "kinds", "event_kinds", "actions", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["kinds"]
        assert isinstance(kinds, forms.MultipleChoiceField)
        kinds.choices = [(lifecycle.kind, lifecycle.label) for lifecycle in registered()]
        self.initial["actions"] = ", ".join(self.instance.actions)

    def clean_actions(self) -> list[str]:
        return read_actions(self.cleaned_data["actions"])


@admin.register(Webhook)
class WebhookAdmin(admin.ModelAdmin[Webhook]):
    """The secret is shown when it is made, in a message, and on no page."""

    form = WebhookForm
    list_display = ["name", "address", "is_active", "owner", "deliveries"]
    list_filter = ["is_active"]
    list_select_related = ["owner"]
    readonly_fields = ["owner", "created_at", "secret_made_at", "deliveries"]
    actions = ["send_test", "renew_secret"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # what was sent stays on record; switched off, it is sent nothing more

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        if not change:
            obj.owner = _person(request)
        super().save_model(request, obj, form, change)
        if not change:
            self._show(request, obj, obj.secret)

    @admin.display(description=_("log"))
    def deliveries(self, webhook: Webhook) -> SafeString:
        if webhook.pk is None:
            return SafeString("–")
        log = reverse("admin:workflows_outbox_changelist")
        return format_html(
            '<a href="{}?webhook__id__exact={}">{}</a>', log, webhook.pk, gettext("What was sent")
        )

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_test(self, request: HttpRequest, chosen: QuerySet[Webhook]) -> None:
        for webhook in chosen:
            webhooks.send_test(webhook=webhook, actor=_person(request), at=timezone.now())
            self.message_user(
                request,
                gettext("%(name)s: a test is on its way; the log will say what became of it.")
                % {"name": webhook.name},
            )

    @admin.action(description=_("Make a new secret"), permissions=["change"])
    def renew_secret(self, request: HttpRequest, chosen: QuerySet[Webhook]) -> None:
        for webhook in chosen:
            made = webhooks.renew_secret(webhook=webhook, actor=_person(request), at=timezone.now())
            self._show(request, webhook, made)

    def _show(self, request: HttpRequest, webhook: Webhook, secret: str) -> None:
        self.message_user(
            request,
            gettext("The secret of %(name)s, shown only now: %(secret)s")
            % {"name": webhook.name, "secret": secret},
            messages.WARNING,
        )


def _person(request: HttpRequest) -> User:
    """Return who is logged in; the admin lets nobody else come this far."""
    assert isinstance(request.user, User)
    return request.user
