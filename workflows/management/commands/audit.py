from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workflows.events import broken_chains
from workflows.models import Case, Event


class Command(BaseCommand):
    help = "`audit verify`: find events that were changed, removed or reordered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(broken_chains())
        if problems:
            raise CommandError("\n".join(problems))
        cases, events = Case.objects.count(), Event.objects.count()
        self.stdout.write(f"{cases} cases, {events} events: every chain holds.")
