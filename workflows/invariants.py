"""What must hold of every case at every moment, asked of the database as it is.

Each rule yields a sentence for every row that breaks it; an engine that keeps its word yields
none. `manage.py check_invariants` asks, and the heartbeat once a night.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection, models, transaction

from people.models import Grant, Unit
from workflows.events import broken_chains, missing_numbers
from workflows.lifecycles import Decision, Lifecycle, Work, registered
from workflows.models import Beat, Case, Clock, ClockSegment, Custody, Event, Outbox, Task

CHUNK = 500
ONE_SWEEP = timedelta(minutes=1)
"""A clock whose case was locked at one sweep is found by the next, well within this."""
UNSENT_AT_MOST = timedelta(minutes=15)


@dataclass
class Books:
    """Everything kept about one case, each list in the order it was written."""

    case: Case
    tasks: list[Task] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    segments: dict[int, list[ClockSegment]] = field(default_factory=lambda: defaultdict(list))
    spells: list[Custody] = field(default_factory=list)
    messages: Counter[tuple[int, int]] = field(default_factory=Counter)

    @property
    def lifecycle(self) -> type[Lifecycle]:
        return self.case.lifecycle

    @property
    def is_final(self) -> bool:
        return self.case.state in self.lifecycle.closed


def violations(at: datetime) -> Iterator[str]:
    """Yield a sentence for everything that is not as it must be at `at`.

    Reads every row once, 8 queries per 500 cases, each chunk as of one instant: people may go on
    working meanwhile.
    """
    yield from broken_chains()
    yield from missing_numbers()
    yield from _late(at)
    kinds = {lifecycle.kind for lifecycle in registered()}
    last = 0
    while True:
        with _one_instant():
            books = _chunk_after(last)
            known = [one for one in books if one.case.kind in kinds]
            found = [f"{one.case.number}: {said}" for one in known for said in _of_case(one)]
            found += _deciders(known)
        found += [
            f"{one.case.number}: there is no process “{one.case.kind}” today"
            for one in books
            if one.case.kind not in kinds
        ]
        yield from found
        if len(books) < CHUNK:
            return
        last = books[-1].case.pk


@contextmanager
def _one_instant() -> Iterator[None]:
    """Read everything inside as it stood at one instant."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _chunk_after(pk: int) -> list[Books]:
    cases = Case.objects.filter(pk__gt=pk).select_related("unit").order_by("pk")[:CHUNK]
    books = {case.pk: Books(case) for case in cases}
    mine = {"case__in": list(books)}
    for task in Task.objects.filter(**mine).order_by("pk"):
        books[task.case_id].tasks.append(task)
    for event in Event.objects.filter(**mine).order_by("case", "seq"):
        books[event.case_id].events.append(event)
    for clock in Clock.objects.filter(**mine).select_related("calendar").order_by("pk"):
        books[clock.case_id].clocks.append(clock)
    segments = ClockSegment.objects.filter(clock__case__in=list(books)).order_by("pk")
    for segment in segments.select_related("calendar", "clock"):
        books[segment.clock.case_id].segments[segment.clock_id].append(segment)
    for spell in Custody.objects.filter(**mine).order_by("pk"):
        books[spell.case_id].spells.append(spell)
    sent = Outbox.objects.items().filter(**mine, topic__in=("work", "moved"))
    for case_id, data, recipient in sent.values_list("case_id", "data", "recipient_id"):
        books[case_id].messages[data["seq"], recipient] += 1
    return list(books.values())


def _of_case(books: Books) -> Iterator[str]:
    for rule in RULES:
        yield from rule(books)


# -- the state and its tasks ----------------------------------------------------------------------
def _state_and_tasks(books: Books) -> Iterator[str]:
    """A state that is not final has exactly the open tasks it declares, a final one none."""
    case = books.case
    open_tasks = [task for task in books.tasks if task.is_open]
    spec = books.lifecycle.work.get(case.state)
    if case.is_closed is not books.is_final:
        yield f"closed_at does not fit the state {case.state}"
    if elsewhere := {task.step for task in open_tasks} - {case.state}:
        yield f"in {case.state} there are open tasks of {', '.join(sorted(elsewhere))}"
    if books.is_final or spec is None:
        wanted = len(open_tasks) == 0
    elif isinstance(spec, Work):
        wanted = len(open_tasks) == 1
    else:
        wanted = len(open_tasks) > 0
    if not wanted:
        yield f"{len(open_tasks)} open tasks in {case.state}"
    for (step, slot), count in Counter((task.step, task.slot) for task in open_tasks).items():
        if count > 1:
            yield f"{count} open tasks for {step}, {slot}"


# -- events ---------------------------------------------------------------------------------------
def _events(books: Books) -> Iterator[str]:
    case, events, now = books.case, books.events, books.lifecycle.now_called
    if [event.seq for event in events] != list(range(1, case.version + 1)):
        yield f"version {case.version}, and {len(events)} events"
    if events and now(events[-1].target) != case.state:
        yield f"the state is {case.state}, the last event led to {events[-1].target}"
    if events and events[-1].at != case.last_event_at:
        yield "last_event_at is not when the last event was"
    for before, after in pairwise(events):
        if after.at < before.at:
            yield f"event {after.seq} is earlier than the one before it"
        if after.source and now(after.source) != now(before.target):
            yield f"event {after.seq} leaves {after.source}, the case was in {before.target}"


def _messages(books: Books) -> Iterator[str]:
    """Whoever asked for the case was told of every move of it once, unless they made it."""
    case = books.case
    customers = {case.requester_id, case.on_behalf_of_id or case.requester_id}
    for event in books.events:
        if event.kind != Event.Kind.ACTION or event.source == event.target:
            continue
        for user_id in customers - {event.actor_id}:
            if (count := books.messages[event.seq, user_id]) != 1:
                yield f"{count} messages to the customer of event {event.seq}"
    for (seq, user_id), count in books.messages.items():
        if count > 1:
            yield f"{count} messages of event {seq} to person {user_id}"


# -- clocks ---------------------------------------------------------------------------------------
def _clocks(books: Books) -> Iterator[str]:
    live = Counter(clock.metric for clock in books.clocks if clock.is_live)
    for metric, count in live.items():
        if count > 1:
            yield f"{count} clocks of {metric} run at once"
        if books.is_final:
            yield f"the case is over and {metric} is not"
    for clock in books.clocks:
        for said in _clock(clock, books.segments[clock.pk]):
            yield f"{clock.metric}: {said}"


def _clock(clock: Clock, segments: list[ClockSegment]) -> Iterator[str]:
    """Elapsed is the sum of the segments, the deadline what is left of the budget from there."""
    closed = [one for one in segments if one.ended_at is not None]
    counted = timedelta()
    for one in closed:
        worked = timedelta()
        if one.kind == ClockSegment.Kind.RUNNING and one.ended_at is not None:
            worked = one.calendar.working_time().between(one.started_at, one.ended_at)
        if worked != one.worked:
            yield f"a segment says {one.worked} and was {worked}"
        counted += worked
    if counted != clock.elapsed:
        yield f"elapsed is {clock.elapsed}, the segments come to {counted}"
    is_running = clock.state == Clock.State.RUNNING
    if is_running and clock.due_at != clock.calendar.working_time().add(
        clock.changed_at, clock.budget - clock.elapsed
    ):
        yield "it is not due when its budget is used up"
    if len(segments) - len(closed) != (1 if clock.is_live else 0):
        yield f"{len(segments) - len(closed)} open segments while {clock.state}"
    elif clock.is_live and (segments[-1].kind == ClockSegment.Kind.RUNNING) is not is_running:
        yield f"the open segment is {segments[-1].kind}, the clock {clock.state}"
    if segments and segments[0].started_at != clock.started_at:
        yield "the first segment does not begin with it"
    yield from _without_gap(segments)


def _without_gap(spells: Any) -> Iterator[str]:
    for before, after in pairwise(spells):
        if before.ended_at != after.started_at:
            yield f"the spell from {after.started_at} does not follow the one before it"


def _custody(books: Books) -> Iterator[str]:
    spells = books.spells
    count = sum(spell.ended_at is None for spell in spells)
    if count != (0 if books.is_final else 1):
        yield f"it lies with {count} at once in {books.case.state}"
    if spells and spells[0].started_at != books.case.opened_at:
        yield "nobody had it when it was opened"
    reopened = any(event.source in books.lifecycle.closed for event in books.events)
    if not reopened:  # while it was closed it lay with nobody
        yield from _without_gap(spells)


RULES: tuple[Callable[[Books], Iterator[str]], ...] = (
    _state_and_tasks, _events, _messages, _clocks, _custody,
)  # fmt: skip


# -- people ---------------------------------------------------------------------------------------
def _deciders(books: list[Books]) -> list[str]:
    """Nobody decides what they asked for, and who did a role's work held the role then."""
    done = [(one, task) for one in books for task in one.tasks if task.done_by_id]
    people = {task.on_behalf_of_id or task.done_by_id for _one, task in done}
    held: dict[int, list[Grant]] = defaultdict(list)
    for grant in Grant.objects.filter(user__in=people):
        held[grant.user_id].append(grant)
    return [
        f"{one.case.number}: {said}" for one, task in done for said in _decider(one, task, held)
    ]


def _decider(books: Books, task: Task, held: dict[int, list[Grant]]) -> Iterator[str]:
    case, spec = books.case, books.lifecycle.work.get(task.step)
    assert task.done_at is not None  # a constraint of the table
    both = {case.requester_id, case.on_behalf_of_id} & {task.done_by_id, task.on_behalf_of_id}
    if isinstance(spec, Decision) and spec.barred is not None and both - {None}:
        yield f"{task.step} was decided by who asked for it"
    if task.role and not task.is_named:
        principal = task.on_behalf_of_id or task.done_by_id
        grants = held[principal] if principal else []
        if not any(_gave(grant, task.role, case.unit, task.done_at) for grant in grants):
            yield f"{task.step} was done by somebody who was not {task.role} at that instant"


def _gave(grant: Grant, role: str, unit: Unit, at: datetime) -> bool:
    in_force = grant.from_at <= at and (grant.to_at is None or at < grant.to_at)
    return grant.role == role and in_force and grant.unit_id in unit.lineage


# -- what is late ---------------------------------------------------------------------------------
def _late(at: datetime) -> Iterator[str]:
    """While sweep and relay run, no alert is older than one sweep, no message left untried."""
    beats = dict(Beat.objects.filter(at__lte=at).values_list("name", "at"))
    if swept := beats.get("sweep"):
        overdue = Clock.objects.filter(next_alert_at__lt=swept - ONE_SWEEP)
        yield from _numbered(overdue, "an alert was passed over by the sweep of {}", swept)
    if relayed := beats.get("relay"):
        long_ago = relayed - UNSENT_AT_MOST
        # A receiver that does not answer is tried a little at a time; the rest waits behind.
        failing = Outbox.objects.unsent().filter(attempts__gt=0)
        unsent = (
            Outbox.objects.unsent()
            .filter(attempts=0, created_at__lt=long_ago, case__isnull=False)
            .exclude(webhook__in=failing.filter(webhook__isnull=False).values("webhook"))
            .exclude(chat__in=failing.filter(chat__isnull=False).values("chat"))
            .exclude(held_until__gte=long_ago)
        )
        yield from _numbered(unsent, "a message lies untried since before the relay of {}", relayed)


def _numbered(rows: models.QuerySet[Any], sentence: str, at: datetime) -> Iterator[str]:
    for number in rows.order_by("pk").values_list("case__number", flat=True)[:CHUNK]:
        yield f"{number}: {sentence.format(at)}"
