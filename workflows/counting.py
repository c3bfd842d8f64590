"""Counts that end: nobody reads past the first thousand, and the database need not count them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
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
