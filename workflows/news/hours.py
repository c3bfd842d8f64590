"""When a person may be disturbed: quiet hours and days, and the hour of their summary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from people.models import User
from workflows.models import NewsPreference

DAYS_OF_RHYTHM = {
    NewsPreference.Rhythm.DAILY: range(7),
    NewsPreference.Rhythm.WEEKDAYS: range(5),
    NewsPreference.Rhythm.WEEKLY: range(1),
}
AHEAD = 9  # days: a week of days that are quiet, and what a change of the clocks moves


def zone_of(user: User) -> ZoneInfo:
    """Return where the clock of a person stands; the house's where they chose none."""
    return ZoneInfo(user.time_zone or settings.TIME_ZONE)


def after_quiet(chosen: NewsPreference, at: datetime) -> datetime:
    """Return the first instant from `at` on at which the person may be disturbed."""
    zone = zone_of(chosen.user)
    if not _is_quiet(chosen, at.astimezone(zone)):
        return at
    ends = [time(0)] if chosen.quiet_to is None else [time(0), chosen.quiet_to]
    later = (
        one
        for one in sorted(one for end in ends for one in _instants(at, end, zone))
        if one > at and not _is_quiet(chosen, one.astimezone(zone))
    )
    return next(later, at)


def next_summary(chosen: NewsPreference, at: datetime) -> datetime:
    """Return when the summary that gathers what happens at `at` is sent."""
    zone, days = zone_of(chosen.user), DAYS_OF_RHYTHM[NewsPreference.Rhythm(chosen.rhythm)]
    due = next(
        one
        for one in _instants(at, chosen.digest_at, zone)
        if one > at and one.astimezone(zone).weekday() in days
    )
    return after_quiet(chosen, due)


def _is_quiet(chosen: NewsPreference, local: datetime) -> bool:
    """Tell whether `local`, in the person's own time, is quiet; the end no longer is."""
    if local.weekday() in chosen.quiet_days:
        return True
    begin, end, now = chosen.quiet_from, chosen.quiet_to, local.time()
    if begin is None or end is None:
        return False
    return begin <= now < end if begin < end else now >= begin or now < end


def _instants(at: datetime, hour: time, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield when it is `hour` there, from the day of `at` on."""
    today = at.astimezone(zone).date()
    for days in range(AHEAD):
        yield datetime.combine(today + timedelta(days=days), hour, tzinfo=zone).astimezone(UTC)
