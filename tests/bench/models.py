"""What the yardstick writes."""

from __future__ import annotations

from django.db import models


class Line(models.Model):
    """One row of text, with the one index of its key."""

    text = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.text
