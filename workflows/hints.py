"""What a page says to whoever comes to it for the first time, until they put it away."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from people.models import User
from workflows.declarations import Text

HINTS: dict[str, Text] = {
    "requester_home": _("Here stand your requests: what needs you is on top, and beside each the day it was promised for. “New request” asks for something."),
    "inbox": _("What is yours to do stands here, what is due first on top. Work nobody has taken yet is under “Up for grabs”: press “Take”, and it is yours."),
    "case_list": _("Every case you may see. Narrow the list down, keep it under a name with “Keep this view”, and take it along as Excel or CSV: exactly what is shown."),
    "case": _("What you can do now stands on top; below it all that happened. Beside each due time “Why this due time?” counts it out for you, line by line."),
    "change_calendar": _("Each change stands on its days. A red ring with a triangle: it is in the way of another, or lies in a freeze. Press it to see why, and when there is room."),
    "project_board": _("Each column is a phase, and a project moves on when the gate at the end of its phase is accepted. Press a project to see what is missing."),
    "gate_sheet": _("Each answer is saved as you press it, so you may leave and come back. What keeps the gate from being decided stands at the foot."),
    "office": _("What you change here is noted in the audit log. Calendars and standards can be tried out before they count for anybody."),
}  # fmt: skip
"""By the name of the address."""


def hint_of(request: HttpRequest) -> tuple[str, Text] | None:
    """Return the page's hint with its name, unless the reader has put it away (no query)."""
    name = getattr(request.resolver_match, "url_name", "") or ""
    if name not in HINTS or not isinstance(request.user, User):
        return None
    return None if name in request.user.hints_put_away else (name, HINTS[name])
