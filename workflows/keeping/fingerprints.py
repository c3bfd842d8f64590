"""One hash over everything the house entrusted to the product, the same on every database.

A row is the JSON array of its columns by name: instants as UTC with microseconds, lengths in
microseconds, decimals without trailing zeros, objects with sorted keys. A table is the SHA-256 over
its rows by primary key, the whole one over its tables by name. Neither the order nor the format in
which a database keeps things shows in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connections, models
from django.db.models.functions import Collate
from tqdm import tqdm

CHUNK = 2000
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Table:
    rows: int
    digest: str


@dataclass(frozen=True)
class Fingerprint:
    """What a database holds: one hash, and rows and digest of each table by model."""

    tables: dict[str, Table]

    @property
    def hash(self) -> str:
        lines = [f"{name} {one.rows} {one.digest}\n" for name, one in sorted(self.tables.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def differing(self, other: Fingerprint) -> list[str]:
        """Return the models whose rows are not the same in `other`."""
        names = sorted(self.tables.keys() | other.tables.keys())
        return [name for name in names if self.tables.get(name) != other.tables.get(name)]


def fingerprint(
    over: Iterable[type[models.Model]], using: str, *, say: str = "state hash"
) -> Fingerprint:
    """Hash the tables of `over` in the database `using`; `say` names the progress bar.

    Reads every row once, in batches; call it where nobody writes meanwhile.
    """
    listed = list(over)
    total = sum(model._base_manager.using(using).count() for model in listed)
    with tqdm(total=total, desc=say, unit=" rows", unit_scale=True, disable=None) as bar:
        return Fingerprint({one._meta.label: _table(one, using, bar.update) for one in listed})


def _table(model: type[models.Model], using: str, advance: Callable[[int], Any]) -> Table:
    digest, count = hashlib.sha256(), 0
    for row in rows_of(model, using):
        text = json.dumps([_plain(one) for one in row], ensure_ascii=False, sort_keys=True)
        digest.update(text.encode("utf-8", "surrogatepass") + b"\n")
        count += 1
        if count % CHUNK == 0:
            advance(CHUNK)
    advance(count % CHUNK)
    return Table(count, digest.hexdigest())


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the columns of the model's own table, by name."""
    return sorted(model._meta.local_concrete_fields, key=lambda field: field.attname)


def rows_of(model: type[models.Model], using: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of one table as tuples of Python's own types, by primary key.

    Text keys in the order of their bytes: PostgreSQL would sort them by language.
    """
    is_text = isinstance(model._meta.pk, models.CharField | models.TextField)
    is_sorted_by_language = is_text and connections[using].vendor == "postgresql"
    key = Collate("pk", "C") if is_sorted_by_language else "pk"
    names = [field.attname for field in columns(model)]
    rows = model._base_manager.using(using).order_by(key).values_list(*names)
    return rows.iterator(chunk_size=CHUNK)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return value // MICROSECOND
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # PostgreSQL keeps 1e16 in JSON as a whole number
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
