"""The check of what must hold finds nothing in what the engine did, and whatever is forged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.changes.walking import ROUTES, walk
from tests.world import NOON
from workflows import heartbeat
from workflows.invariants import violations
from workflows.models import Case

DAY = timedelta(days=1)


def forge(statement: str) -> None:
    """Write around the engine, and around the triggers of SQLite that keep history."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement)


@pytest.mark.engine
def test_every_state_reached_through_the_door_is_sound(world):
    for state in ROUTES:
        walk(world, state)
    walk(world, "closed").act("requester", "reopen")
    walk(world, "in_development").act("developer", "ask_requester", after=2 * DAY)
    heartbeat.run("sweep", NOON + 9 * DAY)
    assert list(violations(NOON + 9 * DAY)) == []
    call_command("check_invariants")


TASK, CLOCK, CASE = (
    "UPDATE workflows_task SET",
    "UPDATE workflows_clock SET",
    "UPDATE workflows_case SET",
)
SEGMENT, EVENT = "UPDATE workflows_clocksegment SET", "UPDATE workflows_event SET"


@pytest.mark.parametrize(
    ("forgery", "said"),
    [
        (f"{CASE} state = 'testing'", "open tasks of assessing"),
        (f"{CASE} state = 'closed'", "closed_at does not fit"),
        (f"{CASE} version = version + 1", "and 3 events"),
        (f"{CASE} kind = 'gone'", "there is no process “gone” today"),
        (f"{CASE} last_event_at = opened_at", "last_event_at"),
        (f"{TASK} status = 'cancelled' WHERE status = 'open'", "0 open tasks in assessing"),
        (f"{TASK} status = 'open', done_by_id = NULL", "open tasks of submitted"),
        (f"{TASK} role = 'auditor'", "was not auditor at that instant"),
        ("UPDATE people_grant SET to_at = from_at", "was not service_desk at that instant"),
        (f"{EVENT} target = 'triage' WHERE seq = 3", "the last event led to triage"),
        (f"{EVENT} source = 'triage' WHERE seq = 2", "leaves triage, the case was in submitted"),
        (f"{EVENT} at = '2026-11-01 00:00:00+00:00' WHERE seq = 2", "event 2 is earlier"),
        ("DELETE FROM workflows_outbox", "0 messages to the customer of event 2"),
        ("UPDATE workflows_outbox SET topic = 'work', recipient_id = 1", "messages of event"),
        (f"{CLOCK} due_at = '2026-11-30 00:00:00+00:00' WHERE state = 'running'", "it is not due"),
        (f"{CLOCK} metric = 'proposal', state = 'running', stopped_at = NULL, "
         "due_at = first_due_at", "2 clocks of proposal run at once"),
        (f"{SEGMENT} ended_at = NULL", "1 open segments while met"),
        (f"{SEGMENT} worked = worked + worked WHERE ended_at IS NOT NULL", "a segment says"),
        (f"{SEGMENT} kind = 'paused' WHERE ended_at IS NULL", "the open segment is paused"),
        (f"{SEGMENT} started_at = '2026-11-20 00:00:00+00:00'", "does not begin with it"),
        ("DELETE FROM workflows_custody WHERE ended_at IS NULL", "it lies with 0 at once"),
        ("DELETE FROM workflows_custody WHERE ended_at IS NOT NULL", "nobody had it when"),
        ("DELETE FROM workflows_case WHERE 1 = 0", ""),
    ],
)  # fmt: skip
def test_what_is_forged_is_found(world, forgery, said):
    """Of a request at the analyst's; constraints that would not allow the forgery are dropped."""
    walk(world, "assessing")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("DROP INDEX clock_one_live_per_metric")
    forge(forgery)
    found = list(violations(NOON + DAY))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert any(said in sentence for sentence in found) if said else found == []
    if said:
        with pytest.raises(CommandError, match="not as they must be"):
            call_command("check_invariants")


def test_the_requester_among_the_deciders_is_found(world):
    step = walk(world, "in_development")
    forge(
        f"UPDATE workflows_task SET done_by_id = {world['requester'].pk} "
        f"WHERE case_id = {step.case.pk} AND role = 'head_of_ops'"
    )
    assert any("decided by who asked" in one for one in violations(NOON + DAY))


def test_what_the_sweep_and_the_relay_passed_over_is_found(world):
    walk(world)
    heartbeat.run("sweep", NOON + DAY)
    heartbeat.run("relay", NOON + DAY)
    assert list(violations(NOON + DAY)) == []
    forge("UPDATE workflows_clock SET next_alert_at = '2026-11-23 03:00:00+00:00'")
    forge("UPDATE workflows_outbox SET sent_at = NULL, attempts = 0")
    found = list(violations(NOON + DAY))
    assert any("passed over by the sweep" in one for one in found)
    assert any("a message lies untried" in one for one in found)


def test_the_night_asks_once(world, caplog):
    walk(world)
    heartbeat.beat(NOON)
    assert not caplog.records
    Case.objects.update(version=7)
    heartbeat.beat(NOON + timedelta(hours=1))
    assert not caplog.records
    heartbeat.beat(NOON + DAY)
    assert any("not as it must be" in record.getMessage() for record in caplog.records)
