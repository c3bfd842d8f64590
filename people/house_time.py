"""The day of the house: what rules and due dates go by, in whatever zone somebody reads."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def house_date(at: datetime | None = None) -> date:
    """Return the day it is at `at`, or now, in the time zone of the house."""
    return timezone.localdate(at, timezone.get_default_timezone())


def house_instant(naive: datetime) -> datetime:
    """Return the instant at which the clocks of the house show `naive`."""
    return timezone.make_aware(naive, timezone.get_default_timezone())
