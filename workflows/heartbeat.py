"""What must happen by itself, at every beat: due clocks, absences that begin or end, waiting mail.

A process of its own in the embedded product, woken by Celery in the grown-up one. A late beat
delays, and loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from workflows.absences import tell_deputies
from workflows.drafts import clear_old_drafts
from workflows.invariants import violations
from workflows.models import Beat
from workflows.relay import relay
from workflows.sweep import sweep

logger = logging.getLogger(__name__)

NIGHTLY = timedelta(hours=24)


def check_invariants(at: datetime) -> int:
    """Ask once a day whether everything fits together; what does not is logged as an error."""
    if not _is_due("invariants", at):
        return 0
    found = list(violations(at))
    for sentence in found:
        logger.error("not as it must be: %s", sentence)
    Beat.done("invariants", at)
    return len(found)


def clear_drafts(at: datetime) -> int:
    """Drop once a day what was typed long ago and never sent."""
    if not _is_due("drafts", at):
        return 0
    dropped = clear_old_drafts(at=at)
    Beat.done("drafts", at)
    return dropped


def _is_due(name: str, at: datetime) -> bool:
    last = Beat.objects.filter(name=name).values_list("at", flat=True).first()
    return last is None or at - last >= NIGHTLY


PARTS: dict[str, Callable[[datetime], int]] = {
    "sweep": sweep,
    "tell_deputies": tell_deputies,
    "relay": relay,
    "check_invariants": check_invariants,
    "clear_drafts": clear_drafts,
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
