"""What the shell around every page needs to know."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.models import User
from workflows.counting import counts_of
from workflows.hints import hint_of
from workflows.lifecycles import Place, registered
from workflows.models import Task
from workflows.news.reading import bell, rung
from workflows.shortcuts import shortcuts

PLACES = (
    Place("inbox", _("Inbox"), "inbox", "i"),
    Place("case_list", _("Cases"), "layout-list", "c"),
)


def actor_of(request: HttpRequest) -> Actor:
    """Return the person who asks, with the roles of the instant they are first read (2 queries)."""
    assert isinstance(request.user, User)  # who is not logged in gets no page of ours
    found: Actor | None = getattr(request, "_actor", None)
    if found is None:
        found = Actor.of(request.user, timezone.now())
        request._actor = found  # type: ignore[attr-defined]  # kept for this request
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: rail and bell; read only when a page shows them (1 query)."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _counted(who: Actor, owed: int | None) -> tuple[int, int]:
    """Return how many tasks `who` owes, unless that is known, and how much they were told anew."""
    several: dict[str, QuerySet[Any]] = {"told": rung(who.user)}
    if owed is None:
        several["owed"] = Task.objects.mine(who).awake(who)
    counts = counts_of(several, User.objects.filter(pk=who.user.pk))
    return counts["owed"] if owed is None else owed, counts["told"]


def places_of(who: Actor) -> list[Place]:
    """Return the places of the rail: everybody's, and those of the processes of one's roles."""
    of_roles = (place for cls in registered() if cls.concerns(who) for place in cls.places)
    return [*PLACES, *of_roles]


def _current(path: str, places: Collection[Place]) -> dict[str, str]:
    """Return what `aria-current` says of the place `path` is at: `page`, or `true` below it."""
    addresses = {reverse(place.url_name): place.url_name for place in places}
    above = max((one for one in addresses if path.startswith(one)), key=len, default=None)
    return {addresses[above]: "page" if path == above else "true"} if above else {}


def _shell(request: HttpRequest) -> dict[str, Any]:
    count, news, places = 0, "", [*PLACES]
    if request.user.is_authenticated:
        who = actor_of(request)
        known: int | None = getattr(request, "_owed", None)
        count, new = _counted(who, known)
        news = bell(new)
        places = places_of(who)
    current = _current(request.path, places)
    nav = [
        {
            "url": reverse(place.url_name), "label": place.label, "icon": place.icon,
            "count": count if place.url_name == "inbox" else 0,
            "current": current.get(place.url_name, ""), "key": place.key,
        }
        for place in places
    ]  # fmt: skip
    return {
        "nav": nav, "inbox_count": count, "product_name": gettext("Opsgate"), "news": news,
        "shortcuts": shortcuts(places), "hint": hint_of(request),
    }  # fmt: skip
