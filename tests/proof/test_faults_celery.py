"""Whatever the broker does, and however many take its messages, the work is done once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.proof import servers
from tests.proof.copies import copy_of
from tests.proof.filling import FIRST_WARNING, fill
from tests.proof.house import House, until
from tests.proof.load import errands
from tests.proof.receivers import Mailbox, mail_to, mailbox
from tests.proof.scale import SEED, rounds
from tests.proof.servers import Postgres
from tests.proof.states import rows, state_of, without_deadlines
from tests.proof.workers import Round, beat, careless, faithful, postman, wake, worker

CASES = rounds(full=280, short=28)
WAKES = rounds(full=200, short=15)
TICKETS = rounds(full=50, short=5)
CROWDED_FOR = rounds(full=300, short=15)  # seconds
UNDONE = """
    SELECT (SELECT count(*) FROM workflows_outbox WHERE sent_at IS NULL)
         + (SELECT count(*) FROM workflows_clock WHERE next_alert_at <= now())
         + (SELECT count(*) = 0 FROM workflows_outbox WHERE topic = 'handback')::int
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[servers.Redis]:
    with servers.redis() as server:
        yield server


@pytest.fixture
def boxes() -> Iterator[tuple[Mailbox, Mailbox]]:
    with mailbox() as one, mailbox() as other:
        yield one, other


def is_done(house: House) -> bool:
    return rows(house, UNDONE) == [(0,)]


def compared(house: House) -> dict[str, Any]:
    state = without_deadlines(state_of(house))
    assert state["violations"] == []
    assert all(is_sent for _topic, _recipient, is_sent in state["letters"].values())
    return state


def assert_same(house: House, other: House, boxes: tuple[Mailbox, Mailbox]) -> None:
    """Both came to the same cases, letters and deliveries, each letter once."""
    assert compared(house) == compared(other)
    assert boxes[0].deliveries.repeated() == boxes[1].deliveries.repeated() == {}
    assert boxes[0].deliveries.counts() == boxes[1].deliveries.counts()


# -- messages twice and in any order ---------------------------------------------------------------
@pytest.fixture
def two_alike(
    postgres_server: Postgres, founded: House, tmp_path: Path
) -> Callable[..., tuple[House, House]]:
    """Return a function that fills one house and copies it."""

    def build(cases: int, **filling: Any) -> tuple[House, House]:
        filled = copy_of(founded, postgres_server, tmp_path / "filled")
        fill(filled, cases, **filling)
        one, other = (copy_of(filled, postgres_server, tmp_path / name) for name in "ab")
        return one, other

    return build


def test_messages_that_come_twice_and_in_any_order_change_nothing(
    two_alike: Callable[..., tuple[House, House]],
    broker: servers.Redis,
    boxes: tuple[Mailbox, Mailbox],
) -> None:
    """Cases of every level of warning, none of which changes within a quarter of an hour."""
    first = datetime.now(UTC) - timedelta(hours=13, minutes=30)
    struck, spared = two_alike(CASES, first=first, step=timedelta(hours=1), turns=14)
    rounds_of = careless(random.Random(SEED)), faithful
    carried = [
        run(house, broker, box, deliver)
        for house, box, deliver in zip((struck, spared), boxes, rounds_of, strict=True)
    ]
    print(f"{carried[0]} messages delivered for {carried[1]} sent")
    assert carried == [WAKES * 6, WAKES * 3]
    assert_same(struck, spared, boxes)


def run(house: House, broker: servers.Redis, box: Mailbox, deliver: Round) -> int:
    """Let a worker take what a postman brings while people work; return how much he brought."""
    sent_to, taken_from = (broker.url.removesuffix("0") + number for number in "12")
    house.environment |= {**mail_to(box), "REDIS_URL": sent_to}
    with (
        worker(copy_with(house, REDIS_URL=taken_from), concurrency=4),
        postman(sent_to, taken_from, deliver) as carrier,
        house.web(1),
    ):
        wake(house, WAKES - WAKES // 3)
        errands(house, TICKETS)
        until(lambda: carrier.is_done(), 300)
        wake(house, WAKES // 3)  # finds what the errands left
        until(lambda: carrier.is_done() and is_done(house), 300)
    return carrier.carried


def copy_with(house: House, **more: str) -> House:
    """Return the same house with other variables."""
    other = House(house.folder, house.environment["DATABASE_URL"])
    other.environment = {**house.environment, **more}
    return other


# -- too many of everything ----------------------------------------------------------------------
def test_two_beats_four_sweepers_and_more_relays_do_what_one_of_each_does(
    two_alike: Callable[..., tuple[House, House]],
    broker: servers.Redis,
    boxes: tuple[Mailbox, Mailbox],
) -> None:
    """Alerts fall due all the time, people work, for five minutes in two houses at once."""
    step = timedelta(seconds=CROWDED_FOR * 0.8 / CASES)
    first = datetime.now(UTC) - FIRST_WARNING + timedelta(seconds=20)
    crowded, lone = two_alike(CASES, first=first, step=step)
    crowded.environment |= {**mail_to(boxes[0]), "REDIS_URL": broker.url}
    lone.environment |= mail_to(boxes[1])
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(beat(crowded, f"beat{number}"))
            stack.enter_context(worker(crowded, f"worker{number}"))
        for _number in range(4):
            stack.enter_context(crowded.heartbeat())
        for entered in (lone.heartbeat(), crowded.web(1), lone.web(1)):
            stack.enter_context(entered)
        for house in (crowded, lone):
            errands(house, TICKETS, pause=CROWDED_FOR / TICKETS / 4)
        last = first + FIRST_WARNING + step * CASES
        time.sleep(max(0.0, (last - datetime.now(UTC)).total_seconds()))
        until(lambda: is_done(crowded) and is_done(lone), 120)
    assert_same(crowded, lone, boxes)
    alerts = rows(crowded, "SELECT count(*) FROM workflows_event WHERE kind = 'clock'")
    assert alerts == [(CASES,)]
