"""What somebody typed and did not send yet."""

from __future__ import annotations

from django.db import models

from people.models import User


class Draft(models.Model):
    """What one person has typed into one form; `key` is the address of the form."""

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    key = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    saved_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="draft_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.key}"
