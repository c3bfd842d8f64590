"""Shifting the dates of a project: one gate moves, those after it and the handover follow.

They follow by as many working days of the house as the gate moves, so that a phase keeps the length
in which it is worked, whatever holidays it meets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.models import Calendar, CalendarVersion
from projects.models import Gate, Project
from projects.states import MOVABLE

FARTHEST = timedelta(days=3652)
"""So far ahead a gate may be moved; working days are counted year by year."""


@dataclass(frozen=True)
class Move:
    """One date of the plan before and after; `gate` is None for the handover."""

    gate: Any
    before: date
    after: date


@dataclass(frozen=True)
class Shift:
    """What moving one gate does to the plan; `days` are working days, negative for earlier.

    `not_before` is the day of the gate before the one that moves, where that is still ahead.
    """

    project: Project
    calendar: CalendarVersion
    days: int
    of_gates: list[Move]
    ends_on: date
    not_before: date | None

    @property
    def moves(self) -> list[Move]:
        return [*self.of_gates, Move(None, self.project.ends_on, self.ends_on)]

    @property
    def days_earlier(self) -> int:
        return -self.days

    @property
    def digest(self) -> str:
        """Return the plan as text, by which another one is known."""
        return " ".join(f"{move.before:%y%m%d}-{move.after:%y%m%d}" for move in self.moves)


def movable(project: Project) -> Any:
    """Return the gates of `project` that may be moved, in their order."""
    gates: Any = project.gates  # to mypy these are cases
    return gates.filter(state__in=MOVABLE).select_related("gate_kind").order_by("place")


def shifted(project: Project, gate: Gate, planned_on: date, at: datetime) -> Shift:
    """Return what moving `gate` to another day does; writes nothing (≤ 4 queries).

    Raises NoWorkingTime.
    """
    calendar = Calendar.default().version_at(at)
    hours = calendar.working_time()
    days = hours.dates_between(gate.planned_on, planned_on)
    ahead = list(movable(project))
    before = [one.planned_on for one in ahead if one.place < gate.place]
    moves = [Move(gate, gate.planned_on, planned_on)]
    moves += [
        Move(one, one.planned_on, hours.later_date(one.planned_on, days))
        for one in ahead if one.place > gate.place
    ]  # fmt: skip
    return Shift(
        project, calendar, days, moves, hours.later_date(project.ends_on, days),
        max(before, default=None),
    )  # fmt: skip


def unfit(shift: Shift) -> str:
    """Say why the plan cannot be so; nothing if it can."""
    moved = shift.of_gates[0]
    if moved.before == moved.after:
        return _("It is planned for this day already.")
    if shift.not_before and moved.after < shift.not_before:
        return _("The gate before it is planned for %(day)s.") % {"day": _said(shift.not_before)}
    if shift.ends_on <= shift.project.starts_on:
        return _("It is handed over before it begins.")
    return ""


def unknown_from(shift: Shift) -> date | None:
    """Return until when the holidays are known, if the plan goes beyond."""
    last = shift.calendar.data_ends_on
    return last if last and any(move.after > last for move in shift.moves) else None


def _said(day: date) -> str:
    return date_format(day, _("M j, Y"))
