"""A sweeper that can be killed: one process has loaded everything, a child of it sweeps.

For each line it reads, an instant, it forks a child that sweeps at that instant and prints the
child's number; when the child is gone it prints how: "swept 10" or "killed".
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import django

from tests.proof.house import House, end


class Sweeper:
    """The other end: asks for sweeps, and kills some of them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def sweep(self, at: datetime, *, killed_after: float | None = None) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{at.isoformat()}\n")
        self.process.stdin.flush()
        pid = int(self.process.stdout.readline())
        if killed_after is not None:
            time.sleep(killed_after)
            with suppress(ProcessLookupError):  # it was faster
                os.kill(pid, signal.SIGKILL)
        return self.process.stdout.readline().strip()

    def seconds(self, at: datetime) -> float:
        began = time.monotonic()
        assert self.sweep(at).startswith("swept")
        return time.monotonic() - began

    def kill_during(self, at: datetime, choice: random.Random, within: float) -> bool:
        """Sweep and kill at a random moment `within` seconds; tell whether it came in time."""
        return self.sweep(at, killed_after=choice.uniform(0, within)) == "killed"


@contextmanager
def sweeper(house: House) -> Iterator[Sweeper]:
    with (house.folder / "sweeper.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.proof.sweeper"], env=house.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    with process:
        try:
            yield Sweeper(process)
        finally:
            end(process)  # type: ignore[arg-type]  # it ends one that speaks text as well


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from workflows import heartbeat

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            handled = heartbeat.run("sweep", datetime.fromisoformat(line.strip()))
            os._exit(100 + min(handled, 100))  # the parent reads it
        print(child, flush=True)
        _pid, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"swept {status >> 8}", flush=True)


if __name__ == "__main__":
    main()
