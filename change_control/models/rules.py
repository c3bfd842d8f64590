"""When systems may be changed, and by what a change is judged: kept by the service manager."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.models import in_reader_language


def validate_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone of this name, such as Asia/Shanghai."))


class Risk(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")

    @property
    def rank(self) -> int:
        return list(Risk).index(self)


class Dependency(models.Model):
    """That a system does not work while another one is down."""

    system = models.ForeignKey(
        Service, models.CASCADE, related_name="dependencies", verbose_name=_("system")
    )
    needs = models.ForeignKey(
        Service, models.CASCADE, related_name="dependents", verbose_name=_("needs")
    )

    class Meta:
        verbose_name = _("dependency of systems")
        verbose_name_plural = _("dependencies of systems")
        constraints = [
            models.UniqueConstraint(
                fields=["system", "needs"], name="dependency_once",
                violation_error_message=_("This dependency is already listed."),
            ),
            models.CheckConstraint(
                condition=~Q(system=F("needs")), name="dependency_on_another",
                violation_error_message=_("A system does not depend on itself."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.system} → {self.needs}"


def validate_weekdays(days: Any) -> None:
    if not isinstance(days, list) or not days or not set(days) <= set(range(7)):
        raise ValidationError(_("Write the days of the week like [5, 6]; 0 is Monday."))


class MaintenanceWindow(models.Model):
    """When a system may be changed, week after week; over midnight where it ends before it begins.

    A system without any may be changed at any time.
    """

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="maintenance_windows", verbose_name=_("system")
    )
    weekdays = models.JSONField(_("days of the week"), validators=[validate_weekdays])
    begins = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="Asia/Shanghai", validators=[validate_zone]
    )

    class Meta:
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["service", "begins"]

    def __str__(self) -> str:
        return f"{self.service}: {self.begins:%H:%M}–{self.ends:%H:%M}"


class FreezePeriod(models.Model):
    """When nothing shall be changed: the end of the fiscal year, a festival. [from, to), UTC."""

    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"), db_index=True)
    is_hard = models.BooleanField(
        _("hard"), default=True,
        help_text=_("A hard freeze needs a recorded exception; a soft one only warns."),
    )  # fmt: skip
    systems = models.ManyToManyField(
        Service, blank=True, related_name="+", verbose_name=_("only for these systems"),
        limit_choices_to={"kind": Service.Kind.SYSTEM},
    )  # fmt: skip

    class Meta:
        verbose_name = _("freeze period")
        verbose_name_plural = _("freeze periods")
        ordering = ["starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="freeze_has_a_length",
                violation_error_message=_("The freeze ends before it begins."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)


def validate_table(content: Any) -> None:
    """Let no table be saved that cannot judge every answer it asks for."""
    try:
        answers = [one for question in content["questions"] for one in question["answers"]]
        named = all(
            isinstance(one[name], str) and one[name]
            for one in (*content["questions"], *answers) for name in ("key", "text", "text_zh")
        )  # fmt: skip
        floors = [one["from_points"] for one in content["classes"]]
        risks = [Risk(one["risk"]) for one in (*content["classes"], *content["rules"])]
        counted = all(type(one["points"]) is int for one in answers)
        told = all(isinstance(rule["when"], dict) for rule in content["rules"])
        is_table = named and counted and told and bool(risks) and floors == sorted({0, *floors})
    except (AttributeError, KeyError, TypeError, ValueError):
        is_table = False
    if not is_table:
        raise ValidationError(
            _("This is no table of questions, classes and rules; begin with a copy of one.")
        )


class RiskTable(models.Model):
    """A version of the questionnaire: questions, what answers count, and rules; see `risk.py`."""

    number = models.PositiveIntegerField(_("version"), unique=True)
    effective_from = models.DateTimeField(_("in force from"))
    content = models.JSONField(_("questions, classes and rules"), validators=[validate_table])

    class Meta:
        verbose_name = _("risk table")
        verbose_name_plural = _("risk tables")
        ordering = ["-number"]

    @property
    def is_kept(self) -> bool:
        """Tell whether the table is in force, so that changes were judged by it."""
        return self.effective_from <= timezone.now()

    def __str__(self) -> str:
        return str(self.number)


class ChangePolicy(models.Model):
    """The figures of change control that the service manager may change; one row."""

    lead_business_days = models.PositiveSmallIntegerField(
        _("business days between submission and window"), default=3
    )
    cab_votes = models.PositiveSmallIntegerField(
        _("votes of the CAB needed for a high risk"), default=2,
        validators=[MinValueValidator(1)],
    )  # fmt: skip
    record_from = models.PositiveSmallIntegerField(
        _("a team's record is shown from so many changes"), default=5
    )
    poor_record_percent = models.PositiveSmallIntegerField(
        _("a record below this share of successes raises the risk"), default=80,
        validators=[MaxValueValidator(100)],
    )  # fmt: skip

    class Meta:
        verbose_name = _("rules for changes")
        verbose_name_plural = _("rules for changes")

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> ChangePolicy:
        """Return the figures in force, the shipped ones until somebody changes them (1 query)."""
        return cls.objects.first() or cls()
