"""The states of a project and of a gate, in both languages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProjectState(models.TextChoices):
    RUNNING = "running", _("Under way")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class GateState(models.TextChoices):
    PLANNED = "planned", _("Not begun")
    OPEN = "open", _("Open for submission")
    IN_REVIEW = "in_review", _("In review")
    AWAITING_VERDICT = "awaiting_verdict", _("Awaiting the verdict")
    CONDITIONS = "conditions", _("Accepted with conditions")
    DEFERRED = "deferred", _("Deferred")
    ACCEPTED = "accepted", _("Accepted")
    SKIPPED = "skipped", _("Skipped")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Cancelled with its project")


class OperationState(models.TextChoices):
    REGISTERED = "registered", _("Taken into the catalogue")
    RUNNING = "running", _("In operation")
    ATTENTION = "attention", _("In operation, with findings")
    WITH_PROJECT = "with_project", _("Stays with the project")
    HAND_BACK = "hand_back", _("Hand-back requested")
    HANDED_BACK = "handed_back", _("Handed back")
    RETIRED = "retired", _("Out of service")


PASSED = (GateState.ACCEPTED, GateState.CONDITIONS, GateState.SKIPPED)
"""States in which the next gate may be opened."""
STANDING = (
    GateState.PLANNED, GateState.OPEN, GateState.IN_REVIEW, GateState.AWAITING_VERDICT,
    GateState.DEFERRED, GateState.REJECTED,
)  # fmt: skip
"""States of a gate that its project has not got past."""
MOVABLE = (GateState.PLANNED, GateState.OPEN)
"""States of a gate whose day may be set."""
