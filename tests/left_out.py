"""Name what a run leaves out for want of a server, a browser or Pango, in one line; never silently.

A test says what it needs by a marker. What the machine lacks is deselected and named at the end;
under OPSGATE_LEAVE_OUT_NOTHING (CI) it refuses to begin instead.
"""

from __future__ import annotations

import os
import shutil
from ctypes.util import find_library

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(config: pytest.Config) -> dict[str, str]:
    """Return marker → why tests that carry it cannot run in this process."""
    reasons: dict[str, str] = {}
    if config.option.markexpr == "proof":
        return reasons  # proofs start their own servers, and fail where they cannot
    if not os.environ.get("TEST_DATABASE_URL"):
        reasons["postgres"] = "TEST_DATABASE_URL is not set"
    elif not is_on_postgres() and "postgres" not in config.option.markexpr:
        reasons["postgres"] = "this run is on SQLite; make test runs both"
    if not os.environ.get("TEST_REDIS_URL"):
        reasons["redis"] = "TEST_REDIS_URL is not set"
    if not any(map(shutil.which, BROWSERS)):
        reasons["browser"] = "no Chromium on this machine"
    if not (find_library("pangoft2-1.0") and shutil.which("pdftotext")):
        reasons["pdf"] = "no Pango or no pdftotext on this machine"
    return reasons


def is_on_postgres() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def pytest_configure(config: pytest.Config) -> None:
    missing = lacking(config)
    if missing and os.environ.get("OPSGATE_LEAVE_OUT_NOTHING"):
        raise pytest.UsageError(
            f"left out: {as_line(missing)}; OPSGATE_LEAVE_OUT_NOTHING does not allow it"
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    missing = lacking(config)
    left = [item for item in items if any(item.get_closest_marker(name) for name in missing)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing = lacking(terminalreporter.config)
    if missing:
        terminalreporter.write_line(f"left out: {as_line(missing)}", yellow=True)


def as_line(missing: dict[str, str]) -> str:
    names = {"postgres": "engine on PostgreSQL"}
    return ", ".join(f"{names.get(name, name)} ({why})" for name, why in missing.items())
