from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from workflows.invariants import violations
from workflows.models import Case


class Command(BaseCommand):
    help = "Ask of every case whether everything kept about it fits together."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(violations(now()))
        if found:
            raise CommandError("\n".join([*found, f"{len(found)} things are not as they must be."]))
        self.stdout.write(f"{Case.objects.count()} cases: everything is as it must be.")
