"""The product as it runs: web workers, heartbeat and commands as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.proof.servers import free_port, wait_for

ROOT = Path(__file__).parents[2]


class House:
    """One installation: a database, a folder of its own, and an environment.

    `more` are further variables, as README.md lists them (REDIS_URL, WEB_WORKERS, …).
    """

    def __init__(self, folder: Path, database_url: str = "", **more: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.tokens: dict[str, str] = {}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept, "VAR_DIR": str(folder), "PORT": str(self.port), "LOG_LEVEL": "WARNING",
            "SECRET_KEY": "only the proofs of the product ever see this key, and nobody else",
            "DATABASE_URL": database_url or f"sqlite:///{folder / 'opsgate.sqlite3'}",
            "PYTHONUNBUFFERED": "1", **more,
        }  # fmt: skip

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def found(self) -> House:
        """Migrate, and let the people of the demo world move in; fills `tokens` by user name."""
        self.tokens = json.loads(self.python("-m", "tests.proof.founding").splitlines()[-1])
        return self

    def python(self, *arguments: str, **more: str) -> str:
        """Run Python in the house's environment to its end; return what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env={**self.environment, **more},
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def manage(self, *arguments: str, **more: str) -> str:
        return self.python("manage.py", *arguments, **more)

    def start(self, *command: str, log: str = "log", **more: str) -> subprocess.Popen[bytes]:
        """Start a process of the house; the caller ends it. What it says is in `log`."""
        with (self.folder / log).open("ab") as file:
            return subprocess.Popen(
                command, cwd=ROOT, env={**self.environment, **more}, stdout=file, stderr=file
            )

    @contextmanager
    def web(self, workers: int = 2, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """Serve `address` with gunicorn as in production; yields the parent process."""
        command = (sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py")
        more = {"WEB_WORKERS": str(workers), **more}
        process = self.start(*command, "config.wsgi", log="web.log", **more)
        try:
            wait_for(self.port)
            yield process
        finally:
            end(process)

    @contextmanager
    def heartbeat(self, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        command = (sys.executable, "manage.py", "heartbeat")
        process = self.start(*command, log="heartbeat.log", **more)
        try:
            yield process
        finally:
            end(process)

    def log(self, name: str = "web.log") -> str:
        file = self.folder / name
        return file.read_text(errors="replace") if file.exists() else ""


def end(process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    """Ask a process to end, and kill it when it does not."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until(question: Any, seconds: float = 30, every: float = 0.1) -> Any:
    """Ask again until the answer is truthy; return it, or fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"{question} was not true within {seconds} s"
        time.sleep(every)
    return answer
