"""The clock jumps, summer time ends, the year turns: no alert comes twice, no deadline moves."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agreements.actions import publish_version, revise_standard
from agreements.models import Calendar, CalendarVersion, Standard
from people.models import User
from tests.changes.walking import QUARTER, Walk, walk
from tests.proof.scale import SEED, rounds
from tests.world import NOON
from workflows.events import missing_numbers
from workflows.invariants import violations
from workflows.models import Case, Clock, Event, Outbox
from workflows.sweep import sweep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEP = timedelta(minutes=rounds(full=15, short=60))
"""How often the sweep comes."""
BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
CASES = rounds(full=40, short=6)
JUMPS = [HOUR, -HOUR, 3 * DAY]
HISTORIES = rounds(full=20, short=3)

World = dict[str, User]


def sweep_watched(at: datetime) -> None:
    """Sweep at `at`: no clock alerts more than once in it, and no deadline moves."""
    before, last = deadlines(), Event.objects.order_by("-pk").values_list("pk", flat=True).first()
    sweep(at)
    alerts = Event.objects.filter(kind=Event.Kind.CLOCK, pk__gt=last or 0)
    per_clock = Counter((one.case_id, one.data["metric"]) for one in alerts)
    assert set(per_clock.values()) <= {1}, "a storm"
    assert deadlines() == before


def deadlines() -> dict[int, tuple[Any, ...]]:
    return {one.pk: (one.due_at, one.first_due_at, one.budget) for one in Clock.objects.all()}


def levels_of(case: Case) -> list[int]:
    """Return the percents somebody was told of, in the order of the telling."""
    alerts = case.events.filter(kind=Event.Kind.CLOCK).order_by("seq")
    return [one.data["percent"] for one in alerts]


def assert_all_rose() -> None:
    """No level was reached twice, nobody was told twice of one."""
    for case in Case.objects.all():
        levels = levels_of(case)
        assert levels == sorted(set(levels)), f"{case.number}: {levels}"
    told = Counter(
        Outbox.objects.filter(topic="clock").values_list("case", "data__seq", "recipient")
    )
    assert set(told.values()) <= {1}


def filed(world: World, count: int = CASES) -> list[Walk]:
    return [Walk(world, at=NOON + number * QUARTER) for number in range(count)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
@pytest.mark.parametrize("is_mended", [False, True], ids=["and stays so", "and is set right"])
def test_the_clock_of_the_machine_jumps(world: World, jump: timedelta, is_mended: bool) -> None:
    """From Monday 10:00 on; on Monday at 16:00 the clock jumps."""
    cases = filed(world)
    for turn in range(3 * DAY // STEP):
        truth = NOON + turn * STEP
        is_wrong = truth >= NOON + 6 * HOUR and not (is_mended and truth >= NOON + 9 * HOUR)
        sweep_watched(truth + (jump if is_wrong else timedelta()))
    assert_all_rose()
    for one in cases:
        assert one.clock("response").level == 150  # it was due on Tuesday, and never answered
    assert list(violations(NOON + 6 * DAY)) == []


def test_after_three_days_at_once_each_clock_alerts_once(world: World) -> None:
    cases = filed(world)
    sweep_watched(NOON + 3 * DAY)
    assert [levels_of(one.case) for one in cases] == [[150]] * CASES


@pytest.mark.parametrize("history", range(HISTORIES))
def test_whatever_the_clock_of_the_machine_did(world: World, history: int) -> None:
    """Sweeps at instants in any order, people at work between them under the same clock."""
    choice = random.Random(SEED + history)
    cases = filed(world, 6)
    truth, shift = NOON + 2 * HOUR, timedelta()
    for _turn in range(60):
        truth += choice.uniform(0.1, 1.5) * HOUR
        if choice.random() < 0.3:
            shift = choice.choice([timedelta(), *JUMPS])
        sweep_watched(truth + shift)
        if choice.random() < 0.4:
            go_on(choice.choice(cases), truth + shift)
    assert_never_backwards(cases)
    assert list(violations(truth + 4 * DAY)) == []


NEXT = {
    "submitted": ("desk", "start_triage"),
    "triage": ("desk", "pass_to_assessment"),
    "assessing": ("analyst", "ask_requester"),
    "returned": ("requester", "answer"),
}


def go_on(one: Walk, at: datetime) -> None:
    """Do the next step of the case, or ask and answer for ever, at whatever the clock says."""
    who, action = NEXT[one.case.state]
    one.at = at
    one.act(who, action, after=timedelta())


def assert_never_backwards(cases: list[Walk]) -> None:
    """No spell is shorter than nothing, and what people did stands in the order of their doing."""
    for one in cases:
        for clock in one.case.clocks.all():
            spells = list(clock.segments.order_by("pk"))
            assert all((spell.ended_at or spell.started_at) >= spell.started_at for spell in spells)
            assert all(spell.worked >= timedelta() for spell in spells)
            assert sum((spell.worked for spell in spells), timedelta()) == clock.elapsed
        done = [event.at for event in one.case.events.filter(kind="action").order_by("seq")]
        assert done == sorted(done)
        for task in one.case.tasks.filter(done_at__isnull=False):
            assert task.opened_at <= task.done_at


def test_work_goes_on_when_a_clock_that_was_fast_is_set_right(world: World) -> None:
    """Acted on an hour ahead of time, warned of at the right time, and acted on again."""
    one = walk(world)
    due = one.clock("response").next_alert_at
    assert due is not None
    ahead = due + HOUR
    one.at = ahead
    one.act("desk", "start_triage", after=timedelta())
    sweep_watched(due)
    one.at = due + QUARTER
    one.act("desk", "pass_to_assessment", after=timedelta())
    assert one.clock("response").stopped_at == ahead
    assert_never_backwards([one])
    assert list(violations(ahead + DAY)) == []


# -- summer time ---------------------------------------------------------------------------------
@pytest.fixture
def in_berlin(world: World) -> Callable[..., None]:
    """Let the first response be counted in Berlin: by business days, or around the clock."""

    def count(unit: str, amount: int, *, is_always: bool) -> None:
        calendar = Calendar.objects.create(code="berlin", name="Berlin")
        weekly = {} if is_always else {str(day): [["09:00", "17:00"]] for day in range(5)}
        version = CalendarVersion.objects.create(
            calendar=calendar, number=1, timezone="Europe/Berlin", weekly=weekly,
            is_always=is_always,
        )  # fmt: skip
        since = datetime(2026, 10, 1, tzinfo=UTC)
        publish_version(version, actor=world["admin"], at=since)
        revise_standard(
            Standard.objects.get(code="optimization-response"), actor=world["admin"],
            effective_from=since, calendar=calendar, unit=unit, amount=amount,
        )  # fmt: skip

    return count


def at_berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


CHANGES = [
    # Filed on Friday at 10:00, due when one business day of 8 hours is over: on Monday at 10:00,
    # 73 hours later in autumn, 71 in spring.
    ("business_days", 1, False, "2026-10-23 10:00", "2026-10-26 10:00", 73),
    ("business_days", 1, False, "2027-03-26 10:00", "2027-03-29 10:00", 71),
    # 24 hours are 24 hours, and the hands of the clock show another hour.
    ("wall_hours", 24, True, "2026-10-24 20:00", "2026-10-25 19:00", 24),
    ("wall_hours", 24, True, "2027-03-27 20:00", "2027-03-28 21:00", 24),
]


@pytest.mark.parametrize(("unit", "amount", "is_always", "begins", "ends", "hours"), CHANGES)
@pytest.mark.parametrize("shift", [timedelta(), HOUR, -HOUR], ids=str)
def test_summer_time_begins_and_ends(
    world: World, in_berlin: Callable[..., None], unit: str, amount: int, is_always: bool,
    begins: str, ends: str, hours: int, shift: timedelta,
) -> None:  # fmt: skip
    """`shift`: for a day, a machine that has not heard of it or changed its clock the wrong way."""
    in_berlin(unit, amount, is_always=is_always)
    start, due = at_berlin(begins), at_berlin(ends)
    one = Walk(world, at=start.astimezone(UTC))
    clock = one.clock("response")
    assert clock.due_at == due
    assert due.astimezone(UTC) - start.astimezone(UTC) == hours * HOUR
    truth = start.astimezone(UTC)
    while truth < due.astimezone(UTC) + 2 * DAY:
        is_wrong = abs(truth - due.astimezone(UTC)) < DAY / 2
        sweep_watched(truth + (shift if is_wrong else timedelta()))
        truth += STEP
    assert_all_rose()
    assert levels_of(one.case)[-1] == 150
    breach = one.case.events.get(kind="clock", action="breach", data__percent=100)
    assert abs(breach.at - due.astimezone(UTC)) <= STEP


# -- New Year ------------------------------------------------------------------------------------
def test_the_year_turns_and_the_clock_goes_back_over_it(world: World) -> None:
    """By the clock of the machine: an hour before, after, again before, and after for good."""
    midnight = datetime(2027, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)
    moments = [-HOUR, QUARTER, -QUARTER, HOUR, 2 * HOUR]
    numbers = [Walk(world, at=midnight + one).case.number for one in moments]
    assert numbers == [
        "REQ-2026-00001", "REQ-2027-00001", "REQ-2026-00002", "REQ-2027-00002", "REQ-2027-00003",
    ]  # fmt: skip
    assert list(missing_numbers()) == []


def test_alerts_over_new_year(world: World) -> None:
    """Filed on New Year's Eve; the first is a holiday in China; the clock jumps three days."""
    eve = datetime(2026, 12, 31, 15, tzinfo=SHANGHAI).astimezone(UTC)
    one = Walk(world, at=eve)
    due = one.clock("response").due_at
    for turn in range(8 * 24):
        truth = eve + turn * HOUR
        sweep_watched(truth + (3 * DAY if 9 <= turn < 12 else timedelta()))
    assert one.clock("response").due_at == due
    assert_all_rose()
    assert levels_of(one.case)[-1] == 150
