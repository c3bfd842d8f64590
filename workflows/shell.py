"""What the shell around every page needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import User
from workflows.models import Task


def actor_of(request: HttpRequest) -> Actor:
    """Return the person who asks, with the roles of the instant they are first read (2 queries)."""
    assert isinstance(request.user, User)  # who is not logged in gets no page of ours
    found: Actor | None = getattr(request, "_actor", None)
    if found is None:
        found = Actor.of(request.user, timezone.now())
        request._actor = found  # type: ignore[attr-defined]  # kept for this request
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the rail's entries; read only when a page shows them (1 query)."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    count = 0
    if request.user.is_authenticated:
        count = Task.objects.mine(actor_of(request)).count()
    entries = [("inbox", _("Inbox"), "inbox", count), ("case_list", _("Cases"), "layout-list", 0)]
    nav = [
        {
            "url": reverse(name), "label": label, "icon": icon, "count": number,
            "is_current": request.path == reverse(name),
        }
        for name, label, icon, number in entries
    ]  # fmt: skip
    return {"nav": nav, "inbox_count": count, "product_name": _("Opsgate")}
