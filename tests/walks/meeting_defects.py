"""Defects to plant in meetings of the board: each a rule of the procedure that is not kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agreements.models import Calendar
from change_control import cab, cab_forms
from change_control.flows import MeetingLifecycle
from change_control.states import MeetingState as M
from tests.walks.change_defects import instead
from tests.walks.defects import Plant


def a_deputy_is_not_counted_for_who_is_away(patch: pytest.MonkeyPatch) -> None:
    """Who is away is left out instead."""
    real = cab.members
    patch.setattr(
        cab_forms, "members", lambda unit, at: [one for one in real(unit, at) if not one[1]]
    )


def a_meeting_may_be_called_into_the_past(patch: pytest.MonkeyPatch) -> None:
    instead(
        patch,
        cab_forms.MeetingFields.clean_meets_at,
        lambda self: self.cleaned_data["meets_at"],
    )


def the_minutes_are_due_a_day_after_the_meeting_was_to_be(patch: pytest.MonkeyPatch) -> None:
    """However late it began."""

    def of_the_plan(meeting):  # type: ignore[no-untyped-def]  # it takes the place of a rule
        hours = Calendar.default().version_at(meeting.meets_at).working_time()
        return hours.add_days(meeting.meets_at, 1)

    instead(patch, cab.minutes_by, of_the_plan)


def the_agenda_is_empty(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(cab, "awaiting", list)


def it_is_led_by_whoever_comes_first(patch: pytest.MonkeyPatch) -> None:
    """Not by who opened it."""
    work = MeetingLifecycle.work
    forgetful = replace(work[M.IN_SESSION], same_as="")
    patch.setattr(MeetingLifecycle, "work", {**work, M.IN_SESSION: forgetful})


MEETING_DEFECTS: list[Plant] = [
    a_deputy_is_not_counted_for_who_is_away, a_meeting_may_be_called_into_the_past,
    the_minutes_are_due_a_day_after_the_meeting_was_to_be, the_agenda_is_empty,
    it_is_led_by_whoever_comes_first,
]  # fmt: skip
