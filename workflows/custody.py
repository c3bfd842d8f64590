"""Who holds a case, spell by spell; and to whom the minutes of a clock are charged."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import rows
from workflows.lifecycles import PROVIDER, Work
from workflows.models import Clock, ClockSegment, Custody
from workflows.passages import Passage

Holder = tuple[str, str, int | None]
"""Party, role, person id."""


def settle(move: Passage) -> None:
    """Close the running spell and begin the next if the case changed hands (1 to 3 queries)."""
    case = move.case
    current = CURRENT.first(case=case.pk)
    holder = None if case.is_closed else _holder(move)
    if current and (current.party, current.role, current.person_id, current.step) == holder:
        return
    if current:
        current.ended_at = max(move.at, current.started_at)
        rows.update(current, ("ended_at",))
    if holder:
        party, role, person_id, step = holder
        spell = Custody(
            case=case, party=party, role=role, person_id=person_id, step=step, started_at=move.at
        )
        rows.insert([spell])


CURRENT = rows.Reading(lambda case: Custody.objects.filter(case__pk=case, ended_at__isnull=True))


def _holder(move: Passage) -> tuple[str, str, int | None, str]:
    """With one open task its assignee or role; with several the first role still to decide."""
    tasks, state = move.flow.open_tasks, move.case.state
    spec = move.flow.work.get(state)
    party = spec.party if spec else PROVIDER
    person_id = tasks[0].assignee_id if isinstance(spec, Work) and tasks else None
    return party, tasks[0].role if tasks else "", person_id, state


def attribution(clock: Clock) -> dict[Holder, timedelta]:
    """Charge every counted minute of `clock` to whoever held the case; adds up to 100 %.

    Working time in the calendar of each segment; a running segment counts up to the clock's
    last change. 2 queries.
    """
    charged: dict[Holder, timedelta] = defaultdict(timedelta)
    spells = list(Custody.objects.filter(case=clock.case_id))
    running = clock.segments.filter(kind=ClockSegment.Kind.RUNNING, ended_at__isnull=False)
    for segment in running.select_related("calendar"):
        hours, left = segment.calendar.working_time(), segment.worked
        closed_at = segment.ended_at or clock.changed_at
        for spell in spells:
            start = max(spell.started_at, segment.started_at)
            end = min(spell.ended_at or closed_at, closed_at)
            if start < end:
                part = hours.between(start, end)
                charged[spell.party, spell.role, spell.person_id] += part
                left -= part
        if left:
            charged["", "", None] += left
    return dict(charged)
