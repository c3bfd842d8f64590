"""The conflict finder against a slow reference, mostly on nights when the clocks are changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements.models import Service
from change_control.conflicts import Kind, conflicts_between, conflicts_of, free_slots
from change_control.models import Change, Dependency, FreezePeriod, MaintenanceWindow
from change_control.states import ChangeState
from people.models import User
from tests.change_control.plainly import Frozen, Planned, Times, Weekly, instant, minute
from tests.change_control.walking import OPENS, walk
from tests.world import NOON

pytestmark = pytest.mark.engine

BORDERS = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0, tzinfo=UTC)),  # half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ("Asia/Shanghai", datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),  # New Year
]
"""When the clocks of a zone are changed."""
SYSTEMS = ("erp", "finance-system", "portal", "sales-system")
PAIR_KINDS = (Kind.SAME_SYSTEM, Kind.DEPENDENT_SYSTEM, Kind.SAME_IMPLEMENTER)
HOUR, DAY, LONGEST = 60, 1440, 14 * 1440  # minutes
ONE_HOUR, ONE_DAY = timedelta(hours=1), timedelta(days=1)

NEAR = st.sampled_from([-180, -120, -90, -60, -30, -1, 0, 1, 30, 60, 90, 120, 180])
OFFSETS = NEAR | st.integers(-16, 16).map(lambda days: days * DAY) | st.integers(-LONGEST, LONGEST)
LENGTHS = st.sampled_from([1, 30, HOUR, 90, 4 * HOUR, 10 * HOUR, 4 * DAY, LONGEST])
WALL_TIMES = st.builds(
    time, st.integers(0, 5) | st.integers(0, 23), st.sampled_from([0, 0, 30, 59])
)
SOME = st.frozensets(st.sampled_from(SYSTEMS), max_size=2)
PAIRS = [(one, other) for one in SYSTEMS for other in SYSTEMS if one != other]
NEEDS = st.frozensets(st.sampled_from(PAIRS), min_size=1, max_size=6)
FULL_WEEK = tuple(range(7))
USUALLY = settings(
    max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # what an example writes is taken back


@pytest.fixture
def pool(world: dict[str, User]) -> dict[str, Change]:
    """A change in every state, and three more that are planned, by number; none has a window."""
    more = ["assessing", "scheduled", "scheduled"]
    walked = [walk(world, state).case for state in [*ChangeState.values, *more]]
    Change.objects.update(starts_at=None, ends_at=None)
    return {case.number: case for case in walked}


@st.composite
def weeklies(draw: st.DrawFn, zones: tuple[str, ...]) -> Weekly:
    days = st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True).map(tuple)
    return Weekly(
        draw(st.sampled_from(SYSTEMS)), draw(st.just(FULL_WEEK) | days), draw(WALL_TIMES),
        draw(WALL_TIMES), draw(st.sampled_from(zones)),
    )  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn, *, most: int = 8) -> tuple[str, int, Times]:
    """Draw a zone, when its clocks are changed, and what is planned around that; the changes are
    named by their place in the pool."""
    zone, at = draw(st.sampled_from(BORDERS))
    border = minute(at)

    def span() -> tuple[int, int]:
        start = border + draw(OFFSETS)
        return start, start + draw(LENGTHS | st.integers(1, LONGEST))

    places = draw(st.lists(st.integers(0, 17), min_size=2, max_size=most, unique=True))
    plans = [
        Planned(str(place), "", *span(), draw(SOME),
                draw(st.sampled_from([None, "developer", "analyst", "tester"])))
        for place in places
    ]  # fmt: skip
    freezes = [
        Frozen(f"Freeze {number}", *span(), draw(st.booleans()), draw(SOME))
        for number in range(draw(st.integers(0, 2)))
    ]
    windows = draw(st.lists(weeklies((zone, "Asia/Shanghai", "UTC")), max_size=4))
    now = border + draw(OFFSETS)
    return zone, border, Times(now, tuple(plans), tuple(windows), tuple(freezes), draw(NEEDS))


@contextmanager
def stored(pool: dict[str, Change], zone: str, times: Times) -> Iterator[Times]:
    """Store what is planned while the block runs; yields it with the numbers and states it got."""
    by_code = {one.code: one for one in Service.objects.systems()}
    cases = list(pool.values())
    plans = []
    with transaction.atomic():
        for plan in times.plans:
            case = cases[int(plan.number)]
            who = User.objects.get(username=plan.implementer) if plan.implementer else None
            Change.objects.filter(pk=case.pk).update(
                starts_at=instant(plan.start), ends_at=instant(plan.end), time_zone=zone,
                systems=sorted(plan.systems), implementer=who, verifier=None,
            )  # fmt: skip
            plans.append(replace(plan, number=case.number, state=case.state))
        for system, needs in times.needs:
            Dependency.objects.create(system=by_code[system], needs=by_code[needs])
        for one in times.windows:
            MaintenanceWindow.objects.create(
                service=by_code[one.system], weekdays=list(one.weekdays), begins=one.begins,
                ends=one.ends, time_zone=one.zone,
            )  # fmt: skip
        for freeze in times.freezes:
            FreezePeriod.objects.create(
                name=freeze.name, name_zh=freeze.name, is_hard=freeze.is_hard,
                starts_at=instant(freeze.start), ends_at=instant(freeze.end),
            ).systems.set([by_code[code] for code in freeze.systems])  # fmt: skip
        yield replace(times, plans=tuple(plans))
        transaction.set_rollback(True)


def told(found):
    return sorted((str(one.kind), one.other, one.words) for one in found)


def of(plan: Planned) -> Change:
    return Change.objects.get(number=plan.number)


def by_number(start: int, end: int, at: int):
    found = conflicts_between(instant(start), instant(end), instant(at))
    numbers = dict(Change.objects.values_list("pk", "number"))
    return {numbers[pk]: told(conflicts) for pk, conflicts in found.items()}


# -- against the reference -------------------------------------------------------------------------
@given(calendars())
@USUALLY
def test_of_each_change_is_told_exactly_what_stands_in_its_way(pool, drawn):
    zone, _border, times = drawn
    with stored(pool, zone, times) as times:
        for plan in times.plans:
            assert told(conflicts_of(of(plan), instant(times.at))) == times.in_the_way(plan)


@given(calendars(), OFFSETS, LENGTHS | st.integers(1, 31 * DAY))
@USUALLY
def test_a_span_of_time_shows_each_change_that_meets_it_with_all_its_conflicts(
    pool, drawn, offset, length
):
    zone, border, times = drawn
    start, end = border + offset, border + offset + length
    with stored(pool, zone, times) as times:
        assert by_number(start, end, times.at) == times.by_number(start, end)


@given(calendars())
@USUALLY
def test_two_changes_in_each_others_way_both_say_so(pool, drawn):
    zone, border, times = drawn
    with stored(pool, zone, times):
        found = by_number(border - 3 * LONGEST, border + 3 * LONGEST, times.at)
        pairs = {
            (kind, number, other)
            for number, conflicts in found.items()
            for kind, other, _words in conflicts
            if kind in PAIR_KINDS
        }
        assert pairs == {(kind, other, number) for kind, number, other in pairs}


@st.composite
def searches(draw: st.DrawFn) -> tuple[str, Times, datetime]:
    """Draw calendars whose first change may find room at most times, and when it is searched."""
    zone, border, times = draw(calendars(most=6))
    plan, *others = times.plans
    plan = replace(plan, end=plan.start + draw(st.sampled_from([30, HOUR, 4 * HOUR, 2 * DAY])))
    windows = [
        replace(draw(weeklies((zone, "UTC"))), system=one, weekdays=FULL_WEEK)
        for one in sorted(plan.systems) if draw(st.booleans())
    ]  # fmt: skip
    now = instant(border) + timedelta(seconds=draw(st.integers(-90 * 86_400, 0)))
    plans, windows = (plan, *others), (*times.windows, *windows)
    return zone, replace(times, plans=plans, windows=windows), now


@given(searches(), st.integers(1, 5), st.none() | st.integers(-86_400, 40 * 86_400))
@USUALLY
def test_free_windows_are_the_first_in_which_nothing_stands_in_the_way(pool, drawn, count, ahead):
    zone, times, now = drawn
    earliest = None if ahead is None else now + timedelta(seconds=ahead)
    with stored(pool, zone, times) as times:
        plan, length = times.plans[0], timedelta(minutes=times.plans[0].end - times.plans[0].start)
        found = free_slots(of(plan), now, earliest=earliest, count=count)
        room = times.room(plan, now, zone, earliest)
        assert [minute(one.start) for one in found.free] == room[:count]
        assert all(one.end - one.start == length for one in found.free)
        for one in found.passed:
            moved = times.moved(plan, minute(one.start))
            assert told(one.conflicts) == times.in_the_way(moved) != []


# -- found by the reference, or told apart by an instant -------------------------------------------
def planned(world, *, start, hours=4, **more):
    """Walk a change of the ERP, alone with its window, to the assessment."""
    begins, ends = start.isoformat(), (start + hours * ONE_HOUR).isoformat()
    at = {"starts_at": begins, "ends_at": ends, "return_until": begins}
    return walk(world, "assessing", **at, **more).case


def frozen(start, hours, **more):
    return FreezePeriod.objects.create(
        name="Festival", name_zh="节日", starts_at=start, ends_at=start + hours * ONE_HOUR, **more
    )


def open_all_day(code="erp", ends=time(0)):
    erp = Service.objects.get(code=code)
    MaintenanceWindow.objects.create(
        service=erp, weekdays=list(FULL_WEEK), begins=time(0), ends=ends, time_zone="UTC"
    )


@pytest.mark.parametrize(
    ("hours", "kinds"),
    [(0, []), (1, ["hard_freeze"])],  # 02:00 is 03:00: a window begins as the freeze ends, or not
)
def test_a_freeze_that_ends_when_the_clocks_are_put_forward_ends_then(world, hours, kinds):
    _zone, border = BORDERS[0]
    frozen(border - 5 * ONE_HOUR, 5 + hours)
    berlin = {"time_zone": "Europe/Berlin", "return_until": "", "backout_minutes": ""}
    case = walk(
        world, **berlin, starts_at="2026-03-29T03:00", ends_at="2026-03-29T05:00"
    ).case  # fmt: skip
    assert case.starts_at == border
    assert [one.kind for one in conflicts_of(case, NOON)] == kinds


@pytest.mark.parametrize(("minutes", "is_in_the_way"), [(0, False), (-1, True)])
def test_a_change_that_begins_as_another_ends_is_not_in_its_way(world, minutes, is_in_the_way):
    one = planned(world, start=OPENS)
    other = planned(world, start=one.ends_at + timedelta(minutes=minutes), implementer="owner")
    month = conflicts_between(OPENS, OPENS + 30 * ONE_DAY, NOON)
    for case, seen in ((one, other), (other, one)):
        expected = [("same_system", seen.number, "erp")] if is_in_the_way else []
        assert told(conflicts_of(case, NOON)) == told(month[case.pk]) == expected


def test_the_month_shows_dependent_systems_on_both_sides(world):
    system = {one.code: one for one in Service.objects.systems()}
    Dependency.objects.create(system=system["portal"], needs=system["erp"])
    erp = planned(world, start=OPENS)
    portal = planned(world, start=OPENS, systems=["portal"], implementer="owner")
    month = conflicts_between(OPENS, OPENS + 30 * ONE_DAY, NOON)
    assert told(month[erp.pk]) == [("dependent_system", portal.number, "portal")]
    assert told(month[portal.pk]) == [("dependent_system", erp.number, "erp")]


def test_a_change_that_begins_as_the_month_ends_is_of_the_next(world):
    planned(world, start=OPENS - ONE_HOUR, implementer="owner")
    later = planned(world, start=OPENS)
    assert later.pk not in conflicts_between(OPENS - ONE_DAY, OPENS, NOON)


def test_a_change_that_reaches_out_of_the_month_shows_what_it_meets_there(world):
    month = OPENS + 2 * ONE_DAY
    long = planned(world, start=OPENS, hours=72)
    before = planned(world, start=OPENS, hours=4, implementer="owner")
    frozen(OPENS, 1)
    found = conflicts_between(month, month + 30 * ONE_DAY, NOON)
    assert list(found) == [long.pk]
    assert told(found[long.pk]) == [
        ("hard_freeze", "", "Festival"), ("same_system", before.number, "erp"),
    ]  # fmt: skip


def test_there_is_room_as_soon_as_a_freeze_ends(world):
    open_all_day()
    freeze = frozen(NOON, 24)
    case = planned(world, start=OPENS)
    assert free_slots(case, NOON).free[0].start == freeze.ends_at


def test_a_free_window_that_begins_in_time_may_end_after_the_ninety_days(world):
    open_all_day()
    freeze = frozen(NOON, 90 * 24 - 1)
    case = planned(world, start=OPENS, hours=48)
    assert [one.start for one in free_slots(case, NOON).free] == [freeze.ends_at]


def test_a_change_nearby_that_is_not_in_the_way_makes_no_free_window(world):
    open_all_day()
    case = planned(world, start=OPENS)
    planned(world, start=OPENS, systems=["portal"], implementer="owner")
    assert len(free_slots(case, NOON).free) == 1  # all of the 90 days are one stretch of room


def test_a_free_window_may_still_be_submitted(world):
    open_all_day()
    case = planned(world, start=OPENS)
    assert free_slots(case, NOON).free[0].start > NOON


def test_no_free_window_begins_after_ninety_days(world):
    open_all_day(ends=time(12))
    now = OPENS.replace(hour=1)
    until = now + 90 * ONE_DAY  # a window of this day has begun by then
    frozen(now, 90 * 24)
    frozen(until + 3 * ONE_HOUR, 24)  # nobody looks so far
    case = planned(world, start=OPENS, hours=2)
    other = planned(world, start=until - ONE_HOUR, hours=3)
    found = free_slots(case, now)
    assert other.ends_at + 2 * ONE_HOUR > until + 3 * ONE_HOUR
    assert found.free == []
