"""What stands in the way of a change, found slowly: all against all, and minute by minute.

Written from the words of `change_control.conflicts` and `change_control.windows`, with none of
their code. Instants are whole minutes since 1970, UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
LOOK_AHEAD = 90 * 1440
TAKES_UP_ITS_WINDOW = {
    "assessing", "awaiting_approval", "scheduled", "on_hold", "implementing", "verifying",
    "backing_out",
}  # fmt: skip
NOT_YET_APPROVED = {"assessing", "awaiting_approval"}

InTheWay = tuple[str, str, str]
"""Kind, number of the other change, words."""


def minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def instant(at: int) -> datetime:
    return datetime.fromtimestamp(at * 60, UTC)


@dataclass(frozen=True)
class Planned:
    number: str
    state: str
    start: int
    end: int
    systems: frozenset[str]
    implementer: str | None

    def meets(self, start: int, end: int) -> bool:
        return max(self.start, start) < min(self.end, end)


@dataclass(frozen=True)
class Weekly:
    """A maintenance window; `begins` and `ends` are wall times of `zone`."""

    system: str
    weekdays: tuple[int, ...]
    begins: time
    ends: time
    zone: str

    def minutes(self, first: date, last: date) -> set[int]:
        """Return every minute that belongs to a window that begins on a day from first to last."""
        found: set[int] = set()
        for number in range((last - first).days + 1):
            day = first + number * DAY
            if day.weekday() in self.weekdays:
                last_day = day if self.begins < self.ends else day + DAY
                found |= set(range(self._wall(day, self.begins), self._wall(last_day, self.ends)))
        return found

    def _wall(self, day: date, at: time) -> int:
        return minute(datetime.combine(day, at, ZoneInfo(self.zone)))


@dataclass(frozen=True)
class Frozen:
    name: str
    start: int
    end: int
    is_hard: bool
    systems: frozenset[str]

    def concerns(self, plan: Planned) -> bool:
        return not self.systems or bool(self.systems & plan.systems)


@dataclass(frozen=True)
class Times:
    """Everything that is planned, and every rule about time, as it is at `at`."""

    at: int
    plans: tuple[Planned, ...]
    windows: tuple[Weekly, ...] = ()
    freezes: tuple[Frozen, ...] = ()
    needs: frozenset[tuple[str, str]] = frozenset()

    # -- conflicts ---------------------------------------------------------------------------------
    def in_the_way(self, plan: Planned) -> list[InTheWay]:
        """Return what stands in the way of one change, sorted."""
        found = [
            conflict
            for other in self.plans
            if other.number != plan.number and other.state in TAKES_UP_ITS_WINDOW
            if other.meets(plan.start, plan.end)
            for conflict in self.between(plan, other)
        ]
        outside = [one for one in sorted(plan.systems) if not self._is_open_throughout(one, plan)]
        if outside:
            found.append(("outside_window", "", ", ".join(outside)))
        for freeze in self.freezes:
            if freeze.concerns(plan) and plan.meets(freeze.start, freeze.end):
                found.append((f"{'hard' if freeze.is_hard else 'soft'}_freeze", "", freeze.name))
        if plan.state in NOT_YET_APPROVED and plan.start <= self.at:
            found.append(("late_approval", "", ""))
        return sorted(found)

    def between(self, plan: Planned, other: Planned) -> list[InTheWay]:
        """Return how two changes that overlap are in each other's way, as `plan` sees it."""
        found = []
        same = plan.systems & other.systems
        near = {
            theirs
            for theirs in other.systems for ours in plan.systems
            if (ours, theirs) in self.needs or (theirs, ours) in self.needs
        }  # fmt: skip
        if same:
            found.append(("same_system", other.number, ", ".join(sorted(same))))
        elif near:
            found.append(("dependent_system", other.number, ", ".join(sorted(near))))
        if plan.implementer and plan.implementer == other.implementer:
            found.append(("same_implementer", other.number, "at the same time"))
        return found

    def by_number(self, start: int, end: int) -> dict[str, list[InTheWay]]:
        """Return the same for each change that takes up a window and meets [start, end)."""
        return {
            plan.number: self.in_the_way(plan)
            for plan in self.plans
            if plan.state in TAKES_UP_ITS_WINDOW and plan.meets(start, end)
        }

    @cached_property
    def restricted(self) -> set[str]:
        return {window.system for window in self.windows}

    def _is_open_throughout(self, system: str, plan: Planned) -> bool:
        if system not in self.restricted:
            return True
        return set(range(plan.start, plan.end)) <= self._open(system, plan.start, plan.end)

    def _open(self, system: str, start: int, end: int) -> set[int]:
        """Return the minutes in which a system may be changed, at least those of [start, end)."""
        first, last = instant(start).date() - 2 * DAY, instant(end).date() + 2 * DAY
        mine = (window for window in self.windows if window.system == system)
        return set().union(*(window.minutes(first, last) for window in mine))

    # -- free windows ------------------------------------------------------------------------------
    def moved(self, plan: Planned, start: int) -> Planned:
        """Return the change at another time, where nobody is late with an approval."""
        return replace(plan, start=start, end=start + plan.end - plan.start, state="draft")

    def room(
        self, plan: Planned, now: datetime, zone: str, earliest: datetime | None = None
    ) -> list[int]:
        """Return when a window of the change's length may begin within 90 days of `now`, and not
        before `earliest`.

        Where its systems have maintenance windows: at the beginning of each stretch of minutes in
        which nothing is in the way. Else at the hour that was wished for, on every free day.
        """
        first, length = minute(now) + 1, plan.end - plan.start
        if earliest is not None:
            first = max(first, -(-int(earliest.timestamp()) // 60))
        last = -(-int(now.timestamp()) // 60) + LOOK_AHEAD
        blocked = self._blocked(plan, first, last + length)

        def is_free(start: int) -> bool:
            return blocked.find(1, start - first, start - first + length) == -1

        if plan.systems & self.restricted:
            free = [start for start in range(first, last) if is_free(start)]
            return [one for one in free if one == first or not is_free(one - 1)]
        wished = instant(plan.start).astimezone(ZoneInfo(zone))
        begin = max(instant(first).astimezone(ZoneInfo(zone)).date(), wished.date())
        daily = (
            minute(datetime.combine(begin + number * DAY, wished.timetz())) for number in range(100)
        )
        return [start for start in daily if first <= start < last and is_free(start)]

    def _blocked(self, plan: Planned, first: int, last: int) -> bytearray:
        """Return for each minute whether it is in the way."""
        blocked = bytearray(last - first)
        spans = [(one.start, one.end) for one in self.freezes if one.concerns(plan)]
        spans += [
            (other.start, other.end)
            for other in self.plans
            if other.number != plan.number and other.state in TAKES_UP_ITS_WINDOW
            if self.between(plan, other)
        ]
        for start, end in spans:
            for one in range(max(start, first), min(end, last)):
                blocked[one - first] = 1
        for system in plan.systems & self.restricted:
            for one in set(range(first, last)) - self._open(system, first, last):
                blocked[one - first] = 1
        return blocked
