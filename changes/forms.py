"""What each action on an optimization request asks for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from changes.models import EffortBooking, Optimization
from changes.states import OptimizationState as S
from people.house_time import house_date
from people.models import User
from workflows.forms import ActionForm, OpeningForm, ReasonForm
from workflows.models.cases import Priority
from workflows.permissions import acted, worked_on

BUILT = (S.IN_DEVELOPMENT, S.OUTSOURCED)
WORKED = (S.ASSESSING, *BUILT, S.TESTING)
BUILT_IT = worked_on(*BUILT) | acted("book_effort", *BUILT)
WORKED_ON_IT = worked_on(*WORKED) | acted("book_effort", *WORKED)
"""Whoever did a step, or booked effort while somebody else had it."""
EFFORTS = ("effort_analysis", "effort_development", "effort_testing")
PLANNED_AHEAD = timedelta(days=5 * 365)
ABSURD = Decimal(1000)
"""Person-days above which a number is a slip of the finger, not an estimate."""


def long_text(
    label: Any, *, required: bool = True, rows: int = 5, **kwargs: Any
) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": rows}), **kwargs,
    )  # fmt: skip


def day(label: Any, *, required: bool = True, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, **kwargs)


def effort(label: Any, *, minimum: str = "0", **kwargs: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=Decimal(minimum), max_value=ABSURD, decimal_places=2, max_digits=6,
        **kwargs,
    )  # fmt: skip


def system() -> forms.ModelChoiceField[Service]:
    return forms.ModelChoiceField(
        label=_("System"),
        queryset=Service.objects.active().systems(),
        to_field_name="code",
        empty_label=_("Choose a system"),
    )


class FilingForm(OpeningForm):
    service = system()
    wanted = long_text(_("What happens today, and what would you like instead?"))
    reason = long_text(_("Why is it worth it?"), required=False, rows=3)
    desired_on = day(_("Wanted by"), required=False)
    urgency = forms.ChoiceField(
        label=_("How urgent is it?"),
        choices=Priority,
        initial=Priority.NORMAL,
        widget=forms.RadioSelect,
    )

    field_order = ["title", "service", "wanted", "reason", "urgency", "desired_on"]

    def clean_desired_on(self) -> date | None:
        desired: date | None = self.cleaned_data["desired_on"]
        if desired and desired < house_date(self.who.at):
            raise forms.ValidationError(gettext("This day has already passed."))
        return desired

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return {**cleaned, "priority": cleaned.get("urgency", Priority.NORMAL)}


class TriageForm(ActionForm):
    service = system()
    priority = forms.ChoiceField(label=_("Priority"), choices=Priority, widget=forms.RadioSelect)
    size = forms.ChoiceField(
        label=_("Expected size"), choices=Optimization.Size, widget=forms.RadioSelect
    )
    note = long_text(_("Note, which the requester reads too"), required=False, rows=3)

    def prepare(self) -> None:
        if self.flow:
            case = self.flow.case
            self.initial = {
                "service": case.service and case.service.code,
                "priority": case.priority,
                "size": case.size or Optimization.Size.STANDARD,
            }


class QuestionForm(ActionForm):
    note = long_text(_("What do you need to know?"), rows=4)


class AnswerForm(ActionForm):
    note = long_text(_("Your answer"), rows=4)


class EffortForm(ActionForm):
    """Effort by role; zero, negative, absurd or no number at all each get a sentence."""

    effort_analysis = effort(_("Effort: analysis"), help_text=_("In person-days."))
    effort_development = effort(_("Effort: development"))
    effort_testing = effort(_("Effort: testing"))

    def coming_day(self, name: str) -> date | None:
        """Return the day in field `name`; it lies ahead, and not beyond what anybody plans."""
        found: date | None = self.cleaned_data[name]
        today = house_date(self.flow.at if self.flow else None)
        if found is not None and found < today:
            raise forms.ValidationError(gettext("This day has already passed."))
        if found is not None and found > today + PLANNED_AHEAD:
            raise forms.ValidationError(gettext("That is more than five years ahead."))
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        parts = [cleaned.get(name) for name in EFFORTS]
        if all(part is not None for part in parts) and not sum(part or 0 for part in parts):
            raise forms.ValidationError(gettext("An effort of nothing at all is not an estimate."))
        return cleaned


class ProposalForm(EffortForm):
    solution = long_text(_("Proposed solution"))
    risk = forms.ChoiceField(label=_("Risk"), choices=Optimization.Risk, widget=forms.RadioSelect)
    due_on = day(_("Delivery date you propose"))
    requirement_document = long_text(
        _("Requirement document"),
        help_text=_("What exactly will be different, and how it is tested."),
    )

    field_order = ["solution", "effort_analysis", "effort_development", "effort_testing", "risk"]

    def clean_due_on(self) -> date | None:
        return self.coming_day("due_on")


class ReEstimateForm(EffortForm):
    due_on = day(_("New delivery date"), required=False)
    reason = long_text(_("What changed?"), rows=3)

    def clean_due_on(self) -> date | None:
        return self.coming_day("due_on")


class BookingForm(ActionForm):
    worked_on = day(_("Day"))
    effort = effort(_("Person-days"), minimum="0.05", help_text=_("At most 1 for one day."))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        worked_on, spent = cleaned.get("worked_on"), cleaned.get("effort")
        if not self.flow or worked_on is None or spent is None:
            return cleaned
        if worked_on > house_date(self.flow.at):
            self.add_error("worked_on", gettext("Effort cannot be booked ahead."))
        if connection.in_atomic_block:  # in the door: nobody books for this person meanwhile
            User.objects.select_for_update(no_key=True).get(pk=self.who.user.pk)
        mine = EffortBooking.objects.filter(person=self.who.user, worked_on=worked_on)
        already = mine.aggregate(total=Sum("effort"))["total"] or Decimal(0)
        if already + spent > 1:
            self.add_error(
                "effort",
                gettext("A day has one person-day; %(already)s of it are already booked.")
                % {"already": already},
            )
        return cleaned


class HandToTestForm(ActionForm):
    development_document = long_text(
        _("Development document"), help_text=_("What was changed, where, and how to undo it.")
    )


class OutsourceForm(ReasonForm):
    supplier = forms.CharField(label=_("Supplier"), max_length=120)


class GoLiveForm(ActionForm):
    change_reference = forms.CharField(label=_("Change reference"), max_length=60)
    went_live_on = day(_("Went live on"))
    note = long_text(_("What was tested"), required=False, rows=3)


class DeclineForm(ActionForm):
    note = long_text(_("Reason"), rows=3)


class RatingForm(ActionForm):
    rating = forms.TypedChoiceField(
        label=_("How satisfied are you?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (5, _("5: very satisfied")),
            (4, _("4: satisfied")),
            (3, _("3: fairly satisfied")),
            (2, _("2: not quite satisfied")),
            (1, _("1: very dissatisfied")),
        ],
    )
    rating_comment = long_text(_("What should we know?"), required=False, rows=3)


class AcceptForm(RatingForm):
    """Acceptance asks for the rating once, and not of who worked on the case (M16)."""

    def prepare(self) -> None:
        if not self.flow:
            return
        if self.flow.case.rating is not None or WORKED_ON_IT(self.flow, self.who):
            del self.fields["rating"]
            del self.fields["rating_comment"]


class SplitForm(EffortForm):
    def prepare(self) -> None:
        """Begin with the estimate: what stays is a part of it."""
        if self.flow:
            limit = f"{self.flow.case.policy.effort_limit.normalize():f}"
            self.initial = {name: getattr(self.flow.case, name) for name in EFFORTS}
            self.fields["effort_analysis"].help_text = gettext(
                "What stays in this request, in person-days; at most %(limit)s together."
            ) % {"limit": limit}

    rest_title = forms.CharField(label=_("Title of the part that is split off"), max_length=200)
    rest_wanted = long_text(_("What is split off"), rows=4)
    reason = long_text(_("Why may it be split?"), rows=3)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors or not self.flow:
            return cleaned
        case, total = self.flow.case, sum(cleaned[name] for name in EFFORTS)
        if total > case.policy.effort_limit:
            raise forms.ValidationError(
                gettext("What stays must fit into %(limit)s person-days; this is %(total)s.")
                % {"limit": case.policy.effort_limit, "total": total}
            )
        if total < case.booked_effort:
            raise forms.ValidationError(
                gettext("%(booked)s person-days are already booked; less than that cannot stay.")
                % {"booked": case.booked_effort}
            )
        return cleaned
