"""Counts that end: nobody reads past the first thousand, and the database need not count them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.paginator import Paginator
from django.db.models import IntegerField, QuerySet, Subquery
from django.utils.functional import cached_property

MOST = 1000


class Count(int):
    """A number of rows, counted up to `MOST`; above, it says so: `1000+`."""

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Count:
        """Count `rows` as far as it matters (1 query)."""
        return cls(rows.order_by().values("pk")[: MOST + 1].count())

    @property
    def is_all(self) -> bool:
        return self <= MOST

    def __str__(self) -> str:
        return int.__repr__(self) if self.is_all else f"{MOST}+"


class Rows(Subquery):
    """How many rows there are, up to `MOST` and one: a part of a statement that asks for more."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    empty_result_set_value = 0  # where nothing can be found, the database is not asked

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        few = rows.order_by().values("pk")[: MOST + 1]
        super().__init__(few, output_field=IntegerField())


def counts_of(several: Mapping[str, QuerySet[Any, Any]], on: QuerySet[Any]) -> dict[str, Count]:
    """Count each of `several` as far as it matters (1 query in all).

    `on`: one row of any table, which the database needs to hang the numbers on.
    """
    names = {f"count_{index}": rows for index, rows in enumerate(several.values())}
    found = on.annotate(**{name: Rows(rows) for name, rows in names.items()}).values_list(*names)
    return {name: Count(number) for name, number in zip(several, found.get(), strict=True)}


def counted(rows: QuerySet[Any, Any]) -> tuple[Count, QuerySet[Any, Any]]:
    """Count `rows`, and return them by their keys where these are all (1 query).

    Asked for the newest of a few, a database goes through a million by date to find them (5.7 s
    for a rare word); by their keys it does not.
    """
    keys = list(rows.order_by().values_list("pk", flat=True)[: MOST + 1])
    count = Count(len(keys))
    return count, rows.filter(pk__in=keys) if count.is_all else rows


class CountedPaginator(Paginator[Any]):
    """Pages of what was counted; what lies beyond is found by narrowing the list down."""

    @cached_property
    def count(self) -> Count:
        assert isinstance(self.object_list, QuerySet)  # lists of ours are querysets
        count, self.object_list = counted(self.object_list)
        return count

    @cached_property
    def num_pages(self) -> int:
        return max(1, -(-min(self.count, MOST) // self.per_page))
