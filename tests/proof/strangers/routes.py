"""Every address of the product, read off the resolver, with what to put into it and to send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config.probes import PROBES
from people.models import User
from tests.api.conftest import FILING
from tests.proof.strangers.town import Thing, upload

SAFE = ("GET", "HEAD", "OPTIONS")
METHODS = (*SAFE, "POST", "PUT", "PATCH", "DELETE")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
ANYWHERE = "api/v1/"
"""The address that answers for all others below the API."""


@dataclass(frozen=True)
class Route:
    """An address of the resolver; `action` is what a route with an action is asked to do."""

    pattern: str
    action: str = ""

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def is_admin(self) -> bool:
        return self.pattern.startswith("admin/")

    @property
    def names_a_thing(self) -> bool:
        return bool({"number", "pk"} & set(PARAMETER.findall(self.pattern)))

    @property
    def label(self) -> str:
        """Return the address as the matrix shows it, `/cases/<number>/do/<withdraw>/`."""
        shown = PARAMETER.sub(lambda found: f"<{found[1]}>", self.pattern)
        asked = self.action or "what is next"
        return "/" + re.sub("<(action|name)>", f"<{asked}>", shown)

    def address(self, thing: Thing) -> str:
        """Return the address for `thing`; a new parameter needs a line here."""
        if self.pattern == ANYWHERE:
            return f"/{ANYWHERE}no/such/thing/"
        pk = thing.task if "tasks/" in self.pattern else thing.attachment
        action = self.action or thing.action
        number = thing.number
        if "changes/" in self.pattern:
            number = thing.meeting if "meetings/" in self.pattern else thing.change
        if "gates/" in self.pattern:
            number = thing.gate
        if self.pattern.startswith("projects/"):
            number = thing.project
        values = {
            "number": number, "pk": pk, "kind": "optimization", "metric": "response",
            "action": action, "name": action, "secret": "nobody-was-given-this", "chat": "wecom",
            "slug": "requester",
            "step": 1,
            "code": "light" if "tracks/" in self.pattern else "G1-01", "version": 1,
        }  # fmt: skip
        if self.pattern.startswith("office/"):
            is_calendar = "calendars/" in self.pattern
            values["code"] = "business-hours" if is_calendar else "optimization-response"
            values["pk"] = (
                User.objects.get(username=thing.to).pk if "people/" in self.pattern else 1
            )
        return "/" + PARAMETER.sub(lambda found: str(values[found[1]]), self.pattern)


def patterns() -> list[str]:
    """Return every pattern of the resolver, in its order, and the probes."""
    return [*_below(get_resolver(), ""), *(probe.lstrip("/") for probe in PROBES)]


def _below(resolver: URLResolver, before: str) -> Iterator[str]:
    for one in resolver.url_patterns:
        here = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield here
        else:
            yield from _below(one, here)


def routes() -> list[Route]:
    """Return what the matrix has rows for, the back office left to a matrix of its own."""
    found = []
    for pattern in patterns():
        acts = re.search("<slug:(action|name)>", pattern)
        actions = ("", "withdraw") if acts else ("",)
        found += [Route(pattern, action) for action in actions]
    return [route for route in found if not route.is_admin]


# -- what is sent ---------------------------------------------------------------------------------
Sent = Callable[[Thing, str], dict[str, Any]]


def _action(thing: Thing, action: str) -> dict[str, Any]:
    return {"reason": "no longer needed"} if action else thing.values


BODIES: dict[str, Sent] = {
    "api/v1/cases/": lambda thing, action: FILING,
    "api/v1/cases/<slug:number>/actions/<slug:action>/": _action,
    "api/v1/cases/<slug:number>/comments/": lambda thing, action: {"body": "Any news?"},
    "api/v1/cases/<slug:number>/links/": lambda thing, action: {
        "target": thing.target,
        "relation": "relates",
    },
    "api/v1/cases/<slug:number>/attachments/": lambda thing, action: {"file": upload()},
    "gates/<str:number>/sheet/<slug:code>/": lambda thing, action: {"G1-01-evidence": "See."},
    "api/v1/tasks/<int:pk>/assign/": lambda thing, action: {"to": thing.to},
    "notifications/done/": lambda thing, action: {"group": "all", "upto": "0"},
    "notifications/open/": lambda thing, action: {"group": "absences", "upto": "0"},
    "login/": lambda thing, action: {"username": "colleague", "password": "right"},
    "welcome/<int:step>/": lambda thing, action: {"language": "en"},
    "profile/": lambda thing, action: {"language": "en"},
    "language/": lambda thing, action: {"language": "en", "next": "/inbox/"},
    "new/<slug:kind>/": lambda thing, action: FILING,
    "cases/<str:number>/do/<slug:name>/": _action,
    "cases/<str:number>/comment/": lambda thing, action: {"body": "Any news?"},
    "cases/<str:number>/link/": lambda thing, action: {
        "target": thing.target,
        "relation": "relates",
    },
    "cases/<str:number>/attach/": lambda thing, action: {"attachments": upload()},
    "cases/<str:number>/paste/": lambda thing, action: {"attachments": upload()},
    "cases/<str:number>/watchers/": lambda thing, action: {"watcher": thing.to},
    "drafts/": lambda thing, action: {
        "draft_key": f"/cases/{thing.number}/comment/",
        "body": "Any news?",
    },
    "drafts/drop/": lambda thing, action: {"draft_key": f"/cases/{thing.number}/comment/"},
    "tasks/<int:pk>/assign/": lambda thing, action: {"to": thing.to},
}
"""What a good request to an address carries; nothing where nothing is asked."""


def ask(browser: Client, method: str, route: Route, thing: Thing) -> HttpResponse:
    """Send a request that would succeed if the one who sends it may."""
    if route.pattern == "login/passkey/":
        cache.clear()  # it answers a few times a minute; here it is asked by everybody
    body = BODIES.get(route.pattern, lambda thing, action: {})(thing, route.action)
    address = route.address(thing)
    is_form = not route.is_api or "file" in body
    if method == "POST" and is_form:
        return browser.post(address, body)
    text = json.dumps(body) if method == "POST" else ""
    return browser.generic(method, address, text, "application/json")
