"""What was measured, as rows, and how they are shown and kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure; `target` reads like ">= 20", empty where a figure is only for information."""

    name: str
    value: float
    unit: str
    target: str = ""

    def on(self, database: str) -> Row:
        return replace(self, name=f"{database}: {self.name}")

    @property
    def ok(self) -> bool | None:
        """Tell whether the target is reached, None where there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return self.value >= float(bound) if sign == ">=" else self.value <= float(bound)


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def lines(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the table: what belongs to a figure is indented below it."""
    marks = {None: "", True: "ok", False: "MISSED"}
    above = ""
    for row in rows:
        head, _, rest = row.name.rpartition(": ")
        name = f"    {rest}" if head and head == above else row.name
        above = head if name != row.name else row.name
        figure = f"{shown(row.value)} {row.unit}"
        target = f"{row.target} {row.unit}" if row.target else ""
        yield f"{name:<88} {figure:>14}   {target:<14} {marks[row.ok]}".rstrip()


def keep(rows: Iterable[Row], file: Path) -> None:
    found: list[dict[str, Any]] = [{**asdict(row), "ok": row.ok} for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1))


def kept(file: Path) -> list[Row]:
    found = json.loads(file.read_text())
    return [Row(**{name: one[name] for name in one if name != "ok"}) for one in found]
