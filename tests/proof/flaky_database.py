"""A database that refuses a statement now and then; also a plugin that runs any test on one.

`pytest -p tests.proof.flaky_database --flaky-seed N`: 0.5 % of the statements of each test fail.
A test that an injected error ended counts as expected to fail; what must hold all the same is asked
after each test of the database it leaves. `--flaky-rate 0` injects nothing. Tests named in the file
`--flaky-except` break invariants on purpose and are not asked; `--flaky-report` writes who did.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import Max
from django.utils import timezone

RATE = 0.005


class InjectedError(OperationalError):
    """What the proof lets the database say."""


class Flaky:
    """A wrapper of statements: fails by `dice`, or at the `nth` statement; counts both.

    The dice spare what takes back: a connection that cannot even do that is ended, and the server
    undoes everything; here the transaction of the test goes on, and would look half-done.
    """

    def __init__(self, dice: random.Random, rate: float = RATE, nth: int = 0) -> None:
        self.dice, self.rate, self.nth = dice, rate, nth
        self.statements = self.injected = 0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.statements += 1
        is_unlucky = self.dice.random() < self.rate and not sql.startswith("ROLLBACK")
        if is_unlucky or self.statements == self.nth:
            self.injected += 1
            raise InjectedError(f"injected at statement {self.statements}: {sql[:60]}")
        return execute(sql, params, many, context)

    @contextmanager
    def on(self) -> Iterator[Flaky]:
        with connection.execute_wrapper(self):
            yield self


class BrokenInvariants(AssertionError):
    """What a test left behind is not as it must be."""


def last_moment() -> Any:
    from workflows.models import Event

    return Event.objects.aggregate(at=Max("at"))["at"] or timezone.now()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("flaky database")
    group.addoption("--flaky-seed", type=int, default=1)
    group.addoption("--flaky-rate", type=float, default=RATE)
    group.addoption("--flaky-except", type=Path)
    group.addoption("--flaky-report", type=Path)


class Report:
    """What happened, over all tests of this run."""

    def __init__(self, config: pytest.Config) -> None:
        self.file: Path | None = config.option.flaky_report
        file: Path | None = config.option.flaky_except
        self.excepted = set(json.loads(file.read_text())["broken"]) if file else set()
        self.statements = self.injected = self.ended = 0
        self.broken: dict[str, list[str]] = {}
        self.asked = 0

    def write(self) -> None:
        if self.file is not None:
            names = ("statements", "injected", "ended", "asked", "broken")
            self.file.write_text(json.dumps({name: getattr(self, name) for name in names}))


kept: pytest.StashKey[Flaky] = pytest.StashKey()
report_key: pytest.StashKey[Report] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[report_key] = Report(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[report_key].write()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Let the body of the test meet the flaky database, and then ask what it left."""
    option, report = item.config.option, item.config.stash[report_key]
    dice = random.Random(f"{option.flaky_seed} {item.nodeid}")
    flaky = item.stash[kept] = Flaky(dice, option.flaky_rate)
    has_database = {"db", "transactional_db", "world"} & set(getattr(item, "fixturenames", ()))
    try:
        if has_database:
            with flaky.on():
                return (yield)
        return (yield)
    finally:
        report.statements += flaky.statements
        report.injected += flaky.injected
        if has_database:
            _ask(item, report)


def _ask(item: pytest.Item, report: Report) -> None:
    """Ask for violations; what was injected never reached the server, so that it can be asked.

    A write that no savepoint of the product surrounds leaves the test's transaction marked as
    broken: the mark is taken away, or what it left half-done would never be seen.
    """
    from workflows.invariants import violations

    if item.nodeid in report.excepted:
        return
    if connection.in_atomic_block:
        connection.set_rollback(False)
    found = list(violations(last_moment()))
    report.asked += 1
    if found:
        report.broken[item.nodeid] = found
        if item.config.option.flaky_rate:
            raise BrokenInvariants("\n".join(found))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test ended by what was injected is expected to fail; one that broke something is not."""
    report = yield
    flaky = item.stash.get(kept, None)
    is_ours = report.when == "call" and report.failed and flaky is not None and flaky.injected
    if is_ours and call.excinfo is not None and not call.excinfo.errisinstance(BrokenInvariants):
        report.outcome = "skipped"
        report.wasxfail = f"ended by {flaky.injected} injected errors"
        item.config.stash[report_key].ended += 1
    return report
