"""Handle what is due: thresholds and breaches of clocks, found by their stored next alert.

The cost follows what is due, not what is open. Several sweeps may run at once: a case is locked
by one of them and skipped by the others.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from people.actors import automation
from workflows import clocks, notices
from workflows.door import perform
from workflows.events import next_event
from workflows.models import Case, Clock, Event, Outbox
from workflows.refusals import Conflict

BATCH = 200


def sweep(at: datetime) -> int:
    """Raise every alert that is due at `at`; return how many clocks were handled."""
    handled = 0
    while done := _sweep_batch(at):
        handled += done
    return handled + _act_on_breaches(at)


def _sweep_batch(at: datetime) -> int:
    """Handle the clocks of up to `BATCH` cases in one transaction (about 8 queries)."""
    with transaction.atomic():
        waiting = Clock.objects.filter(next_alert_at__lte=at).order_by("next_alert_at")
        case_ids = list(waiting.values_list("case_id", flat=True)[:BATCH])
        locked = {
            case.pk: case
            for case in Case.objects.select_for_update(
                no_key=True, skip_locked=True, of=("self",)
            ).filter(pk__in=case_ids)
        }
        due = list(
            Clock.objects.filter(case__in=locked, next_alert_at__lte=at)
            .select_related("calendar", "standard")
            .order_by("case_id", "pk")
        )
        events, messages = [], []
        actor = automation()
        for clock in due:
            clock.case = locked[clock.case_id]
            event = _alert(clock, at, actor.pk)
            events.append(event)
            messages += notices.for_alert(clock, event)
        Clock.objects.bulk_update(due, ["level", "next_alert_at", "breached_at"])
        Event.objects.bulk_create(events)
        Case.objects.bulk_update(locked.values(), ["version", "chain_head"])
        Outbox.objects.bulk_create(messages, ignore_conflicts=True)
        return len(due)


def _alert(clock: Clock, at: datetime, actor_id: int) -> Event:
    """Move the clock to the highest threshold that has passed, and say so in one event.

    Thresholds that passed together, as after an outage, are one alert; the next one counts
    from now.
    """
    passed = [
        percent
        for percent in {*clock.warn_at, 100}
        if percent > clock.level and clocks.alert_instant(clock, percent) <= at
    ]
    clock.level = max(passed, default=clock.level)
    if clock.due_at is not None and clock.due_at <= at and clock.level >= 100:
        clock.breached_at = clock.breached_at or clock.due_at
    clock.next_alert_at = clocks.next_alert(clock)
    action = "breach" if 100 in passed else "warn"
    return next_event(
        clock.case, Event.Kind.CLOCK, action, clock.case.state, at=at, actor_id=actor_id,
        source=clock.case.state, data={"metric": clock.metric, "percent": clock.level},
    )  # fmt: skip


def _act_on_breaches(at: datetime) -> int:
    """Let the system act where a process says what happens when a time is over."""
    from workflows.lifecycles import registered

    acted = 0
    for lifecycle in registered():
        for spec in lifecycle.clocks:
            if not spec.on_breach:
                continue
            over = Clock.objects.filter(
                case__kind=lifecycle.kind, metric=spec.metric,
                state=Clock.State.RUNNING, breached_at__isnull=False,
            ).select_related("case")  # fmt: skip
            for clock in over:
                try:
                    perform(clock.case, spec.on_breach, actor=automation(), at=at)
                except Conflict:  # somebody acted, or another sweep, since the clock was read
                    continue
                acted += 1
    return acted
