"""The states of a change and of a meeting of the board, in both languages."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ChangeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ASSESSING = "assessing", _("Being assessed")
    RETURNED = "returned", _("Sent back to the requester")
    AWAITING_APPROVAL = "awaiting_approval", _("Awaiting approval")
    SCHEDULED = "scheduled", _("Scheduled")
    ON_HOLD = "on_hold", _("On hold")
    IMPLEMENTING = "implementing", _("Being implemented")
    VERIFYING = "verifying", _("Being verified")
    BACKING_OUT = "backing_out", _("Being backed out")
    BACKED_OUT = "backed_out", _("Backed out, to be reviewed")
    FAILED = "failed", _("Failed, to be reviewed")
    REVIEW = "review", _("Being reviewed")
    CLOSED = "closed", _("Closed")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


S = ChangeState
DRAFTS = (S.DRAFT, S.RETURNED)
BEFORE_WORK = (S.ASSESSING, S.AWAITING_APPROVAL, S.SCHEDULED)


class MeetingState(models.TextChoices):
    CALLED = "called", _("Called")
    IN_SESSION = "in_session", _("In session")
    HELD = "held", _("Held, minutes kept")
    CANCELLED = "cancelled", _("Cancelled")
