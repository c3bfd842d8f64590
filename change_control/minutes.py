"""What the minutes of a meeting of the board say, as a page and as PDF."""

from __future__ import annotations

from typing import Any

from change_control.cab import agenda
from change_control.models import CabMeeting
from people.actors import Actor
from workflows.printing import has_pdf


def context(meeting: CabMeeting, who: Actor) -> dict[str, Any]:
    """Return what page and PDF show (5 queries)."""
    return {
        "meeting": meeting,
        "members": list(meeting.attendances.select_related("member", "deputy")),
        "items": agenda(meeting, who),
        "closing_note": meeting.events.filter(action="close").values_list("note", flat=True).last(),
        "has_pdf": has_pdf(),
    }
