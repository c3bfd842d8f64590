"""Places in a statement for values that come later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
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


def filled(parameters: Sequence[Any], values: dict[str, Any]) -> list[Any]:
    """Return the parameters of a statement with the slots among them filled."""
    return [_value(one, values) if isinstance(one, Slot) else one for one in parameters]


def _value(slot: Slot, values: dict[str, Any]) -> Any:
    value = values[slot.name]
    if slot.index is not None:
        value = value[slot.index]
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def stored(field: models.Field[Any, Any], value: Any) -> Any:
    """Return `value` as the database of this connection keeps it in `field`."""
    return field.get_db_prep_save(value, connection)
