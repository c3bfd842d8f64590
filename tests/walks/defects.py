"""Defects to plant in the product: each a change somebody could make and not notice."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from agreements.models import calendars
from changes.models import OptimizationPolicy
from workflows import clocks, notices, passages, quorums, retiming, work
from workflows.lifecycles import Lifecycle

Plant = Callable[[pytest.MonkeyPatch], None]


def anybody_decides_on_their_own(patch: pytest.MonkeyPatch) -> None:
    """The separation of duties is dropped."""
    patch.setattr(Lifecycle, "is_barred", lambda flow, step, who: False)


def one_person_votes_twice(patch: pytest.MonkeyPatch) -> None:
    """Whoever holds two seats of a decision fills both."""
    patch.setattr(Lifecycle, "has_voted", lambda flow, who, task: False)


def one_vote_too_few_is_enough(patch: pytest.MonkeyPatch) -> None:
    real = quorums._reached
    patch.setattr(
        quorums, "_reached", lambda yes, waiting, need: real(yes, waiting, max(need - 1, 1))
    )


def a_task_stays_open(patch: pytest.MonkeyPatch) -> None:
    """On leaving a state only the task that was done is closed."""
    real = work._close

    def close(move: Any, outcome: str) -> None:
        tasks = move.flow.tasks
        move.flow.tasks = [one for one in tasks if move.task and one.pk == move.task.pk]
        real(move, outcome)
        move.flow.tasks = tasks

    patch.setattr(work, "_close", close)


def a_pause_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks, "pause", lambda clock, at, state: None)


def a_clock_stands_still_for_good(patch: pytest.MonkeyPatch) -> None:
    """After a pause it does not go on."""
    patch.setattr(clocks, "resume", lambda clock, at, state: None)


def a_clock_runs_on_when_all_is_done(patch: pytest.MonkeyPatch) -> None:
    real = clocks.stop
    patch.setattr(
        clocks, "stop", lambda clock, at: None if clock.case.is_closed else real(clock, at)
    )


def holidays_are_worked(patch: pytest.MonkeyPatch) -> None:
    """Deadlines know the week and no holiday."""

    def read_hours(version: Any) -> Any:
        weekly = {int(weekday): windows for weekday, windows in version.weekly.items()}
        return calendars.WorkingTime(version.timezone, weekly)

    patch.setattr(calendars.CalendarVersion, "read_hours", read_hours)
    calendars._published_hours.cache_clear()


def an_agreed_date_is_not_followed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retiming, "rematch", lambda move, changes: None)


def the_effort_limit_is_not_kept(patch: pytest.MonkeyPatch) -> None:
    real = OptimizationPolicy.current

    def current() -> OptimizationPolicy:
        policy = real()
        policy.effort_limit = Decimal(1000)
        return policy

    patch.setattr(OptimizationPolicy, "current", current)


def an_event_tells_of_the_wrong_state(patch: pytest.MonkeyPatch) -> None:
    """It says the state the case left."""
    real = passages.next_event
    patch.setattr(
        passages,
        "next_event",
        lambda case, kind, action, target, **more: real(
            case, kind, action, more.get("source") or target, **more
        ),
    )


def a_vote_leaves_no_event(patch: pytest.MonkeyPatch) -> None:
    real = passages.rows

    def insert(rows: list[Any]) -> None:
        real.insert([one for one in rows if one.kind != "vote"])

    kept = {"insert": insert, "update": real.update, "Reading": real.Reading}
    patch.setattr(passages, "rows", SimpleNamespace(**kept))


def a_message_is_lost(patch: pytest.MonkeyPatch) -> None:
    """Of several people told of one event the last is not."""
    real = notices._messages
    patch.setattr(notices, "_messages", lambda *args, **data: real(*args, **data)[:-1])


DEFECTS: list[Plant] = [
    anybody_decides_on_their_own, one_person_votes_twice, one_vote_too_few_is_enough,
    a_task_stays_open, a_pause_counts, a_clock_stands_still_for_good,
    a_clock_runs_on_when_all_is_done, holidays_are_worked, an_agreed_date_is_not_followed,
    the_effort_limit_is_not_kept, an_event_tells_of_the_wrong_state, a_vote_leaves_no_event,
    a_message_is_lost,
]  # fmt: skip
