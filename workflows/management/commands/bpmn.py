"""Write a process as BPMN 2.0, which other tools open."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from workflows.lifecycles import lifecycle_of, registered
from workflows.refusals import UnknownAction


class Command(BaseCommand):
    help = "Write a process as a BPMN 2.0 file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="the process, for example optimization")
        parser.add_argument(
            "--lang",
            choices=[code for code, _name in settings.LANGUAGES],
            default=settings.LANGUAGE_CODE,
            help="the language of the names (%(default)s)",
        )
        parser.add_argument("--output", type=Path, help="the file to write (the screen)")

    def handle(
        self, *args: Any, kind: str, lang: str, output: Path | None, **options: Any
    ) -> str | None:
        from workflows.bpmn import bpmn_xml  # builds on viewflow's models, which take a while

        with translation.override(lang):
            try:
                text = bpmn_xml(lifecycle_of(kind))
            except UnknownAction as unknown:
                kinds = ", ".join(lifecycle.kind for lifecycle in registered())
                raise CommandError(f"{unknown} ({kinds})") from unknown
        if output is None:
            return text
        output.write_text(text, encoding="utf-8")
        return None
