"""GET, HEAD and OPTIONS change nothing, whoever asks and whatever is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection

from tests.proof.strangers import back_office
from tests.proof.strangers.routes import SAFE, ask, patterns, routes
from tests.proof.strangers.town import Town

WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP)\b", re.IGNORECASE)
ASKING = ("requester", "assignee", "superuser", "anonymous")


def everything() -> dict[str, list[Any]]:
    """Return every row of every table of the database."""
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


@contextmanager
def nothing_is_written() -> Iterator[list[str]]:
    """Collect the statements that write, and hold every table against what it was."""
    written: list[str] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        if WRITES.match(sql):
            written.append(sql)
        return execute(sql, *rest)

    before = everything()
    with connection.execute_wrapper(watch):
        yield written
    assert written == []
    assert everything() == before


@pytest.mark.parametrize("role", ASKING)
@pytest.mark.parametrize("thing", ["own", "assigned"])
def test_no_address_writes_when_it_is_only_read(town: Town, role: str, thing: str) -> None:
    with nothing_is_written() as written:
        for route in routes():
            for method in SAFE:
                ask(town.browser(role), method, route, town.things[thing]).close()
                assert written == [], f"{method} {route.label}"
            cache.clear()  # requests of a minute


@pytest.mark.ignore_template_errors
def test_no_page_of_the_back_office_writes_when_it_is_only_read(town: Town) -> None:
    with nothing_is_written() as written:
        for pattern in patterns():
            if back_office.label(pattern) and "logout" not in pattern:
                town.browser("superuser").get(back_office.address(pattern))
                assert written == [], pattern


def test_a_write_is_noticed(town: Town) -> None:
    """The guard itself: a request that writes does not pass it."""
    route = next(one for one in routes() if one.label == "/cases/<number>/watch/")
    with pytest.raises(AssertionError, match="workflows_watch"), nothing_is_written():
        ask(town.browser("requester"), "POST", route, town.things["own"])
