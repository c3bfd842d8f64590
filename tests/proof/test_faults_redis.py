"""Redis is down, hangs, or forgets everything: people work on, and letters only come later."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as client

from tests.proof import servers
from tests.proof.copies import copy_of
from tests.proof.house import House, until
from tests.proof.load import Load, errands, excess
from tests.proof.receivers import Mailbox, mail_to, mailbox
from tests.proof.scale import IS_FULL, rounds
from tests.proof.servers import Postgres
from tests.proof.states import rows, state_of
from tests.proof.workers import beat, wake, worker
from workflows.relay import BATCH

DOWN_FOR = rounds(full=60.0, short=6.0)  # seconds
OUTAGES = ["dies", "hangs", "dies", "hangs", "dies"] if IS_FULL else ["dies"]
FLUSHES = rounds(full=2, short=1)
BETWEEN = rounds(full=10.0, short=1.0)  # seconds of undisturbed work
SENT_WITHIN = 120.0  # seconds after the return
MUCH = rounds(full=0.050, short=0.250)
"""Seconds that 95 of 100 answers may take longer; a short round has too few to tell less."""
WAITING = "SELECT count(*) FROM workflows_outbox WHERE sent_at IS NULL AND created_at <= '{}'"


@pytest.fixture
def broker() -> Iterator[servers.Redis]:
    with servers.redis() as server:
        yield server


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as server:
        yield server


def test_without_redis_people_work_on_and_letters_come_later(
    broker: servers.Redis, box: Mailbox, founded: House, postgres_server: Postgres, tmp_path: Path
) -> None:
    """Beside a house that never had a Redis, at the same time on the same machine."""
    house, control = (copy_of(founded, postgres_server, tmp_path / name) for name in "ab")
    house.environment |= {**mail_to(box), "REDIS_URL": broker.url}
    with ExitStack() as stack:
        for part in (worker(house), beat(house), house.web(1), control.web(1), control.heartbeat()):
            stack.enter_context(part)
        load = stack.enter_context(Load(house, threads=2, pace=4))
        usual = stack.enter_context(Load(control, threads=2, pace=4))
        until(box.deliveries.counts, 60)
        spells, waits = [], []
        for outage in OUTAGES:
            time.sleep(BETWEEN)
            spells.append(ENDINGS[outage](broker))
            waits.append(seconds_until_sent(house))
        for _flush in range(FLUSHES):
            time.sleep(BETWEEN)
            flush(broker)
            waits.append(seconds_until_sent(house))
    slower = excess(load, usual, spells)
    told = ", ".join(f"{wait:.0f}" for wait in waits)
    print(f"p95 {slower * 1000:+.0f} ms while Redis was away; all sent {told} s after its return")
    assert load.failed() == usual.failed() == []
    assert slower <= MUCH, f"95 of 100 answers took up to {slower * 1000:.0f} ms longer"
    assert max(waits) <= SENT_WITHIN
    assert box.deliveries.repeated() == {}
    assert state_of(house)["violations"] == []


def test_a_worker_survives_the_death_of_its_redis_in_the_middle_of_its_work(
    broker: servers.Redis, box: Mailbox, house: House
) -> None:
    """Both its hands are full with letters to a server that hangs, and one more wake-up waits."""
    house.environment |= {**mail_to(box), "REDIS_URL": broker.url}
    with house.web(1):
        errands(house, 2 * BATCH // 3 + 1)  # letters for two relays
    box.hang("connect")
    with worker(house):
        wake(house, 3, "relay")
        until(lambda: box.visits == 2)
        broker.stop()
        time.sleep(3)
        broker.start()
        box.heal()
        until(lambda: woken_and_sent(house), 120, 1)
    assert "Unrecoverable" not in house.log("worker.log")
    assert box.deliveries.repeated() == {}


def woken_and_sent(house: House) -> bool:
    wake(house, 1, "relay")
    return rows(house, "SELECT count(*) FROM workflows_outbox WHERE sent_at IS NULL") == [(0,)]


def dies(broker: servers.Redis) -> tuple[float, float]:
    began = time.monotonic()
    broker.stop()
    time.sleep(DOWN_FOR)
    ended = time.monotonic()
    broker.start()
    return began, ended


def hangs(broker: servers.Redis) -> tuple[float, float]:
    """It takes connections and answers none, as a machine does that has no memory left."""
    assert broker.process is not None
    began = time.monotonic()
    os.kill(broker.process.pid, signal.SIGSTOP)
    time.sleep(DOWN_FOR)
    ended = time.monotonic()
    os.kill(broker.process.pid, signal.SIGCONT)
    return began, ended


ENDINGS: dict[str, Callable[[servers.Redis], tuple[float, float]]] = {"dies": dies, "hangs": hangs}


def flush(broker: servers.Redis) -> None:
    with client.Redis.from_url(broker.url) as connection:
        connection.flushall()


def seconds_until_sent(house: House) -> float:
    """Wait until everything that waits at this moment has left the house."""
    now = rows(house, "SELECT now()")[0][0]
    began = time.monotonic()
    until(lambda: rows(house, WAITING.format(now.isoformat())) == [(0,)], SENT_WITHIN + 60, 0.5)
    return time.monotonic() - began
