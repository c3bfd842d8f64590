"""How a clock is said: the colour it earns and its words, in the reader's language.

`static/opsgate/ticker.js` says the same from `clock_vocabulary`: limits and sentences live here.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

WORKING_DAY = timedelta(hours=8)
AT_RISK_SHARE = 0.75
SOON_SHARE = 0.9
SOON_TIME = timedelta(hours=1)

ICONS = {
    "on_track": "clock",
    "at_risk": "hourglass",
    "due_very_soon": "hourglass",
    "breached": "alert-triangle",
    "paused": "player-pause",
    "met": "circle-check",
    "missed": "circle-x",
    "cancelled": "ban",
}

DURATIONS: dict[str, Promise] = {
    "days_hours": _("%(days)sd %(hours)sh"),
    "days": _("%(days)sd"),
    "hours_minutes": _("%(hours)sh %(minutes)sm"),
    "hours": _("%(hours)sh"),
    "minutes": _("%(minutes)sm"),
    "moment": _("<1m"),
}

SENTENCES: dict[str, Promise] = {
    "left": _("%(duration)s left"),
    "breached": _("Overdue by %(duration)s"),
    "paused": _("Paused · %(duration)s left"),
    "outside_hours": _("Outside hours · %(duration)s left"),
    "met": _("Met · %(duration)s early"),
    "missed": _("Missed by %(duration)s"),
}


class Reading(Protocol):
    """A clock at one instant; lengths are working time, `remaining` is negative when over."""

    @property
    def metric(self) -> str: ...
    @property
    def label(self) -> str | Promise: ...
    @property
    def state(self) -> str: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def budget(self) -> timedelta: ...
    @property
    def elapsed(self) -> timedelta: ...
    @property
    def remaining(self) -> timedelta: ...
    @property
    def is_working_now(self) -> bool: ...


def clock_words(reading: Reading) -> tuple[str, str]:
    """Return the level and the words of a clock: `("at_risk", "4h 57m left")`.

    Past due and open is `breached` even while paused; outside working hours an unbreached clock
    rests like a paused one. Two units at most; a "day" is eight working hours.
    """
    level = clock_level(reading)
    if level == "cancelled":
        return level, str(_("Cancelled"))
    if level == "met" and not reading.remaining:
        return level, str(_("Met"))
    return level, str(SENTENCES[_sentence(reading, level)]) % {
        "duration": duration_words(reading.remaining)
    }


def clock_level(reading: Reading) -> str:
    """Return which of the eight looks a clock has now."""
    if reading.state not in {"running", "paused"}:
        return reading.state
    if reading.remaining < timedelta():
        return "breached"
    if reading.state == "paused" or not reading.is_working_now:
        return "paused"
    return _running_level(reading)


def duration_words(length: timedelta) -> str:
    """Return a length of working time, sign dropped: `"1d 4h"`, `"4h 57m"`, `"33m"`, `"<1m"`."""
    total_minutes = int(abs(length).total_seconds() // 60)
    days, rest = divmod(total_minutes, int(WORKING_DAY.total_seconds() // 60))
    hours, minutes = divmod(rest, 60)
    if days:
        form = "days_hours" if hours else "days"
    elif hours:
        form = "hours_minutes" if minutes else "hours"
    else:
        form = "minutes" if minutes else "moment"
    return str(DURATIONS[form]) % {"days": days, "hours": hours, "minutes": minutes}


def used_percent(reading: Reading) -> int:
    """Return how much of the budget is used, 0 to 100."""
    if not reading.budget:
        return 100
    return max(0, min(100, int(100 * (reading.elapsed / reading.budget))))


def listing(items: Iterable[object]) -> str:
    """Join what stands side by side as the reader's language does: `a, b`, `a、b`."""
    # Translators: between the entries of a list.
    return gettext(", ").join(str(item) for item in items)


def clock_vocabulary() -> dict[str, object]:
    """Return what the ticker needs to say the same as the server, in the reader's language."""
    return {
        "durations": {key: str(text) for key, text in DURATIONS.items()},
        "sentences": {key: str(SENTENCES[key]) for key in ("left", "breached")},
        "icons": ICONS,
        "at_risk_share": AT_RISK_SHARE,
        "soon_share": SOON_SHARE,
        "soon_seconds": int(SOON_TIME.total_seconds()),
        "day_minutes": int(WORKING_DAY.total_seconds() // 60),
    }


def _running_level(reading: Reading) -> str:
    share = reading.elapsed / reading.budget if reading.budget else 1.0
    # A budget of an hour or less would be "very soon" from its first second: only shares count.
    is_last_hour = reading.remaining < SOON_TIME < reading.budget
    if share >= SOON_SHARE or is_last_hour:
        return "due_very_soon"
    return "at_risk" if share >= AT_RISK_SHARE else "on_track"


def _sentence(reading: Reading, level: str) -> str:
    if level == "paused" and reading.state == "running":
        return "outside_hours"
    return level if level in SENTENCES else "left"
