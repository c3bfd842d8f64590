"""Who gets which answer at which address, as a file that is reviewed like code.

Every address of the resolver and every method is asked in every role, about every case it can
name. `UPDATE_GOLDEN=1` writes `matrix.csv` anew; a new address fails until it stands there.
What a cell means: a status, or `login` where a login page follows. `GET HEAD`: HEAD was asked of
one's own case and of none, and answered as GET. `any`: a method the address does not have, refused
before the case is looked up. In the short round the methods beside GET and POST are asked in one
role of each kind of account, and the rest is taken to be as the requester.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse

from tests.proof.scale import IS_FULL
from tests.proof.strangers import back_office
from tests.proof.strangers.routes import METHODS, Route, ask, patterns, routes
from tests.proof.strangers.town import OBJECTS, ROLES, Thing, Town

GOLDEN = Path(__file__).parent / "matrix.csv"
HEADER = ["route", "method", "object", *ROLES]
REFUSED = {"405", "login", "401"}
Row = list[str]
Cells = tuple[str, ...]


def cell(answer: HttpResponse) -> str:
    place = answer.headers.get("Location", "")
    is_login = place.startswith(("/login/?next", "/admin/login/"))
    return "login" if is_login else str(answer.status_code)


def asked(
    town: Town, method: str, route: Route, thing: Thing, roles: tuple[str, ...] = ROLES
) -> Cells:
    """Ask once in each of `roles`; what an answer changed is undone before the next."""
    cache.clear()  # everybody may ask so often in a minute
    found = []
    for role in roles:
        with transaction.atomic():
            answer = ask(town.browser(role), method, route, thing)
            answer.close()
            transaction.set_rollback(True)
        found.append(cell(answer))
    return tuple(found)


KINDS = ROLES if IS_FULL else ("anonymous", "requester", "superuser", "disabled", "token")
"""The roles in which a method is asked that an address hardly has."""


def refused(town: Town, method: str, route: Route) -> Cells | None:
    """Return the cells of a method the address does not have; None where it has it."""
    found = dict(zip(KINDS, asked(town, method, route, town.things["own"], KINDS), strict=True))
    if "405" not in found.values() or not set(found.values()) <= REFUSED:
        return None
    return tuple(found.get(role, found["requester"]) for role in ROLES)


def answers_as(known: dict[str, Cells], town: Town, method: str, route: Route) -> bool:
    """Tell whether `method` answers as `known`, about one's own case and about none."""
    return bool(known) and all(
        asked(town, method, route, town.things[name], KINDS)
        == tuple(known[name][ROLES.index(role)] for role in KINDS)
        for name in ("own", "none")
        if name in known
    )


def answers(town: Town, route: Route) -> Iterator[tuple[str, str, Cells]]:
    """Yield method, object and cells."""
    by_get: dict[str, Cells] = {}
    for method in METHODS:
        cells = refused(town, method, route)
        if cells is not None:
            yield method, "any" if route.names_a_thing else "-", cells
            continue
        if method == "HEAD" and answers_as(by_get, town, method, route):
            found = by_get
        else:
            names = OBJECTS if route.names_a_thing else ("own",)
            found = {name: asked(town, method, route, town.things[name]) for name in names}
        by_get = found if method == "GET" else by_get
        for name, given in found.items():
            yield method, name if route.names_a_thing else "-", given


def rows_of(town: Town, route: Route) -> Iterator[Row]:
    """Yield the rows of an address: methods that answer alike in one, cases too."""
    by_method: dict[str, dict[str, Cells]] = {}
    for method, name, cells in answers(town, route):
        by_method.setdefault(method, {})[name] = cells
    for methods, by_name in alike(by_method):
        for names, cells in alike(by_name):
            yield [route.label, " ".join(methods), ", ".join(names), *cells]


def alike(found: dict[str, object]) -> list[tuple[list[str], object]]:
    """Return the keys that have the same value together, in their order."""
    groups: list[tuple[list[str], object]] = []
    for key, value in found.items():
        same = next((keys for keys, known in groups if known == value), None)
        if same is None:
            groups.append(([key], value))
        else:
            same.append(key)
    return groups


def golden() -> list[Row]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def compare(mine: Iterable[Row], is_mine: object) -> None:
    """Hold `mine` against the rows of the file that `is_mine` keeps, or write them there."""
    found = list(mine)
    kept = golden() if GOLDEN.exists() else []
    if os.environ.get("UPDATE_GOLDEN"):
        others = [row for row in kept if not is_mine(row[0])]
        with GOLDEN.open("w", encoding="utf-8", newline="") as file:
            rows = sorted([*others, *found], key=lambda row: row[0].startswith(("/admin", "/api")))
            csv.writer(file, lineterminator="\n").writerows([HEADER, *rows])
        return
    assert found == [row for row in kept if is_mine(row[0])]


PARTS = {
    "pages": lambda label: not label.startswith(("/api/", "/admin/")),
    "API": lambda label: label.startswith("/api/"),
}


@pytest.mark.parametrize("part", PARTS)
def test_everybody_gets_at_every_address_what_the_reviewed_matrix_says(
    town: Town, part: str
) -> None:
    mine = [route for route in routes() if PARTS[part](route.label)]
    compare((row for route in mine for row in rows_of(town, route)), PARTS[part])


@pytest.mark.ignore_template_errors
def test_the_back_office_opens_to_whom_the_reviewed_matrix_says(town: Town) -> None:
    compare(back_office.rows(town, cell), lambda label: label.startswith("/admin/"))


# -- what must hold of the matrix, whoever reviews it ------------------------------------------
ASKED = [(row, dict(zip(HEADER, row, strict=True))) for row in golden()] if GOLDEN.exists() else []
AT_THE_DOOR = [cells for _row, cells in ASKED if not cells["route"].startswith("/admin/")]


def test_every_address_has_a_row() -> None:
    labels = {route.label for route in routes()} | {back_office.label(one) for one in patterns()}
    assert labels - {""} == {cells["route"] for _row, cells in ASKED}


def test_nothing_breaks() -> None:
    assert not [row for row, _cells in ASKED if any(one.startswith("5") for one in row[3:])]


@pytest.mark.parametrize("role", ["administrator", "superuser"])
def test_who_runs_the_product_gets_of_a_case_what_is_said_of_none(role: str) -> None:
    none = {
        (cells["route"], method): cells[role]
        for cells in AT_THE_DOOR
        if "none" in cells["object"]
        for method in cells["method"].split()
    }
    of_cases = [
        (cells["route"], method, cells[role])
        for cells in AT_THE_DOOR
        if cells["object"] not in ("-", "any")
        for method in cells["method"].split()
    ]
    assert of_cases
    assert all(none[route, method] == given for route, method, given in of_cases)


def test_a_disabled_account_gets_what_nobody_in_particular_gets() -> None:
    assert all(cells["disabled"] == cells["anonymous"] for _row, cells in ASKED)


def test_a_token_is_its_owner_in_the_api_and_nobody_on_pages() -> None:
    for cells in AT_THE_DOOR:
        twin = "requester" if cells["route"].startswith("/api/") else "anonymous"
        assert cells["token"] == cells[twin], cells["route"]


def test_nobody_without_an_account_gets_more_than_the_way_in_the_contract_and_probes() -> None:
    given = {
        cells["route"] for cells in AT_THE_DOOR
        if cells["anonymous"] == "200" and "GET" in cells["method"]
    }  # fmt: skip
    assert given == {
        "/login/", "/api/v1/schema/", "/api/v1/docs/", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
