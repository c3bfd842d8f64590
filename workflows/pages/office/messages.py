"""Messages that were given up, and those that wait longest."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext

from workflows.actions import retry_messages
from workflows.counting import CountedPaginator
from workflows.models import Case, Outbox, OutboxQuerySet
from workflows.pages import Request
from workflows.pages.office import PAGE, office_page
from workflows.shell import actor_of

MOST_AT_ONCE = 500


@office_page("workflows.view_outbox")
def list_messages(request: Request) -> HttpResponse:
    if request.method == "POST":
        return _retry(request)
    found = _found(request, request.GET)
    page = CountedPaginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page, "rows": list(page), "is_waiting": _is_waiting(request.GET),
        "channels": Outbox.Channel.choices, "channel": request.GET.get("channel", ""),
        "may_retry": request.user.has_perm("workflows.change_outbox"),
    }  # fmt: skip
    return render(request, "office/messages.html", context)


def _retry(request: Request) -> HttpResponse:
    if not request.user.has_perm("workflows.change_outbox"):
        raise PermissionDenied
    chosen = _found(request, request.POST).order_by()
    if "all" not in request.POST:
        keys = [one for one in request.POST.getlist("message") if one.isdecimal() and len(one) < 18]
        chosen = chosen.filter(pk__in=keys)
    keys_now = list(chosen.values_list("pk", flat=True)[:MOST_AT_ONCE])
    number = retry_messages(
        messages=Outbox.objects.filter(pk__in=keys_now), actor=request.user, at=actor_of(request).at
    )
    said = ngettext(
        "%(number)d message is tried again.", "%(number)d messages are tried again.", number
    )
    notices.success(request, said % {"number": number})
    return redirect(reverse("office_messages"))


def _is_waiting(asked: QueryDict) -> bool:
    return asked.get("show") == "waiting"


def _found(request: Request, asked: QueryDict) -> OutboxQuerySet:
    rows = _visible(request)
    rows = rows.unsent().order_by("created_at", "pk") if _is_waiting(asked) else (
        rows.dead().order_by("-dead_at", "-pk")
    )  # fmt: skip
    return rows.filter(channel=asked["channel"]) if asked.get("channel") else rows


def _visible(request: Request) -> OutboxQuerySet:
    """Keep messages of cases one sees elsewhere, and those of no case."""
    visible = Case.objects.visible_to(actor_of(request))
    rows = Outbox.objects.select_related("recipient", "webhook", "chat", "case")
    return rows.filter(Q(case__in=visible.values("pk")) | Q(case=None))
