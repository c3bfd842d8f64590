from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.events import broken_chains, missing_numbers
from workflows.models import Case, Event


class Command(BaseCommand):
    help = "`audit verify`: find events changed, removed or reordered, and cases that are gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        problems = [*broken_chains(), *missing_numbers()]
        if problems:
            raise CommandError("\n".join(problems))
        cases, events = Case.objects.count(), Event.objects.count()
        self.stdout.write(
            f"{cases} cases, {events} events: every chain holds, no number is missing."
        )
