"""Databases to measure on, in one folder: a private PostgreSQL, or files of SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import psycopg

from tests.proof.servers import Postgres

FOUNDED = "founded"


class Venue(Protocol):
    """Databases by name; `copy` makes one that begins as the founded one."""

    def url(self, name: str) -> str: ...
    def has(self, name: str) -> bool: ...
    def create(self, name: str) -> str: ...
    def copy(self, name: str) -> str: ...


class OnPostgres:
    """A private server with PostgreSQL's own settings: fsync and synchronous_commit are on."""

    def __init__(self, server: Postgres) -> None:
        self.server = server

    def url(self, name: str) -> str:
        return self.server.url(name)

    def has(self, name: str) -> bool:
        with psycopg.connect(self.server.url()) as admin:
            found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def create(self, name: str) -> str:
        return self.server.create(name)

    def copy(self, name: str) -> str:
        return self.server.create(name, template=FOUNDED)


class OnSqlite:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.sqlite3"

    def has(self, name: str) -> bool:
        return self._file(name).exists()

    def create(self, name: str) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file(name).unlink(missing_ok=True)
        return self.url(name)

    def copy(self, name: str) -> str:
        target = self.create(name)
        with closing(sqlite3.connect(self._file(FOUNDED))) as founded:
            founded.execute("VACUUM INTO ?", [str(self._file(name))])
        return target


@contextmanager
def venue(kind: str, folder: Path) -> Iterator[Venue]:
    """Open the databases of one kind that lie in `folder`, which stays; its server ends."""
    if kind == "sqlite":
        yield OnSqlite(folder)
        return
    server = Postgres(folder)
    server.start()
    try:
        yield OnPostgres(server)
    finally:
        server.stop()
