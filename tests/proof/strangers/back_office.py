"""The back office, table by table: who gets in, and what for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory

from people.models import User
from tests.proof.strangers.routes import patterns
from tests.proof.strangers.town import ROLES, Town

TABLE = re.compile(r"admin/(\w+)/(\w+)/")
RIGHTS = {"view": "v", "add": "a", "change": "c", "delete": "d"}
Cell = Callable[[HttpResponse], str]


def label(pattern: str) -> str:
    """Return the row an address of the back office belongs to; nothing for other addresses."""
    if not pattern.startswith("admin/"):
        return ""
    table = TABLE.match(pattern)
    is_of_a_table = table and table[2] != "done" and table[1] != "r"
    return f"/admin/{table[1]}/{table[2]}/…" if table and is_of_a_table else f"/{pattern}"


def rows(town: Town, cell: Cell) -> Iterator[list[str]]:
    """Yield the rows of the back office: its own pages, then its tables."""
    groups: dict[str, list[str]] = {}
    for pattern in patterns():
        groups.setdefault(label(pattern), []).append(pattern)
    groups.pop("")
    for name, members in groups.items():
        if name.endswith("…"):
            yield [name, "GET", "list and rights", *_table_cells(town, cell, name, members)]
        else:
            for method in ("GET", "POST"):
                found = [_ask(town, cell, role, method, members[0]) for role in ROLES]
                yield [name, method, "-", *found]


def address(pattern: str) -> str:
    """Return an address for a pattern of the back office, about a row that is not there."""
    values = {
        r"<[\w:]*content_type_id>/<[\w:]*object_id>": "1/1", "<[^>]*>": "999999",
        r"\^\(\?P999999[^$]*\$": "people/", r"\(\?P999999.*": "no/such/page/",
    }  # fmt: skip
    found = pattern
    for what, value in values.items():
        found = re.sub(what, value, found)
    return f"/{found}"


def _ask(town: Town, cell: Cell, role: str, method: str, pattern: str) -> str:
    with transaction.atomic():
        answer = town.browser(role).generic(method, address(pattern))
        transaction.set_rollback(True)
    return cell(answer)


def _table_cells(town: Town, cell: Cell, name: str, members: list[str]) -> Iterator[str]:
    """Yield for each role `login`, if every page of the table says so, or what one may there."""
    app, model = name.strip("/…").split("/")[1:]
    table = next(
        one for one in admin.site._registry.values()
        if (one.opts.app_label, one.opts.model_name) == (app, model)
    )  # fmt: skip
    for role in ROLES:
        cache.clear()
        user = town.people.get(role)
        if user is None or not (user.is_staff and user.is_active) or role == "token":
            yield " ".join(sorted({_ask(town, cell, role, "GET", one) for one in members}))
        else:
            found = _ask(town, cell, role, "GET", f"admin/{app}/{model}/")
            yield f"{found} {_rights(table, user)}".strip()


def _rights(table: ModelAdmin, user: User) -> str:
    request = RequestFactory().get("/")
    request.user = User.objects.get(pk=user.pk)
    return "".join(
        letter for right, letter in RIGHTS.items()
        if getattr(table, f"has_{right}_permission")(request)
    )  # fmt: skip
