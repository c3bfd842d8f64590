"""Whatever the database answers, what was begun is undone: nothing is ever half-done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proof.house import ROOT, House
from tests.proof.scale import IS_FULL, SEED, rounds

ENGINES = ["sqlite", "postgresql"]
MORE = ENGINES if IS_FULL else ["sqlite"]
SUITE = ["tests"] if IS_FULL else ["tests/workflows/test_quorums.py", "tests/api/test_once.py"]
SEEDS = rounds(full=5, short=1)


def house_of(engine: str, request: pytest.FixtureRequest, folder: Path) -> House:
    url = ""
    if engine == "postgresql":
        url = request.getfixturevalue("postgres_server").create("flaky")
    return House(folder, url, LOG_LEVEL="CRITICAL", DEBUG="true")  # no static files collected


def told(house: House, *arguments: str) -> dict[str, int]:
    said = json.loads(house.python("-m", "tests.proof.flaky_paths", *arguments).splitlines()[-1])
    assert said["wrong"] == []
    return said["seen"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_statement_fails_now_and_then_on_random_paths(engine, seed, request, tmp_path):
    steps, rate = rounds(full=150, short=50), rounds(full=0.005, short=0.02)
    house = house_of(engine, request, tmp_path)
    seen = told(house, "at_random", f"{SEED + seed}", str(steps), str(rate))
    assert seen["passed"] > steps / 2
    assert seen["failed"] > 0


@pytest.mark.parametrize("engine", MORE)
@pytest.mark.parametrize("seed", range(rounds(full=4, short=1)))
def test_each_statement_of_a_step_fails_once(engine, seed, request, tmp_path):
    steps = rounds(full=15, short=3)
    seen = told(house_of(engine, request, tmp_path), "every", f"{SEED + seed}", str(steps))
    assert seen["failed with an error"] > 10 * steps
    assert seen["passed"] > steps / 3


@pytest.mark.parametrize("engine", MORE)
def test_the_engine_suite_breaks_nothing_on_a_flaky_database(engine, request, tmp_path):
    house = house_of(engine, request, tmp_path)
    calm = run_suite(house, "--flaky-rate=0", report="calm.json")
    assert calm["injected"] == calm["ended"] == 0
    for seed in range(SEED, SEED + SEEDS):
        except_for = f"--flaky-except={tmp_path / 'calm.json'}"
        seen = run_suite(house, f"--flaky-seed={seed}", except_for, report=f"{seed}.json")
        assert seen["broken"] == {}
        assert seen["injected"] > seen["statements"] / 1000  # 0.5 % were to fail
        assert seen["ended"] > 0
        assert seen["asked"] > calm["asked"] / 2


def run_suite(house: House, *options: str, report: str) -> dict[str, object]:
    """Run the tests marked engine on a database of the house; return what the plugin counted."""
    file, url = house.folder / report, house.environment["DATABASE_URL"]
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "tests.proof.flaky_database", *options,
        f"--flaky-report={file}", "-m", "engine and not proof and not postgres", *SUITE,
    ]  # fmt: skip
    left = {"DATABASE_URL", "TEST_DATABASE_URL", "OPSGATE_LEAVE_OUT_NOTHING"}
    kept = {name: value for name, value in os.environ.items() if name not in left}
    if url.startswith("postgres"):  # on SQLite in memory, as always
        kept |= {"DATABASE_URL": url, "TEST_DATABASE_URL": url}
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, "VAR_DIR": str(house.folder)},
        capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found: dict[str, object] = json.loads(file.read_text())
    return found
