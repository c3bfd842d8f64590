"""Clocks measure what was promised; custody says who held the case meanwhile."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from agreements.models import CalendarVersion, StandardVersion
from people.models import User
from people.roles import Role
from workflows.models.cases import Case


class Clock(models.Model):
    """One promise of one case, counted in the working time of one calendar version.

    `elapsed` is what was counted up to `changed_at`; since then it runs or stands still. The
    deadline is computed once per change and stored, so nothing has to poll. `agreed_at`: the
    date that was agreed on, where that and no standard gives the budget.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        MET = "met", _("Met")
        MISSED = "missed", _("Missed")
        CANCELLED = "cancelled", _("Cancelled")

    LIVE = (State.RUNNING, State.PAUSED)

    case = models.ForeignKey(Case, models.CASCADE, related_name="clocks", verbose_name=_("case"))
    metric = models.SlugField(_("what is timed"), max_length=40)
    standard = models.ForeignKey(
        StandardVersion, models.PROTECT, null=True, related_name="+", verbose_name=_("standard")
    )
    calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+")
    state = models.CharField(_("status"), max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    budget = models.DurationField()
    elapsed = models.DurationField(default=timedelta)
    due_at = models.DateTimeField(_("due"), null=True)
    first_due_at = models.DateTimeField()
    agreed_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    next_alert_at = models.DateTimeField(null=True)
    warn_at = models.JSONField(default=list)
    level = models.PositiveSmallIntegerField(_("percent warned of"), default=0)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clocks")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "metric"],
                condition=Q(state__in=["running", "paused"]),
                name="clock_one_live_per_metric",
            ),
            models.CheckConstraint(
                condition=(Q(state="running") & Q(due_at__isnull=False))
                | (~Q(state="running") & Q(next_alert_at__isnull=True)),
                name="clock_running_has_deadline",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["running", "paused"], stopped_at__isnull=True)
                | Q(state__in=["met", "missed", "cancelled"], stopped_at__isnull=False),
                name="clock_stopped_has_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_alert_at"],
                condition=Q(next_alert_at__isnull=False),
                name="clock_next_alert",
            ),
            models.Index(fields=["due_at"], condition=Q(state="running"), name="clock_due"),
            models.Index(fields=["case"], condition=Q(state="paused"), name="clock_paused"),
            models.Index(
                fields=["metric"],
                condition=Q(state="running", breached_at__isnull=False),
                name="clock_breached",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.number}: {self.metric}"

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE

    @property
    def label(self) -> str:
        return str(self.case.lifecycle.clock_label(self.metric))


class ClockSegment(models.Model):
    """A spell [started_at, ended_at) in which one clock ran or stood still; closed once, kept.

    The sum of `worked` over the running segments is the clock's elapsed time, so any past
    figure can be reproduced and explained line by line.
    """

    class Kind(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="segments")
    kind = models.CharField(max_length=10, choices=Kind)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    worked = models.DurationField(default=timedelta)
    state = models.CharField(max_length=40)
    calendar = models.ForeignKey(CalendarVersion, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="segment_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["clock"], condition=Q(ended_at__isnull=True), name="segment_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.kind} {self.started_at}"


class Custody(models.Model):
    """A spell [started_at, ended_at) in which a case lay with somebody; closed once, kept."""

    class Party(models.TextChoices):
        PROVIDER = "provider", _("Operations")
        CUSTOMER = "customer", _("Customer")
        VENDOR = "vendor", _("Supplier")

    case = models.ForeignKey(Case, models.CASCADE, related_name="custody")
    party = models.CharField(max_length=10, choices=Party)
    role = models.CharField(max_length=30, choices=Role, blank=True)
    person = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    step = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")),
                name="custody_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(ended_at__isnull=True), name="custody_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.party} {self.started_at}"
