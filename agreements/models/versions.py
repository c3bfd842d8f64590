"""What agreement, calendar and standard versions share: they keep what they say, and have dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Kept(models.Model):
    """A row that no longer changes once its stored self `is_kept`, but for `CHANGEABLE` fields.

    Running clocks and past reports refer to it. A bulk `update()` is not caught.
    """

    CHANGEABLE: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        abstract = True

    @property
    def is_kept(self) -> bool:
        raise NotImplementedError("each kind of row says when it is kept")

    def clean(self) -> None:
        super().clean()
        self._refuse_change()

    def save(self, **kwargs: Any) -> None:
        self._refuse_change()
        super().save(**kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        if self.is_kept:
            raise ValidationError(_("A published version cannot be deleted."))
        return super().delete(*args, **kwargs)

    def _refuse_change(self) -> None:
        stored = type(self)._base_manager.filter(pk=self.pk).first() if self.pk else None
        if stored is not None and stored.is_kept and self._differs_from(stored):
            raise ValidationError(_("A published version does not change. Make a new one."))

    def _differs_from(self, stored: Self) -> bool:
        return any(
            field.to_python(getattr(self, field.attname)) != getattr(stored, field.attname)
            for field in self._meta.concrete_fields
            if field.name not in self.CHANGEABLE
        )


class EffectiveQuerySet(models.QuerySet[Any]):
    def in_force(self, at: datetime) -> Self:
        """Return the versions whose period [effective_from, effective_to) covers `at`."""
        return self.filter(
            Q(effective_to__isnull=True) | Q(effective_to__gt=at), effective_from__lte=at
        )


class Effective(models.Model):
    """A version in force during [effective_from, effective_to), `effective_to` null while open."""

    effective_from = models.DateTimeField(_("in force from"))
    effective_to = models.DateTimeField(_("in force until"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gt=F("effective_from")),
                name="%(class)s_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            )
        ]

    def refuse_overlap(self, siblings: EffectiveQuerySet) -> None:
        """Raise ValidationError if one of the other versions is in force at the same time."""
        others = siblings.exclude(pk=self.pk).filter(
            Q(effective_to__isnull=True) | Q(effective_to__gt=self.effective_from)
        )
        if self.effective_to:
            others = others.filter(effective_from__lt=self.effective_to)
        if others.exists():
            raise ValidationError(_("Another version is in force during that time."))
