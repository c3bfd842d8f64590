"""Fill a founded database with open cases, by the million, in minutes.

    python -m tests.bench.loader --cases 1000000 postgres://…/bench
    python -m tests.bench.loader --cases 1000 --late postgres://…/bench    # their time is over
    python -m tests.bench.loader --cases 100000 --changes postgres://…/bench    # once
    python -m tests.bench.loader --cases 1000 --projects postgres://…/bench    # once

Several processes make copies (`copies.py`) and COPY them into PostgreSQL; SQLite takes them from
one process. Run it again to add more. Keys of other tables are not checked while copying, where
the role may say so (a superuser): every one of them was read from the database before.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import django

CHUNK = 1000


def load(cases: int, at: datetime, *, is_late: bool = False, processes: int = 2) -> None:
    """Add so many cases to the database Django is connected to; `at` is the present of the data."""
    from tests.bench.copies import MODELS, Copier

    first, keys = _beginning()
    copier = Copier(at, first_keys=keys)
    _fill(copier, range(first, first + cases), is_late=is_late, processes=processes)
    _finish("REQ", first + cases, at, MODELS)


def load_changes(count: int, at: datetime, *, processes: int = 2) -> None:
    """Add so many changes, and the rules about time, to a database that has none of them."""
    from tests.bench.changes import MODELS, Copier, surround

    surround(at)
    _fill(Copier(at), range(count), is_late=False, processes=processes)
    _finish("CHG", count, at, MODELS)


def load_projects(count: int, at: datetime, *, processes: int = 2) -> None:
    """Add so many projects with their gates and answers to a database that has none of them."""
    from tests.bench.projects import GATES, MODELS, Copier

    copier = Copier(at)
    _fill(copier, range(count), is_late=False, processes=processes)
    for prefix, each in (("PRJ", 1), ("GAT", GATES)):
        _finish(prefix, (count + 1) * each, at, MODELS)


def _fill(copier: Any, numbers: range, *, is_late: bool, processes: int) -> None:
    from django.db import connection

    last, cases = numbers.stop, len(numbers)
    chunks = [range(one, min(one + CHUNK, last)) for one in numbers[::CHUNK]]
    if connection.vendor == "sqlite":
        for chunk in _shown(chunks, cases):
            _insert(copier, chunk, is_late)
    else:
        connection.close()
        _copy_in_parallel(copier, chunks, cases, is_late, processes)


def _beginning() -> tuple[int, dict[Any, int]]:
    """Return how many cases there are, and from which key on each table is free for copy 0."""
    from django.db.models import Max

    from tests.bench.copies import MODELS, ROOM
    from workflows.models import Case

    first = Case.objects.count()
    keys = {}
    for model in MODELS:
        highest = model._default_manager.aggregate(found=Max("pk"))["found"] or 0
        keys[model] = highest + 1 - first * (1 if model is Case else ROOM)
    return first, keys


def _shown(chunks: list[range], total: int) -> Iterator[range]:
    from tqdm import tqdm

    with tqdm(total=total, unit=" cases", unit_scale=True, mininterval=1) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def _rows(copier: Any, chunk: range, is_late: bool) -> dict[Any, list[list[Any]]]:
    found: dict[Any, list[list[Any]]] = defaultdict(list)
    for index in chunk:
        for model, row in copier.copy(index, is_late=is_late):
            found[model].append(row)
    return found


def _names(model: Any) -> tuple[str, str]:
    """Return the table and its columns, quoted."""
    from tests.bench.copies import columns

    return model._meta.db_table, ", ".join(f'"{field.column}"' for field in columns(model))


def _insert(copier: Any, chunk: range, is_late: bool) -> None:
    from django.db import connection, transaction
    from django.utils.duration import duration_microseconds

    kept: dict[type, Any] = {
        datetime: connection.ops.adapt_datetimefield_value, timedelta: duration_microseconds,
        date: str,
    }  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        for model, rows in _rows(copier, chunk, is_late).items():
            table, names = _names(model)
            marks = ", ".join(["%s"] * len(rows[0]))
            cursor.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                [[kept.get(type(one), _same)(one) for one in row] for row in rows],
            )


def _same(value: Any) -> Any:
    return value


def _copy_in_parallel(
    copier: Any, chunks: list[range], cases: int, is_late: bool, processes: int
) -> None:
    fork = multiprocessing.get_context("fork")  # the templates are there already
    waiting, done = fork.Queue(), fork.Queue()
    for chunk in [*chunks, *[None] * processes]:
        waiting.put(chunk)
    workers = [
        fork.Process(target=_copy, args=(copier, waiting, done, is_late)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    for _ in _shown(chunks, cases):
        failure = done.get()
        if failure:
            raise RuntimeError(failure)
    for worker in workers:
        worker.join()


def _copy(copier: Any, waiting: Any, done: Any, is_late: bool) -> None:
    import psycopg
    from django.db import connection

    try:
        with psycopg.connect(**_address(connection)) as database:
            if database.execute(
                "SELECT rolsuper FROM pg_roles WHERE rolname = user"
            ).fetchone() == (True,):
                database.execute("SET session_replication_role = replica")
            while chunk := waiting.get():
                for model, rows in _rows(copier, chunk, is_late).items():
                    table, names = _names(model)
                    with database.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                        for row in rows:
                            copy.write_row(row)
                database.commit()
                done.put(None)
    except Exception as failure:
        done.put(f"{type(failure).__name__}: {failure}")


def _address(connection: Any) -> dict[str, Any]:
    given = connection.settings_dict
    found = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"],
             "password": given["PASSWORD"], "dbname": given["NAME"]}  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _finish(prefix: str, last: int, at: datetime, models: Iterable[Any]) -> None:
    """Give out numbers and keys after those of the copies, and let the planner know the tables."""
    from django.core.management.color import no_style
    from django.db import connection
    from django.utils import timezone

    from workflows.models import NumberSequence

    NumberSequence.objects.update_or_create(
        prefix=prefix, year=timezone.localtime(at).year, defaults={"last": last}
    )
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.loader", description=__doc__)
    parser.add_argument("--cases", type=int, required=True)
    parser.add_argument("--at", type=datetime.fromisoformat, help="the present of the data")
    parser.add_argument("--late", action="store_true")
    parser.add_argument("--changes", action="store_true")
    parser.add_argument("--projects", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("url")
    chosen = parser.parse_args()
    os.environ |= {"DATABASE_URL": chosen.url, "STATEMENT_TIMEOUT_SECONDS": "0"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()
    from django.utils import timezone

    at = chosen.at or timezone.now()
    if chosen.changes:
        load_changes(chosen.cases, at, processes=chosen.processes)
    elif chosen.projects:
        load_projects(chosen.cases, at, processes=chosen.processes)
    else:
        load(chosen.cases, at, is_late=chosen.late, processes=chosen.processes)


if __name__ == "__main__":
    main()
