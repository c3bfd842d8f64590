"""People: who they are, what they may do and for how long, who is away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from people import staffing
from people.actors import AUTOMATION, Actor, customer_class_of
from people.models import Absence, CustomerClass, Grant, Unit, User
from people.roles import Role
from workflows.models import Case, Task
from workflows.pages import Request
from workflows.pages.office import PAGE, UNPROCESSABLE, Deed, blank, carry_out, office_page
from workflows.shell import actor_of

LIVE = (Task.Status.OPEN, Task.Status.CLAIMED)
HERE = gettext_lazy("May open the back office, as far as their roles allow")


class DetailsForm(forms.Form):
    display_name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    email = forms.EmailField(label=gettext_lazy("E-mail"), required=False)
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Unit"), queryset=Unit.objects.order_by("path"), required=False
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=settings.LANGUAGES, required=False
    )
    is_staff = forms.BooleanField(label=HERE, required=False)


class NewPersonForm(DetailsForm):
    username = forms.CharField(
        label=gettext_lazy("User name"), max_length=150, validators=[User.username_validator],
    )  # fmt: skip
    password = forms.CharField(
        label=gettext_lazy("First password"), required=False, max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Leave it empty for whoever comes in with the company account."),
    )  # fmt: skip
    field_order = ["username", "display_name", "email", "unit", "language", "password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices)
    unit = forms.ModelChoiceField(
        label=gettext_lazy("For this unit and all below it"),
        queryset=Unit.objects.order_by("path"),
        help_text=gettext_lazy(
            "The role holds for what is asked from there: for work of the whole house take its top."
        ),
    )  # fmt: skip
    from_at = forms.DateTimeField(
        label=gettext_lazy("From"), required=False, widget=forms.DateTimeInput,
        help_text=gettext_lazy("Empty: from now on."),
    )  # fmt: skip
    to_at = forms.DateTimeField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateTimeInput,
        help_text=gettext_lazy("Empty: until it is ended."),
    )  # fmt: skip


class AbsenceForm(forms.Form):
    deputy = forms.ModelChoiceField(
        label=gettext_lazy("Deputy"),
        queryset=User.objects.filter(is_active=True).order_by("display_name", "username"),
    )
    from_at = forms.DateTimeField(label=gettext_lazy("From"), widget=forms.DateTimeInput)
    to_at = forms.DateTimeField(
        label=gettext_lazy("Until"), required=False, widget=forms.DateTimeInput
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=200)


class ClassForm(forms.Form):
    grade = forms.ChoiceField(
        label=gettext_lazy("Customer class"), required=False,
        choices=[("", gettext_lazy("As their unit")), *CustomerClass.Grade.choices],
    )  # fmt: skip


def _change(person: User, request: Request, values: dict[str, Any]) -> str:
    staffing.change_person(person=person, actor=request.user, **values)
    return _("The details are saved.")


def _give(person: User, request: Request, values: dict[str, Any]) -> str:
    values["from_at"] = values["from_at"] or timezone.now()
    grant = staffing.give_role(person=person, actor=request.user, **values)
    return _("%(person)s now has the role %(role)s.") % {
        "person": person, "role": grant.get_role_display(),
    }  # fmt: skip


def _end(person: User, request: Request, values: dict[str, Any]) -> str:
    grant = get_object_or_404(person.grants, pk=_posted_key(request))
    staffing.end_role(grant=grant, actor=request.user, at=timezone.now())
    return _("The role ends in a moment.")


def _send_away(person: User, request: Request, values: dict[str, Any]) -> str:
    staffing.enter_absence(person=person, actor=request.user, **values)
    return _("The absence is entered; the deputy is told when it begins.")


def _call_back(person: User, request: Request, values: dict[str, Any]) -> str:
    absence = get_object_or_404(person.absences, pk=_posted_key(request))
    staffing.end_absence_of(absence=absence, actor=request.user, at=timezone.now())
    return _("The absence ends in a moment.")


def _classify(person: User, request: Request, values: dict[str, Any]) -> str:
    staffing.put_in_class(
        person=person, grade=values["grade"], actor=request.user, at=timezone.now()
    )
    return _("The customer class is saved.")


def _switch(person: User, request: Request, values: dict[str, Any]) -> str:
    is_active = "on" in request.POST
    staffing.switch_person(person=person, is_active=is_active, actor=request.user)
    return _("The account is in use again.") if is_active else _("The account is switched off.")


DEEDS = {
    "details": Deed("people.change_user", _change, DetailsForm),
    "role": Deed("people.add_grant", _give, RoleForm),
    "end_role": Deed("people.change_grant", _end),
    "absence": Deed("people.add_absence", _send_away, AbsenceForm),
    "end_absence": Deed("people.change_absence", _call_back),
    "class": Deed("people.change_customerclass", _classify, ClassForm),
    "switch": Deed("people.change_user", _switch),
}


def _add(subject: None, request: Request, values: dict[str, Any]) -> str:
    person = staffing.add_person(actor=request.user, **values)
    request.made = person.pk  # type: ignore[attr-defined]  # where the page goes next
    return _("%(person)s is added. Now give the roles they need.") % {"person": person}


ADDING = {"add": Deed("people.add_user", _add, NewPersonForm)}


@office_page("people.view_user", methods=["GET", "HEAD"])
def list_people(request: Request) -> HttpResponse:
    asked = {name: request.GET.get(name, "") for name in ("q", "role", "unit", "show")}
    page = Paginator(_found(asked), PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page, "rows": list(page), "asked": asked, "roles": Role.choices,
        "units": Unit.objects.order_by("path"), "may_add": request.user.has_perm("people.add_user"),
        "is_filtered": any(asked.values()),
    }  # fmt: skip
    return render(request, "office/people.html", context)


def _found(asked: dict[str, str]) -> QuerySet[User]:
    at = timezone.now()
    people = User.objects.exclude(username=AUTOMATION).select_related("unit")
    live = Grant.objects.in_force(at)
    if words := asked["q"].strip()[:100]:
        named = Q(username__icontains=words) | Q(display_name__icontains=words)
        people = people.filter(named | Q(email__icontains=words))
    if asked["role"]:
        people = people.filter(pk__in=live.filter(role=asked["role"]).values("user"))
    if asked["unit"]:
        people = people.filter(unit__code=asked["unit"])
    if asked["show"] == "ending":
        ending = live.filter(to_at__lte=at + staffing.SOON).values("user")
        people = people.filter(pk__in=ending)
    elif asked["show"] == "away":
        people = people.filter(pk__in=Absence.objects.in_force(at).values("user"))
    elif asked["show"] == "stranded":
        people = people.filter(pk__in=stranded(at).values("pk"))
    elif asked["show"] == "off":
        people = people.filter(is_active=False)
    return people.prefetch_related("grants").order_by("display_name", "username", "pk")


def stranded(at: Any) -> QuerySet[User]:
    """Return people who own open work and hold no role now, or cannot log in."""
    owners = Task.objects.filter(status__in=LIVE).exclude(role="").values("assignee")
    roles = Grant.objects.in_force(at).values("user")
    idle = Q(is_active=False) | ~Q(pk__in=roles)
    return User.objects.exclude(username=AUTOMATION).filter(idle, pk__in=owners)


@office_page("people.add_user")
def add_person(request: Request) -> HttpResponse:
    forms_shown = blank(ADDING, request, add={"language": settings.LANGUAGE_CODE})
    if request.method == "POST":
        refused = carry_out(ADDING, request, None)
        if refused is None:
            return redirect("office_person", pk=request.made)  # type: ignore[attr-defined]  # set by the deed
        forms_shown[refused[0]] = refused[1]
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, "office/person_new.html", {"form": forms_shown["add"]}, status=status)


@office_page("people.view_user")
def show_person(request: Request, pk: int) -> HttpResponse:
    person = get_object_or_404(
        User.objects.select_related("unit").exclude(username=AUTOMATION), pk=pk
    )
    refused = None
    if request.method == "POST":
        refused = carry_out(DEEDS, request, person)
        if refused is None:
            return redirect("office_person", pk=pk)
        person.refresh_from_db()
    shown = blank(
        DEEDS, request, details={name: getattr(person, name) for name in staffing.DETAILS}
    )
    if person.is_superuser and not request.user.is_superuser:
        shown = {}
    shown |= dict([refused] if refused else [])
    facts = _facts(person, actor_of(request))
    context = {**facts, "forms": shown, "refused": refused[0] if refused else ""}
    return render(request, "office/person.html", context, status=UNPROCESSABLE if refused else 200)


def _facts(person: User, reader: Actor) -> dict[str, Any]:
    at, owed = reader.at, Task.objects.filter(assignee=person, status__in=LIVE)
    visible = Case.objects.visible_to(reader).values("pk")
    return {
        "person": person, "now": at, "grade": customer_class_of(person, at),
        "grants": person.grants.select_related("unit").order_by("-from_at", "pk"),
        "absences": person.absences.select_related("deputy").order_by("-from_at")[:20],
        "tasks": owed.filter(case__in=visible).select_related("case").order_by("pk")[:20],
        "unseen": owed.exclude(case__in=visible).count(),
        "tokens": person.tokens.filter(revoked_at__isnull=True).count(),
    }  # fmt: skip


def _posted_key(request: Request) -> int:
    key = request.POST.get("key", "")
    if not (key.isdecimal() and len(key) < 18):
        raise ValidationError(_("Choose one of the list."))
    return int(key)
