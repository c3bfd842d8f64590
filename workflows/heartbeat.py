"""What must happen by itself, at every beat: due clocks, waiting mail, absences that begin or end.

A process of its own in the embedded product, woken by Celery in the grown-up one. A late beat
delays, and loses nothing.
"""

from __future__ import annotations

from datetime import datetime

from workflows.absences import tell_deputies
from workflows.relay import relay
from workflows.sweep import sweep


def beat(at: datetime) -> dict[str, int]:
    """Run one beat at `at`; return what was handled, by name."""
    return {"swept": sweep(at), "told": tell_deputies(at), "sent": relay(at)}
