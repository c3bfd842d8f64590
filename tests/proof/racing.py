"""Race: processes that stay alive from round to round and act at the same moment.

A race runs in a program of its own (`python -m tests.proof.racing NAME ROUNDS`), on the database
of a house. It prints a line of JSON per round, and at last what `violations` finds.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any, NamedTuple

import django

from tests.proof.house import ROOT, House

Pair = tuple[Connection, Connection]
Act = Callable[[], object]
Facts = dict[str, Any]
HOUR = 3600.0  # seconds


class Job(NamedTuple):
    """`prepare(**arguments)` runs before the start and returns what is then done at once."""

    prepare: Callable[..., Act]
    arguments: dict[str, Any]


class Outcome(NamedTuple):
    said: str  # "passed", or the name of the refusal or error
    seconds: float


class Pack:
    """`size` processes, forked before this one has a connection; each opens its own."""

    def __init__(self, size: int) -> None:
        fork = multiprocessing.get_context("fork")
        self.start = fork.Barrier(size)
        pairs: list[Pair] = [fork.Pipe() for _ in range(size)]
        for number in range(size):
            racer = (pairs, number, self.start)
            fork.Process(target=_wait_for_jobs, args=racer, daemon=True).start()
        self.pipes = _keep(pairs, 0)

    def run(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Let every process do its job at the same moment; return the outcomes in their order."""
        for pipe, job in zip(self.pipes, jobs, strict=True):
            pipe.send(job)
        return [pipe.recv() for pipe in self.pipes]


def _keep(pairs: list[Pair], side: int) -> list[Connection]:
    """Close the other ends of the pipes, so that who waits here is told when they are gone."""
    for pair in pairs:
        pair[1 - side].close()
    return [pair[side] for pair in pairs]


def _wait_for_jobs(pairs: list[Pair], number: int, start: Any) -> None:
    ends = _keep(pairs, 1)
    pipe = ends.pop(number)
    for other in ends:
        other.close()
    with suppress(EOFError):  # the race is over
        while True:
            job: Job = pipe.recv()
            act = job.prepare(**job.arguments)
            start.wait(60)
            began = perf_counter()
            said = _said(act)
            pipe.send(Outcome(said, perf_counter() - began))


def _said(act: Act) -> str:
    try:
        act()
    except Exception as error:  # the test asks which one it was
        return type(error).__name__
    return "passed"


def race(name: str, house: House, rounds: int) -> list[Facts]:
    """Run a race of `tests.proof.races` to its end; return its rounds.

    Fails where the database is afterwards not as it must be.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.racing", name, str(rounds)],
        cwd=ROOT, env=house.environment, capture_output=True, text=True, timeout=HOUR, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *facts, violations = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(facts) == rounds
    assert violations == []
    return facts


def slowest(facts: list[Facts]) -> list[float]:
    """Return the time the slowest racer of each round needed, in seconds, the longest last."""
    return sorted(one["slowest"] for one in facts)


def violations_in(house: House) -> list[str]:
    """Return what is not as it must be in the database of `house`."""
    found: list[str] = json.loads(house.python("-m", "tests.proof.racing").splitlines()[-1])
    return found


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone

    from tests.proof import races, races_changes, races_gates, races_projects  # noqa: F401 - register their own
    from workflows.invariants import violations

    if sys.argv[1:]:
        for facts in races.run(sys.argv[1], int(sys.argv[2])):
            print(json.dumps(facts), flush=True)
    print(json.dumps(list(violations(timezone.now()))))


if __name__ == "__main__":
    main()
