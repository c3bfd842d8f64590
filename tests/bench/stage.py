"""Where it is measured: one database, the product and the yardstick served from it, clients."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from operator import truediv
from pathlib import Path
from typing import Any

import dj_database_url

from tests.bench.town import token_of
from tests.proof.house import ROOT, House, until


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def ask(
        self, path: str, body: Any = None, *, who: str = "", session: str = "", expect: int = 200
    ) -> bytes:
        """Send JSON, or GET without a body; the answer must have the status `expect`."""
        headers = {"Content-Type": "application/json"}
        if who:
            headers["Authorization"] = f"Bearer {token_of(who)}"
        if session:
            headers["Cookie"] = f"sessionid={session}"
        sent = None if body is None else json.dumps(body)
        method = "GET" if sent is None else "POST"
        try:
            self.connection.request(method, path, sent, headers)
            answer = self.connection.getresponse()
        except ConnectionError:  # a worker that was replaced hangs up; the next one answers
            self.connection.close()
            self.connection.request(method, path, sent, headers)
            answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != expect:
            raise RuntimeError(f"{path}: {answer.status} {said[:300]!r}")
        return said


@dataclass
class Stage:
    """`size` open cases, or changes.

    `served` names the address of each server: product, yardstick, bare.
    """

    size: int
    house: House
    ports: dict[str, int]
    parents: dict[str, int]

    def worker(self, server: str) -> int:
        """Return the process id of the one worker, which gunicorn replaces from time to time."""
        children = Path(f"/proc/{self.parents[server]}/task/{self.parents[server]}/children")
        return int(until(lambda: children.read_text().split())[0])

    def memory(self) -> float:
        """Return what the product's worker holds of the memory, in megabytes."""
        status = Path(f"/proc/{self.worker('product')}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Connect this process to the database of the stage."""
        from django.db import connection

        connection.close()
        connection.settings_dict["NAME"] = self.database
        yield

    def sessions(self, usernames: list[str]) -> dict[str, str]:
        """Log people in; return the keys of their sessions."""
        from django.test import Client as Browser

        from people.models import User

        found = {}
        with self.inside():
            for user in User.objects.filter(username__in=usernames):
                browser = Browser()
                browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
                found[user.username] = browser.cookies["sessionid"].value
        return found

    @property
    def database(self) -> str:
        """Return what Django calls its name: a file for SQLite."""
        return str(dj_database_url.parse(self.house.environment["DATABASE_URL"])["NAME"])

    def client(self, server: str = "product") -> Client:
        return Client(self.ports[server])

    def yardstick(self, server: str = "yardstick", clients: int = 1) -> Sample:
        """Do INSERTs for half a second with so many clients at once."""

        def write(client: Client, number: int) -> None:
            client.ask("/", {"text": f"line {number}"}, expect=201)

        return rate(self, write, seconds=0.5, clients=clients, server=server)

    def busy(self, server: str) -> float:
        """Return the milliseconds of processor a server and its connections have used so far."""
        return self.spent(self.worker(server))

    def spent(self, pid: int) -> float:
        return sum(used(one) for one in (pid, *self.connections()))

    def load(self, cases: int, at: datetime, *options: str) -> None:
        """Add copied cases, in a process of its own."""
        command = [sys.executable, "-m", "tests.bench.loader", "--cases", str(cases), *options]
        command += ["--at", at.isoformat(), self.house.environment["DATABASE_URL"]]
        subprocess.run(command, check=True, cwd=ROOT, env=self.house.environment)

    def connections(self) -> list[int]:
        """Return the processes of PostgreSQL that serve this database, none for SQLite."""
        found = []
        for line in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if line.read_text().startswith(f"postgres: postgres {self.database} "):
                    found.append(int(line.parent.name))
        return found


@dataclass(frozen=True)
class Sample:
    """How many a second, and how many milliseconds of processor each took the servers."""

    rate: float
    cost: float


def used(pid: int) -> float:
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError):
            total += int(task.read_text().split()[0])
    return total / 1e6


def rate(
    stage: Stage,
    do: Callable[[Client, int], Any],
    *,
    seconds: float = 0.7,
    clients: int = 1,
    server: str = "product",
) -> Sample:
    """Return how often a second `do(client, number)` is done by so many clients at once."""
    counts = [0] * clients
    taken = [0.0] * clients
    failures: list[Exception] = []

    def work(index: int) -> None:
        try:
            started = time.perf_counter()
            while time.perf_counter() - started < seconds:
                do(open_clients[index], index + (counts[index] + 1) * clients)
                counts[index] += 1
            taken[index] = time.perf_counter() - started
        except Exception as failure:
            failures.append(failure)

    open_clients = [stage.client(server) for _ in range(clients)]
    for index, client in enumerate(open_clients):
        do(client, index)  # opens the connections; not counted
    before = stage.busy(server)
    threads = [threading.Thread(target=work, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    cost = (stage.busy(server) - before) / sum(counts)
    return Sample(sum(map(truediv, counts, taken)), cost)


@contextmanager
def serving(name: str, size: int, house: House, folder: Path) -> Iterator[Stage]:
    """Serve the product, the yardstick and the yardstick without middleware, one worker each."""
    settings = {
        "product": "tests.bench.settings",
        "yardstick": "tests.bench.yardstick_settings",
        "bare": "tests.bench.bare_settings",
    }
    with ExitStack() as stack:
        ports, parents = {}, {}
        for server, module in settings.items():
            own = House(folder / f"{server}_{name}", house.environment["DATABASE_URL"])
            own.folder.mkdir()
            mine = {"VAR_DIR": str(own.folder), "PORT": str(own.port)}
            own.environment = {**house.environment, **mine, "DJANGO_SETTINGS_MODULE": module}
            ports[server] = own.port
            parents[server] = stack.enter_context(own.web(workers=1)).pid
        yield Stage(size, house, ports, parents)


def median(values: list[float]) -> float:
    return statistics.median(values)
