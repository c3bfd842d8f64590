"""What a message says: the rows its templates need, read when it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from people.actors import Actor
from people.models import Absence
from workflows.models import Comment, Event, Outbox, Task
from workflows.news.lines import Line, lines
from workflows.timeline import sentence


def context(message: Outbox) -> dict[str, Any]:
    """Return what the templates of `message.topic` need, in the language now active."""
    common = frame()
    if message.case is None:
        return common | _of_absence(message)
    event = message.case.events.select_related("actor").get(seq=message.data["seq"])
    return common | {
        "case": message.case,
        "event": event,
        "state_label": message.case.lifecycle.State(event.target).label,
        "sentence": sentence(message.case, event),
        "comment": _comment_of(event),
    }


def frame() -> dict[str, Any]:
    """Return what every mail needs."""
    site = settings.SITE_URL
    return {
        "site_url": site,
        "news_url": f"{site}{reverse('news')}",
        "choices_url": f"{site}{reverse('news_preferences')}",
    }


def summary(messages: Sequence[Outbox], who: Actor) -> dict[str, Any]:
    """Return what a mail of many messages needs: their lines by case, newest case last."""
    found = lines(sorted(messages, key=lambda one: one.created_at), who)
    groups: dict[int | None, list[Line]] = {}
    for line in found:
        groups.setdefault(line.message.case_id, []).append(line)
    return frame() | {
        "groups": [{"case": group[0].case, "lines": group} for group in groups.values()],
        "messages": [line.message for line in found],
        "count": len(found),
    }


def _comment_of(event: Event) -> Comment | None:
    if event.action != "comment":
        return None
    return Comment.objects.get(pk=event.data["id"])


def _of_absence(message: Outbox) -> dict[str, Any]:
    """List the absent person's open work, or what the deputy finished for them meanwhile."""
    absence = Absence.objects.select_related("user", "deputy").get(pk=message.data["absence"])
    tasks = Task.objects.select_related("case")
    if message.topic == "deputy":
        found = tasks.open().filter(assignee=absence.user)
    else:
        found = tasks.filter(on_behalf_of=absence.user, done_at__gte=absence.from_at)
    return {"absence": absence, "tasks": found}
