"""Bring back what a backup holds."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.keeping.backups import restore
from workflows.keeping.databases import NotKept


class Command(BaseCommand):
    help = "Bring back the database and the attachments of a backup; stop the product first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="what manage.py backup wrote")
        parser.add_argument(
            "--replace", action="store_true", help="also where the database holds data, now lost"
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            manifest = restore(file, replace=replace)
        except NotKept as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            f"Restored the state of {manifest.made_at}: {sum(manifest.counts.values())} rows, "
            f"{len(manifest.files) - 1} attachments, state hash {manifest.state_hash}; every "
            "chain holds."
        )
