"""The growing standard of acceptance: gates and criteria, kept by version (M8)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agreements.models.versions import Kept
from people.models import in_reader_language

LIGHT_LIMIT = 10
"""Person-days up to which a job may be asked for the light criteria alone (M2)."""


class CatalogueQuerySet(models.QuerySet["CatalogueVersion"]):
    def in_force(self, at: datetime) -> Self:
        """Return the published versions, the one in force first."""
        return self.filter(published_at__lte=at).order_by("-number")


class CatalogueVersion(Kept):
    """One state of the standard. A project keeps the version it began with."""

    number = models.PositiveIntegerField(_("version"), unique=True)
    note = models.CharField(_("what is new"), max_length=300, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of the criteria")
        verbose_name_plural = _("versions of the criteria")
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(self.number)

    @property
    def is_kept(self) -> bool:
        return self.published_at is not None

    def get_absolute_url(self) -> str:
        return reverse("criteria_version", args=[self.number])


class OfVersion(Kept):
    """A row of a version: it is neither changed nor added once the version is published."""

    class Meta:
        abstract = True

    @property
    def owner(self) -> CatalogueVersion:
        raise NotImplementedError("each kind of row names its version")

    @property
    def is_kept(self) -> bool:
        return self.owner.is_kept

    def save(self, **kwargs: Any) -> None:
        if self._state.adding and self.is_kept:
            raise ValidationError(_("A published version does not change. Make a new one."))
        super().save(**kwargs)


class GateKind(OfVersion):
    """A gate on the border of two phases, as the standard describes it."""

    version = models.ForeignKey(CatalogueVersion, models.CASCADE, related_name="gates")
    code = models.SlugField(_("code"), max_length=10)
    place = models.PositiveSmallIntegerField(_("place"))
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    purpose_zh = models.CharField(_("purpose in Chinese"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("kind of gate")
        verbose_name_plural = _("kinds of gates")
        ordering = ["version", "place"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="gate_kind_code_once"),
            models.UniqueConstraint(fields=["version", "place"], name="gate_kind_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {in_reader_language(self.name, self.name_zh)}"

    @property
    def owner(self) -> CatalogueVersion:
        return self.version

    @property
    def why(self) -> str:
        return in_reader_language(self.purpose, self.purpose_zh)


class Criterion(OfVersion):
    """One thing a gate asks for; a must stands in the way, a should is weighed."""

    class Level(models.TextChoices):
        MUST = "must", _("must")
        SHOULD = "should", _("should")

    class Area(models.TextChoices):
        BOTH = "both", _("applications and platforms")
        APPLICATION = "application", _("applications only")
        PLATFORM = "platform", _("platforms only")

    gate = models.ForeignKey(GateKind, models.CASCADE, related_name="criteria")
    code = models.SlugField(_("code"), max_length=20)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    area = models.CharField(_("for"), max_length=20, choices=Area, default=Area.BOTH)
    is_light = models.BooleanField(_("on the light track too"), default=False)
    text = models.TextField(_("criterion"))
    text_zh = models.TextField(_("criterion in Chinese"), blank=True)
    evidence = models.CharField(_("good evidence"), max_length=200, blank=True)
    evidence_zh = models.CharField(_("good evidence in Chinese"), max_length=200, blank=True)
    origin = models.CharField(_("where it comes from"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("criterion")
        verbose_name_plural = _("criteria")
        ordering = ["gate", "code"]
        constraints = [models.UniqueConstraint(fields=["gate", "code"], name="criterion_code_once")]

    def __str__(self) -> str:
        return f"{self.code} {in_reader_language(self.text, self.text_zh)}"

    @property
    def owner(self) -> CatalogueVersion:
        return self.gate.version

    @property
    def is_must(self) -> bool:
        return self.level == Criterion.Level.MUST

    @property
    def said(self) -> str:
        return in_reader_language(self.text, self.text_zh)

    @property
    def good_evidence(self) -> str:
        return in_reader_language(self.evidence, self.evidence_zh)


class Track(OfVersion):
    """Which gates a project goes through, and for how large a project that is enough.

    What the gates left out ask for is asked at the next gate the track has.
    """

    version = models.ForeignKey(CatalogueVersion, models.CASCADE, related_name="tracks")
    code = models.SlugField(_("code"), max_length=10)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    gates = models.JSONField(_("gates"), default=list, blank=True)
    limit_days = models.PositiveSmallIntegerField(_("person-days at most"), null=True, blank=True)
    is_light = models.BooleanField(
        _("asks only for the criteria of the light track"), default=False
    )

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ["version", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "code"], name="track_code_once",
                violation_error_message=_("The version has a track of this code."),
            ),
            models.CheckConstraint(
                condition=Q(is_light=False)
                | Q(limit_days__isnull=False, limit_days__lte=LIGHT_LIMIT),
                name="track_light_is_small",
                violation_error_message=_("The light track is for at most 10 person-days."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)

    @property
    def owner(self) -> CatalogueVersion:
        return self.version

    @property
    def said(self) -> str:
        return str(self)

    @property
    def kinds(self) -> QuerySet[GateKind]:
        """Return its gates in their order; a track that names none has every gate."""
        kinds = self.version.gates.order_by("place")
        return kinds.filter(code__in=self.gates) if self.gates else kinds

    @property
    def is_whole(self) -> bool:
        """Tell whether its gates are all there and the last one is among them (1 query)."""
        codes = list(self.version.gates.order_by("place").values_list("code", flat=True))
        return not self.gates or (set(self.gates) <= {*codes} and codes[-1] in self.gates)


class TrackCode(models.CharField):  # type: ignore[type-arg]  # not subscriptable when run
    """The code of a track, read by its name of today (1 query)."""

    def words(self, code: str) -> str:
        return str(Track.objects.filter(code=code).order_by("-version__number").first() or code)
