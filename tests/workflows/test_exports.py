"""The case list as CSV and as a workbook: the same cases, in the reader's words, as text."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from openpyxl import load_workbook

from tests.changes.walking import Walk, walk
from tests.world import NOON
from workflows.exports import COLUMNS, plain, write_xlsx

pytestmark = pytest.mark.engine

FORMATS = ["csv", "xlsx"]


def rows_of(answer):
    """Return the rows of a file as text, its head first."""
    content = answer.getvalue()  # the client closes what it has read
    if answer["Content-Type"].startswith("text/csv"):
        assert content.startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    sheet = load_workbook(io.BytesIO(content)).active
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.values]


def export(person, form, query=""):
    client = Client()
    client.force_login(person)
    with time_machine.travel(NOON, tick=False):
        answer = client.get(f"/cases/export.{form}{query}")
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize("form", FORMATS)
def test_a_case_is_a_row_in_the_readers_words(world, form):
    walk(world)
    head, row = rows_of(export(world["desk"], form))  # a Chinese reader
    assert (
        head[:4] == ["编号", "类型", "标题", "状态"] or "Number" in head
    )  # catalogue compiled or not
    assert row[0] == "REQ-2026-00001"
    assert row[2] == "报表自动汇总"
    english = rows_of(export(world["service_manager"], form))
    assert english[0] == [
        "Number", "Kind", "Title", "State", "Requester", "Organisation unit", "System", "Priority",
        "Opened", "Closed at", "Due", "Working hours left", "Clock", "Now with",
    ]  # fmt: skip
    opened, due, left = ("2026-11-23 10:00", "2026-11-24 10:00", "8.00")  # in Shanghai
    if form == "xlsx":
        opened, due, left = f"{opened}:00", f"{due}:00", "8"
    assert english[1] == [
        "REQ-2026-00001", "Optimization request", "报表自动汇总", "Submitted", "李娜 Li Na",
        "Finance", "ERP", "Normal", opened, "", due, left, "1d left", "Service desk",
    ]  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_the_file_has_what_the_list_has_in_its_order(world, form):
    for title in ("B", "A", "C"):
        Walk(world, title=f"{title} export")
    Walk(world, title="other")
    rows = rows_of(export(world["desk"], form, "?q=export&status=open&page=7"))
    assert [row[2] for row in rows[1:]] == ["C export", "A export", "B export"]


@pytest.mark.parametrize("form", FORMATS)
def test_nobody_gets_more_than_they_see(world, form):
    walk(world)
    assert len(rows_of(export(world["requester"], form))) == 2
    assert len(rows_of(export(world["requester2"], form))) == 1  # the head alone


@pytest.mark.parametrize("form", FORMATS)
def test_who_is_not_logged_in_gets_nothing(client, db, form):
    assert client.get(f"/cases/export.{form}").status_code == 302
    assert client.post(f"/cases/export.{form}").status_code in (302, 405)


@pytest.mark.parametrize("form", FORMATS)
def test_the_file_is_saved_under_the_day(world, form):
    answer = export(world["service_manager"], form)
    answer.getvalue()  # the client closes what it has read
    assert answer["Content-Disposition"] == f'attachment; filename="cases-2026-11-23.{form}"'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("\r=1", "'\r'=1"),
        ("x;=1", "x;'=1"),  # some take the semicolon for the end of a cell
        ("x\n=1", "x\n'=1"),
        ("x=1, y-2", "x=1, y-2"),
        (-2.25, "-2.25"),  # a number of ours is a number
        (datetime(2026, 11, 23, 2, 0, 30, tzinfo=UTC), "2026-11-23 10:00"),
        (None, ""),
    ],
)
def test_text_never_begins_a_formula_in_csv(value, written):
    assert plain(value) == written


def test_more_rows_than_a_sheet_holds_go_on_in_the_next():
    file = io.BytesIO()
    write_xlsx(file, [[[f"n{n}", *[None] * 13] for n in range(5)]], sheet_rows=3)
    book = load_workbook(file)
    sheets = book.worksheets
    assert book.sheetnames == ["Cases", "Cases 2", "Cases 3"]
    assert [[cell.value for cell in sheet["A"][1:]] for sheet in sheets] == [
        ["n0", "n1"], ["n2", "n3"], ["n4"],
    ]  # fmt: skip
    assert all(sheet["A1"].value == str(COLUMNS[0].label) for sheet in sheets)
