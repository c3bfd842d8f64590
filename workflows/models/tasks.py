"""The task: a piece of work that somebody owes in the case's present state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from people.models import Unit, User
from people.roles import Role
from workflows.models.cases import Case, Watch

if TYPE_CHECKING:
    from people.actors import Actor


def put_off(who: Actor) -> Q:
    """Return the condition that `who` snoozed a task until a moment to come."""
    from workflows.models.desk import Snooze

    return Q(pk__in=Snooze.objects.filter(user=who.user, until__gt=who.at).values("task"))


def overdue(who: Actor) -> Q:
    return Q(due_at__isnull=False, due_at__lt=who.at)


def awake(who: Actor) -> Q:
    """Return the condition that a task shows: not put off, or overdue, which ends a snooze."""
    return ~put_off(who) | overdue(who)


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> Self:
        """Keep what is still owed, claimed or not."""
        return self.filter(status__in=Task.OPEN)

    def mine(self, who: Actor) -> Self:
        """Keep what `who` owes, for themselves or for somebody away."""
        return self.open().filter(assignee__in=who.identities)

    def up_for_grabs(self, who: Actor) -> Self:
        """Keep the unclaimed work of `who`'s roles in the units they cover."""
        rule = Q(pk__in=[])
        for hold in who.holds:
            rule |= Q(role=hold.role, unit__path__contains=f"/{hold.unit_id}/")
        return self.filter(rule, status=Task.Status.OPEN)

    def watched(self, who: Actor) -> Self:
        return self.open().filter(case__in=Watch.objects.filter(user=who.user).values("case"))

    def waiting(self, who: Actor) -> Self:
        """Keep what lies with others in the cases `who` follows."""
        return self.watched(who).exclude(assignee__in=who.identities)

    def snoozed(self, who: Actor) -> Self:
        """Keep what `who` put off."""
        return self.open().filter(put_off(who)).exclude(overdue(who))

    def awake(self, who: Actor) -> Self:
        return self.filter(awake(who))

    def finished_by(self, who: Actor) -> Self:
        return self.filter(status=Task.Status.DONE, done_by=who.user)


class Task(models.Model):
    """One seat of one step. Unclaimed it lies in the queue of its role and unit.

    `is_named`: the case names the assignee, whatever their roles. `opened_seq`: the event that
    opened it; the seats of one round of a decision have it in common.
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Up for grabs")
        CLAIMED = "claimed", _("Taken")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("No longer needed")

    OPEN = (Status.OPEN, Status.CLAIMED)

    case = models.ForeignKey(Case, models.CASCADE, related_name="tasks", verbose_name=_("case"))
    step = models.CharField(_("step"), max_length=40)
    slot = models.CharField(max_length=60, default="1")
    role = models.CharField(_("role"), max_length=30, choices=Role, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    assignee = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("assigned to"),
        db_index=False,  # task_assigned begins with it
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    is_named = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    opened_seq = models.PositiveIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    done_by = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        related_name="tasks_done",
        db_index=False,  # task_done begins with it
    )
    on_behalf_of = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "step", "slot"],
                condition=Q(status__in=["open", "claimed"]),
                name="task_one_open_per_slot",
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed") | Q(assignee__isnull=False),
                name="task_claimed_has_assignee",
            ),
            models.CheckConstraint(
                condition=(Q(status="done") & Q(done_by__isnull=False, done_at__isnull=False))
                | (~Q(status="done") & Q(done_by__isnull=True)),
                name="task_done_by_somebody",
            ),
        ]
        indexes = [
            # Which cases somebody has, or had, a task on: read off the index alone.
            models.Index(fields=["assignee", "case"], name="task_assigned"),
            models.Index(fields=["done_by", "case"], name="task_done"),
            models.Index(
                fields=["role", "due_at", "id"], condition=Q(status="open"), name="task_queue"
            ),
            models.Index(
                fields=["role", "unit", "due_at", "id"],
                condition=Q(status="open"),
                name="task_unit_queue",
            ),
            models.Index(
                fields=["assignee", "due_at", "id"],
                condition=Q(status__in=["open", "claimed"]),
                name="task_inbox",
            ),
            models.Index(
                fields=["done_by", "-done_at"], condition=Q(status="done"), name="task_finished"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.number}: {self.label}"

    @property
    def is_own_seat(self) -> bool:
        """Tell whether this is one member's seat on a board: nobody else can fill it."""
        return ":" in self.slot

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def label(self) -> str:
        """Return what is to be done, in the reader's language."""
        return str(self.case.lifecycle.work_label(self.step))
