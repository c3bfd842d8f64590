"""Load the shipped catalogue, calendars and standards."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from agreements.actions import load_defaults


class Command(BaseCommand):
    help = "Load the shipped catalogue, calendars and standards; leave alone what exists."

    def handle(self, **options: Any) -> None:
        """Name every row that was made at --verbosity 2.

        An app above brings its own in `defaults.py`, as `load(loaded)`.
        """
        loaded = load_defaults()
        names = (f"{app.name}.defaults" for app in apps.get_app_configs())
        for name in filter(find_spec, names):
            import_module(name).load(loaded)
        for code in loaded.made if options["verbosity"] > 1 else ():
            self.stdout.write(_("Loaded %(code)s.") % {"code": code})
        self.stdout.write(
            _("%(made)d loaded, %(kept)d left as they were.")
            % {"made": len(loaded.made), "kept": len(loaded.kept)}
        )
