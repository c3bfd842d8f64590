"""Everything here is a proof: left out of the quick suite, run by `make prove`."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.utils import translation

from tests.proof import servers
from tests.proof.house import House
from tests.proof.strangers.town import NOW, Town, build_town

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.proof)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[servers.Postgres]:
    """A private server for the proofs of this process that leave it whole."""
    with servers.postgres() as server:
        yield server


@pytest.fixture(scope="session")
def founded(postgres_server: servers.Postgres, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A founded database to copy from (`postgres_server.create(name, template="founded")`)."""
    url = postgres_server.create("founded")
    return House(tmp_path_factory.mktemp("founded"), url).found()


@pytest.fixture
def house(postgres_server: servers.Postgres, founded: House, tmp_path: Path) -> House:
    """A fresh house on PostgreSQL, with its people, their tokens, and no case."""
    name = f"house_{tmp_path.name}".lower().replace("-", "_")[:60]
    copy = House(tmp_path, postgres_server.create(name, template="founded"))
    copy.tokens = founded.tokens
    return copy


@pytest.fixture(scope="session")
def founded_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("founded")).found()


@pytest.fixture(scope="session")
def static_root(founded_on_sqlite: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files of the product, which its pages need."""
    folder = tmp_path_factory.mktemp("static")
    founded_on_sqlite.manage("collectstatic", "--noinput", STATIC_ROOT=str(folder))
    return folder


@pytest.fixture(params=["postgresql", "sqlite"])
def any_house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """A fresh house as `house`, on each database."""
    if request.param == "postgresql":
        copy: House = request.getfixturevalue("house")
        return copy
    founded: House = request.getfixturevalue("founded_on_sqlite")
    file = "opsgate.sqlite3"
    shutil.copy(founded.folder / file, tmp_path / file)
    copy = House(tmp_path)
    copy.tokens = founded.tokens
    return copy


@pytest.fixture(scope="module")
def settled(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The town as it was built, for all proofs of a file; what each does to it is undone."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW, tick=False),
        translation.override("en"),
        transaction.atomic(),
    ):
        yield build_town()
        transaction.set_rollback(True)


@pytest.fixture
def town(settled: Town, db: None, caplog: pytest.LogCaptureFixture) -> Town:
    cache.clear()  # counts of requests
    caplog.set_level(logging.CRITICAL, "django.request")  # thousands of refusals are no news here
    return settled
