"""Changes to systems, when they may happen, and the rules they are judged by (M7, M20)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agreements.models import Service
from people.models import User, in_reader_language
from workflows.models import Case
from workflows.words import listing

EMERGENCY = "emergency"
LONGEST_WINDOW = timedelta(days=14)
"""A window is at most so long: conflicts are looked for only so far back."""


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


class SystemCodes(models.JSONField):
    """Codes of systems; read by their names (1 query)."""

    def words(self, codes: list[str]) -> str:
        return listing(Service.objects.filter(code__in=codes).order_by("code"))


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
    time_zone = models.CharField(
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


class CabMeeting(Case):
    """A meeting of the change advisory board: who came, what was talked over, what was decided.

    Its agenda is what awaits the board; on it everybody votes in the change itself.
    """

    meets_at = models.DateTimeField(_("meets"))
    place = models.CharField(_("place or link"), max_length=200, blank=True)
    began_at = models.DateTimeField(_("begun"), null=True, editable=False)

    class Meta:
        verbose_name = _("meeting of the CAB")
        verbose_name_plural = _("meetings of the CAB")


class Attendance(models.Model):
    """Whether a member of the board came to a meeting, themselves or by a deputy."""

    meeting = models.ForeignKey(CabMeeting, models.CASCADE, related_name="attendances")
    member = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("member"))
    deputy = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("deputy")
    )
    is_present = models.BooleanField(_("present"))

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["meeting", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "member"], name="attendance_once")
        ]

    def __str__(self) -> str:
        return str(self.member)


class AgendaItem(models.Model):
    """A change on the agenda of a meeting; `state` is what had become of it at the end.

    `votes`, as they were at the end: seat, person, in whose place, vote, note, time.
    """

    meeting = models.ForeignKey(CabMeeting, models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    change = models.ForeignKey(Change, models.PROTECT, related_name="+", verbose_name=_("change"))
    said = models.TextField(_("what was said"), blank=True)
    state = models.CharField(_("state"), max_length=40, blank=True)
    votes = models.JSONField(_("votes"), default=list)

    class Meta:
        verbose_name = _("item of an agenda")
        verbose_name_plural = _("items of an agenda")
        ordering = ["meeting", "place"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "change"], name="agenda_item_once")
        ]

    def __str__(self) -> str:
        return self.change.number


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
