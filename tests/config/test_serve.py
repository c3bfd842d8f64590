"""`manage.py serve`: two processes that start and stop together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import BASE_DIR

PATIENCE = 60.0  # seconds; a loaded machine starts slowly

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "VAR_DIR": str(tmp_path),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture
def serving(environment: dict[str, str], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A running `serve` whose address has been announced."""
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=BASE_DIR,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        wait_for("Opsgate is at", log, process)
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(words: str, log: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while words not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def children(process: subprocess.Popen[str]) -> dict[str, int]:
    """Return the ids of the two processes below `serve`, by what they run."""
    ids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in ids}
    return {"web" if "gunicorn" in line else "heartbeat": pid for pid, line in lines.items()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_both_processes_cleanly(
    serving: subprocess.Popen[str], number: signal.Signals, tmp_path: Path
) -> None:
    pids = children(serving)
    assert sorted(pids) == ["heartbeat", "web"]
    serving.send_signal(number)
    assert serving.wait(PATIENCE) == 0
    assert not [pid for pid in pids.values() if Path(f"/proc/{pid}").exists()]
    log = (tmp_path / "log").read_text()
    assert log.endswith("Opsgate has stopped.\n")
    assert "KeyboardInterrupt" not in log


@pytest.mark.parametrize(("victim", "other"), [("web", "heartbeat"), ("heartbeat", "web")])
def test_death_of_one_process_stops_the_other(
    serving: subprocess.Popen[str], victim: str, other: str, tmp_path: Path
) -> None:
    pids = children(serving)
    os.kill(pids[victim], signal.SIGKILL)
    assert serving.wait(PATIENCE) == 1
    assert not Path(f"/proc/{pids[other]}").exists()
    assert f"The {victim} process ended by itself (code -9)" in (tmp_path / "log").read_text()


def test_taken_port_gets_one_sentence(environment: dict[str, str], port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        said = refused_start(environment)
    assert said == (
        f"CommandError: Port {port} is taken; stop what uses it, or name another one in PORT.\n"
    )


def test_unwritable_folder_gets_one_sentence(environment: dict[str, str]) -> None:
    said = refused_start({**environment, "VAR_DIR": "/proc/opsgate", "SECRET_KEY": "set"})
    assert said.startswith("CommandError: The folder /proc/opsgate cannot be used (")
    assert said.count("\n") == 1


def refused_start(environment: dict[str, str]) -> str:
    started = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert started.returncode == 1
    return started.stderr
