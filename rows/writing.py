"""Rows inserted and updated without asking the ORM for the SQL each time.

No signals and no `save` of the model: for rows that only the engine writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models.sql import UpdateQuery

from rows.slots import Shape, Slot, Statement, database, filled, shape_of, slots_for

Model = type[models.Model]


Fields = tuple[models.Field[Any, Any], ...]


def _column(field: models.Field[Any, Any]) -> str:
    assert field.column is not None  # only concrete fields come here
    return field.column


def _place(field: models.Field[Any, Any]) -> str:
    """Return where a value of `field` stands in a list of values, which PostgreSQL takes for text.

    Without the length of the type: what is too long shall fail, not be cut.
    """
    if database().vendor != "postgresql":
        return "%s"
    return f"%s::{(field.rel_db_type(database()) or '').partition('(')[0]}"


def insert(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> int:
    """Insert rows of one model in one statement per table and fill in their keys; return how many.

    With `ignore_conflicts` rows that are already there are passed over; then no keys are filled
    in. A model with parents takes one row at a time.
    """
    if not rows:
        return 0
    parents = list(rows[0]._meta.get_parent_list())
    assert not parents or len(rows) == 1  # a parent's key goes into the child's row
    for table in (*reversed(parents), type(rows[0])):
        count = _insert_into(table, rows, ignore_conflicts)
    return count


def _insert_into(table: Model, rows: Sequence[models.Model], ignore_conflicts: bool) -> int:
    """Insert into one table; what all rows have in common is sent once."""
    _link_parents(table, rows)
    connection, fields = database(), _inserted(table)
    columns = [[field.pre_save(row, True) for row in rows] for field in fields]
    varies = tuple(
        len(rows) > 1 and (place == 0 or any(value != column[0] for value in column))
        for place, column in enumerate(columns)
    )
    sql = _insert_sql(connection.vendor, table, varies, len(rows), ignore_conflicts)
    values = [
        field.get_db_prep_save(column[0], connection)
        for field, column, each in zip(fields, columns, varies, strict=True) if not each
    ] + [
        field.get_db_prep_save(column[index], connection)
        for index in range(len(rows))
        for field, column, each in zip(fields, columns, varies, strict=True) if each
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        keys = cursor.fetchall()
    assert table._meta.pk is not None  # every model has a key
    if len(keys) == len(rows):  # else nobody knows which of them were there already
        for row, (key,) in zip(rows, keys, strict=True):
            setattr(row, table._meta.pk.attname, key)
            row._state.adding, row._state.db = False, connection.alias
    return len(keys)


@lru_cache
def _inserted(table: Model) -> Fields:
    fields = table._meta.local_concrete_fields
    return tuple(field for field in fields if not isinstance(field, models.AutoField))


def _link_parents(table: Model, rows: Sequence[models.Model]) -> None:
    for parent, link in table._meta.parents.items():
        if link is not None:
            for row in rows:
                setattr(row, link.attname, getattr(row, parent._meta.pk.attname))


@lru_cache
def _insert_sql(
    vendor: str, table: Model, varies: tuple[bool, ...], count: int, ignore_conflicts: bool
) -> str:
    """Return the statement for `count` rows, of which these columns vary: none in a single one."""
    quote = database().ops.quote_name
    fields = _inserted(table)
    columns = ", ".join(quote(_column(field)) for field in fields)
    if any(varies):
        each = [_place(field) for field, one in zip(fields, varies, strict=True) if one]
        names = (f"v.column{position}" for position in range(1, len(each) + 1))
        chosen = [
            next(names) if one else _place(field)
            for field, one in zip(fields, varies, strict=True)
        ]  # fmt: skip
        listed = ", ".join([f"({', '.join(each)})"] * count)
        # "WHERE true", or SQLite reads the "ON" that may follow as one of a join
        source = f"SELECT {', '.join(chosen)} FROM (VALUES {listed}) AS v WHERE true"
    else:
        source = f"VALUES ({', '.join(['%s'] * len(fields))})"
    conflicts = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    assert table._meta.pk is not None  # every model has a key
    return Statement(
        f"INSERT INTO {quote(table._meta.db_table)} ({columns}) {source}{conflicts} "
        f"RETURNING {quote(_column(table._meta.pk))}"
    )


def update(row: models.Model, names: Collection[str]) -> None:
    """Write the fields `names` (as attributes) of one row, in one statement per table of them."""
    connection = database()
    for table, fields in _by_table(type(row), tuple(names)):
        values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields]
        with connection.cursor() as cursor:
            cursor.execute(_update_sql(connection.vendor, table, fields), [*values, row.pk])
            assert cursor.rowcount == 1, f"{row!r} is not in the database"


@lru_cache
def _by_table(model: Model, names: tuple[str, ...]) -> list[tuple[Model, tuple[Any, ...]]]:
    """Return the fields of each table that are among `names`, given as name or attribute."""
    tables = dict.fromkeys((*reversed(model._meta.get_parent_list()), model))
    found = [
        (
            table,
            tuple(f for f in table._meta.local_concrete_fields if {f.name, f.attname} & {*names}),
        )
        for table in tables
    ]
    return [(table, fields) for table, fields in found if fields]


@lru_cache
def _update_sql(vendor: str, table: Model, fields: tuple[Any, ...]) -> str:
    quote = database().ops.quote_name
    assert table._meta.pk is not None  # every model has a key
    values = ", ".join(f"{quote(_column(field))} = %s" for field in fields)
    key = quote(_column(table._meta.pk))
    return Statement(f"UPDATE {quote(table._meta.db_table)} SET {values} WHERE {key} = %s")


def update_many(rows: Sequence[models.Model], names: Collection[str]) -> None:
    """Write the fields `names` of many rows of one table in one statement."""
    if not rows:
        return
    connection = database()
    ((table, fields),) = _by_table(type(rows[0]), tuple(names))
    values = [
        value
        for row in rows
        for value in (
            row.pk, *(f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields)
        )
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_update_many_sql(connection.vendor, table, fields, len(rows)), values)


@lru_cache
def _update_many_sql(vendor: str, table: Model, fields: tuple[Any, ...], count: int) -> str:
    """Join the table to a list of values, whose columns both databases name column1, column2 …"""
    quote = database().ops.quote_name
    pk = table._meta.pk
    assert pk is not None  # every model has a key
    places = ", ".join(_place(field) for field in (pk, *fields))
    values = ", ".join([f"({places})"] * count)
    sets = ", ".join(
        f"{quote(_column(field))} = v.column{position}" for position, field in enumerate(fields, 2)
    )
    name = quote(table._meta.db_table)
    key = f"{name}.{quote(_column(pk))}"
    return f"UPDATE {name} SET {sets} FROM (VALUES {values}) AS v WHERE {key} = v.column1"


class Change:
    """An update of the rows of a queryset that is built once; `sets` are the fields it writes.

    `Change(lambda clock: Segment.objects.filter(clock=clock, ended_at=None), "ended_at")` is
    called with `clock` and `ended_at`, and returns how many rows it changed.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Any]], *sets: str) -> None:
        self.build = build
        self.sets = sets
        self.plans: dict[tuple[str, Shape], tuple[str, Sequence[Any], dict[str, Any]]] = {}

    def __call__(self, **values: Any) -> int:
        connection = database()
        found = {name: one for name, one in values.items() if name not in self.sets}
        key = connection.vendor, shape_of(found)
        if key not in self.plans:
            self.plans[key] = self._plan(found)
        sql, parameters, fields = self.plans[key]
        written = {
            name: fields[name].get_db_prep_save(values[name], connection) for name in self.sets
        }
        with connection.cursor() as cursor:
            cursor.execute(sql, filled(parameters, found | written, connection))
            changed: int = cursor.rowcount
        return changed

    def _plan(self, found: dict[str, Any]) -> tuple[str, Sequence[Any], dict[str, Any]]:
        queryset = self.build(**slots_for(found))
        fields = {name: queryset.model._meta.get_field(name) for name in self.sets}
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values({name: Slot(name) for name in self.sets})  # type: ignore[attr-defined]  # an UpdateQuery by now
        sql, parameters = query.get_compiler(queryset.db).as_sql()
        return Statement(sql), parameters, fields
