"""What ops and a project agree on, how the service is maintained afterwards, and what comes up."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.models import User
from projects.models.projects import Project, Waiver
from workflows.models import Case
from workflows.systems import SystemCodes


class Mode(models.TextChoices):
    """How a service is maintained after its project (M8)."""

    CUSTODY = "custody", _("Registered custody")
    TECHNICAL = "technical", _("Technical operation")
    FULL = "full", _("Full operation")
    VENDOR = "vendor", _("Led by the vendor, supervised by ops")
    PROJECT = "project", _("Stays with the project")

    @property
    def duty(self) -> Any:
        return DUTIES[self]

    @property
    def needs(self) -> Any:
        return NEEDS[self]


DUTIES = {
    Mode.CUSTODY: _("Register, host, basic help; the project team or a vendor maintains it."),
    Mode.TECHNICAL: _("Run, monitor and back up; mend platform and technical faults."),
    Mode.FULL: _("Technical operation, support of its users, and small developments."),
    Mode.VENDOR: _("First line, supervision of the vendor by its figures, vendor score."),
    Mode.PROJECT: _("None until the day of review."),
}
NEEDS = {
    Mode.CUSTODY: _("A contact and resources."),
    Mode.TECHNICAL: _("Complete technical papers and training."),
    Mode.FULL: _("Business training too, and user support handed over."),
    Mode.VENDOR: _("A signed support contract with targets that can be measured."),
    Mode.PROJECT: _("A day of review, and the board's decision."),
}


class HandoverAgreement(models.Model):
    """What ops will take over, when, by which team and in which mode; signed by both.

    The project signs by submitting it with its first gate or by writing it anew, ops by accepting
    that gate or by signing. What is written anew holds once ops signed it.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="agreements")
    number = models.PositiveSmallIntegerField()
    what = models.TextField(_("what is taken over"))
    when = models.DateField(_("when"))
    team = models.CharField(_("the team that receives it"), max_length=200)
    mode = models.CharField(_("intended maintenance mode"), max_length=20, choices=Mode)
    written_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("handover agreement")
        verbose_name_plural = _("handover agreements")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="agreement_number_once"),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) | ~Q(signed_by=models.F("written_by")),
                name="agreement_signed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.number}"

    @property
    def intended(self) -> Mode:
        return Mode(self.mode)


class Operation(Case):
    """A service in operation, as its last gate decided; it can be handed back (M8).

    `systems` are its entries in the catalogue, `effort_days` and `yearly_cost` are of a year.
    """

    class Skills(models.TextChoices):
        YES = "yes", _("fully present")
        PARTLY = "partly", _("partly present")
        NO = "no", _("missing")

    parent = models.ForeignKey(
        Project, models.PROTECT, related_name="operations", verbose_name=_("project")
    )
    mode = models.CharField(_("maintenance mode"), max_length=20, choices=Mode)
    mode_reason = models.TextField(_("why this mode"))
    systems = SystemCodes(_("systems"), default=list)
    effort_days = models.DecimalField(
        _("effort of a year in person-days"), max_digits=7, decimal_places=1
    )
    skills = models.CharField(_("skills of ops"), max_length=10, choices=Skills)
    yearly_cost = models.DecimalField(_("cost of a year"), max_digits=14, decimal_places=2)
    budget_line = models.CharField(_("budget line"), max_length=100)
    contract_ends_on = models.DateField(_("support contract ends"), null=True, blank=True)
    review_on = models.DateField(_("mode is reviewed"))
    hand_back_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+",
        verbose_name=_("hand-back requested by"),
    )  # fmt: skip
    decide_until = models.DateField(null=True, editable=False)

    search_fields: ClassVar[tuple[str, ...]] = ("number", "title", "mode_reason")

    class Meta:
        verbose_name = _("service in operation")
        verbose_name_plural = _("services in operation")

    @property
    def description(self) -> str:
        return self.mode_reason


class ServiceFinding(models.Model):
    """What came up on a service in operation: a waiver that ran out, a review that is due, or
    `what` somebody noted."""

    operation = models.ForeignKey(Operation, models.CASCADE, related_name="findings")
    what = models.CharField(_("finding"), max_length=300, blank=True)
    waiver = models.OneToOneField(Waiver, models.PROTECT, null=True, related_name="finding")
    is_review = models.BooleanField(default=False)
    found_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settled_how = models.TextField(blank=True)

    class Meta:
        verbose_name = _("finding on a service")
        verbose_name_plural = _("findings on services")
        ordering = ["pk"]

    def __str__(self) -> str:
        if self.waiver is not None:
            return gettext("The waiver for %(code)s ran out.") % {
                "code": self.waiver.criterion.code
            }
        return gettext("The maintenance mode is to be reviewed.") if self.is_review else self.what
