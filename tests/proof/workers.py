"""Celery as docker-compose.yml runs it, and a postman who delivers its messages badly."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from tests.proof.house import House, end

QUEUE = "celery"


@contextmanager
def worker(house: House, name: str = "worker", concurrency: int = 2) -> Iterator[None]:
    process = house.start(
        sys.executable, "-m", "celery", "--app", "config", "worker", "--loglevel", "WARNING",
        "--concurrency", str(concurrency), "--hostname", f"{name}@{house.port}", log=f"{name}.log",
    )  # fmt: skip
    try:
        yield
        assert process.poll() is None, house.log(f"{name}.log")
    finally:
        end(process, 60)


@contextmanager
def beat(house: House, name: str = "beat") -> Iterator[None]:
    process = house.start(
        sys.executable, "-m", "celery", "--app", "config", "beat", "--loglevel", "WARNING",
        "--schedule", str(house.folder / name), "--pidfile=", log=f"{name}.log",
    )  # fmt: skip
    try:
        yield
        assert process.poll() is None, house.log(f"{name}.log")
    finally:
        end(process)


TASKS = ("sweep", "relay", "tell_deputies")


def wake(house: House, times: int, *tasks: str) -> None:
    """Publish every wake-up of the beat (or `tasks`) so many times, to be taken at any time."""
    names = [f"workflows.tasks.{name}" for name in tasks or TASKS] * times
    house.python("-c", f"from config.celery import app; [app.send_task(one) for one in {names}]")


Round = Callable[[list[bytes]], list[bytes]]


def faithful(letters: list[bytes]) -> list[bytes]:
    return letters


def careless(choice: random.Random) -> Round:
    """Return a postman's round that delivers everything twice and in any order."""

    def deliver(letters: list[bytes]) -> list[bytes]:
        twice = [*letters, *letters]
        choice.shuffle(twice)
        return twice

    return deliver


class Postman:
    """Carries messages from the Redis they are sent to, to the one they are taken from."""

    def __init__(self, sent_to: str, taken_from: str, deliver: Round) -> None:
        self.sent = redis.Redis.from_url(sent_to)
        self.taken = redis.Redis.from_url(taken_from)
        self.deliver = deliver
        self.carried = 0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        while not self.stopping.wait(0.2):
            letters = list(iter(lambda: self.sent.rpop(QUEUE), None))
            for letter in self.deliver(letters):
                self.taken.lpush(QUEUE, letter)
                self.carried += 1

    def is_done(self) -> bool:
        """Tell whether nothing waits and nothing is being worked on."""
        left = [self.sent.llen(QUEUE), self.taken.llen(QUEUE), self.taken.hlen("unacked")]
        return left == [0, 0, 0]


@contextmanager
def postman(sent_to: str, taken_from: str, deliver: Round) -> Iterator[Postman]:
    carrier = Postman(sent_to, taken_from, deliver)
    carrier.thread.start()
    try:
        yield carrier
    finally:
        carrier.stopping.set()
        carrier.thread.join()
        carrier.sent.close()
        carrier.taken.close()
