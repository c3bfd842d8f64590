from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from workflows.heartbeat import beat


class Command(BaseCommand):
    help = "Do once what the heartbeat does: due clocks, absences, waiting messages."

    def handle(self, *args: Any, **options: Any) -> None:
        done = beat(timezone.now())
        self.stdout.write(", ".join(f"{name} {number}" for name, number in done.items()))
