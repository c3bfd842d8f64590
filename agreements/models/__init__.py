"""What is promised: the agreement, the service catalogue, the calendars and the standards."""

from agreements.models.agreements import Agreement, AgreementVersion
from agreements.models.calendars import Calendar, CalendarDay, CalendarVersion
from agreements.models.catalogue import Service, ServiceQuerySet
from agreements.models.standards import Standard, StandardVersion

__all__ = [
    "Agreement",
    "AgreementVersion",
    "Calendar",
    "CalendarDay",
    "CalendarVersion",
    "Service",
    "ServiceQuerySet",
    "Standard",
    "StandardVersion",
]
