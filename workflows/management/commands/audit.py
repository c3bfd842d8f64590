from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.events import broken_chains, missing_numbers
from workflows.keeping.databases import (
    NotKept,
    kept_models,
    refuse_unmigrated,
    standing_still,
)
from workflows.keeping.fingerprints import fingerprint
from workflows.models import Case, Event
from workflows.replay import ADVICE, replay


class Command(BaseCommand):
    help = (
        "`audit verify`: find events changed, removed or reordered, and cases that are gone. "
        "`audit replay`: find cases whose events today's processes cannot explain. "
        "`audit hash`: one hash over everything kept, the same on SQLite and PostgreSQL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["verify", "replay", "hash"])
        parser.add_argument("--tables", action="store_true", help="with hash: each table's too")

    def handle(self, *args: Any, what: str, tables: bool, **options: Any) -> None:
        if what == "verify":
            self.verify()
        elif what == "replay":
            self.replay()
        else:
            self.show_hash(tables=tables)

    def verify(self) -> None:
        problems = [*broken_chains(), *missing_numbers()]
        if problems:
            raise CommandError("\n".join(problems))
        cases, events = Case.objects.count(), Event.objects.count()
        self.stdout.write(
            f"{cases} cases, {events} events: every chain holds, no number is missing."
        )

    def replay(self) -> None:
        found = replay(self.stderr.write)
        if found.misfits:
            raise CommandError(f"{found.misfits} of {found.cases} cases do not fit. {ADVICE}")
        self.stdout.write(
            f"{found.cases} cases, {found.events} moves: today's processes explain every one."
        )

    def show_hash(self, *, tables: bool) -> None:
        try:
            refuse_unmigrated()
        except NotKept as reason:
            raise CommandError(str(reason)) from reason
        with standing_still() as alias:
            found = fingerprint(kept_models(), alias)
        if tables:
            for name, table in sorted(found.tables.items()):
                self.stdout.write(f"{table.digest} {table.rows:>9} {name}")
        self.stdout.write(found.hash)
