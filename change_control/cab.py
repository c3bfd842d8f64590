"""The change advisory board: who sits on it, what awaits it, and what its minutes keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from agreements.models import Calendar
from change_control.models import AgendaItem, Attendance, CabMeeting, Change, Risk
from change_control.states import ChangeState as S
from change_control.states import MeetingState as M
from people.actors import Actor, deputies_at, deputy_chain, holders_of
from people.models import Unit, User
from people.roles import Role
from workflows.lifecycles import Part
from workflows.models import Case, Task
from workflows.quorums import ABSTAIN, APPROVE, REJECT

if TYPE_CHECKING:
    from change_control.flows import MeetingLifecycle as Flow

HOUR = timedelta(hours=1)
SEATS = (Role.CHANGE_MANAGER, Role.HEAD_OF_OPS, Role.CAB_MEMBER)


def members(unit: Unit, at: datetime) -> list[tuple[User, User | None]]:
    """Return who sits on the board, each with the deputy of somebody away (5 queries)."""
    seated = {person.pk: person for role in SEATS for person in holders_of(role, unit, at)}
    standing = deputy_chain(list(seated), deputies_at(at))
    away = {who: acting for who, acting in standing.items() if who != acting}
    deputies = User.objects.in_bulk(set(away.values()))
    return [(person, deputies.get(away.get(pk, 0))) for pk, person in seated.items()]


def awaiting(who: Actor | None = None) -> list[Change]:
    """Return the changes that wait for the board, the nearest window first, as far as `who` may
    see them (1 query)."""
    changes: Any = Change.objects.all()  # to mypy these are cases
    seen = changes.visible_to(who) if who else changes
    waiting = seen.filter(state=S.AWAITING_APPROVAL).select_related("requester", "implementer")
    return [one for one in waiting.order_by("starts_at", "pk") if one.decided_by == Risk.HIGH]


def open_session(meeting: CabMeeting, present: Iterable[str], at: datetime) -> None:
    """Keep who came, and put what awaits the board on the agenda."""
    came = set(present)
    Attendance.objects.bulk_create(
        Attendance(
            meeting=meeting, member=member, deputy=deputy, is_present=member.username in came
        )
        for member, deputy in members(meeting.unit, at)
    )
    AgendaItem.objects.bulk_create(
        AgendaItem(meeting=meeting, change=change, place=place)
        for place, change in enumerate(awaiting(), start=1)
    )


def keep_minutes(meeting: CabMeeting) -> None:
    """Keep what became of each change of the agenda, and how everybody voted (3 queries)."""
    items = list(meeting.items.select_related("change"))
    cast = votes(item.change_id for item in items)
    for item in items:
        item.state, item.votes = item.change.state, cast[item.change_id]
    AgendaItem.objects.bulk_update(items, ["state", "votes"])


def votes(changes: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Return by change the votes that were cast on what it says now, and seats still open
    (1 query).

    Of several rounds the last vote of a seat counts.
    """
    tasks = Task.objects.filter(case__in=list(changes), step=S.AWAITING_APPROVAL).exclude(
        status=Task.Status.CANCELLED
    )
    people = tasks.select_related("done_by", "on_behalf_of", "assignee").order_by("pk")
    latest: dict[int, dict[str, dict[str, Any]]] = defaultdict(dict)
    for task in people:
        latest[task.case_id][task.slot] = {
            "role": task.role,
            "person": str(task.done_by or task.assignee or ""),
            "in_place_of": str(task.on_behalf_of or ""),
            "vote": "" if task.is_open else task.outcome,
            "note": task.note,
            "at": task.done_at.isoformat() if task.done_at else "",
        }
    return defaultdict(list, {pk: list(seats.values()) for pk, seats in latest.items()})


def shown_votes(kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return kept votes in the reader's words."""
    words = {
        APPROVE: _("in favour"),
        REJECT: _("against"),
        ABSTAIN: _("abstained"),
        "": _("not voted"),
    }
    return [
        {
            **one, "role_label": Role(one["role"]).label,
            "vote_label": words.get(one["vote"], one["vote"]),
            "at": localtime(datetime.fromisoformat(one["at"])) if one["at"] else None,
        }
        for one in kept
    ]  # fmt: skip


def held_by(meeting: CabMeeting) -> datetime | None:
    """A meeting is opened within an hour of its time; one that is being filed may have none yet."""
    return meeting.meets_at + HOUR if meeting.meets_at else None


def minutes_by(meeting: CabMeeting) -> datetime | None:
    """The minutes are closed a business day after the meeting (1 query)."""
    if meeting.began_at is None:
        return None
    hours = Calendar.default().version_at(meeting.began_at).working_time()
    return hours.add_days(meeting.began_at, 1)


def agenda(meeting: CabMeeting, who: Actor) -> list[dict[str, Any]]:
    """Return the items as `who` may see them (2 queries): before the meeting what awaits it now,
    then what was put on it, at the end what was kept."""
    if meeting.state in (M.CALLED, M.CANCELLED):
        waiting = enumerate(awaiting(who) if meeting.is_open else [], start=1)
        rows = [AgendaItem(change=change, place=place) for place, change in waiting]
    else:
        seen = Case.objects.visible_to(who).values("pk")
        mine = meeting.items.filter(change__in=seen)
        rows = list(mine.select_related("change__requester", "change__implementer"))
    cast = {} if meeting.is_closed else votes(row.change_id for row in rows)
    return [
        {
            "place": row.place, "change": row.change, "said": row.said,
            "state_label": S(row.state or row.change.state).label,
            "votes": shown_votes(row.votes if meeting.is_closed else cast[row.change_id]),
        }
        for row in rows
    ]  # fmt: skip


def parts(flow: Flow, who: Actor) -> list[Part]:
    meeting: CabMeeting = flow.case
    came = list(meeting.attendances.select_related("member", "deputy"))
    if not came and not meeting.is_closed:
        came = [
            Attendance(member=member, deputy=deputy, is_present=False)
            for member, deputy in members(meeting.unit, who.at)
        ]
    context = {
        "meeting": meeting,
        "items": agenda(meeting, who),
        "members": came,
        "is_called": meeting.state == M.CALLED,
        "is_held": meeting.state == M.HELD,
    }
    return [Part("change_control/_agenda.html", context)]
