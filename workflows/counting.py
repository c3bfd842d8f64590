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


class CountedPaginator(Paginator[Any]):
    """Pages of what was counted; what lies beyond is found by narrowing the list down."""

    @cached_property
    def count(self) -> Count:
        assert isinstance(self.object_list, QuerySet)  # lists of ours are querysets
        return Count.of(self.object_list)

    @cached_property
    def num_pages(self) -> int:
        return max(1, -(-min(self.count, MOST) // self.per_page))
