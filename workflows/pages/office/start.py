"""Where the back office begins: what needs somebody, and the way to every page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from agreements.models import CalendarVersion, StandardVersion
from people.models import Absence, Grant, User
from people.staffing import SOON
from workflows.health import BAD, CARE, GOOD, troubles
from workflows.pages import Request
from workflows.pages.office.people import stranded

HOLIDAYS_END = timedelta(days=90)


@dataclass(frozen=True)
class Tile:
    permission: str
    url_name: str
    icon: str
    title: str | Promise
    text: str | Promise


TILES = (
    Tile("people.view_user", "office_people", "users", _("People and roles"),
         _("Who may do what, for which unit and until when; who is away.")),
    Tile("agreements.view_calendar", "office_calendars", "calendar-time", _("Calendars"),
         _("Working hours and holidays; try out when something is due.")),
    Tile("agreements.view_standard", "office_standards", "gavel", _("Standards"),
         _("What is promised, whether it is confirmed, and what a change moves.")),
    Tile("agreements.view_service", "office_promises", "books", _("Services and agreements"),
         _("The catalogue of services, and what was signed.")),
    Tile("workflows.view_outbox", "office_messages", "mail", _("Messages"),
         _("What could not be delivered, and why; send it again.")),
    Tile("workflows.view_webhook", "office_webhooks", "route", _("Webhooks"),
         _("Who outside is told of events, and whether it arrives.")),
    Tile("people.view_apitoken", "office_tokens", "key", _("API tokens"),
         _("The keys of programs; revoke one that is lost.")),
    Tile("workflows.view_beat", "office_health", "report-analytics", _("Health"),
         _("Whether everything runs that must run by itself.")),
    Tile("auditlog.view_logentry", "office_audit", "history", _("Audit log"),
         _("Who changed what of the settings, before and after.")),
)  # fmt: skip


@dataclass(frozen=True)
class Hint:
    """Something that needs somebody, or is worth knowing."""

    text: str
    url: str
    level: str = CARE


@login_required
@require_safe
def show_office(request: Request) -> HttpResponse:
    user = request.user
    tiles = [tile for tile in TILES if user.has_perm(tile.permission)]
    if not tiles:
        raise PermissionDenied
    context = {"tiles": tiles, "hints": list(_hints(user, timezone.now()))}
    return render(request, "office/start.html", context)


def _hints(user: User, at: datetime) -> Iterator[Hint]:
    """Yield what this person can do something about, the gravest first."""
    if user.has_perm("workflows.view_beat"):
        for check in troubles(at):
            said = {"label": check.label, "value": check.value}
            yield Hint(str(_("%(label)s: %(value)s")) % said, reverse(check.url_name), check.level)
    if user.has_perm("people.view_user"):
        yield from _of_people(at)
    if user.has_perm("agreements.view_calendar"):
        yield from _of_agreements(at)


def _of_people(at: datetime) -> Iterator[Hint]:
    people = reverse("office_people")
    if number := stranded(at).count():
        said = ngettext(
            "%(number)d person without a role has open work.",
            "%(number)d people without a role have open work.", number,
        )  # fmt: skip
        yield Hint(said % {"number": number}, f"{people}?show=stranded", BAD)
    live = Grant.objects.in_force(at).filter(to_at__lte=at + SOON)
    if number := live.count():
        said = ngettext(
            "%(number)d role ends within 30 days.", "%(number)d roles end within 30 days.", number
        )
        yield Hint(said % {"number": number}, f"{people}?show=ending")
    if number := Absence.objects.in_force(at).count():
        said = ngettext("%(number)d person is away.", "%(number)d people are away.", number)
        yield Hint(said % {"number": number}, f"{people}?show=away", GOOD)


def _of_agreements(at: datetime) -> Iterator[Hint]:
    calendars, standards = reverse("office_calendars"), reverse("office_standards")
    published = CalendarVersion.objects.filter(published_at__isnull=False)
    newest = published.order_by("calendar", "number").values_list("calendar", "data_ends_on")
    ends = [day for _calendar, day in dict(newest).items() if day is not None]
    if ends and min(ends) <= (at + HOLIDAYS_END).date():
        yield Hint(str(_("Holidays are known for less than three months ahead.")), calendars)
    if number := CalendarVersion.objects.filter(published_at__isnull=True).count():
        said = ngettext(
            "%(number)d draft of a calendar is not published.",
            "%(number)d drafts of calendars are not published.", number,
        )  # fmt: skip
        yield Hint(said % {"number": number}, calendars)
    live = StandardVersion.objects.in_force(at).filter(standard__is_active=True)
    if number := live.filter(is_contractual=False).count():
        said = ngettext(
            "%(number)d figure is a shipped default, not yet confirmed.",
            "%(number)d figures are shipped defaults, not yet confirmed.", number,
        )  # fmt: skip
        yield Hint(said % {"number": number}, f"{standards}?show=unconfirmed", GOOD)
