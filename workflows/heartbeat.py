"""What must happen by itself, at every beat: due clocks, absences that begin or end, waiting mail.

A process of its own in the embedded product, woken by Celery in the grown-up one. A late beat
delays, and loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from workflows.absences import tell_deputies
from workflows.models import Beat
from workflows.relay import relay
from workflows.sweep import sweep

logger = logging.getLogger(__name__)

PARTS: dict[str, Callable[[datetime], int]] = {
    "sweep": sweep,
    "tell_deputies": tell_deputies,
    "relay": relay,
}


def beat(at: datetime) -> dict[str, int]:
    """Run every part at `at`; return how much each handled. One that fails stops no other."""
    handled = {}
    for name in PARTS:
        try:
            handled[name] = run(name, at)
        except Exception:  # the log has the traceback, and the next beat tries again
            logger.exception("The part %s of a beat failed", name)
    return handled


def run(name: str, at: datetime) -> int:
    """Run one part and note that it ran; return how much it handled."""
    handled = PARTS[name](at)
    Beat.done(name, at)
    return handled
