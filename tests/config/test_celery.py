"""A real worker and a real beat on a real Redis do what the embedded heartbeat does."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.redis

ROOT = Path(__file__).parents[2]
PARTS = {
    "sweep",
    "relay",
    "tell_deputies",
    "check_invariants",
    "invariants",
    "clear_drafts",
    "drafts",
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    redis = os.environ["TEST_REDIS_URL"]
    return {**kept, "VAR_DIR": str(tmp_path), "REDIS_URL": redis, "PYTHONUNBUFFERED": "1"}


def run(environment: dict[str, str], *command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True)


def rows(folder: Path, query: str) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(folder / "opsgate.sqlite3", timeout=20)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_beat_wakes_the_worker_which_sweeps_and_sends(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    run(environment, "migrate", "-v0")
    run(environment, "demo_data", "--quiet")
    waiting = rows(tmp_path, "SELECT key FROM workflows_outbox WHERE sent_at IS NULL")
    assert waiting
    celery = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-B"]
    schedule = ["-s", str(tmp_path / "schedule"), "-l", "WARNING"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*celery, *schedule], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        try:
            _until_done(tmp_path, process)
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert rows(tmp_path, "SELECT key FROM workflows_outbox WHERE sent_at IS NULL") == []
    letters = sum(path.read_text().count("Message-ID:") for path in (tmp_path / "mail").iterdir())
    assert letters == len(waiting)


def _until_done(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until every part has beaten and nothing waits to be sent, at most a minute."""
    for _attempt in range(240):
        assert process.poll() is None, (folder / "log").read_text()
        beaten = {name for (name,) in rows(folder, "SELECT name FROM workflows_beat")}
        unsent = rows(folder, "SELECT 1 FROM workflows_outbox WHERE sent_at IS NULL")
        if beaten == PARTS and not unsent:
            return
        time.sleep(0.25)
    raise AssertionError((folder / "log").read_text())
