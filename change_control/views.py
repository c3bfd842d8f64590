"""The pages of change control beside those every case has: calendar, slots, figures, minutes."""

from __future__ import annotations

from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from change_control import cab, calendar_page, figures, minutes, parts
from change_control import feed as feeds
from change_control.models import CabMeeting, Change
from change_control.states import MeetingState
from people.actors import Actor
from people.models import ApiToken
from people.tokens import owner_of, renew_token
from workflows.lifecycles import lifecycle_of
from workflows.models import Case
from workflows.pages import FORM, Request, find_case
from workflows.printing import pdf_answer
from workflows.shell import actor_of

T = TypeVar("T", bound=Case)
CALENDAR = ApiToken.Scope.CALENDAR


@login_required
@require_safe
def show_calendar(request: Request) -> HttpResponse:
    context = calendar_page.page(actor_of(request), request.GET)
    name = "calendar_day" if "day" in context else "calendar"
    return render(request, f"change_control/{name}.html", context)


@login_required
@require_http_methods(FORM)
@never_cache
def subscribe(request: Request) -> HttpResponse:
    """Make the address of the reader's own feed, which is shown this once; the old one ends."""
    address = ""
    if request.method == "POST":
        secret = renew_token(user=request.user, name="ICS", scope=CALENDAR)
        address = f"{settings.SITE_URL}{reverse('change_feed', args=[secret])}"
    live = request.user.tokens.filter(scope=CALENDAR, revoked_at__isnull=True)
    context = {"address": address, "since": live.values_list("created_at", flat=True).first()}
    return render(request, "change_control/subscribe.html", context)


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer a calendar program, which has nothing but the address; in the owner's language."""
    owner = owner_of(secret, CALENDAR)
    if owner is None:
        raise Http404
    with translation.override(owner.language or settings.LANGUAGE_CODE):
        written = feeds.as_ics(Actor.of(owner, timezone.now()))
    answer = HttpResponse(written, "text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, max-age=300"
    return answer


@login_required
@require_safe
def show_slots(request: Request, number: str) -> HttpResponse:
    """Show the first windows a change would fit into, and why earlier ones do not."""
    who = actor_of(request)
    return render(
        request, "change_control/slots.html", parts.slots(_find(Change, who, number), who)
    )


@login_required
@require_safe
def show_figures(request: Request) -> HttpResponse:
    rows = figures.months(actor_of(request))
    context = {"rows": rows, "all": figures.together(rows)}
    return render(request, "change_control/figures.html", context)


@login_required
@require_safe
def list_meetings(request: Request) -> HttpResponse:
    """Show the board's meetings, and what awaits the next."""
    who = actor_of(request)
    meetings: Any = CabMeeting.objects.all()  # to mypy these are cases
    context = {
        "meetings": meetings.visible_to(who).order_by("-meets_at")[:50],
        "waiting": cab.awaiting(who),
        "may_call": lifecycle_of("cab").may_be_filed_by(who),
    }
    return render(request, "change_control/meetings.html", context)


def _find(kind: type[T], who: Actor, number: str) -> T:
    """Return the case of this number, or 404: none, none that `who` sees, or of another kind."""
    case = find_case(who, number)
    if not isinstance(case, kind):
        raise Http404
    return case


def _minutes(request: Request, number: str) -> dict[str, Any]:
    """Return the minutes of a meeting that was held, or 404."""
    who = actor_of(request)
    meeting = _find(CabMeeting, who, number)
    if meeting.state != MeetingState.HELD:
        raise Http404
    return minutes.context(meeting, who)


@login_required
@require_safe
def show_minutes(request: Request, number: str) -> HttpResponse:
    return render(request, "change_control/minutes.html", _minutes(request, number))


@login_required
@require_safe
def minutes_pdf(request: Request, number: str) -> HttpResponse:
    shown = _minutes(request, number)
    if not shown["has_pdf"]:
        raise Http404
    return pdf_answer("change_control/minutes_pdf.html", shown, number)
