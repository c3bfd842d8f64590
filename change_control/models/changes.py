"""A change, the steps of its plan, what its review asks for, and what is approved once for all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from change_control.models.rules import ChangePolicy, Risk, validate_zone
from people.models import User, in_reader_language
from people.zones import zone_label
from workflows.models import Case
from workflows.systems import SystemCodes

EMERGENCY = "emergency"
LONGEST_WINDOW = timedelta(days=14)
"""A window is at most so long: conflicts are looked for only so far back."""


class ZoneName(models.CharField):  # type: ignore[type-arg]  # not subscriptable when run
    """The name of a time zone, read as the reader calls it; to the database a text."""

    def words(self, zone: str) -> str:
        return zone_label(zone)

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class Change(Case):
    """A change to systems: planned, judged by its risk, approved, carried out and verified.

    `systems` are the codes of the systems it touches.
    Times are aware UTC; `time_zone` is that of the place, in which the window is read.
    """

    class Type(models.TextChoices):
        STANDARD = "standard", _("Standard: approved once for all, by a template")
        NORMAL = "normal", _("Normal: assessed and approved")
        EMERGENCY = "emergency", _("Emergency: cannot wait; always reviewed")
        UNAUTHORISED = "unauthorised", _("Unauthorised: found without a record")

    class Outcome(models.TextChoices):
        SUCCESSFUL = "successful", _("Successful")
        WITH_PROBLEMS = "with_problems", _("Successful, with problems")
        BACKED_OUT = "backed_out", _("Backed out")
        FAILED = "failed", _("The change failed")

    type = models.CharField(_("type"), max_length=20, choices=Type)
    template = models.ForeignKey(
        "ChangeTemplate", models.PROTECT, null=True, blank=True, related_name="changes",
        verbose_name=_("template"),
    )  # fmt: skip
    what = models.TextField(_("what is changed"), blank=True)
    reason = models.TextField(_("reason for the change"), blank=True)
    systems = SystemCodes(_("systems touched"), default=list)
    starts_at = models.DateTimeField(_("window begins"), null=True, blank=True, db_index=True)
    ends_at = models.DateTimeField(_("window ends"), null=True, blank=True)
    time_zone = ZoneName(
        _("time zone of the window"), max_length=60, default="Asia/Shanghai",
        validators=[validate_zone],
    )  # fmt: skip
    outage_minutes = models.PositiveIntegerField(_("expected outage in minutes"), default=0)
    plan = models.TextField(_("plan"), blank=True)
    test_evidence = models.TextField(_("test evidence"), blank=True)
    backout_plan = models.TextField(_("back-out plan"), blank=True)
    backout_minutes = models.PositiveIntegerField(
        _("time to back out, in minutes"), null=True, blank=True
    )
    return_until = models.DateTimeField(_("last point of return"), null=True, blank=True)
    implementer = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("implementer"),
    )  # fmt: skip
    verifier = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("verifier")
    )
    informed = models.CharField(_("who is informed"), max_length=500, blank=True)
    short_notice = models.TextField(_("why at short notice"), blank=True)

    risk_answers = models.JSONField(default=dict, editable=False)
    risk_version = models.PositiveIntegerField(default=0, editable=False)
    risk_score = models.PositiveSmallIntegerField(_("risk score"), null=True, editable=False)
    risk = models.CharField(_("risk"), max_length=10, choices=Risk, blank=True)
    risk_reason = models.TextField(_("why another risk than computed"), blank=True)
    level = models.CharField(
        _("who decides"), max_length=10, choices=Risk, blank=True, editable=False
    )
    goes_live = models.ForeignKey(
        Case, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("goes live with it"),
    )  # fmt: skip
    live_override = models.TextField(_("why before acceptance"), blank=True)
    freeze_override = models.TextField(_("why in spite of the freeze"), blank=True)

    began_at = models.DateTimeField(_("begun"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)
    late_start = models.TextField(_("why begun late"), blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome, blank=True)
    has_overrun = models.BooleanField(_("overran its window"), default=False, editable=False)
    held_from = models.CharField(max_length=40, blank=True, editable=False)
    cause = models.TextField(_("cause"), blank=True)
    lessons = models.TextField(_("lessons"), blank=True)

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "what", "reason", "plan")

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__lt=F("ends_at")),
                name="change_window_has_a_length",
                violation_error_message=_("The window ends before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(verifier__isnull=True) | ~Q(verifier=F("implementer")),
                name="change_verified_by_another",
                violation_error_message=_("Whoever implements a change does not verify it."),
            ),
        ]

    @property
    def description(self) -> str:
        return self.what

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def policy(self) -> ChangePolicy:
        return ChangePolicy.current()

    @property
    def decided_by(self) -> str:
        """Return who decides: two on an emergency, on everything else whom its risk asks for."""
        return EMERGENCY if self.type in DONE_TYPES else (self.level or self.risk or Risk.HIGH)

    @property
    def was_done(self) -> bool:
        """Tell whether it is recorded after it was done."""
        return self.type in DONE_TYPES and self.finished_at is not None

    @property
    def needed(self) -> list[str]:
        """Return the fields that a change of its type is not submitted without, nor empty later."""
        names = ["what", "reason", "systems", "plan", "implementer", "verifier"]
        if self.was_done:
            return [*names, "began_at", "finished_at"]
        names += ["starts_at", "ends_at"]
        if self.type != Change.Type.STANDARD:
            names += ["backout_plan", "backout_minutes", "return_until"]
        if self.type == Change.Type.NORMAL:
            names.append("test_evidence")
        return names

    def write_steps(self) -> None:
        """Make a step of every line of the plan (1 query)."""
        lines = (line.strip()[:300] for line in self.plan.splitlines())
        ChangeStep.objects.bulk_create(
            ChangeStep(change=self, place=place, text=text)
            for place, text in enumerate(filter(None, lines), start=1)
        )

    def tick(self, step: ChangeStep, *, by: User, at: datetime) -> None:
        step.done_at, step.done_by = at, by
        step.save(update_fields=["done_at", "done_by"])


DONE_TYPES = (Change.Type.EMERGENCY, Change.Type.UNAUTHORISED)
"""Types that may be recorded afterwards."""


class ChangeStep(models.Model):
    """One step of the plan of a change, ticked when it is done."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="steps")
    place = models.PositiveSmallIntegerField()
    text = models.CharField(_("step"), max_length=300)
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("step of a change")
        verbose_name_plural = _("steps of a change")
        ordering = ["change", "place"]
        constraints = [
            models.UniqueConstraint(fields=["change", "place"], name="change_step_place_once")
        ]

    def __str__(self) -> str:
        return self.text


class ReviewAction(models.Model):
    """What a review found has to be done, by whom and by when."""

    change = models.ForeignKey(Change, models.CASCADE, related_name="review_actions")
    what = models.CharField(_("what"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    due_on = models.DateField(_("due"))

    class Meta:
        verbose_name = _("action of a review")
        verbose_name_plural = _("actions of a review")
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.what


class ChangeTemplate(models.Model):
    """A change that was approved once for all: done the same way each time, by a fixed date."""

    code = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    name_zh = models.CharField(_("name in Chinese"), max_length=120, blank=True)
    plan = models.TextField(_("plan"))
    backout_plan = models.TextField(_("back-out plan"), blank=True)
    backout_minutes = models.PositiveIntegerField(_("time to back out, in minutes"), default=0)
    systems = models.ManyToManyField(
        Service, blank=True, related_name="+", verbose_name=_("only for these systems"),
        limit_choices_to={"kind": Service.Kind.SYSTEM},
    )  # fmt: skip
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    expires_on = models.DateField(_("approved up to and including"))
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("template of standard changes")
        verbose_name_plural = _("templates of standard changes")
        ordering = ["code"]

    def __str__(self) -> str:
        return in_reader_language(self.name, self.name_zh)
