"""Requests that change systems: optimization and small development (M7)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.house_time import house_instant
from people.models import User
from workflows.models import Case
from workflows.models.cases import Priority


def person_days(label: Any, **more: Any) -> Any:
    """Return a column for an effort in person-days, two decimals, null while unknown."""
    options = {"max_digits": 6, "decimal_places": 2, "null": True, "editable": False, **more}
    return models.DecimalField(label, **options)


class OptimizationPolicy(models.Model):
    """The figures of the process that the service manager may change; one row."""

    effort_limit = models.DecimalField(
        _("at most this many person-days"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(10),
        validators=[MinValueValidator(Decimal("0.5"))],
    )
    head_approves_above = models.DecimalField(
        _("the head of operations approves above this many person-days"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(5),
        validators=[MinValueValidator(Decimal(0))],
    )
    split_window_days = models.PositiveSmallIntegerField(
        _("look for split requests over this many days"), default=90
    )
    refusal_limit = models.PositiveSmallIntegerField(
        _("the requester may send back this many times"), default=2
    )
    reopen_business_days = models.PositiveSmallIntegerField(
        _("may be reopened within this many business days"), default=10
    )

    class Meta:
        verbose_name = _("rules for optimization requests")
        verbose_name_plural = _("rules for optimization requests")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> OptimizationPolicy:
        """Return the figures in force, the deck's own until somebody changes them (1 query)."""
        return cls.objects.first() or cls()


class Optimization(Case):
    """An optimization or small development of at most 10 person-days (M7)."""

    class Size(models.TextChoices):
        SMALL = "small", _("Small: up to 3 person-days")
        STANDARD = "standard", _("Up to 10 person-days")

    class Risk(models.TextChoices):
        LOW = "low", _("Low")
        MEDIUM = "medium", _("Medium")
        HIGH = "high", _("High")

    wanted = models.TextField(_("what is wanted"))
    reason = models.TextField(_("why"), blank=True)
    desired_on = models.DateField(_("wanted by"), null=True, blank=True)
    urgency = models.CharField(
        _("urgency"), max_length=10, choices=Priority, default=Priority.NORMAL
    )
    size = models.CharField(_("expected size"), max_length=10, choices=Size, blank=True)
    solution = models.TextField(_("proposed solution"), blank=True)
    risk = models.CharField(_("risk"), max_length=10, choices=Risk, blank=True)
    effort_analysis = person_days(_("effort: analysis"))
    effort_development = person_days(_("effort: development"))
    effort_testing = person_days(_("effort: testing"))
    effort = person_days(_("effort in person-days"))
    approved_effort = person_days(_("approved effort"))
    booked_effort = person_days(_("booked effort"), null=False, default=Decimal(0))
    due_on = models.DateField(_("delivery date"), null=True, blank=True)
    requirement_document = models.TextField(_("requirement document"), blank=True)
    development_document = models.TextField(_("development document"), blank=True)
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    change_reference = models.CharField(_("change reference"), max_length=60, blank=True)
    went_live_on = models.DateField(_("went live on"), null=True, blank=True)
    returned_from = models.CharField(max_length=40, blank=True, editable=False)
    refusals = models.PositiveSmallIntegerField(_("times sent back"), default=0, editable=False)
    rating = models.PositiveSmallIntegerField(
        _("satisfaction"),
        null=True,
        editable=False,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    rating_comment = models.TextField(_("comment on the rating"), blank=True)

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "wanted", "reason", "solution")

    class Meta:
        verbose_name = _("optimization request")
        verbose_name_plural = _("optimization requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(effort__isnull=True) | Q(effort__gt=0),
                name="optimization_effort_positive",
                violation_error_message=_("Effort must be more than nothing."),
            ),
            models.CheckConstraint(
                condition=Q(booked_effort__gte=0),
                name="optimization_booked_not_negative",
                violation_error_message=_("Booked effort cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=1, rating__lte=5),
                name="optimization_rating_1_to_5",
                violation_error_message=_("A rating is a number from 1 to 5."),
            ),
        ]

    @property
    def description(self) -> str:
        return self.wanted

    @cached_property
    def policy(self) -> OptimizationPolicy:
        return OptimizationPolicy.current()

    @property
    def due_end(self) -> datetime | None:
        """Return the end of the agreed day where the company is, for the delivery clock."""
        if self.due_on is None:
            return None
        return house_instant(datetime.combine(self.due_on + timedelta(days=1), time.min))


class EffortBooking(models.Model):
    """Effort somebody spent on a request on one day, in person-days."""

    case = models.ForeignKey(Optimization, models.CASCADE, related_name="bookings")
    person = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("person"))
    worked_on = models.DateField(_("day"))
    effort = models.DecimalField(_("person-days"), max_digits=4, decimal_places=2)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("booked effort")
        verbose_name_plural = _("booked efforts")
        ordering = ["worked_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(effort__gt=0, effort__lte=1),
                name="booking_at_most_one_day",
                violation_error_message=_("Book between 0.05 and 1 person-day for one day."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.worked_on}: {self.effort}"
