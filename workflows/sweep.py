"""Handle what is due: thresholds and breaches of clocks, found by their stored next alert.

The cost follows what is due, not what is open. Several sweeps may run at once: a case is locked
by one of them and skipped by the others.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction

import rows
from people.actors import automation
from workflows import clocks, notices
from workflows.door import perform
from workflows.events import CHAIN, next_event
from workflows.lifecycles import registered
from workflows.models import Case, Clock, Event
from workflows.refusals import Refusal

logger = logging.getLogger(__name__)

BATCH = 200
PUT_OFF = timedelta(hours=1)
"""A case that cannot be handled is tried again this much later, and does not hold up the others."""


def sweep(at: datetime) -> int:
    """Raise every alert that is due at `at`; return how many clocks were handled."""
    handled = 0
    while done := _sweep_batch(at):
        handled += done
    return handled + _act_on_breaches(at)


def _sweep_batch(at: datetime) -> int:
    """Handle up to `BATCH` clocks together, or case by case when one of them cannot be."""
    waiting = Clock.objects.filter(next_alert_at__lte=at).order_by("next_alert_at")
    case_ids = list(dict.fromkeys(waiting.values_list("case_id", flat=True)[:BATCH]))
    try:
        return _handle(case_ids, at)
    except Exception:  # one bad case must not silence the alerts of all others
        logger.exception("A batch of alerts failed; each case is now handled alone")
        return sum(_handle_alone(case_id, at) for case_id in case_ids)


def _handle_alone(case_id: int, at: datetime) -> int:
    try:
        return _handle([case_id], at)
    except Exception:  # the log has the traceback, and the case comes again
        logger.exception("The alerts of case %s were put off", case_id)
        due = Clock.objects.filter(case=case_id, next_alert_at__lte=at)
        return due.update(next_alert_at=at + PUT_OFF)


def _handle(case_ids: list[int], at: datetime) -> int:
    """Raise what is due of these cases in one transaction, those locked elsewhere left out.

    11 queries, however many are due.
    """
    with transaction.atomic():
        locked = {
            case.pk: case
            for case in Case.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("unit")
            .filter(pk__in=case_ids)
        }
        due = list(
            Clock.objects.filter(case__in=locked, next_alert_at__lte=at)
            .select_related("calendar", "standard")
            .order_by("case_id", "pk")
        )
        events, messages = [], []
        actor = automation()
        ladder = notices.Ladder.of(locked.values(), at)
        for clock in due:
            clock.case = locked[clock.case_id]
            event = _alert(clock, at, actor.pk)
            events.append(event)
            messages += notices.for_alert(clock, event, ladder)
        rows.update_many(due, ("level", "next_alert_at", "breached_at"))
        rows.insert(events)
        rows.update_many(list(locked.values()), CHAIN)
        rows.insert(messages, ignore_conflicts=True)
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
                acted += _act(clock, spec.on_breach, at)
    return acted


def _act(clock: Clock, action: str, at: datetime) -> int:
    """Do `action` unless somebody acted since the clock was read; a refusal is logged."""
    seen = clock.case.version
    try:
        perform(clock.case, action, actor=automation(), at=at, expected_version=seen)
    except Refusal as refusal:
        logger.info("%s: %s was not done: %s", clock.case.number, action, refusal.sentence)
        return 0
    return 1
