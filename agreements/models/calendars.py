"""Calendars: the hours in which promised time runs, as data with versions."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from agreements.models.versions import Kept
from agreements.worktime import WorkingTime
from people.models import in_reader_language
from rows import Reading


def validate_zone(key: str) -> None:
    try:
        WorkingTime(key, {})
    except ValueError:
        raise ValidationError(_("There is no such time zone.")) from None


def validate_weekly(weekly: Any) -> None:
    """Refuse anything but {"0": [["09:00", "12:00"], …], …}, "0" being Monday."""
    try:
        WorkingTime("UTC", {int(weekday): windows for weekday, windows in weekly.items()})
    except (AttributeError, TypeError, ValueError):
        raise ValidationError(
            _('Write the hours of each weekday like {"0": [["09:00", "12:00"]]}; 0 is Monday.')
        ) from None


def validate_windows(windows: Any) -> None:
    """Refuse anything but [["09:00", "12:00"], …]."""
    try:
        WorkingTime("UTC", {0: windows})
    except (TypeError, ValueError):
        raise ValidationError(
            _('Write the hours of the day like [["09:00", "12:00"], ["13:00", "24:00"]].')
        ) from None


class Calendar(models.Model):
    """A named set of hours; what they are stands in its versions."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["code"]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @classmethod
    def default(cls) -> Calendar:
        """Return the calendar of the house, for what no standard names one (1 query)."""
        return cls.objects.get(code="business-hours")

    def version_at(self, at: datetime) -> CalendarVersion:
        """Return the version that counts at `at`: the last one published by then.

        Before the first was published, the first. One or two queries. `DoesNotExist` while
        nothing is published.
        """
        found = PUBLISHED.first(calendar=self.pk, at=at)
        if found is None:
            found = self.versions.filter(published_at__isnull=False).order_by("number")[:1].get()
        return found


class CalendarVersion(Kept):
    """The hours of a calendar; a draft until published, then kept as it is."""

    calendar = models.ForeignKey(
        Calendar, models.PROTECT, related_name="versions", verbose_name=_("calendar")
    )
    number = models.PositiveIntegerField(_("version"))
    timezone = models.CharField(
        _("time zone"), max_length=64, default="Asia/Shanghai", validators=[validate_zone]
    )
    weekly = models.JSONField(
        _("weekly hours"), default=dict, blank=True, validators=[validate_weekly]
    )
    is_always = models.BooleanField(_("24 hours on 7 days"), default=False)
    data_ends_on = models.DateField(
        _("holidays known until"),
        null=True,
        blank=True,
        help_text=_("Deadlines after this day may move when the next holidays are announced."),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    identity = models.UUIDField(default=uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("calendar version")
        verbose_name_plural = _("calendar versions")
        ordering = ["calendar", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "number"],
                name="calendar_version_number",
                violation_error_message=_("This version number is taken."),
            ),
            models.UniqueConstraint(
                fields=["calendar"],
                condition=Q(published_at__isnull=True),
                name="calendar_one_draft",
                violation_error_message=_("This calendar already has a draft."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} v{self.number}"

    @property
    def is_kept(self) -> bool:
        return self.published_at is not None

    def is_known_on(self, day: date) -> bool:
        """Say whether the holidays of `day` were known when this version was made."""
        return self.data_ends_on is None or day <= self.data_ends_on

    def working_time(self) -> WorkingTime:
        """Return the hours. One query, for a published version once per process."""
        if self.is_always:
            return WorkingTime.always()
        return _published_hours(self.identity) if self.is_kept else self.read_hours()

    def read_hours(self) -> WorkingTime:
        """Return the hours as they stand in the database now."""
        special = {day.date: day.windows for day in self.days.all()}
        return WorkingTime(
            self.timezone,
            {int(weekday): windows for weekday, windows in self.weekly.items()},
            special=special,
        )


@lru_cache(maxsize=256)
def _published_hours(identity: UUID) -> WorkingTime:
    """Return the hours of a published version; by identity, since a test reuses primary keys."""
    return CalendarVersion.objects.get(identity=identity).read_hours()


@lru_cache(maxsize=256)
def published_version(identity: UUID) -> CalendarVersion:
    """Return a published version, which never changes; one query, once per process."""
    return CalendarVersion.objects.get(identity=identity)


PUBLISHED = Reading(
    lambda calendar, at: CalendarVersion.objects.filter(
        calendar__pk=calendar, published_at__lte=at
    ).order_by("-number")[:1]
)


class CalendarDay(models.Model):
    """A date on which a calendar version differs from its weekly hours."""

    class Kind(models.TextChoices):
        OFF = "off", _("Day off")
        WORK = "work", _("Adjusted working day")
        HALF = "half", _("Half day")

    version = models.ForeignKey(
        CalendarVersion, models.CASCADE, related_name="days", verbose_name=_("calendar version")
    )
    date = models.DateField(_("date"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    windows = models.JSONField(_("hours"), default=list, blank=True, validators=[validate_windows])
    name = models.CharField(_("name"), max_length=120, blank=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)
    published_at = models.DateTimeField(_("announced"), null=True, blank=True)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["version", "date"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "date"],
                name="calendar_day_once",
                violation_error_message=_("This date is already listed."),
            ),
            models.CheckConstraint(
                condition=Q(kind="off", windows=[]) | (~Q(kind="off") & ~Q(windows=[])),
                name="calendar_day_off_has_no_hours",
                violation_error_message=_("A day off has no hours, any other day has some."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {in_reader_language(self.name, self.name_zh)}".strip()

    @property
    def label(self) -> str:
        """Return the name in the reader's language."""
        return in_reader_language(self.name, self.name_zh)

    def clean(self) -> None:
        self._refuse_published()

    def save(self, **kwargs: Any) -> None:
        self._refuse_published()
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._refuse_published()
        return super().delete(*args, **kwargs)

    def _refuse_published(self) -> None:
        if self.version.is_kept:
            raise ValidationError(_("A published version does not change. Make a new one."))
