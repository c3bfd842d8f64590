"""Technical supervision of a project, its findings, and what they propose to the standard (M9)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import User
from projects.models.catalogue import Criterion
from projects.models.projects import Project
from workflows.models import Case


class Supervision(Case):
    """That somebody independent watches over the technical side of one project.

    `supervisor` has declared at `declared_at` that they neither designed it nor bid for it nor
    have a vote on it. `is_live` until it is closed: a project has one at a time.
    """

    class Conclusion(models.TextChoices):
        SOUND = "sound", _("Sound")
        ON_FINDINGS = "on_findings", _("Sound once the findings are closed")
        UNSOUND = "unsound", _("Not sound")
        NOTHING = "nothing", _("There was nothing to review")

    parent = models.ForeignKey(
        Project, models.PROTECT, related_name="supervisions", verbose_name=_("project")
    )
    filed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    focus = models.TextField(_("what it should look at"), blank=True)
    supervisor = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("technical supervisor")
    )
    declared_at = models.DateTimeField(_("independence declared"), null=True)
    selection = models.CharField(
        _("review of the selection"), max_length=20, choices=Conclusion, blank=True
    )
    architecture = models.CharField(
        _("review of the architecture"), max_length=20, choices=Conclusion, blank=True
    )
    is_live = models.BooleanField(default=True, editable=False)

    class Meta:
        verbose_name = _("technical supervision")
        verbose_name_plural = _("technical supervisions")
        constraints = [
            models.UniqueConstraint(
                fields=["parent"], condition=Q(is_live=True), name="supervision_one_live",
                violation_error_message=_("This project is supervised already."),
            ),
            models.CheckConstraint(
                condition=Q(supervisor__isnull=True, declared_at__isnull=True)
                | Q(supervisor__isnull=False, declared_at__isnull=False),
                name="supervision_is_declared",
            ),
        ]  # fmt: skip

    @property
    def description(self) -> str:
        return self.focus


class Finding(Case):
    """One thing the supervisor found, and what became of it; its number is its code.

    A must-fix keeps the next gate of the project closed until it is verified or overruled. An
    advice ends with the project's reply.
    """

    class Area(models.TextChoices):
        ARCHITECTURE = "architecture", _("Architecture")
        SCHEME = "scheme", _("Technical scheme")
        INTEGRATION = "integration", _("Integration")
        PERFORMANCE = "performance", _("Performance")

    class Severity(models.TextChoices):
        MUST_FIX = "must_fix", _("Must fix")
        SHOULD = "should", _("Should")
        ADVICE = "advice", _("Advice")

    class Reply(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted by the project")
        REJECTED = "rejected", _("Rejected by the project")
        DEFERRED = "deferred", _("Deferred by the project")

    parent = models.ForeignKey(
        Project, models.PROTECT, related_name="findings", verbose_name=_("project")
    )
    raised_in = models.ForeignKey(
        Supervision, models.PROTECT, related_name="findings",
        verbose_name=_("technical supervision"),
    )  # fmt: skip
    filed_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("raised by")
    )
    area = models.CharField(_("area"), max_length=20, choices=Area)
    severity = models.CharField(_("severity"), max_length=10, choices=Severity)
    clause = models.ForeignKey(
        Criterion, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("clause of the standard"),
    )  # fmt: skip
    pattern = models.CharField(_("pattern"), max_length=60, blank=True)
    text = models.TextField(_("what was found"))
    due_on = models.DateField(_("to be put right by"), null=True, blank=True)
    reply = models.CharField(_("reply"), max_length=10, choices=Reply, blank=True)
    answer = models.TextField(_("reply of the project"), blank=True)
    replied_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("replied by")
    )
    replied_at = models.DateTimeField(_("replied"), null=True)
    deferred_until = models.DateField(_("deferred until"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("verified by")
    )
    overruled_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("overruled by")
    )
    overruling = models.TextField(_("why it is overruled"), blank=True)

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "text", "pattern")

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = [
            models.CheckConstraint(
                condition=Q(severity="advice") | Q(due_on__isnull=False),
                name="finding_has_a_day", violation_error_message=_("Say by when."),
            ),
            models.CheckConstraint(
                condition=Q(reply="", replied_by__isnull=True, replied_at__isnull=True)
                | (~Q(reply="") & Q(replied_by__isnull=False, replied_at__isnull=False)),
                name="finding_reply_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(overruling="", overruled_by__isnull=True)
                | (~Q(overruling="") & Q(overruled_by__isnull=False)),
                name="finding_overruled_in_writing",
            ),
        ]  # fmt: skip

    @property
    def description(self) -> str:
        return self.text

    @property
    def is_advice(self) -> bool:
        return self.severity == Finding.Severity.ADVICE

    @property
    def is_must_fix(self) -> bool:
        return self.severity == Finding.Severity.MUST_FIX


class Proposal(Case):
    """A criterion proposed because several projects were found wanting in the same thing.

    `key`: the code of the clause, or the pattern that the supervisors named. `is_live` until it is
    decided: for a key there is one at a time.
    """

    class Ground(models.TextChoices):
        CLAUSE = "clause", _("the same clause")
        PATTERN = "pattern", _("the same pattern")

    ground = models.CharField(_("found in common"), max_length=10, choices=Ground)
    key = models.CharField(_("clause or pattern"), max_length=60)
    text = models.TextField(_("what was found"))
    findings = models.ManyToManyField(Finding, related_name="proposals")
    criterion = models.ForeignKey(
        Criterion, models.SET_NULL, null=True, related_name="+", verbose_name=_("criterion")
    )
    refusal = models.TextField(_("why it is declined"), blank=True)
    is_live = models.BooleanField(default=True, editable=False)

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "key", "text")

    class Meta:
        verbose_name = _("proposed criterion")
        verbose_name_plural = _("proposed criteria")
        constraints = [
            models.UniqueConstraint(
                fields=["ground", "key"], condition=Q(is_live=True), name="proposal_one_live"
            ),
        ]  # fmt: skip

    @property
    def description(self) -> str:
        return self.text
