"""The clockwork of an installation without Celery: one beat every few seconds."""

from __future__ import annotations

import logging
import signal
from argparse import ArgumentParser
from threading import Event
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.timezone import now

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Sweep due clocks, send what waits and open recurring duties, every few seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--interval", type=float, default=5.0, help="seconds between two beats (5)"
        )

    def handle(self, *args: Any, interval: float, **options: Any) -> None:
        from workflows.heartbeat import beat  # needs the models, which are loaded by now

        stopping = Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopping.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        while not stopping.is_set():
            try:
                beat(now())
            except Exception:  # one bad beat must not end the heart; the log has the traceback
                logger.exception("A beat failed; the next one tries again")
            close_old_connections()
            stopping.wait(interval)
