"""Time zones by the names people know, in the reader's language (CLDR's, through Babel)."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from babel.core import get_global
from babel.dates import get_timezone_location
from django.conf import settings
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

AREAS = (
    "Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/",
    "Pacific/",
)  # fmt: skip


def zone_label(zone: str) -> str:
    """Return how the reader calls a zone: `China (Shanghai) Time`."""
    return _labels(get_language() or settings.LANGUAGE_CODE).get(zone, zone)


def zone_choices() -> list[tuple[str, str]]:
    """Return every zone with a place of its own by its name, before them that of the house."""
    house = _("The house's: %(zone)s") % {"zone": zone_label(settings.TIME_ZONE)}
    labels = _labels(get_language() or settings.LANGUAGE_CODE)
    second_names = get_global("zone_aliases")
    places = ((zone, label) for zone, label in labels.items() if zone not in second_names)
    return [("", house), ("UTC", "UTC"), *sorted(places, key=lambda place: place[1])]


@cache
def _labels(language: str) -> dict[str, str]:
    locale = to_locale(language)
    return {
        zone: str(get_timezone_location(zone, locale=locale))
        for zone in sorted(available_timezones())
        if zone.startswith(AREAS)
    }
