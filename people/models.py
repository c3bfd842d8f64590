"""Who acts: people, their organisation, what they may do, and who stands in for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from people.roles import Role


def in_force(at: datetime) -> Q:
    """Return the condition "the period [from_at, to_at) covers `at`", `to_at` null while open."""
    return Q(from_at__lte=at) & (Q(to_at__isnull=True) | Q(to_at__gt=at))


def called(words: str) -> Q:
    """Return the condition "somebody's name or user name has `words`"."""
    return Q(username__icontains=words) | Q(display_name__icontains=words)


def in_reader_language(english: str, chinese: str) -> str:
    """Return the Chinese text to a Chinese reader where there is one, else the English."""
    return chinese if chinese and (get_language() or "").startswith("zh") else english


def known_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("There is no time zone of that name."))


class Unit(models.Model):
    """A part of the company: head office, branch, region, office, station, subsidiary (M1)."""

    class Kind(models.TextChoices):
        HEAD_OFFICE = "head_office", _("Head office")
        BRANCH = "branch", _("Branch")
        REGION = "region", _("Region")
        OFFICE = "office", _("Office")
        STATION = "station", _("Station")
        SUBSIDIARY = "subsidiary", _("Subsidiary")
        DEPARTMENT = "department", _("Department")

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("belongs to"),
    )
    path = models.CharField(max_length=200, editable=False, db_index=True)

    class Meta:
        verbose_name = _("organisation unit")
        verbose_name_plural = _("organisation units")
        ordering = ["path"]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    def save(self, **kwargs: Any) -> None:
        """Save, and keep `path` = ids from the root, `/1/7/`, here and in the units below."""
        super().save(**kwargs)
        path = f"{self.parent.path if self.parent else '/'}{self.pk}/"
        if path != self.path:
            self.path = path
            Unit.objects.filter(pk=self.pk).update(path=path)
            for child in self.children.all():
                child.save()

    def clean(self) -> None:
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError({"parent": _("A unit cannot belong to itself.")})
            above = above.parent

    @property
    def lineage(self) -> list[int]:
        """Return the ids from the root down to this unit."""
        return [int(part) for part in self.path.strip("/").split("/") if part]


class User(AbstractUser):
    """A person, or the system actor `automation`."""

    display_name = models.CharField(_("name"), max_length=120, blank=True)
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("unit")
    )
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, blank=True, validators=[known_time_zone]
    )
    welcomed_at = models.DateTimeField(_("welcomed"), null=True, blank=True, editable=False)
    hints_put_away = models.JSONField(default=list, blank=True, editable=False)
    has_single_key_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def role_label(self) -> str:
        """Return the names of the roles held now or once; prefetch `grants` for lists."""
        labels = dict.fromkeys(str(Role(grant.role).label) for grant in self.grants.all())
        return ", ".join(labels) or str(_("Requester"))

    @property
    def initials(self) -> str:
        """Return what the avatar shows: `Mei Chen` → `MC`, `陈梅 Chen Mei` → `陈`."""
        words = str(self).split()
        letters = "".join(word[0] for word in words[:2]).upper()
        return letters if letters.isascii() else letters[:1]


class Period(models.Model):
    """A period [from_at, to_at), `to_at` null while open."""

    from_at = models.DateTimeField(_("from"))
    to_at = models.DateTimeField(_("to"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(to_at__isnull=True) | Q(to_at__gt=F("from_at")),
                name="%(app_label)s_%(class)s_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            )
        ]


IN_A_MOMENT = timedelta(seconds=5)
"""Longer than the change of a role takes to be committed, and clocks of two servers differ."""


class Authority(Period):
    """A period in which somebody may act; it ends in a moment at the earliest.

    Whoever acts notes the instant, then reads their roles: an end that lies before its own commit
    would take the role away under something already done with it.
    """

    class Meta(Period.Meta):
        abstract = True

    def save(self, **kwargs: Any) -> None:
        """Save; an end that has passed is now put off by a moment (1 query more)."""
        with transaction.atomic():  # on SQLite this waits for others, and then reads the time
            self.to_at = self._possible_end(timezone.now())
            super().save(**kwargs)

    def _possible_end(self, at: datetime) -> datetime | None:
        before = type(self)._default_manager.filter(in_force(at), pk=self.pk).first()
        if before is None or self.to_at is None:
            return self.to_at
        return max(self.to_at, min(before.to_at or at + IN_A_MOMENT, at + IN_A_MOMENT))


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(in_force(at))


class Grant(Authority):
    """A role given to a person over a unit and everything below it, with dates."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=30, choices=Role)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="grants", verbose_name=_("unit"))

    objects = GrantQuerySet.as_manager()

    class Meta(Authority.Meta):
        verbose_name = _("role of a person")
        verbose_name_plural = _("roles of people")
        indexes = [models.Index(fields=["role", "unit"], name="grant_role_unit")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} ({self.unit})"


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def not_over(self, at: datetime) -> Self:
        return self.filter(Q(to_at__isnull=True) | Q(to_at__gt=at))

    def in_force(self, at: datetime) -> Self:
        return self.filter(in_force(at))


class Absence(Authority):
    """Somebody is away; the deputy does the work on behalf of them."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="absences", verbose_name=_("person")
    )
    deputy = models.ForeignKey(
        User, models.CASCADE, related_name="deputised", verbose_name=_("deputy")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta(Authority.Meta):
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            *Authority.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(user=F("deputy")),
                name="absence_deputy_is_another",
                violation_error_message=_("Nobody can be their own deputy."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} → {self.deputy}"

    def clean(self) -> None:
        if self.from_at is None or self.user_id is None or self.deputy_id is None:
            return  # the form already asks for what is missing
        self._refuse_overlap()
        self._refuse_circle()

    def _overlapping(self) -> AbsenceQuerySet:
        others = Absence.objects.exclude(pk=self.pk).filter(
            Q(to_at__isnull=True) | Q(to_at__gt=self.from_at)
        )
        return others.filter(from_at__lt=self.to_at) if self.to_at else others

    def _refuse_overlap(self) -> None:
        if self._overlapping().filter(user=self.user).exists():
            raise ValidationError(_("This person is already away during that time."))

    def _refuse_circle(self) -> None:
        deputies = dict(self._overlapping().values_list("user_id", "deputy_id"))
        seen = {self.user_id}
        person: int | None = self.deputy_id
        while person is not None:
            if person in seen:
                raise ValidationError(_("The deputies stand in for each other in a circle."))
            seen.add(person)
            person = deputies.get(person)


class CustomerClass(Period):
    """The customer class of a person, or of everybody in a unit (M6): it picks the standard."""

    class Grade(models.TextChoices):
        A = "A", _("Class A: president's office, owners of major systems, key posts")
        B = "B", _("Class B: everyone else")

    grade = models.CharField(_("class"), max_length=1, choices=Grade)
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="customer_classes",
        verbose_name=_("person"),
    )
    unit = models.ForeignKey(
        Unit,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="customer_classes",
        verbose_name=_("unit"),
    )

    class Meta(Period.Meta):
        verbose_name = _("customer class")
        verbose_name_plural = _("customer classes")
        constraints = [
            *Period.Meta.constraints,
            models.CheckConstraint(
                condition=Q(user__isnull=False, unit__isnull=True)
                | Q(user__isnull=True, unit__isnull=False),
                name="customer_class_of_person_or_unit",
                violation_error_message=_("Name either a person or a unit."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.unit}: {self.grade}"


class ApiToken(models.Model):
    """A key to the API; only its SHA-256 is kept, so a lost one is replaced, never read."""

    class Scope(models.TextChoices):
        EVERYTHING = "everything", _("Everything the person may do")
        GATE = "gate", _("Only to ask whether a change may be deployed")
        CALENDAR = "calendar", _("Only to read the change calendar")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name=_("person"))
    name = models.CharField(_("name"), max_length=80)
    scope = models.CharField(_("good for"), max_length=20, choices=Scope, default=Scope.EVERYTHING)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"
