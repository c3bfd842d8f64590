"""Places in a statement for values that come later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.utils.functional import cached_property


class Slot(Expression):
    """Stands in a queryset for a value: the `index`th of several, the `index` of one is None."""

    def __init__(self, name: str, index: int | None = None) -> None:
        super().__init__()
        self.name = name
        self.index = index

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.name, self.index)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Statement(str):
    """SQL that is built once and asked again and again; see `rows.postgresql`."""


Shape = tuple[int | None, ...]
"""For every name in order the number of its values; None for a single value."""


def shape_of(values: dict[str, Any]) -> Shape:
    return tuple(len(one) if isinstance(one, tuple) else None for one in values.values())


def slots_for(values: dict[str, Any]) -> dict[str, Any]:
    """Return a slot for each single value and a list of slots for each tuple."""
    return {
        name: [Slot(name, index) for index in range(len(one))]
        if isinstance(one, tuple)
        else Slot(name)
        for name, one in values.items()
    }


def database() -> BaseDatabaseWrapper:
    """Return this thread's connection itself; every look through Django's proxy of it costs."""
    return connections[DEFAULT_DB_ALIAS]


def filled(
    parameters: Sequence[Any], values: dict[str, Any], connection: BaseDatabaseWrapper
) -> list[Any]:
    """Return the parameters of a statement with the slots among them filled."""
    return [_value(one, values, connection) if isinstance(one, Slot) else one for one in parameters]


def _value(slot: Slot, values: dict[str, Any], connection: BaseDatabaseWrapper) -> Any:
    value = values[slot.name]
    if slot.index is not None:
        value = value[slot.index]
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
