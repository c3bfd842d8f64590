"""The states of a supervision, of a finding and of a proposal, in both languages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SupervisionState(models.TextChoices):
    REQUESTED = "requested", _("To be taken on")
    SELECTION = "selection", _("Selection in review")
    ARCHITECTURE = "architecture", _("Architecture in review")
    ADVISING = "advising", _("Advising on scheme and integration")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class FindingState(models.TextChoices):
    RAISED = "raised", _("Awaiting the reply")
    ACCEPTED = "accepted", _("Being put right")
    REPORTED = "reported", _("To be verified")
    DISPUTED = "disputed", _("Rejected by the project")
    INSISTED = "insisted", _("Awaiting the ruling")
    DEFERRED = "deferred", _("Deferred")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    OVERRULED = "overruled", _("Overruled")
    CANCELLED = "cancelled", _("Cancelled")


class ProposalState(models.TextChoices):
    PROPOSED = "proposed", _("To be decided")
    ADOPTED = "adopted", _("Adopted")
    DECLINED = "declined", _("Declined")


UNDER_WAY = (
    SupervisionState.SELECTION, SupervisionState.ARCHITECTURE, SupervisionState.ADVISING,
)  # fmt: skip
"""States in which somebody supervises."""
