"""Move from SQLite to PostgreSQL."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.keeping.databases import NotKept
from workflows.keeping.moves import move


class Command(BaseCommand):
    help = "Move everything from SQLite to an empty PostgreSQL database; stop the product first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", required=True, metavar="URL", help="postgres://user@host:5432/name"
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        try:
            arrived = move(to)
        except NotKept as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(
            f"{arrived.rows} rows arrived as they were, state hash {arrived.hash}; every chain "
            "holds. Set DATABASE_URL to the new address, and SECRET_KEY_FILE to "
            "VAR_DIR/secret_key so that everybody stays signed in."
        )
