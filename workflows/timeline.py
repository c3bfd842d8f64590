"""The story of a case: its events and what was said, newest first, as the reader may see it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    F,
    QuerySet,
    TextField,
)
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from people.actors import Actor
from people.models import User
from workflows import prose
from workflows.models import Case, Comment, Event

Change = tuple[str, str, str]

ICONS = {
    "open": "file-plus", "comment": "message", "attach": "paperclip", "claim": "hand-stop",
    "release": "arrow-back-up", "assign": "user-share", "link": "link", "watch": "eye",
    "unwatch": "eye-off", "add_watcher": "eye", "warn": "hourglass", "breach": "alert-triangle",
    "answered": "circle-check", "retime": "calendar-time",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    at: datetime
    actor: User
    on_behalf_of: User | None
    icon: str
    text: str
    kind: str
    note_html: SafeString | str = ""
    changes: list[Change] = field(default_factory=list)


def is_customer(case: Case, who: Actor) -> bool:
    """Tell whether `who` asked for the case, or stands in: internal words are not for them."""
    return bool({case.requester_id, case.on_behalf_of_id} & who.identities)


def reads_internal(case: Case, who: Actor) -> bool:
    """Tell whether `who` is of the staff of this kind of case now, and not the customer."""
    flow = case.lifecycle
    roles = {*flow.readers, *(role for spec in flow.work.values() for role in spec.roles())}
    return not is_customer(case, who) and any(who.has_role(role, case.unit) for role in roles)


def readable_comments(case: Case, who: Actor) -> QuerySet[Comment]:
    """Return the comments `who` may read, oldest first."""
    comments = case.comments.select_related("author").order_by("pk")
    return comments if reads_internal(case, who) else comments.filter(is_internal=False)


def readable_events(case: Case, who: Actor) -> QuerySet[Event]:
    """Return the events `who` may know of, oldest first; internal comments stay unheard of."""
    events = case.events.select_related("actor", "on_behalf_of").order_by("seq")
    if reads_internal(case, who):
        return events
    return events.exclude(action="comment", data__is_internal=True)


def entries(case: Case, who: Actor) -> list[Entry]:
    """Return the timeline of `case` for `who`, newest first (2 queries, 1 per renamed row).

    What a process notes many times in a row, as the answers of a sheet, is one entry.
    """
    notes = case.lifecycle.notes

    def run(event: Event) -> Hashable:
        is_note = event.action in notes
        return (event.action, event.actor_id, event.on_behalf_of_id) if is_note else event.seq

    comments = {comment.pk: comment for comment in readable_comments(case, who)}
    events = readable_events(case, who).reverse()
    found = (_entry(case, list(events), comments) for _key, events in groupby(events, run))
    return [entry for entry in found if entry is not None]


def last_word(case: Case, who: Actor) -> Entry | None:
    """Return the move that led here, if it came with a word to whoever goes on (2 queries)."""
    moves = readable_events(case, who).exclude(source=F("target")).exclude(action="open")
    event = moves.last()
    return _entry(case, [event], {}) if event is not None and event.note else None


def _entry(case: Case, run: list[Event], comments: dict[int, Comment]) -> Entry | None:
    event = run[0]
    icon = "clipboard-check" if event.action in case.lifecycle.notes else "arrow-right"
    note_html: SafeString | str = prose.render(event.note) if event.note else ""
    if event.action == "comment":
        comment = comments.get(event.data.get("id", 0))
        if comment is None:
            return None
        note_html = prose.render(comment.body)
    return Entry(
        at=event.at, actor=event.actor, on_behalf_of=event.on_behalf_of,
        icon=ICONS.get(event.action, icon), text=sentence(case, *reversed(run)),
        kind=_kind(event), note_html=note_html, changes=changes(case, event),
    )  # fmt: skip


def _kind(event: Event) -> str:
    if event.action == "comment":
        return "comment"
    if event.kind == Event.Kind.CLOCK or event.action in ("answered", "retime"):
        return "clock"
    return "decision" if event.kind != Event.Kind.NOTE else "system"


def sentence(case: Case, event: Event, *more: Event) -> str:
    """Say in the reader's words what happened; `more` of the same is told together."""
    lifecycle = case.lifecycle
    if event.action in lifecycle.notes:
        return lifecycle.notes[event.action]([event, *more])
    if event.kind in (Event.Kind.ACTION, Event.Kind.VOTE):
        return _moved(case, event)
    data = event.data
    sentences = {
        "comment": _("wrote an internal note") if data.get("is_internal") else _("wrote"),
        "attach": _("attached %(name)s") % {"name": data.get("name", "")},
        "claim": _("took the work"),
        "release": _("put the work back"),
        "assign": _("gave the work to %(person)s") % {"person": data.get("to_name", "")},
        "link": _("linked %(number)s") % {"number": data.get("other", "")},
        "watch": _("follows this case"),
        "add_watcher": _("asked %(person)s to follow this case")
        % {"person": data.get("to_name", "")},
        "unwatch": _("no longer follows this case"),
        "answered": _("gave the first answer: %(clock)s stopped")
        % {"clock": lifecycle.clock_label(data.get("metric", ""))},
        "retime": _("%(clock)s is now held to: %(standard)s")
        % {
            "clock": lifecycle.clock_label(data.get("metric", "")),
            "standard": data.get("standard") or _("The date that was agreed"),
        },
        "warn": _("%(percent)s %% of the time for %(clock)s is used")
        % {
            "percent": data.get("percent", ""),
            "clock": lifecycle.clock_label(data.get("metric", "")),
        },
        "breach": _("The time for %(clock)s is over")
        % {"clock": lifecycle.clock_label(data.get("metric", ""))},
    }
    return sentences.get(event.action, event.action)


def _moved(case: Case, event: Event) -> str:
    if event.action == "open":
        return _("filed this")
    labels = [one.label for one in case.lifecycle.actions() if one.name == event.action]
    label = labels[0] if labels else event.action
    if event.source == event.target:
        return _("“%(action)s”") % {"action": label}
    state = case.lifecycle.State(event.target).label
    return _("“%(action)s”: now %(state)s") % {"action": label, "state": state}


def changes(case: Case, event: Event) -> list[Change]:
    """Return label, before and after of the fields the event changed that the page shows.

    A text written for the first time is not repeated here: the page has it above.
    """
    shown = {*case.lifecycle.details, "title", "priority", "service"}
    found = []
    for attname, (before, after) in event.data.get("changes", {}).items():
        name = attname.removesuffix("_id")
        if name not in shown:
            continue
        field = case._meta.get_field(name)
        if isinstance(field, TextField) and not before:
            continue
        pair = display(field, before), display(field, after)
        found.append((capfirst(str(getattr(field, "verbose_name", name))), *pair))
    return found


def shown_value(case: Case, field: Any) -> str:
    """Return a field of the case as its reader sees it; nothing for what is still empty."""
    value = getattr(case, field.attname)
    return "" if value in (None, "", 0) else display(field, value)


def display(field: Any, value: Any) -> str:
    """Return `value`, a column or what an event kept of it, in the reader's words."""
    if value in (None, ""):
        return ""
    if field.is_relation:
        return str(field.related_model._default_manager.filter(pk=value).first() or "")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if hasattr(field, "words"):  # a field of a process that says itself how it reads
        return str(field.words(value))
    if isinstance(field, DateTimeField):
        at = parse_datetime(str(value)) or value
        # Translators: Django date format.
        return date_format(localtime(at), _("M j, Y, H:i"))
    if isinstance(field, BooleanField):
        return str(_("yes") if value else _("no"))
    if isinstance(field, DateField):
        return date_format(parse_date(str(value)) or value, "DATE_FORMAT")
    if isinstance(field, DecimalField):
        return number_format(Decimal(str(value)).normalize().__format__("f"))
    return str(value)
