"""What the list of cases can show of a case besides its number and title."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from workflows.inbox import CaseRow
from workflows.models.cases import Priority

PRIORITIES = dict(Priority.choices)
USUAL = ("state", "due", "holder", "requester", "opened")
"""Columns of whoever never chose any."""


class ListColumn(NamedTuple):
    """A column of the page; the files have those of the same key (`exports.COLUMNS`).

    `value`: a text or a moment, or nothing where the template knows how the cell looks.
    """

    label: str | Promise
    value: Callable[[CaseRow], Any] | None = None


CASE_COLUMNS: dict[str, ListColumn] = {
    "kind": ListColumn(_("Kind"), lambda row: row.case.kind_label),
    "state": ListColumn(_("State")),
    "due": ListColumn(_("Due")),
    "holder": ListColumn(_("Now with"), lambda row: row.holder_label),
    "requester": ListColumn(_("Requester"), lambda row: str(row.case.requester)),
    "unit": ListColumn(_("Organisation unit"), lambda row: str(row.case.unit)),
    "system": ListColumn(_("System"), lambda row: str(row.case.service or "")),
    "priority": ListColumn(_("Priority"), lambda row: PRIORITIES.get(row.case.priority, "")),
    "opened": ListColumn(_("Opened"), lambda row: row.case.opened_at),
    "closed": ListColumn(_("Closed at"), lambda row: row.case.closed_at),
}


class Cell(NamedTuple):
    """One cell of the page."""

    key: str
    label: str | Promise
    value: Any
    is_moment: bool


def cells(row: CaseRow, keys: list[str]) -> list[Cell]:
    """Return what the page shows of a case in the columns `keys`."""
    found = []
    for key in keys:
        column = CASE_COLUMNS[key]
        value = column.value(row) if column.value else None
        found.append(Cell(key, column.label, value, key in ("opened", "closed")))
    return found


def known(keys: list[str]) -> list[str]:
    """Return the chosen columns that there are, the usual ones if none was chosen."""
    return [key for key in CASE_COLUMNS if key in keys] or list(USUAL)
