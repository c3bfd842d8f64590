"""A project and its gates, what is answered at each, and the conditions of an acceptance."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from people.models import User
from projects.models.asking import Asked, asked_of
from projects.models.catalogue import (
    LIGHT_LIMIT,
    CatalogueVersion,
    Criterion,
    GateKind,
    TrackCode,
)
from workflows.models import Attachment, Case
from workflows.systems import SystemCodes


class Project(Case):
    """A project that makes or changes systems; ops takes it over gate by gate (M8).

    `manager` leads it; who asked for it (`requester`) opened it here.
    """

    class Kind(models.TextChoices):
        APPLICATION = "application", _("Application")
        PLATFORM = "platform", _("Platform")

    project_kind = models.CharField(_("what it builds"), max_length=20, choices=Kind)
    track = TrackCode(_("track"), max_length=10, default="full")
    is_light = models.BooleanField(
        _("asks only for the criteria of the light track"), default=False, editable=False
    )
    effort_days = models.DecimalField(_("effort in person-days"), max_digits=7, decimal_places=1)
    goal = models.TextField(_("goal"))
    systems = SystemCodes(_("systems it makes or changes"), default=list)
    manager = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("project manager")
    )
    starts_on = models.DateField(_("begins"))
    ends_on = models.DateField(_("to be handed over"))
    catalogue = models.ForeignKey(
        CatalogueVersion, models.PROTECT, editable=False, related_name="+",
        verbose_name=_("version of the criteria"),
    )  # fmt: skip

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "goal")

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_on__lt=models.F("ends_on")), name="project_has_a_length",
                violation_error_message=_("It is handed over before it begins."),
            ),
            models.CheckConstraint(
                condition=Q(is_light=False) | Q(effort_days__lte=LIGHT_LIMIT),
                name="project_light_is_small",
                violation_error_message=_("The light track is for at most 10 person-days."),
            ),
        ]  # fmt: skip

    @property
    def description(self) -> str:
        return self.goal

    @cached_property
    def people(self) -> frozenset[int]:
        """Return the ids of everybody who is or was of it (1 query)."""
        members: QuerySet[Any] = self.members.filter(user__isnull=False)
        team = members.values_list("user_id", flat=True)
        return frozenset((self.manager_id, self.requester_id, *team))

    @property
    def fitting(self) -> Q:
        """Return which criteria concern it, by what it builds and how large it is."""
        area = Q(area__in=(Criterion.Area.BOTH, self.project_kind))
        return area & Q(is_light=True) if self.is_light else area


class Gate(Case):
    """One gate of one project; `round` counts the submissions."""

    parent = models.ForeignKey(
        Project, models.PROTECT, related_name="gates", verbose_name=_("project")
    )
    gate_kind = models.ForeignKey(
        GateKind, models.PROTECT, related_name="+", verbose_name=_("gate")
    )
    place = models.PositiveSmallIntegerField()
    round = models.PositiveSmallIntegerField(_("round"), default=1, editable=False)
    planned_on = models.DateField(_("planned"))
    deferred_until = models.DateField(_("deferred until"), null=True, blank=True)
    overruling = models.TextField(_("why in spite of the objection"), blank=True)
    trial_from = models.DateField(_("trial operation since"), null=True, blank=True)
    trial_until = models.DateField(_("trial operation up to and including"), null=True, blank=True)
    extensions = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        constraints = [models.UniqueConstraint(fields=["parent", "place"], name="gate_place_once")]

    @property
    def description(self) -> str:
        return self.gate_kind.why

    @cached_property
    def asked(self) -> list[Asked]:
        """Return whose criteria it asks for, as its row was read (2 queries)."""
        gates: Any = Gate.objects.all()  # to mypy these are cases
        gates = gates.filter(parent=self.parent_id, place__lte=self.place)
        found = list(gates.select_related("gate_kind").order_by("place"))
        versions = {gate.gate_kind.version_id for gate in found}
        kinds = GateKind.objects.filter(version__in=versions).order_by("place")
        return asked_of(found, kinds)[self.pk]

    @property
    def criteria(self) -> QuerySet[Criterion]:
        """Return what this gate asks for, also in the place of gates skipped or left out."""
        asked = Q(pk__in=())
        for one in self.asked:
            asked |= Q(gate=one.kind_id, **one.narrowed)
        found = Criterion.objects.filter(self.parent.fitting & asked)
        return found.order_by("gate__place", "code")


class Answer(models.Model):
    """What the project shows for a criterion in a round, and what the reviewers make of it.

    Shown is not satisfied: the evidence is the project's, the result the reviewers'. Evidence is
    a text, a link, a file of the gate or a record of the product. `record_url` is set for a reader
    who may see the record.
    """

    class Result(models.TextChoices):
        PASS = "pass", _("Pass")
        PARTLY = "partly", _("Partly")
        FAIL = "fail", _("Fail")

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="answers")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField()
    evidence = models.TextField(_("evidence"), blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True)
    file = models.ForeignKey(
        Attachment, models.PROTECT, null=True, related_name="+", verbose_name=_("file")
    )
    record = models.ForeignKey(
        Case, models.PROTECT, null=True, related_name="+", verbose_name=_("record")
    )
    is_left_out = models.BooleanField(_("does not apply"), default=False)
    shown_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    shown_at = models.DateTimeField(null=True)
    result = models.CharField(_("result"), max_length=10, choices=Result, blank=True)
    remark = models.TextField(_("remark"), blank=True)
    judged_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(null=True)

    record_url = ""

    class Meta:
        verbose_name = _("answer to a criterion")
        verbose_name_plural = _("answers to criteria")
        constraints = [
            models.UniqueConstraint(fields=["gate", "criterion", "round"], name="answer_once"),
            models.CheckConstraint(
                condition=~Q(result="") | Q(judged_by__isnull=True), name="answer_judged_says_what"
            ),
        ]

    def __str__(self) -> str:
        return str(self.criterion)

    @property
    def is_present(self) -> bool:
        is_named = self.file_id is not None or self.record_id is not None
        return self.is_left_out or is_named or bool(self.evidence or self.link)

    @property
    def is_satisfied(self) -> bool:
        return self.result == Answer.Result.PASS

    @property
    def file_url(self) -> str:
        return reverse("attachment", args=[self.gate.number, self.file_id])

    @property
    def has_record_moved(self) -> bool:
        """Tell whether the record is not any more what it was when it was shown."""
        record, shown_at = self.record, self.shown_at
        return record is not None and shown_at is not None and record.last_event_at > shown_at


class GateCondition(models.Model):
    """What is still to be done after a gate was passed, by whom and by when."""

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="conditions")
    what = models.CharField(_("condition"), max_length=300)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    due_on = models.DateField(_("due"))
    met_at = models.DateTimeField(_("met"), null=True)
    met_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("condition of a gate")
        verbose_name_plural = _("conditions of a gate")
        ordering = ["due_on", "pk"]

    def __str__(self) -> str:
        return self.what

    def is_overdue(self, today: date) -> bool:
        return self.met_at is None and self.due_on < today


class Waiver(models.Model):
    """That a must need not pass for a while: at whose risk, with what instead, until when.

    Asked for by the project, granted by somebody who is not of it.
    """

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="waivers")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    risk_owner = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("who carries the risk")
    )
    measure = models.TextField(_("what is done instead"))
    expires_on = models.DateField(_("holds up to and including"))
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["gate", "criterion"], condition=Q(revoked_at__isnull=True),
                name="waiver_one_live",
            ),
            models.CheckConstraint(
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=models.F("asked_by")),
                name="waiver_granted_by_another",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.criterion)

    def holds(self, today: date) -> bool:
        is_granted = self.granted_at is not None and self.revoked_at is None
        return is_granted and today <= self.expires_on
