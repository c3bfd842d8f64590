"""What a message says in one line beside its case: in the list, a chat, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import Absence
from workflows.models import Case, Event, Outbox
from workflows.timeline import sentence


class Line(NamedTuple):
    """A message as its reader may read it now, in the language now active."""

    message: Outbox
    case: Case | None
    text: str

    @property
    def link(self) -> str:
        path = self.case.get_absolute_url() if self.case else reverse("inbox")
        return f"{settings.SITE_URL}{path}"

    @property
    def whole(self) -> str:
        """Return the line as it stands alone: case, what happened, and where to look."""
        return "\n".join([*([str(self.case)] if self.case else []), self.text, self.link])


def lines(messages: Sequence[Outbox], who: Actor) -> list[Line]:
    """Return the lines of messages to `who` in their order (up to 3 queries).

    What belongs to a case that `who` may not see any more is left out.
    """
    cases = Case.objects.visible_to(who).in_bulk({one.case_id for one in messages if one.case_id})
    numbers = {one.data["seq"] for one in messages if one.case_id in cases}
    happened = Event.objects.filter(case__in=cases, seq__in=numbers).select_related("actor")
    events = {(event.case_id, event.seq): event for event in happened} if cases else {}
    ids = {one.data["absence"] for one in messages if one.case_id is None}
    away = Absence.objects.select_related("user", "deputy").in_bulk(ids) if ids else {}
    found = []
    for message in messages:
        if message.case_id is None:
            absence = away.get(message.data["absence"])
            if absence is not None:
                found.append(Line(message, None, _of_absence(message, absence)))
        elif case := cases.get(message.case_id):
            event = events[case.pk, message.data["seq"]]
            found.append(Line(message, case, _of_case(message, case, event)))
    return found


def _of_case(message: Outbox, case: Case, event: Event) -> str:
    if message.topic == "work":
        state = case.lifecycle.State(event.target).label
        return _("This needs you; it is now “%(state)s”.") % {"state": state}
    if message.topic == "mention":
        return _("%(person)s calls you in a comment.") % {"person": event.actor}
    if message.topic == "comment":
        return _("%(person)s wrote a comment.") % {"person": event.actor}
    if message.topic == "clock":
        return sentence(case, event)
    return _("%(person)s: %(what)s") % {"person": event.actor, "what": sentence(case, event)}


def _of_absence(message: Outbox, absence: Absence) -> str:
    if message.topic == "deputy":
        return _("You stand in for %(person)s.") % {"person": absence.user}
    return _("%(person)s stood in for you; look at what was done.") % {"person": absence.deputy}
