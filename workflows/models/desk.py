"""What people arrange for themselves: tasks put off, views kept, columns chosen.

None of it is part of a case: nobody else sees it, no clock knows of it, no event tells of it.
"""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.models.tasks import Task


class Page(models.TextChoices):
    """The lists that keep views and columns; the value is the name of the address."""

    INBOX = "inbox", _("Inbox")
    CASES = "case_list", _("Cases")


class Snooze(models.Model):
    """Somebody does not want to see a task in their own lists before `until`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="snoozes", db_index=False)
    task = models.ForeignKey(Task, models.CASCADE, related_name="snoozes")
    until = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "task"], name="snooze_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.task_id} until {self.until}"


class SavedView(models.Model):
    """An address of a list under a name; `query` is what stands behind its question mark."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views", db_index=False)
    page = models.CharField(max_length=20, choices=Page)
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "page", "name"], name="saved_view_once",
                violation_error_message=_("You have a view of that name already."),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse(self.page)}?{self.query}"


class ChosenColumns(models.Model):
    """The columns somebody wants to see of a list, on the page and in its files."""

    user = models.ForeignKey(User, models.CASCADE, related_name="chosen_columns", db_index=False)
    page = models.CharField(max_length=20, choices=Page)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "page"], name="columns_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.page}"
