"""Shifting the dates of a project: counted in working days, shown before it is done."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine

from agreements.models import Calendar
from agreements.worktime import WorkingTime
from projects import rules
from projects.models import Gate, Project
from tests.projects.test_pages import client, page
from tests.projects.walking import DAY, LIGHT, QUARTER, Walk, walk
from tests.refusing import all_rows
from tests.world import NOON
from workflows.door import perform
from workflows.events import broken_chains
from workflows.invariants import violations
from workflows.refusals import BadData, NotAllowed

WHY = {"reason": "The supplier is late."}


def dates(step):
    """Return the planned days of the gates, and the handover."""
    gates = Gate.objects.filter(parent=step.project).order_by("place")
    project = Project.objects.get(pk=step.project.pk)
    return [*gates.values_list("planned_on", flat=True), project.ends_on]


def shift(step, place, day, who="pm", **data):
    number = step.gate(place).number
    return perform(
        step.project, "shift_dates", actor=step.world[who], at=step.at,
        **{"gate": number, "planned_on": day, **WHY, **data},
    )  # fmt: skip


def do(step):
    return f"{step.project.get_absolute_url()}do/shift_dates/"


def sentences(refusal):
    return [one for errors in refusal.value.errors.values() for one in errors]


@pytest.fixture
def hours(world):
    return Calendar.default().version_at(NOON).working_time()


@pytest.mark.parametrize(
    ("first", "second", "days"),
    [
        ("2026-11-23", "2026-11-24", 1),  # Monday to Tuesday
        ("2026-11-27", "2026-11-30", 1),  # over a weekend
        ("2026-11-27", "2026-11-28", 0),  # to a Saturday
        ("2026-11-28", "2026-11-30", 1),  # from a Saturday
        ("2026-09-30", "2026-10-08", 1),  # over the national holiday, 1 to 7 October
        ("2026-09-28", "2026-10-12", 6),  # 29 and 30 September, 8 to 10 (Saturday worked), 12
    ],
)
def test_working_days_are_counted_over_weekends_and_holidays(hours, first, second, days):
    one, other = date.fromisoformat(first), date.fromisoformat(second)
    assert hours.dates_between(one, other) == days


@pytest.mark.parametrize("length", [1, 3, 17, 60, 200])
def test_a_day_counted_to_is_reached_both_ways(hours, length):
    day = date(2026, 11, 23)
    other = hours.later_date(day, length)
    assert hours.dates_between(day, other) == length
    assert hours.dates_between(other, day) == -length
    assert hours.later_date(other, -length) == day
    assert hours.later_date(day, 0) == day


def test_always_open_counts_every_day():
    hours = WorkingTime.always()
    day = date(2026, 11, 28)
    assert hours.later_date(day, 2) == day + 2 * DAY
    assert hours.dates_between(day, day - 2 * DAY) == -2


def test_the_rest_follows_by_as_many_working_days(world):
    step = walk(world)
    before = dates(step)
    assert before[0] == date(2026, 12, 23)
    shift(step, 1, "2026-12-25")  # Wednesday to Friday: two working days
    hours = Calendar.default().version_at(NOON).working_time()
    assert dates(step) == [hours.later_date(day, 2) for day in before]
    assert dates(step)[0] == date(2026, 12, 25)


def test_a_shift_over_a_holiday_passes_it_by(world):
    """One working day on; the national holiday is from the first to the seventh of October."""
    september = datetime(2026, 9, 1, 2, tzinfo=UTC)
    step = Walk(world, at=september, starts_on="2026-09-01", ends_on="2026-12-31")
    for place, day in ((1, "2026-09-28"), (2, "2026-09-30")):
        perform(step.gate(place), "plan", actor=world["pm"], at=step.at, planned_on=day)
    shift(step, 1, "2026-09-29")
    assert dates(step)[:2] == [date(2026, 9, 29), date(2026, 10, 8)]


def test_gates_before_it_stay(world):
    step = walk(world, "accepted")
    before = dates(step)
    shift(step, 3, before[2] + 14 * DAY)
    after = dates(step)
    assert after[:2] == before[:2]
    assert all(one > other for one, other in zip(after[2:], before[2:], strict=True))


def test_earlier_is_possible_too(world):
    step = walk(world)
    before = dates(step)
    shift(step, 1, "2026-12-16")
    assert dates(step)[0] == date(2026, 12, 16)
    assert all(one < other for one, other in zip(dates(step), before, strict=True))


def test_the_clocks_follow_and_the_story_says_why(world):
    step = walk(world)
    shift(step, 1, "2026-12-25")
    gate = step.gate(1)
    assert gate.clocks.get(metric="submission").agreed_at == rules.end_of(date(2026, 12, 25))
    project = Project.objects.get(pk=step.project.pk)
    assert project.clocks.get(metric="handover").agreed_at == rules.end_of(project.ends_on)
    event = step.project.events.get(action="shift_dates")
    assert (event.actor, event.note) == (world["pm"], WHY["reason"])
    assert event.data["changes"].keys() == {"ends_on"}
    moved = gate.events.get(action="plan")
    assert moved.actor.username == "automation"
    assert moved.note == WHY["reason"]
    assert not list(broken_chains())
    assert not list(violations(step.at))


def test_a_manager_without_a_role_may_shift_too(world):
    step = Walk(world, by="ops_reviewer", manager="developer")
    shift(step, 1, "2026-12-25", who="developer")
    assert dates(step)[0] == date(2026, 12, 25)


@pytest.mark.parametrize(
    ("place", "day", "said"),
    [
        (1, "2026-11-20", "This day has already passed."),
        (1, "2026-12-23", "It is planned for this day already."),
        (2, "2026-12-22", "The gate before it is planned for Dec 23, 2026."),
        (1, "2037-01-01", "Choose a day within the next ten years."),
        (1, "9999-12-31", "Choose a day within the next ten years."),
        (1, "soon", "Enter a valid date."),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_the_reason(world, place, day, said):
    step = walk(world)
    before = dates(step)
    with pytest.raises(BadData) as refusal:
        shift(step, place, day)
    assert sentences(refusal) == [said]
    assert dates(step) == before


def test_it_cannot_be_handed_over_before_it_begins(world):
    """A light project that begins later: its one gate cannot come before the beginning."""
    step = Walk(world, **{**LIGHT, "starts_on": "2026-12-14", "ends_on": "2026-12-23"})
    with pytest.raises(BadData) as refusal:
        shift(step, 1, "2026-12-11")
    assert sentences(refusal) == ["It is handed over before it begins."]


def test_who_does_not_lead_it_does_not_shift_it(world):
    step = walk(world)
    for who in ("head", "ops_reviewer"):
        with pytest.raises(NotAllowed):
            shift(step, 1, "2026-12-25", who=who)


def test_a_gate_of_another_project_or_past_is_no_choice(world):
    step, other = walk(world, "accepted"), walk(world)
    for gate in (step.gate(1), other.gate(1)):
        with pytest.raises(BadData):
            perform(step.project, "shift_dates", actor=world["pm"], at=step.at, gate=gate.number,
                    planned_on="2027-06-01", **WHY)  # fmt: skip


def test_nothing_is_shifted_when_no_gate_is_ahead(world):
    step = Walk(world, **LIGHT)
    address = step.project.get_absolute_url()
    assert "shift_dates" in page(world, "pm", address)
    step.act("pm", "submit")
    assert "shift_dates" not in page(world, "pm", address, step.at)
    with pytest.raises(BadData):
        shift(step, 1, "2027-01-11")


# -- the preview ----------------------------------------------------------------------------------
def post(step, who="pm", at=None, **data):
    with time_machine.travel(at or step.at, tick=False):
        return client(step.world[who]).post(do(step), data)


@pytest.fixture
def asked(world):
    step = walk(world)
    return step, {"gate": step.gate(1).number, "planned_on": "2026-12-25", **WHY}


def test_the_preview_shows_old_and_new_and_writes_nothing(asked):
    step, data = asked
    browser = client(step.world["pm"])
    rows = all_rows()
    with time_machine.travel(step.at, tick=False):
        shown = browser.post(do(step), data)
    words = shown.content.decode()
    assert shown.status_code == 200
    assert "2 working days later" in words
    assert "Wed, Dec 23, 2026" in words
    assert "Fri, Dec 25, 2026" in words
    assert 'name="confirmed"' in words
    assert "Handover" in words
    assert all_rows() == rows
    assert dates(step)[0] == date(2026, 12, 23)


def test_confirmed_it_is_done(asked):
    step, data = asked
    before = dates(step)
    answer = post(step, **data, confirmed="1")
    assert answer.status_code == 302
    assert all(one > other for one, other in zip(dates(step), before, strict=True))


def test_one_may_go_back_and_change_it(asked):
    step, data = asked
    shown = post(step, **data, edit="1")
    assert shown.status_code == 200
    assert 'value="2026-12-25"' in shown.content.decode()
    assert 'name="confirmed"' not in shown.content.decode()


def test_what_is_wrong_comes_back_with_what_was_typed(asked):
    step, data = asked
    shown = post(step, **{**data, "planned_on": "2026-11-01"})
    assert shown.status_code == 422
    assert "This day has already passed." in shown.content.decode()
    assert WHY["reason"] in shown.content.decode()


def test_only_what_was_shown_is_done(asked):
    """Between preview and confirmation somebody planned another day for a gate."""
    step, data = asked
    shown = post(step, **data).context["preview"]["shift"].digest
    perform(step.gate(2), "plan", actor=step.world["pm"], at=step.at, planned_on="2027-02-01")
    answer = post(step, **data, shown=shown, confirmed="1", at=step.at + QUARTER)
    assert answer.status_code == 422
    assert "The dates have changed meanwhile." in answer.content.decode()
    assert dates(step)[0] == date(2026, 12, 23)


def test_who_may_not_shift_is_shown_no_preview(asked):
    step, data = asked
    answer = post(step, who="head", **data)
    assert answer.status_code == 302
    assert dates(step)[0] == date(2026, 12, 23)


@pytest.mark.parametrize(("day", "is_known"), [("2026-12-24", True), ("2027-01-04", False)])
def test_the_preview_says_how_far_holidays_are_known(world, day, is_known):
    assert Calendar.default().version_at(NOON).data_ends_on == date(2026, 12, 31)
    step = Walk(world, **LIGHT)  # to be handed over on 23 December
    shown = post(step, gate=step.gate(1).number, planned_on=day, **WHY).content.decode()
    assert ("Holidays are known until Dec 31, 2026" in shown) is not is_known


def test_through_the_api_it_is_done_at_once(asked):
    step, data = asked
    with time_machine.travel(step.at, tick=False):
        answer = client(step.world["pm"]).post(
            f"/api/v1/cases/{step.project.number}/actions/shift_dates/", data, "application/json"
        )
    assert answer.status_code == 200, answer.content
    assert dates(step)[0] == date(2026, 12, 25)


def test_the_day_of_one_gate_can_still_be_set_alone(world):
    step = walk(world)
    before = dates(step)
    perform(step.gate(2), "plan", actor=world["pm"], at=step.at, planned_on="2027-02-01")
    assert dates(step)[2:] == before[2:]
