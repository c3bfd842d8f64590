"""Sixteen at once: one has it, fifteen are told so, nobody meets an error of the database."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
RACES = ["claim", "decide"]


def race(what, url, folder):
    environment = {**os.environ, "DATABASE_URL": url, "VAR_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.workflows.race", what],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("what", RACES)
def test_one_of_sixteen_wins_on_sqlite(tmp_path, what):
    assert race(what, f"sqlite:///{tmp_path}/race.sqlite3", tmp_path) == {
        "passed": 1, "Conflict": 15,
    }  # fmt: skip


@pytest.fixture
def server():
    """The URL of a fresh database on the PostgreSQL server of the tests, dropped afterwards."""
    url = urlsplit(os.environ["TEST_DATABASE_URL"])
    name = f"opsgate_race_{os.getpid()}"
    with psycopg.connect(url._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {name}")
        yield url._replace(path=f"/{name}").geturl()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.postgres
@pytest.mark.parametrize("what", RACES)
def test_one_of_sixteen_wins_on_postgresql(server, tmp_path, what):
    assert race(what, server, tmp_path) == {"passed": 1, "Conflict": 15}
