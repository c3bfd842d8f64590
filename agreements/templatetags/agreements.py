"""What pages about people say of the agreement."""

from django import template
from django.utils import timezone

from agreements.models import Calendar, CalendarVersion

register = template.Library()


@register.simple_tag
def house_calendar() -> dict[str, str] | None:
    """Return name and zone of the calendar of the house; None while nothing is published."""
    try:
        calendar = Calendar.default()
        version = calendar.version_at(timezone.now())
    except (Calendar.DoesNotExist, CalendarVersion.DoesNotExist):
        return None
    return {"name": str(calendar), "zone": version.timezone}
