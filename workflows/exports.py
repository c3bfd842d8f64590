"""A list of cases as a file: the same cases in the same order, for Excel and for programs.

Text stays text. In a workbook every cell says what it is; in CSV an apostrophe stands before
whatever a spreadsheet would take for the beginning of a formula (OWASP, "CSV Injection").
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import FileResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext_lazy as _
from xlsxwriter import Workbook

from workflows.inbox import CaseRow, case_rows
from workflows.models.cases import Priority
from workflows.words import clock_words

BATCH = 500
"""Cases in memory at once; each batch costs the few queries of its rows."""
SHEET_ROWS = 1_048_576
"""Rows of a sheet, its head among them; what is left goes on in the next."""
PRIORITIES = dict(Priority.choices)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BOM = "\ufeff"  # by which Excel knows UTF-8
MINUTES = "%Y-%m-%d %H:%M"
FORMULA = re.compile("(^|[;\t\r\n])(?=[\\s\ufeff\u200b]*[-=+@－＝＋＠]|[\t\r\n])")
"""Where a formula could begin: at the start of a cell, or after what some take for its end."""

Value = str | int | float | datetime | date | None


class Column(NamedTuple):
    label: Any
    width: int
    value: Callable[[Any], Value]
    key: str = ""
    """The column of the page it belongs to; without one it is in every file."""


class Layout(NamedTuple):
    """What a file of cases has in its columns, and how a batch of cases becomes rows."""

    name: Any
    title: Any
    """What the sheets are called."""
    columns: tuple[Column, ...]
    rows: Callable[[list[Any], datetime], Iterable[Any]]


def _working_hours_left(row: CaseRow) -> float | None:
    return round(row.clock.remaining.total_seconds() / 3600, 2) if row.clock else None


COLUMNS = (
    Column(_("Number"), 17, lambda row: row.case.number),
    Column(_("Kind"), 20, lambda row: row.case.kind_label, "kind"),
    Column(_("Title"), 46, lambda row: row.case.title),
    Column(_("State"), 18, lambda row: row.case.state_label, "state"),
    Column(_("Requester"), 18, lambda row: str(row.case.requester), "requester"),
    Column(_("Organisation unit"), 22, lambda row: str(row.case.unit), "unit"),
    Column(_("System"), 22, lambda row: str(row.case.service or ""), "system"),
    Column(_("Priority"), 10, lambda row: str(PRIORITIES.get(row.case.priority, "")), "priority"),
    Column(_("Opened"), 17, lambda row: row.case.opened_at, "opened"),
    Column(_("Closed at"), 17, lambda row: row.case.closed_at, "closed"),
    Column(_("Due"), 17, lambda row: row.clock.due_at if row.clock else None, "due"),
    Column(_("Working hours left"), 20, _working_hours_left, "due"),
    Column(_("Clock"), 26, lambda row: clock_words(row.clock)[1] if row.clock else "", "due"),
    Column(_("Now with"), 20, lambda row: row.holder_label, "holder"),
)
# Translators: the name of a file with a list of cases, before its extension.
CASES = Layout(_("cases-%(day)s"), _("Cases"), COLUMNS, case_rows)


def with_columns(keys: Collection[str]) -> Layout:
    """Return the layout of cases with the columns somebody chose, every one if they chose none."""
    chosen = tuple(column for column in COLUMNS if not column.key or column.key in keys)
    return CASES._replace(columns=chosen) if keys else CASES


def as_csv(cases: QuerySet[Any], at: datetime, layout: Layout = CASES) -> StreamingHttpResponse:
    """Stream `cases` as they stand at `at`, in the reader's words."""
    return StreamingHttpResponse(
        csv_parts(cases, at, layout), content_type="text/csv; charset=utf-8",
        headers=_saved_as("csv", at, layout),
    )  # fmt: skip


def as_xlsx(cases: QuerySet[Any], at: datetime, layout: Layout = CASES) -> FileResponse:
    """Hand out `cases` as they stand at `at` as a workbook, written to disk before it is sent."""
    file = tempfile.TemporaryFile(prefix="opsgate-export-")  # noqa: SIM115 - closed when sent
    write_xlsx(file, batches(cases, at, layout), layout)
    file.seek(0)
    return FileResponse(file, content_type=XLSX, headers=_saved_as("xlsx", at, layout))


def _saved_as(extension: str, at: datetime, layout: Layout) -> dict[str, str]:
    name = str(layout.name) % {"day": localdate(at).isoformat()}
    disposition = content_disposition_header(True, f"{name}.{extension}") or ""
    return {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}


def batches(
    cases: QuerySet[Any], at: datetime, layout: Layout = CASES
) -> Iterator[list[list[Value]]]:
    """Yield the cells of `cases`, a list of rows at a time (1 query, and some for each `BATCH`)."""
    found = cases.select_related("requester", "unit", "service").iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        yield [[column.value(row) for column in layout.columns] for row in layout.rows(batch, at)]


def csv_parts(cases: QuerySet[Any], at: datetime, layout: Layout = CASES) -> Iterator[str]:
    yield BOM + _csv_text([[str(column.label) for column in layout.columns]])
    for batch in batches(cases, at, layout):
        yield _csv_text([[plain(value) for value in row] for row in batch])


def _csv_text(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def plain(value: Value) -> str:
    """Return a value as CSV has it: local times to the minute, and no text that is a formula."""
    if isinstance(value, datetime):
        return localtime(value).strftime(MINUTES)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, int):
        return str(value)
    return FORMULA.sub(r"\1'", value or "")


def write_xlsx(
    file: Any,
    rows: Iterable[list[list[Value]]],
    layout: Layout = CASES,
    *,
    sheet_rows: int = SHEET_ROWS,
) -> None:
    """Write batches of rows as a workbook, one row in memory at a time."""
    with Workbook(file, {"constant_memory": True, "remove_timezone": True}) as book:
        sheet, line = _new_sheet(book, layout), 0
        formats = {
            kind: book.add_format({"num_format": pattern, "align": "left"})
            for kind, pattern in ((datetime, "yyyy-mm-dd hh:mm"), (date, "yyyy-mm-dd"))
        }
        for row in (row for batch in rows for row in batch):
            if line == sheet_rows - 1:
                sheet.autofilter(0, 0, line, len(layout.columns) - 1)
                sheet, line = _new_sheet(book, layout), 0
            line += 1
            for place, value in enumerate(row):
                _write(sheet, line, place, value, formats)
        sheet.autofilter(0, 0, line, len(layout.columns) - 1)


def _new_sheet(book: Any, layout: Layout) -> Any:
    count = len(book.worksheets())
    sheet = book.add_worksheet(f"{layout.title} {count + 1}" if count else str(layout.title))
    head = book.add_format({"bold": True, "bottom": 1})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(layout.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, str(column.label), head)
    return sheet


def _write(sheet: Any, line: int, place: int, value: Value, formats: dict[type[date], Any]) -> None:
    """Write one cell by its type; nothing is guessed from what a text looks like."""
    if isinstance(value, datetime):
        sheet.write_datetime(line, place, localtime(value), formats[datetime])
    elif isinstance(value, date):
        sheet.write_datetime(line, place, value, formats[date])
    elif isinstance(value, int | float):
        sheet.write_number(line, place, value)
    elif value:
        sheet.write_string(line, place, value)
