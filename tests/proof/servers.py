"""Private PostgreSQL and Redis on free ports of this machine, which a proof may break at will."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

START_WITHIN = 30.0  # seconds


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_binary(name: str) -> str | None:
    """Return the path of a program of PostgreSQL, which Debian keeps out of PATH."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(newest[0]) if newest else shutil.which(name)


class Postgres:
    """One cluster in a folder of its own, with the user `postgres` and no password.

    PostgreSQL refuses to run as root: then it runs as the system user `postgres`. A `folder` given
    may hold a cluster of before.
    """

    def __init__(self, folder: Path | None = None, **options: str | int) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="opsgate-postgres-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.options = {"max_connections": 200, **options}
        self.before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.before:
            shutil.chown(self.folder, "postgres", "postgres")
        if not (self.folder / "data").exists():
            self._run(
                "initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
            )

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self.before, postgres_binary(program) or program, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr or done.stdout}\n{self.log}")

    def _control(self, *arguments: str) -> None:
        """Run pg_ctl; what it starts must not inherit its pipes, or nobody sees their end."""
        subprocess.run(
            [*self.before, postgres_binary("pg_ctl") or "pg_ctl", "-D", "data", "-w", *arguments],
            cwd=self.folder, check=True, timeout=START_WITHIN * 2,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def start(self) -> None:
        settings = " ".join(f"-c {name}={value}" for name, value in self.options.items())
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.folder} {settings}"
        self._control("-l", "log", "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop; `immediate` is a crash: no checkpoint, every connection cut."""
        self._control("-m", mode, "stop")

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def url(self, database: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Create a database, also as a copy of another nobody uses now; return its URL."""
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')  # type: ignore[arg-type]  # names of ours
            admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')  # type: ignore[arg-type]
        return self.url(database)

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis:
    """One server that keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1"]
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self.process = subprocess.Popen(
            [*command, *quiet], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.port)

    def stop(self) -> None:
        """End it at once, as a crash would; what it held is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def wait_for(port: int, seconds: float = START_WITHIN) -> None:
    """Wait until somebody listens on `port`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"Nobody listens on port {port} after {seconds} s.")


@contextmanager
def postgres(**options: str | int) -> Iterator[Postgres]:
    """Run a private PostgreSQL; `options` are its settings, as in postgresql.conf."""
    server = Postgres(**options)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def redis() -> Iterator[Redis]:
    server = Redis()
    server.start()
    try:
        yield server
    finally:
        server.stop()
