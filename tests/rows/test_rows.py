"""Statements built once say the same as those the ORM builds each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

import rows
from changes.models import Optimization
from people.models import Grant, User
from tests.changes.walking import walk
from tests.world import NOON
from workflows.models import Case, Clock, ClockSegment, Event, Task, Watch

pytestmark = pytest.mark.engine

DAY = timedelta(days=1)
TASKS = rows.Reading(
    lambda case: Task.objects.filter(case__pk=case).select_related("unit", "case__requester")
)


def test_a_reading_is_what_the_orm_reads(world, django_assert_num_queries):
    step = walk(world, "in_development")
    wanted = list(Task.objects.filter(case=step.case).select_related("unit", "case__requester"))
    for _again in range(2):
        with django_assert_num_queries(1):
            found = TASKS(case=step.case.pk)
            assert [task.case.requester.username for task in found] == ["requester"] * len(wanted)
            assert [task.unit for task in found] == [task.unit for task in wanted]
    fields = [field.attname for field in Task._meta.concrete_fields]
    for one, other in zip(found, wanted, strict=True):
        assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    assert TASKS(case=0) == []
    assert TASKS.first(case=0) is None


def test_a_reading_takes_several_values_and_instants(world):
    grants = rows.Reading(
        lambda at, people: (
            Grant.objects.in_force(at)
            .filter(user__pk__in=people)
            .order_by("pk")
            .values_list("role", "user_id")
        )
    )
    desk, head = world["desk"].pk, world["head"].pk
    assert grants(at=NOON, people=(desk,)) == [("service_desk", desk)]
    assert grants(at=NOON, people=(desk, head)) == [("service_desk", desk), ("head_of_ops", head)]
    assert grants(at=NOON - 400 * DAY, people=(desk, head)) == []
    assert grants(at=NOON, people=()) == []


def test_a_reading_brings_annotations_and_locks(world):
    step = walk(world)
    clocks = rows.Reading(
        lambda case: (
            Clock.objects.select_for_update(no_key=True)
            .filter(case__pk=case)
            .annotate(hours=F("calendar__identity"))
        )
    )
    with transaction.atomic():
        (clock,) = clocks(case=step.case.pk)
    assert clock.hours == step.clock("response").calendar.identity
    assert (clock.budget, clock.warn_at) == (step.clock("response").budget, [50, 75, 90, 100, 150])


def test_what_is_inserted_and_updated_is_there(world):
    case = Optimization(
        number="REQ-2026-00777", kind="optimization", title="题", state="submitted",
        requester=world["requester"], unit=world["requester"].unit, customer_class="B",
        opened_at=NOON, last_event_at=NOON, wanted="w", urgency="low",
    )  # fmt: skip
    assert rows.insert([case]) == 1
    found = Optimization.objects.get(pk=case.pk)
    assert (found.title, found.wanted, found.opened_at, found.pk) == ("题", "w", NOON, case.pk)
    case.title, case.wanted, case.closed_at = "t", "v", NOON + DAY
    rows.update(case, ("title", "wanted"))
    found.refresh_from_db()
    assert (found.title, found.wanted, found.closed_at) == ("t", "v", None)


def test_updating_a_row_that_is_gone_is_an_error(world):
    user = User(pk=999_999, username="gone")
    with pytest.raises(AssertionError, match="not in the database"):
        rows.update(user, ("username",))


def test_many_rows_get_their_keys_and_their_own_values(world):
    case = walk(world).case
    watches = [Watch(case=case, user=world[name], created_at=NOON) for name in ("pm", "tester")]
    assert rows.insert(watches) == 2
    assert {one.pk for one in watches} == {one.pk for one in Watch.objects.all()}
    watches[0].created_at, watches[1].created_at = NOON + DAY, NOON + 2 * DAY
    rows.update_many(watches, ("created_at",))
    kept = dict(Watch.objects.values_list("user__username", "created_at"))
    assert kept == {"pm": NOON + DAY, "tester": NOON + 2 * DAY}
    assert rows.insert(watches[:0]) == 0
    rows.update_many([], ("created_at",))


def test_lengths_json_and_nulls_survive_an_update_of_many(world):
    clocks = [walk(world).clock("response") for _one in range(2)]
    for clock in clocks:
        clock.elapsed, clock.warn_at, clock.breached_at = timedelta(microseconds=7), [1, 2], None
    rows.update_many(clocks, ("elapsed", "warn_at", "breached_at", "level"))
    for clock in Clock.objects.filter(pk__in=[one.pk for one in clocks]):
        assert (clock.elapsed, clock.warn_at) == (timedelta(microseconds=7), [1, 2])
        assert clock.breached_at is None


def test_a_conflict_is_passed_over_or_an_error(world):
    case = walk(world).case
    fresh = lambda: Watch(case=case, user=world["pm"], created_at=NOON)  # noqa: E731 - three times
    rows.insert([fresh()])
    assert rows.insert([fresh()], ignore_conflicts=True) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert([fresh()])
    assert Watch.objects.count() == 1


def test_a_change_counts_what_it_changed(world):
    clock = walk(world).clock("response")
    close = rows.Change(
        lambda clock: ClockSegment.objects.filter(clock__pk=clock, ended_at__isnull=True),
        "ended_at", "worked",
    )  # fmt: skip
    assert close(clock=clock.pk, ended_at=NOON + DAY, worked=timedelta(hours=8)) == 1
    assert close(clock=clock.pk, ended_at=NOON + DAY, worked=timedelta(hours=8)) == 0
    segment = clock.segments.get()
    assert (segment.ended_at, segment.worked) == (NOON + DAY, timedelta(hours=8))


def test_a_whole_number_of_tables_is_written_without_signals(world, django_assert_num_queries):
    case = walk(world).case
    event = Event.objects.get(case=case)
    copy = Event(**{
        field.attname: getattr(event, field.attname) for field in Event._meta.concrete_fields
    } | {"id": None, "seq": 2})  # fmt: skip
    with django_assert_num_queries(1):
        rows.insert([copy])
    assert Case.objects.get(pk=case.pk).events.count() == 2
    assert copy.pk not in (None, event.pk)
