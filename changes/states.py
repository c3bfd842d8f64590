"""The states of the processes in this package, in both languages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OptimizationState(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    TRIAGE = "triage", _("In triage")
    RETURNED = "returned", _("Waiting for the requester")
    ASSESSING = "assessing", _("Being assessed")
    OVER_LIMIT = "over_limit", _("Above the effort limit")
    AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
    IN_DEVELOPMENT = "in_development", _("In development")
    OUTSOURCED = "outsourced", _("With a supplier")
    TESTING = "testing", _("Being tested")
    ACCEPTING = "accepting", _("Waiting for acceptance")
    ARBITRATING = "arbitrating", _("With the service manager")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CONVERTED = "converted", _("Turned into a project")
