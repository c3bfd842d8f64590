"""The change calendar for Outlook and phones: iCalendar (RFC 5545), read by a personal token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from change_control.calendar_page import changes_between
from change_control.conflicts import UNDECIDED
from change_control.models import Change, FreezePeriod
from change_control.states import ChangeState as S
from change_control.windows import freezes_over
from people.actors import Actor

BACK, AHEAD = timedelta(days=30), timedelta(days=180)


def as_ics(who: Actor) -> bytes:
    """Return the changes `who` may see from 30 days ago to 180 days ahead, and the freezes.

    What is not decided yet is tentative; times are UTC, which every reader shows in its own.
    """
    start, end = who.at - BACK, who.at + AHEAD
    calendar = Calendar()
    calendar.add("prodid", "-//Opsgate//Change calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", _("Changes"))
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for change in changes_between(who, start, end).select_related("implementer"):
        calendar.add_component(_change(change, who.at))
    for freeze in freezes_over(start, end):
        calendar.add_component(_freeze(freeze, who.at))
    written: bytes = calendar.to_ical()
    return written


def _change(change: Change, at: datetime) -> Event:
    is_open = change.state in (*UNDECIDED, S.ON_HOLD)
    facts = [
        f"{_('State')}: {change.state_label}",
        f"{_('Type')}: {change.get_type_display()}",
        f"{_('Systems touched')}: {', '.join(change.systems)}",
        f"{_('Implementer')}: {change.implementer or '–'}",
    ]
    if change.risk:
        facts.insert(2, f"{_('Risk')}: {change.get_risk_display()}")
    return _event(
        change.number, at, change.starts_at, change.ends_at,
        f"{change.number} {change.title}",
        status="TENTATIVE" if is_open else "CONFIRMED",
        description="\n".join(facts), sequence=change.version,
        categories=[str(change.get_type_display())],
        url=f"{settings.SITE_URL}{change.get_absolute_url()}",
    )  # fmt: skip


def _freeze(freeze: FreezePeriod, at: datetime) -> Event:
    return _event(
        f"freeze-{freeze.pk}", at, freeze.starts_at, freeze.ends_at,
        _("Freeze: %(name)s") % {"name": freeze}, transp="TRANSPARENT",
    )  # fmt: skip


def _event(uid: str, at: datetime, start: Any, end: Any, summary: str, **more: Any) -> Event:
    event = Event()
    host = settings.SITE_URL.partition("://")[2]
    values = {"uid": f"{uid}@{host}", "dtstamp": at, "dtstart": start, "dtend": end}
    for name, value in {**values, "summary": summary, **more}.items():
        event.add(name, value)
    return event
