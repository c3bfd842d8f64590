"""The shipped criteria: data to load once, then kept by the house in versions of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from agreements.actions import SHIPPED_FROM, Loaded
from projects.models import CatalogueVersion, Criterion, GateKind, Track

DATA = Path(__file__).parent / "data"


def load(loaded: Loaded) -> None:
    """Load and publish version 1, unless there is any version."""
    if CatalogueVersion.objects.exists():
        loaded.kept.append("criteria-1")
        return
    shipped = json.loads((DATA / "acceptance_checklists.json").read_text(encoding="utf-8"))
    chinese = json.loads((DATA / "words_zh.json").read_text(encoding="utf-8"))
    with transaction.atomic():
        version = CatalogueVersion.objects.create(number=1)
        gates = {
            row["code"]: GateKind.objects.create(
                version=version, place=place, code=row["code"], name=row["name_en"],
                name_zh=row["name_zh"], purpose=row["purpose"],
                purpose_zh=chinese["purpose"][row["purpose"]],
            )
            for place, row in enumerate(shipped["gates"], start=1)
        }  # fmt: skip
        Criterion.objects.bulk_create(
            _criterion(row, gates[row["gate"]], chinese["evidence"]) for row in shipped["items"]
        )
        tracks = json.loads((DATA / "tracks.json").read_text(encoding="utf-8"))
        Track.objects.bulk_create(Track(version=version, **row) for row in tracks)
        version.published_at = SHIPPED_FROM
        version.save(update_fields=["published_at"])
    loaded.made.append("criteria-1")


def _criterion(row: dict[str, Any], gate: GateKind, chinese: dict[str, str]) -> Criterion:
    return Criterion(
        gate=gate, code=row["code"], level=row["level"], area=row["area"],
        is_light=row["light_track"], text=row["text_en"], text_zh=row["text_zh"],
        evidence=row["evidence"], evidence_zh=chinese[row["evidence"]],
    )  # fmt: skip
