"""Meetings of the change advisory board, and what their minutes keep."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from change_control.models.changes import Change
from people.models import User
from workflows.models import Case


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
