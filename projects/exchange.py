"""The criteria as a workbook: written to be edited, and read back line by line."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zipfile import BadZipFile

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from xlsxwriter import Workbook

from projects.editions import CRITERION_FIELDS, GATE_FIELDS, TRACK_FIELDS
from projects.models import CatalogueVersion, Criterion, GateKind, Track

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GATES, CRITERIA, TRACKS = "gates", "criteria", "tracks"
HEADS = {GATES: GATE_FIELDS, CRITERIA: ("gate", *CRITERION_FIELDS), TRACKS: TRACK_FIELDS}
YES = ("1", "true", "yes", "x", "是")
LINES = 2000
SEPARATORS = re.compile("[,;，；、]")
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, TypeError)
"""What openpyxl raises at a file it cannot read."""


def write(version: CatalogueVersion) -> bytes:
    """Return the workbook of a version: sheets of gates, criteria and tracks (3 queries)."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        gates = list(version.gates.prefetch_related("criteria"))
        rows = {
            GATES: [[getattr(gate, name) for name in GATE_FIELDS] for gate in gates],
            CRITERIA: [
                [gate.code, *(_cell(getattr(one, name)) for name in CRITERION_FIELDS)]
                for gate in gates for one in gate.criteria.all()
            ],
            TRACKS: [
                [_cell(getattr(one, name)) for name in TRACK_FIELDS] for one in version.tracks.all()
            ],
        }  # fmt: skip
        for name, lines in rows.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            sheet.set_column(0, len(HEADS[name]), 24)
            for place, label in enumerate(HEADS[name]):
                sheet.write_string(0, place, label, head)
            for number, line in enumerate(lines, start=1):
                for place, value in enumerate(line):
                    sheet.write_string(number, place, value, wrap)
    return file.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return ("yes" if value else "") if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one line of a sheet."""

    sheet: str
    line: int
    sentence: str


@dataclass
class Content:
    """What a workbook says; with a fault nothing of it counts."""

    gates: list[GateKind] = field(default_factory=list)
    criteria: list[Criterion] = field(default_factory=list)
    tracks: list[Track] | None = None
    """None: the workbook says nothing of tracks, as one written before there were any."""
    faults: list[Fault] = field(default_factory=list)


def read(file: Any, version: CatalogueVersion) -> Content:
    """Read a workbook for the draft `version`; every line that is wrong is named."""
    found = Content()
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        sheets = {
            name: list(_lines(book[name], HEADS[name])) for name in HEADS
            if name != TRACKS or name in book.sheetnames
        }  # fmt: skip
    except UNREADABLE:
        names = ", ".join((GATES, CRITERIA))
        sentence = _("This is no workbook with the sheets %(names)s; begin with the export.")
        found.faults.append(Fault("", 0, sentence % {"names": names}))
        return found
    gates: dict[str, GateKind] = {}
    for place, (line, row) in enumerate(sheets[GATES], start=1):
        gate = GateKind(version=version, place=place, **row)
        if _is_sound(found, GATES, line, gate, gates):
            gates[gate.code] = gate
            found.gates.append(gate)
    seen: dict[str, Criterion] = {}
    for line, row in sheets[CRITERIA]:
        code = row.pop("gate")
        if code not in gates:
            found.faults.append(
                Fault(CRITERIA, line, _("There is no gate “%(code)s”.") % {"code": code})
            )
            continue
        row["area"] = row["area"] or Criterion.Area.BOTH
        row["is_light"] = row["is_light"].lower() in YES
        criterion = Criterion(gate=gates[code], **row)
        if _is_sound(found, CRITERIA, line, criterion, seen):
            seen[criterion.code] = criterion
            found.criteria.append(criterion)
    for code in gates.keys() - {one.gate.code for one in found.criteria}:
        sentence = _("The gate “%(code)s” asks for nothing.") % {"code": code}
        found.faults.append(Fault(GATES, 0, sentence))
    if TRACKS in sheets:
        found.tracks = _tracks(found, sheets[TRACKS], version, gates)
    return found


def _tracks(
    found: Content, lines: list[tuple[int, dict[str, Any]]], version: CatalogueVersion,
    gates: dict[str, GateKind],
) -> list[Track]:  # fmt: skip
    seen: dict[str, Track] = {}
    for line, row in lines:
        row["gates"] = SEPARATORS.sub(" ", row["gates"]).split()
        row["is_light"] = row["is_light"].lower() in YES
        row["limit_days"] = row["limit_days"] or None
        track = Track(version=version, **row)
        if missing := [code for code in track.gates if code not in gates]:
            sentence = _("There is no gate “%(code)s”.") % {"code": ", ".join(missing)}
            found.faults.append(Fault(TRACKS, line, sentence))
        elif track.gates and found.gates[-1].code not in track.gates:
            sentence = _("Every track ends with the last gate, %(gate)s.")
            found.faults.append(Fault(TRACKS, line, sentence % {"gate": found.gates[-1]}))
        elif _is_sound(found, TRACKS, line, track, seen):
            seen[track.code] = track
    return list(seen.values())


def _lines(sheet: Any, head: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line number and values of each line that says something; `ValueError` without head."""
    line = 0
    for line, cells in enumerate(sheet.iter_rows(values_only=True, max_row=LINES), start=1):
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if line == 1:
            if tuple(texts[: len(head)]) != head:
                raise ValueError("another head")
        elif any(texts):
            yield line, dict(zip(head, [*texts, *[""] * len(head)], strict=False))
    if line == 0:
        raise ValueError("an empty sheet")


def _is_sound(
    found: Content, sheet: str, line: int, row: GateKind | Criterion | Track, seen: dict[str, Any]
) -> bool:
    """Note what is wrong with a row by itself, or beside those above it."""
    sentences = []
    try:
        row.clean_fields(exclude=["version", "gate"])
        row.validate_constraints(exclude=["version", "gate"])
    except ValidationError as error:
        columns: Any = {column.name: column for column in row._meta.get_fields()}
        sentences = [
            f"{columns[name].verbose_name}: {said}" if name in columns else said
            for name, several in error.message_dict.items() for said in several
        ]  # fmt: skip
    if row.code in seen:
        sentences.append(_("The code “%(code)s” is there twice.") % {"code": row.code})
    found.faults += [Fault(sheet, line, sentence) for sentence in sentences]
    return not sentences
