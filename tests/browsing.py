"""The product as `make run` starts it, and a browser to visit it with."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LEFT_BEHIND = ("htmx:sendAbort", "htmx:afterRequest")
"""What htmx says of a request that ends as one leaves the page; one that fails says more."""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@dataclass
class Site:
    """A running product with the demo world; its database is there to be asked."""

    address: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        port = self.address.rsplit(":", 1)[-1]
        return {**kept, "VAR_DIR": str(self.folder), "PORT": port, "HOST": "127.0.0.1"}

    def ask(self, statement: str, *values: Any) -> list[Any]:
        """Return the first column of what the database answers, after a change too."""
        with closing(sqlite3.connect(self.folder / "opsgate.sqlite3", timeout=20)) as database:
            found = database.execute(statement, values).fetchall()
            database.commit()
        return [row[0] for row in found]

    def number(self, kind: str, state: str = "%") -> str:
        """Return the number of the first case of a kind in a state."""
        found = self.ask(
            "SELECT number FROM workflows_case WHERE kind = ? AND state LIKE ? ORDER BY id",
            kind, state,
        )  # fmt: skip
        assert found, f"the demo world has no {kind} that is {state}"
        return str(found[0])

    def speak(self, who: str, language: str) -> None:
        self.ask("UPDATE people_user SET language = ? WHERE username = ?", language, who)

    def compute(self, program: str) -> Any:
        """Run Python inside the product and return the JSON it prints last."""
        command = [sys.executable, "manage.py", "shell", "-v0", "-c", program]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start the product with its demo world, as a newcomer does."""
    shown = Site(f"http://127.0.0.1:{free_port()}", tmp_path_factory.mktemp("site"))
    manage = [sys.executable, "manage.py"]
    static = [*manage, "collectstatic", "--no-input", "-v0"]
    subprocess.run(static, cwd=ROOT, env=shown.environment, check=True)
    log = (shown.folder / "log").open("wb")
    process = subprocess.Popen(
        [*manage, "serve", "--prepare"], cwd=ROOT, env=shown.environment, stdout=log, stderr=log
    )
    try:
        _wait_until_ready(process, shown.address, shown.folder / "log")
        yield shown
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _attempt in range(1200):
        if process.poll() is not None:
            raise AssertionError(log.read_text())
        try:
            with urlopen(f"{address}/readyz", timeout=2):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"not ready in time: {log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)


def watched(context: BrowserContext, site: Site) -> tuple[Page, list[str]]:
    """Open a page; the list fills with console errors and requests to anywhere else."""
    complaints: list[str] = []
    page = context.new_page()
    page.on(
        "console",
        lambda m: (
            complaints.append(m.text)
            if m.type == "error" and not m.text.startswith(LEFT_BEHIND)
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda r: (
            None if r.url.startswith((site.address, "data:", "blob:")) else complaints.append(r.url)
        ),
    )
    return page, complaints


def log_in(page: Page, who: str) -> None:
    page.goto("/login/")
    page.locator("input[name=username]:visible").fill(who)
    page.locator("input[name=password]:visible").fill("demo")
    page.locator("input[name=password]:visible").press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


@contextmanager
def visit(chromium: Browser, site: Site, who: str, **options: Any) -> Iterator[Page]:
    """Log in as `who`; afterwards no console error and no request elsewhere may have been."""
    context = chromium.new_context(base_url=site.address, **options)
    page, complaints = watched(context, site)
    log_in(page, who)
    yield page
    context.close()
    assert complaints == []
