"""How each database is copied while it is in use, and how a copy takes its place.

Both ways back are one transaction of the database itself: whatever ends them half-way, what was
there before is still there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from django.db import DEFAULT_DB_ALIAS, connections

from workflows.keeping.databases import NotKept, all_models, lent_file, standing_still

WAIT = 20.0  # seconds, as the product itself waits for a busy SQLite file


class Sqlite:
    """The file of the embedded default."""

    member: ClassVar[str] = "database.sqlite3"

    @contextmanager
    def copied(self, file: Path) -> Iterator[str]:
        """Copy the database to `file` while others use it; yields an alias of the copy."""
        place = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
        with closing(sqlite3.connect(place, timeout=WAIT)) as source:
            source.execute("VACUUM INTO ?", [str(file)])
        with lent_file(file) as alias:
            yield alias

    def put_back(self, file: Path) -> None:
        """Write `file` over the database, page by page in one transaction of SQLite.

        Replacing the file instead would leave its write-ahead log to be mixed with the new one.
        """
        default = connections[DEFAULT_DB_ALIAS]
        default.close()
        with (
            closing(sqlite3.connect(file)) as source,
            closing(sqlite3.connect(default.settings_dict["NAME"], timeout=WAIT)) as target,
        ):
            source.backup(target)


class Postgresql:
    """A server; copied and put back by its own programs."""

    member: ClassVar[str] = "database.dump"

    @contextmanager
    def copied(self, file: Path) -> Iterator[str]:
        """Dump to `file` what one snapshot sees; yields the alias that sees the same."""
        dump = program("pg_dump")
        with standing_still() as alias, connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = cursor.fetchone()[0]
            run(dump, "--format=custom", "--no-owner", "--no-privileges",
                f"--snapshot={snapshot}", f"--file={file}")  # fmt: skip
            yield alias

    def put_back(self, file: Path) -> None:
        """Replace the tables of the product by those of the dump, in one transaction.

        As a script and not by pg_restore directly: a table that a newer version added is not in
        the dump, and would keep those it points to from being dropped.
        """
        restore, psql = program("pg_restore"), program("psql")
        tables = {model._meta.db_table for model in all_models()} | {"django_migrations"}
        quoted = ", ".join(map(connections[DEFAULT_DB_ALIAS].ops.quote_name, sorted(tables)))
        prelude, script = file.with_suffix(".before.sql"), file.with_suffix(".sql")
        prelude.write_text(
            "SET client_min_messages = warning; SET LOCAL lock_timeout = '20s';\n"
            f"DROP TABLE IF EXISTS {quoted} CASCADE;\n"
        )
        run(restore, "--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error",
            f"--file={script}", str(file), connect=False)  # fmt: skip
        connections[DEFAULT_DB_ALIAS].close()
        run(psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--single-transaction",
            "--output=/dev/null", f"--file={prelude}", f"--file={script}")  # fmt: skip


Engine = Sqlite | Postgresql


def engine() -> Engine:
    return Sqlite() if connections[DEFAULT_DB_ALIAS].vendor == "sqlite" else Postgresql()


def program(name: str) -> str:
    """Return the path of a program of PostgreSQL; Debian keeps the newest ones out of PATH."""
    newest = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: int(path.parts[-3]) if path.parts[-3].isdigit() else 0,
    )
    found = str(newest[-1]) if newest else shutil.which(name)
    if found is None:
        raise NotKept(
            f"{name} is not on this machine. Install the client programs of PostgreSQL, or do it "
            "where the server runs: docs/keeping-data.md, “By PostgreSQL's own programs”, has "
            "the commands."
        )
    return found


def run(program: str, *arguments: str, connect: bool = True) -> None:
    """Run a program of PostgreSQL on the product's database, without asking for a password."""
    default = connections[DEFAULT_DB_ALIAS]
    where, more = default.client.settings_to_cmd_args_env(default.settings_dict, [])
    *options, name = where[1:]
    target = [*options, f"--dbname={name}"] if connect else []
    done = subprocess.run(
        [program, *arguments, *(["--no-password", *target] if connect else [])],
        env={**os.environ, **(more or {})}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip() or f"it ended with {done.returncode}"
        raise NotKept(f"{Path(program).name} failed: {said}")
