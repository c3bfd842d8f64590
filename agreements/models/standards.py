"""Standards: how long something may take, for which cases, in which hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from agreements.models.calendars import Calendar
from agreements.models.catalogue import Service
from agreements.models.versions import Effective, EffectiveQuerySet, Kept
from agreements.worktime import WorkingTime
from people.models import CustomerClass, in_reader_language


def default_warnings() -> list[int]:
    """Return the percentages of the budget at which somebody is told."""
    return [50, 75, 90, 100, 150]


def validate_warnings(percents: Any) -> None:
    whole = isinstance(percents, list) and all(type(each) is int and each > 0 for each in percents)
    if not whole or percents != sorted(set(percents)):
        raise ValidationError(_("Write rising percentages like [50, 75, 100]."))


class Standard(models.Model):
    """One promised metric and the cases it is promised for; an empty column matches every case."""

    class FaultClass(models.TextChoices):
        A = "A", _("Class A: core business or the company's image is hit")
        B = "B", _("Class B: many cannot work, or a core system fails in part")
        C = "C", _("Class C: every other fault")

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    name_zh = models.CharField(_("name in Chinese"), max_length=200, blank=True)
    metric = models.SlugField(_("metric"), max_length=40)
    kind = models.SlugField(_("kind of case"), max_length=40, blank=True)
    service = models.ForeignKey(
        Service,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="standards",
        verbose_name=_("service"),
        help_text=_("Also holds for everything below this service."),
    )
    fault_class = models.CharField(_("fault class"), max_length=1, choices=FaultClass, blank=True)
    customer_class = models.CharField(
        _("customer class"), max_length=1, choices=CustomerClass.Grade, blank=True
    )
    priority = models.SlugField(_("priority"), max_length=20, blank=True)
    size = models.SlugField(_("size"), max_length=20, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("standard")
        verbose_name_plural = _("standards")
        ordering = ["kind", "metric", "code"]
        constraints = [
            models.UniqueConstraint(
                "metric",
                "kind",
                "fault_class",
                "customer_class",
                "size",
                "priority",
                Coalesce("service", Value(0)),
                condition=Q(is_active=True),
                name="standard_once_per_case",
                violation_error_message=_("Another standard already holds for these cases."),
            )
        ]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


class StandardVersion(Kept, Effective):
    """The length of a standard during a period; only its end and its standing may still change."""

    CHANGEABLE = frozenset({"effective_to", "is_contractual"})

    class Unit(models.TextChoices):
        BUSINESS_MINUTES = "business_minutes", _("business minutes")
        BUSINESS_HOURS = "business_hours", _("business hours")
        BUSINESS_DAYS = "business_days", _("business days")
        WALL_MINUTES = "wall_minutes", _("minutes around the clock")
        WALL_HOURS = "wall_hours", _("hours around the clock")

    AROUND_THE_CLOCK = (Unit.WALL_MINUTES, Unit.WALL_HOURS)

    standard = models.ForeignKey(
        Standard, models.PROTECT, related_name="versions", verbose_name=_("standard")
    )
    number = models.PositiveIntegerField(_("version"))
    amount = models.DecimalField(
        _("length"), max_digits=7, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    unit = models.CharField(_("unit"), max_length=20, choices=Unit)
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="standards", verbose_name=_("calendar")
    )
    warn_at = models.JSONField(
        _("warn at percent"), default=default_warnings, blank=True, validators=[validate_warnings]
    )
    is_contractual = models.BooleanField(
        _("contractual"),
        default=False,
        help_text=_("Until confirmed, it is shown as default, not contractual."),
    )

    objects = EffectiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("standard version")
        verbose_name_plural = _("standard versions")
        ordering = ["standard", "-number"]
        constraints = [
            *Effective.Meta.constraints,
            models.UniqueConstraint(
                fields=["standard", "number"],
                name="standard_version_number",
                violation_error_message=_("This version number is taken."),
            ),
            models.UniqueConstraint(
                fields=["standard"],
                condition=Q(effective_to__isnull=True),
                name="standard_one_open_version",
                violation_error_message=_("End the version in force first."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0),
                name="standard_length_positive",
                violation_error_message=_("The length must be above zero."),
            ),
            models.CheckConstraint(
                condition=~Q(unit="business_days")
                | Q(amount=Cast("amount", models.IntegerField())),
                name="standard_whole_business_days",
                violation_error_message=_("Business days are whole; use hours for a part of one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.standard}: {self.describe()}"

    @property
    def is_kept(self) -> bool:
        return self.pk is not None

    @property
    def standing(self) -> str:
        """Return whether the customer signed this, for the page."""
        return str(_("contractual") if self.is_contractual else _("default, not contractual"))

    def clean(self) -> None:
        super().clean()
        if self.effective_from:
            self.refuse_overlap(StandardVersion.objects.filter(standard=self.standard_id))
        if self.unit in self.AROUND_THE_CLOCK and self.calendar_id:
            closing = self.calendar.versions.filter(is_always=False, published_at__isnull=False)
            if closing.exists():
                raise ValidationError(
                    {"calendar": _("Time around the clock needs a calendar that never closes.")}
                )

    def budget(self, start: datetime, working_time: WorkingTime) -> timedelta:
        """Return the length as working time for a case that starts at `start`.

        Business days run to the same wall time so many days with hours later, counted from the
        opening if `start` is out of hours: filed on Saturday is as good as filed when Monday
        opens. Raises NoWorkingTime.
        """
        if self.unit == self.Unit.BUSINESS_DAYS:
            opening = working_time.next_open(start)
            end = working_time.add_days(opening, int(self.amount))
            return working_time.between(opening, end)
        in_minutes = self.unit in (self.Unit.BUSINESS_MINUTES, self.Unit.WALL_MINUTES)
        seconds = self.amount * (60 if in_minutes else 3600)
        return timedelta(seconds=int(seconds))

    def describe(self) -> str:
        """Return the length in the reader's language: "1 business day"."""
        amount = Decimal(self.amount).normalize()
        count = 1 if amount == 1 else 2  # a fraction takes the plural
        match self.Unit(self.unit):
            case self.Unit.BUSINESS_MINUTES:
                text = ngettext("%(amount)s business minute", "%(amount)s business minutes", count)
            case self.Unit.BUSINESS_HOURS:
                text = ngettext("%(amount)s business hour", "%(amount)s business hours", count)
            case self.Unit.BUSINESS_DAYS:
                text = ngettext("%(amount)s business day", "%(amount)s business days", count)
            case self.Unit.WALL_MINUTES:
                text = ngettext("%(amount)s minute", "%(amount)s minutes", count)
            case self.Unit.WALL_HOURS:
                text = ngettext("%(amount)s hour", "%(amount)s hours", count)
        return text % {"amount": f"{amount:f}"}
