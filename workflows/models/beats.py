"""When the things that happen by themselves last did."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Beat(models.Model):
    """The last time one part of the heartbeat ran to its end, on whatever machine."""

    name = models.SlugField(max_length=20, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.at}"

    @classmethod
    def done(cls, name: str, at: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"at": at})
