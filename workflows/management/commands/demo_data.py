from argparse import ArgumentParser
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from people.models import User


class Command(BaseCommand):
    help = "Fill an empty database with the demo world, in every state relative to now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="no progress bar")

    def handle(self, *args: Any, **options: Any) -> None:
        """Let every app with a `demo` module build its part, in the order of INSTALLED_APPS."""
        if User.objects.exists():
            raise CommandError(
                "The database has people already; the demo world needs an empty one."
            )
        at = timezone.now()
        builders = [name for app in apps.get_app_configs() if find_spec(name := f"{app.name}.demo")]
        with transaction.atomic():
            for name in tqdm(builders, desc="demo world", disable=options["quiet"]):
                import_module(name).build(at)
