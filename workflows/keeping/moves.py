"""Move everything from SQLite to an empty PostgreSQL, in one transaction, and prove it arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dj_database_url
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from tqdm import tqdm

from workflows.events import broken_chains, missing_numbers
from workflows.keeping.databases import (
    MADE_BY_MIGRATING,
    NotKept,
    all_models,
    holds_data,
    kept_models,
    lent,
    refuse_unmigrated,
)
from workflows.keeping.fingerprints import CHUNK, Fingerprint, columns, fingerprint, rows_of

Model = type[models.Model]


def move(url: str) -> Fingerprint:
    """Copy every table to the empty PostgreSQL database at `url`; return the state now.

    Nobody writes to SQLite meanwhile: its write lock is held. All or nothing arrives; what was
    migrated before a failure is empty, so that the next try may use it.
    """
    if connections[DEFAULT_DB_ALIAS].vendor != "sqlite":
        raise NotKept("DATABASE_URL must name the SQLite database to move from.")
    refuse_unmigrated()
    with lent(_settings(url)) as target:
        try:
            if holds_data(target):
                raise NotKept("The database to move to holds data; it must be empty.")
            call_command("migrate", database=target, verbosity=0, interactive=False)
            with transaction.atomic(), transaction.atomic(using=target):
                return _copy_all(target)
        except DatabaseError as error:
            raise NotKept(f"Nothing was moved: {str(error).strip()}") from error


def _settings(url: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise NotKept(f"--to is no address of a database: {error}") from error
    if found["ENGINE"] != "django.db.backends.postgresql":
        raise NotKept("--to must begin with postgres://.")
    found["OPTIONS"] = {**found.get("OPTIONS", {}), "options": "-c statement_timeout=0"}
    return found


def _copy_all(target: str) -> Fingerprint:
    order = all_models()
    for model in reversed(MADE_BY_MIGRATING):  # the source has its own, with other keys
        model._base_manager.using(target).all().delete()
    total = sum(model._base_manager.count() for model in order)
    with tqdm(total=total, desc="moving", unit=" rows", unit_scale=True, disable=None) as bar:
        for model in order:
            _copy(model, target, bar.update)
    _continue_numbering(order, target)
    return _compared(order, target)


def _copy(model: Model, target: str, advance: Callable[[int], Any]) -> None:
    """Stream one table by COPY, each value as the field would save it."""
    connection = connections[target]
    fields = columns(model)
    quoted = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    pending = 0
    with (
        connection.wrap_database_errors,  # COPY is psycopg's own, past Django
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as into,
    ):
        for row in rows_of(model, DEFAULT_DB_ALIAS):
            pairs = zip(fields, row, strict=True)
            into.write_row([field.get_db_prep_save(value, connection) for field, value in pairs])
            pending += 1
            if pending == CHUNK:
                advance(pending)
                pending = 0
    advance(pending)


def _continue_numbering(order: list[Model], target: str) -> None:
    """Let PostgreSQL give the next row of each table the next key."""
    with connections[target].cursor() as cursor:
        for statement in connections[target].ops.sequence_reset_sql(no_style(), order):
            cursor.execute(statement)


def _compared(order: list[Model], target: str) -> Fingerprint:
    """Return what arrived; refuse when it is not what left, or its chains do not hold."""
    before = fingerprint(order, DEFAULT_DB_ALIAS, say="hash of the source")
    after = fingerprint(order, target, say="hash of the target")
    if changed := before.differing(after):
        raise NotKept(f"Nothing was moved: {', '.join(changed)} did not arrive as they were.")
    if problems := [*broken_chains(target), *missing_numbers(target)]:
        raise NotKept("\n".join(["Nothing was moved; it is not sound:", *problems]))
    return Fingerprint({name: after.tables[name] for name in map(_label, kept_models())})


def _label(model: Model) -> str:
    return model._meta.label
