"""The back office of people: who belongs where, who may do what, who is away."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import Absence, ApiToken, CustomerClass, Grant, Unit, User

for model in (Unit, Grant, Absence, CustomerClass):
    auditlog.register(model)
auditlog.register(User, exclude_fields=["password", "last_login", "hints_put_away"])
auditlog.register(ApiToken, exclude_fields=["digest"])


for kept_elsewhere in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(kept_elsewhere):  # secrets, and what the environment says
        admin.site.unregister(kept_elsewhere)


class AuthorityForm(forms.ModelForm[Any]):
    class Meta:
        help_texts = {"to_at": _("A time that has passed means: in a moment.")}


class GrantForm(AuthorityForm):
    def clean(self) -> dict[str, Any] | None:
        """A role that has begun is ended, not rewritten: what was done with it stays explained."""
        values = super().clean()
        is_kept = self.instance.pk is not None and self.instance.from_at <= timezone.now()
        if is_kept and set(self.changed_data) - {"to_at"}:
            raise forms.ValidationError(
                gettext("A role that has begun is not rewritten: end it, and give another one.")
            )
        return values


POWERS = ("is_superuser", "groups", "user_permissions")
"""Fields of a person that give more than any role."""


class GrantInline(admin.TabularInline[Grant, User]):
    model = Grant
    form = GrantForm
    extra = 0
    can_delete = False  # it is ended: what was done with a role stays explained


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    list_display = ["username", "display_name", "unit", "is_active"]
    search_fields = ["username", "display_name", "email"]
    inlines = [GrantInline]
    actions = ["remove_second_steps"]
    fieldsets = [
        *(UserAdmin.fieldsets or ()),
        (_("In the company"), {"fields": ["display_name", "unit", "language"]}),
    ]

    @admin.action(
        description=_("Remove authenticator app, passkeys and recovery codes"),
        permissions=["change"],
    )
    def remove_second_steps(self, request: HttpRequest, people: QuerySet[User]) -> None:
        """Let whoever lost phone and codes in with the password alone; entered in the history."""
        for person in people:
            if self.has_change_permission(request, person):
                Authenticator.objects.filter(user=person).delete()
                self.log_change(request, person, "Removed the second step.")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Let nobody but a superuser give away more than roles."""
        fixed = list(super().get_readonly_fields(request, obj))
        return fixed if _is_superuser(request) else [*fixed, *POWERS]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Let nobody become a superuser by giving one a new password."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or not obj.is_superuser or _is_superuser(request))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or not obj.is_superuser or _is_superuser(request))


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


@admin.register(Unit)
class UnitAdmin(admin.ModelAdmin[Unit]):
    list_display = ["name", "name_zh", "kind", "parent"]
    list_filter = ["kind"]
    search_fields = ["name", "name_zh", "code"]


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin[Grant]):
    list_display = ["user", "role", "unit", "from_at", "to_at"]
    list_filter = ["role"]
    form = GrantForm

    def has_delete_permission(self, request: HttpRequest, obj: Grant | None = None) -> bool:
        """A role that has begun is ended, not deleted: what was done with it stays explained."""
        is_ahead = obj is not None and obj.from_at > timezone.now()
        return is_ahead and super().has_delete_permission(request, obj)


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin[Absence]):
    list_display = ["user", "deputy", "from_at", "to_at"]
    form = AuthorityForm


@admin.register(CustomerClass)
class CustomerClassAdmin(admin.ModelAdmin[CustomerClass]):
    list_display = ["user", "unit", "grade", "from_at", "to_at"]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    list_display = ["user", "name", "scope", "created_at", "revoked_at"]
    readonly_fields = ["user", "name", "scope", "created_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `manage.py apitoken` makes one and shows it, once
