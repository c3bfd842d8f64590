"""What the yardstick writes, and what people may do in the peer."""

from __future__ import annotations

from django.db import models


class Line(models.Model):
    """One row of text, with the one index of its key."""

    text = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        permissions = [
            (role, f"Do the work of the {role}")
            for role in ("desk", "analyst", "developer", "tester")
        ]

    def __str__(self) -> str:
        return self.text
