"""When a system may be changed: maintenance windows and freezes, as spells of real time.

A window of a week is read in its own time zone, so that on the night summer time begins or ends it
is an hour shorter or longer. Spells are [from, to), aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from change_control.models import FreezePeriod, MaintenanceWindow

DAY = timedelta(days=1)


class Spell(NamedTuple):
    start: datetime
    end: datetime

    def meets(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end


def spells_of(window: MaintenanceWindow, start: datetime, end: datetime) -> Iterator[Spell]:
    """Yield the spells of a weekly window that meet [start, end), in their order."""
    zone = ZoneInfo(window.time_zone)
    day = start.astimezone(zone).date() - DAY
    last = end.astimezone(zone).date()
    while day <= last:
        if day.weekday() in window.weekdays:
            ends_on = day + DAY if window.ends <= window.begins else day
            spell = Spell(
                datetime.combine(day, window.begins, zone).astimezone(UTC),
                datetime.combine(ends_on, window.ends, zone).astimezone(UTC),
            )
            if spell.meets(start, end):
                yield spell
        day += DAY


def joined(spells: Iterable[Spell]) -> list[Spell]:
    """Return the spells in order, those that touch or overlap as one."""
    found: list[Spell] = []
    for spell in sorted(spells):
        if found and spell.start <= found[-1].end:
            found[-1] = Spell(found[-1].start, max(found[-1].end, spell.end))
        else:
            found.append(spell)
    return found


def is_within(windows: Iterable[MaintenanceWindow], start: datetime, end: datetime) -> bool:
    """Tell whether [start, end) lies inside one spell of `windows`; always without any window."""
    windows = list(windows)
    if not windows:
        return True
    spells = joined(spell for window in windows for spell in spells_of(window, start, end))
    return any(spell.start <= start and end <= spell.end for spell in spells)


def freezes_over(start: datetime, end: datetime) -> list[FreezePeriod]:
    """Return the freezes that meet [start, end), with their systems (2 queries)."""
    met = FreezePeriod.objects.filter(starts_at__lt=end, ends_at__gt=start)
    return list(met.prefetch_related("systems"))


def concerns(freeze: FreezePeriod, systems: Iterable[str]) -> bool:
    """Tell whether a freeze holds for one of `systems` (codes); one that names none is for all."""
    named = {service.code for service in freeze.systems.all()}
    return not named or not named.isdisjoint(systems)
