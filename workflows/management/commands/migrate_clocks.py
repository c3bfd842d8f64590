from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agreements.models import Calendar, Standard
from people.models import User
from workflows.retiming import migrate, preview


class Command(BaseCommand):
    help = "Hold running clocks to the version of a standard or calendar that is now in force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--standard", help="code of the standard")
        which.add_argument("--calendar", help="code of the calendar")
        parser.add_argument("--apply-as", metavar="USERNAME", help="do it, in this person's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what would move; with --apply-as move it."""
        at, change = timezone.now(), _chosen(options)
        planned = preview(change, at)
        flips = sum(move.flips_to_breached(at) for move in planned)
        self.stdout.write(f"{len(planned)} clocks move, {flips} flip to breached")
        if options["apply_as"]:
            actor = User.objects.filter(username=options["apply_as"], is_active=True).first()
            if actor is None:
                raise CommandError("There is no such active person.")
            self.stdout.write(f"{migrate(change, actor=actor, at=at)} moved")


def _chosen(options: dict[str, Any]) -> Standard | Calendar:
    model, code = (
        (Standard, options["standard"]) if options["standard"] else (Calendar, options["calendar"])
    )
    found: Standard | Calendar | None = model.objects.filter(code=code).first()
    if found is None:
        raise CommandError(f"There is no {model.__name__.lower()} with the code {code}.")
    return found
