"""What was measured, as rows, and how they are shown and kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Row:
    """One figure; `target` reads like ">= 20", empty where a figure is only for information."""

    name: str
    value: float
    unit: str
    target: str = ""

    @property
    def ok(self) -> bool | None:
        """Tell whether the target is reached, None where there is none."""
        if not self.target:
            return None
        sign, bound = self.target.split()
        return self.value >= float(bound) if sign == ">=" else self.value <= float(bound)


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def lines(rows: Iterable[Row]) -> Iterable[str]:
    marks = {None: "", True: "ok", False: "MISSED"}
    for row in rows:
        target = f"{row.target} {row.unit}" if row.target else ""
        figure = f"{shown(row.value)} {row.unit}"
        yield f"{row.name:<66} {figure:>18}   {target:<16} {marks[row.ok]}".rstrip()


def keep(rows: Iterable[Row], file: Path) -> None:
    found: list[dict[str, Any]] = [{**asdict(row), "ok": row.ok} for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, ensure_ascii=False, indent=1))
