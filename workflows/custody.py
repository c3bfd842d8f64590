"""Who holds a case, spell by spell; and to whom the minutes of a clock are charged."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import rows
from workflows.models import Clock, ClockSegment, Custody
from workflows.passages import Passage

Charged = tuple[str, str, int | None]
"""Party, role, person id."""


def settle(move: Passage) -> None:
    """Close the running spell and begin the next if the case changed hands (up to 2 queries)."""
    before, now = move.held, move.flow.holder()
    if before == now:
        return
    if before is not None:
        CLOSE(case=move.case.pk, ended_at=move.at)
    if now is not None:
        spell = Custody(
            case=move.case, party=now.party, role=now.role, person_id=now.person_id,
            step=now.step, started_at=move.at,
        )  # fmt: skip
        rows.insert([spell])
    move.held = now


CLOSE = rows.Change(
    lambda case: Custody.objects.filter(case__pk=case, ended_at__isnull=True), "ended_at"
)


def attribution(clock: Clock) -> dict[Charged, timedelta]:
    """Charge every counted minute of `clock` to whoever held the case; adds up to 100 %.

    Working time in the calendar of each segment; a running segment counts up to the clock's
    last change. 2 queries.
    """
    charged: dict[Charged, timedelta] = defaultdict(timedelta)
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
