"""What the shell around every page needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.models import User
from workflows.lifecycles import Place, registered
from workflows.models import Task

PLACES = (Place("inbox", _("Inbox"), "inbox"), Place("case_list", _("Cases"), "layout-list"))


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
    count, places = (
        0,
        [Place("inbox", _("Inbox"), "inbox"), Place("case_list", _("Cases"), "layout-list")],
    )
    if request.user.is_authenticated:
        who = actor_of(request)
        known: int | None = getattr(request, "_owed", None)
        count = Task.objects.mine(who).awake(who).count() if known is None else known
        places += [place for cls in registered() if cls.concerns(who) for place in cls.places]
    nav = [
        {
            "url": reverse(place.url_name), "label": place.label, "icon": place.icon,
            "count": count if place.url_name == "inbox" else 0,
            "is_current": request.path.startswith(reverse(place.url_name)),
        }
        for place in places
    ]  # fmt: skip
    return {"nav": nav, "inbox_count": count, "product_name": gettext("Opsgate")}
