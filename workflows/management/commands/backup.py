"""Back up the database and the attachments into one file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from workflows.keeping.backups import back_up
from workflows.keeping.databases import NotKept


class Command(BaseCommand):
    help = "Back up the database and the attachments into one file, while the product runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target", nargs="?", type=Path,
            help="a new file, or a folder to put one in (VAR_DIR/backups)",
        )  # fmt: skip

    def handle(self, *args: Any, target: Path | None, **options: Any) -> None:
        at = timezone.now()
        place = target or settings.VAR_DIR / "backups"
        if target is None or place.is_dir():
            place /= f"opsgate-{at:%Y%m%dT%H%M%SZ}.zip"
        try:
            manifest = back_up(place, at)
        except NotKept as reason:
            raise CommandError(f"There is no backup: {reason}") from reason
        rows, files = sum(manifest.counts.values()), len(manifest.files) - 1
        self.stdout.write(
            f"{place}: {rows} rows, {files} attachments, state hash {manifest.state_hash}"
        )
        if manifest.missing:
            raise CommandError(
                f"The backup is written, but {len(manifest.missing)} attachments were not on the "
                f"disk, such as {manifest.missing[0]}; its manifest names them all."
            )
