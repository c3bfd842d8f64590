"""Times as the clocks on the wall of a place show them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext


class WallTimeField(forms.DateTimeField):
    """A time of the place: without a zone until the form knows which; with an offset, as sent."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, required=False, **kwargs)

    def to_python(self, value: Any) -> datetime | None:
        found = super().to_python(value)
        if found is None or _has_offset(value):
            return found
        return timezone.localtime(found).replace(tzinfo=None)


def _has_offset(value: Any) -> bool:
    if isinstance(value, datetime):
        return timezone.is_aware(value)
    try:
        return timezone.is_aware(datetime.fromisoformat(str(value).strip()))
    except ValueError:
        return False


def in_zone(value: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time; refuse one that summer time leaves out or has twice."""
    found = value.replace(tzinfo=zone)
    back = found.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if back != value:
        raise ValidationError(gettext("This time does not exist: the clocks are put forward then."))
    if found.utcoffset() != found.replace(fold=1).utcoffset():
        raise ValidationError(
            gettext("This time comes twice: the clocks are put back. Choose one before or after.")
        )
    return found.astimezone(UTC)
