"""The story of a case is kept: a changed, missing or reordered event is found."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_guid import clear_guid, set_guid

from tests.changes.walking import walk
from tests.world import NOON
from workflows.actions import add_comment
from workflows.events import broken_chains
from workflows.models import Event
from workflows.sweep import sweep

pytestmark = pytest.mark.engine

TRIGGERS = {
    "sqlite": ["DROP TRIGGER workflows_event_no_update", "DROP TRIGGER workflows_event_no_delete"],
    "postgresql": ["DROP TRIGGER workflows_event_kept ON workflows_event"],
}


@pytest.fixture
def story(world):
    """Two cases with a story, and no trigger that keeps it; the test's end brings it back."""
    step = walk(world, "closed")
    add_comment(case=step.case, body="thanks 谢谢", actor=world["requester"], at=step.at)
    walk(world)
    sql(*TRIGGERS[connection.vendor])
    return step.case


def sql(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def table(case):
    return f"WHERE case_id = {case.pk}"


def test_an_untouched_story_verifies(story, capsys):
    assert list(broken_chains()) == []
    call_command("audit", "verify")
    assert capsys.readouterr().out.startswith("2 cases, 11 events: every chain holds, no")


def test_the_systems_own_events_belong_to_the_chain(world):
    step = walk(world, "accepting")
    sweep(NOON.replace(month=12))
    assert step.case.events.filter(kind="clock").exists()
    assert list(broken_chains()) == []


@pytest.mark.parametrize(
    "change",
    [
        "note = 'forged'",
        "actor_id = actor_id + 1",
        "at = '2026-11-01 00:00:00+00:00'",
        "source = 'testing'",
        "target = 'closed'",
        "action = 'reject'",
        "kind = 'note'",
        "request_id = 'x'",
        "data = '{}'",
        "on_behalf_of_id = actor_id",
        "previous_hash = 'x'",
        "hash = 'x'",
    ],
)
def test_every_changed_column_is_found(story, change):
    sql(f"UPDATE workflows_event SET {change} {table(story)} AND seq = 3")
    assert any("event 3" in problem for problem in broken_chains())
    with pytest.raises(CommandError, match=f"{story.number}: event 3"):
        call_command("audit", "verify")


def test_a_changed_event_with_a_fitting_hash_is_found_by_the_next(story):
    event = Event.objects.get(case=story, seq=3)
    event.note = "forged"
    Event.objects.filter(pk=event.pk).update(note=event.note, hash=event.digest())
    assert list(broken_chains()) == [f"{story.number}: event 4 does not follow the one before it"]


@pytest.mark.parametrize("seq", [1, 3])
def test_a_removed_event_is_found(story, seq):
    sql(f"DELETE FROM workflows_event {table(story)} AND seq = {seq}")
    assert f"{story.number}: event {seq} is missing" in list(broken_chains())


def test_a_removed_tail_is_found(story):
    sql(f"DELETE FROM workflows_event {table(story)} AND seq > 8")
    assert list(broken_chains()) == [f"{story.number}: the last events are missing"]


def test_a_story_removed_altogether_is_found(story):
    sql(f"DELETE FROM workflows_event {table(story)}")
    assert list(broken_chains()) == [f"{story.number}: the last events are missing"]


def test_exchanged_events_are_found(story):
    for change in ("seq = 99 {} AND seq = 3", "seq = 3 {} AND seq = 4", "seq = 4 {} AND seq = 99"):
        sql(f"UPDATE workflows_event SET {change.format(table(story))}")
    assert any("event 3" in problem for problem in broken_chains())


def test_an_event_put_in_behind_is_found(story):
    last = Event.objects.filter(case=story).latest("seq")
    last.pk, last.seq, last._state.adding = None, last.seq + 1, True
    last.save(force_insert=True)
    assert f"{story.number}: the last events are missing" in list(broken_chains())


def test_an_event_says_in_which_request_it_happened(world):
    set_guid("d4f0cbd6-0000-4000-8000-000000000001")
    try:
        step = walk(world)
    finally:
        clear_guid()
    assert step.case.events.get().request_id == "d4f0cbd6-0000-4000-8000-000000000001"
    assert step.act("desk", "start_triage").case.events.latest("seq").request_id == ""


def test_an_event_says_what_changed_and_what_was_said(world):
    step = walk(world, "awaiting_approval")
    event = step.case.events.get(action="propose")
    assert event.data["changes"]["effort"] == [None, "6"]
    assert event.data["changes"]["due_on"] == [None, "2026-12-04"]
    assert event.data["form"]["solution"] == "A nightly job."
    step.act("head", "send_back", reason="too vague")
    assert step.case.events.latest("seq").note == "too vague"
