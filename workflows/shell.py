"""What the shell around every page needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from people.actors import Actor
from workflows.models import Task


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the rail's entries; read only when a page shows them (3 queries)."""
    return {"shell": SimpleLazyObject(lambda: _shell(request))}


def _shell(request: HttpRequest) -> dict[str, Any]:
    count = 0
    if request.user.is_authenticated:
        count = Task.objects.mine(Actor.of(request.user, timezone.now())).count()
    entries = [("inbox", _("Inbox"), "inbox", count), ("case_list", _("Cases"), "layout-list", 0)]
    nav = [
        {
            "url": reverse(name), "label": label, "icon": icon, "count": number,
            "is_current": request.path == reverse(name),
        }
        for name, label, icon, number in entries
    ]  # fmt: skip
    return {"nav": nav, "inbox_count": count, "product_name": _("Opsgate")}
