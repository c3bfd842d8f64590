"""The minutes of a meeting of the board, as a page and as PDF."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.template.loader import render_to_string

from change_control.cab import agenda
from change_control.models import CabMeeting
from people.actors import Actor


def context(meeting: CabMeeting, who: Actor) -> dict[str, Any]:
    """Return what page and PDF show (5 queries)."""
    return {
        "meeting": meeting,
        "members": list(meeting.attendances.select_related("member", "deputy")),
        "items": agenda(meeting, who),
        "closing_note": meeting.events.filter(action="close").values_list("note", flat=True).last(),
        "has_pdf": has_pdf(),
    }


@cache
def has_pdf() -> bool:
    """Tell whether this machine has Pango, by which WeasyPrint sets type."""
    try:
        import weasyprint  # noqa: F401  # asked whether it can be loaded
    except OSError:
        return False
    return True


def as_pdf(shown: dict[str, Any]) -> bytes:
    """Return the minutes as PDF; no address is fetched for it."""
    import weasyprint

    html = render_to_string("change_control/minutes_pdf.html", shown)
    written: bytes = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing).write_pdf()
    return written


def _fetch_nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    raise ValueError(url)
