"""A run says what it leaves out for want of a server or a browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import BASE_DIR

SUITE = """
import pytest

def test_plain(): pass

@pytest.mark.redis
def test_redis(): pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "test_small.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n  redis\n  browser\n  pdf\n  postgres\n"
    )
    return tmp_path


def run(suite: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.left_out", "-p", "no:django"],
        cwd=suite,
        env={
            **{name: value for name, value in os.environ.items() if "PYTEST" not in name},
            "PYTHONPATH": str(BASE_DIR),
            "TEST_REDIS_URL": "",
            "TEST_DATABASE_URL": "",
            "OPSGATE_LEAVE_OUT_NOTHING": "",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_left_out_is_named_before_the_closing_line(suite: Path) -> None:
    done = run(suite)
    named, closing = done.stdout.splitlines()[-2:]
    assert "redis (TEST_REDIS_URL is not set)" in named
    assert "engine on PostgreSQL (TEST_DATABASE_URL is not set)" in named
    assert closing.startswith("1 passed, 1 deselected")


def test_what_is_there_is_not_left_out(suite: Path) -> None:
    assert "2 passed" in run(suite, TEST_REDIS_URL="redis://127.0.0.1").stdout


def test_nothing_may_be_left_out_where_it_is_forbidden(suite: Path) -> None:
    done = run(suite, OPSGATE_LEAVE_OUT_NOTHING="1")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "redis (TEST_REDIS_URL is not set)" in done.stderr
