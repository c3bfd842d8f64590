"""What is measured in this process, on the database Django is connected to."""

from __future__ import annotations

import cProfile
import os
import pstats
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.timezone import get_current_timezone, localdate

from agreements.models import Calendar
from change_control.conflicts import (
    conflicts_between,
    conflicts_of,
    free_slots,
    plans_between,
)
from change_control.models import Change
from people.models import User
from projects.models import Gate, Project
from tests.bench import peer, walk
from tests.bench.stage import Sample, Stage, median
from tests.bench.town import region_of, staff_of, token_of
from workflows.door import open_case, perform
from workflows.models import Event, Outbox
from workflows.sweep import sweep

BATCH = 10
Walk = Callable[[int], Iterator[str]]
"""Does one case and yields the name of each step after it is done."""


@cache
def somebody(username: str) -> User:
    return User.objects.select_related("unit").get(username=username)


def walk_ours(number: int) -> Iterator[str]:
    """Filing and six actions, everybody's task coming to them by their role."""
    case = open_case(
        "optimization", actor=somebody(walk.person_of("requester", number)), **walk.filing(number)
    ).case
    yield "open"
    for role, action in walk.STEPS[1:]:
        actor = somebody(walk.person_of(role, number))
        case = perform(case, action, actor=actor, **walk.data_of(action, number)).case
        yield action


def walk_flow(kind: Any, number: int) -> Iterator[str]:
    """The same people and the same data through a Flow."""
    requester = somebody(walk.person_of("requester", number))
    process = peer.start(kind, requester, **walk.filing(number))
    yield "file"
    for name, (role, action) in zip(peer.STEPS, walk.STEPS[1:], strict=True):
        actor = somebody(walk.person_of(role, number))
        peer.step(kind, process, name, actor, **walk.data_of(action, number))
        yield name
    process.refresh_from_db()
    assert process.status == "DONE", process.status


WALKS: dict[str, Walk] = {
    "engine": walk_ours,
    "viewflow's Flow": partial(walk_flow, peer.OptimizationFlow),
    "viewflow's Flow, bare line": partial(walk_flow, peer.LineFlow),
}


def walked(stage: Stage, walk_one: Walk, numbers: Iterator[int]) -> Sample:
    """Do a batch of cases; the cost is of this process and its connection to the database."""
    list(walk_one(next(numbers)))  # whatever is cached once per process
    chosen = [next(numbers) for _ in range(BATCH)]
    for number in chosen:
        meet(number)
    busy, began = stage.spent(os.getpid()), time.perf_counter()
    for number in chosen:
        list(walk_one(number))
    taken = time.perf_counter() - began
    return Sample(BATCH / taken, (stage.spent(os.getpid()) - busy) / BATCH)


def meet(number: int) -> None:
    """Read everybody who will take part in case `number`: who acts is known to a request."""
    for role, _ in (("requester", ""), *walk.STEPS):
        somebody(walk.person_of(role, number))


# -- statements ------------------------------------------------------------------------------------
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def captured() -> Iterator[list[str]]:
    """Fill the list with the SQL of what is done meanwhile."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as context:
        yield found
    found += [str(query["sql"]) for query in context.captured_queries]


def counted(found: list[str]) -> int:
    return sum(not sql.startswith(FRAME) for sql in found)


def statements(walk_one: Walk, number: int) -> dict[str, int]:
    """Return the number of statements of each step of one case."""
    list(walk_one(number))  # fills what is cached once per process
    meet(number)
    counts: dict[str, int] = {}
    steps = walk_one(number)
    while True:
        with captured() as found:
            name = next(steps, None)
        if name is None:
            return counts
        counts[name] = counted(found)


HANDLER = ClientHandler(enforce_csrf_checks=False)


def browser() -> Client:
    """Return a client without cookies; the middleware of all of them is built once."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.handler = HANDLER
    return client


def requests(number: int) -> dict[str, Callable[[], Any]]:
    """Return the requests whose statements are listed, ready to be sent in this process."""
    requester, desk = walk.person_of("requester", number), walk.person_of("desk", number)
    owner = staff_of(region_of(number), "inbox")[0]
    case = open_case("optimization", actor=somebody(requester), **walk.filing(number)).case

    def page(who: str, path: str) -> Callable[[], Any]:
        client = browser()
        client.force_login(somebody(who), "django.contrib.auth.backends.ModelBackend")
        return lambda: client.get(path)

    def api(who: str, path: str, body: Any = None) -> Callable[[], Any]:
        client = browser()
        headers = {"Authorization": f"Bearer {token_of(who)}"}
        path = f"/api/v1/{path}"
        if body is None:
            return lambda: client.get(path, headers=headers)
        return lambda: client.post(path, body, "application/json", headers=headers)

    body = {"kind": "optimization", **walk.filing(number)}
    return {
        "create over the API": api(requester, "cases/", body),
        "action over the API": api(
            desk, f"cases/{case.number}/actions/pass_to_assessment/",
            walk.data_of("pass_to_assessment", number),
        ),
        "inbox over the API": api(owner, "tasks/?view=mine"),
        "inbox page": page(owner, "/inbox/"),
        "page of a case": page(desk, f"/cases/{case.number}/"),
    }  # fmt: skip


def statements_of_requests(number: int) -> dict[str, list[str]]:
    """Return the SQL of each request, the frame of transactions too."""
    for request in requests(number).values():  # fills what is cached once per process
        request()
    sent = {}
    for name, request in requests(number + 1).items():
        with captured() as found:
            answer = request()
        assert answer.status_code in (200, 201), (name, answer.status_code, answer.content[:300])
        sent[name] = found
    return sent


def write_details(numbers: Iterator[int], folder: Path, times: int = 30) -> None:
    """Write for each request its statements and its profile, the 40 dearest functions."""
    for name, found in statements_of_requests(next(numbers) + 1000).items():
        stem = name.replace(" over the ", "_").replace(" ", "_")
        text = "\n".join(f"{at:3} {sql}" for at, sql in enumerate(found, start=1))
        (folder / f"bench_statements_{stem}.txt").write_text(text + "\n")
    profiles: dict[str, cProfile.Profile] = {}
    for _ in range(times):
        for name, request in requests(next(numbers)).items():
            profile = profiles.setdefault(name, cProfile.Profile(time.process_time))
            profile.runcall(request)
    for name, profile in profiles.items():
        stem = name.replace(" over the ", "_").replace(" ", "_")
        with (folder / f"bench_profile_{stem}.txt").open("w") as file:
            shown = pstats.Stats(profile, stream=file)
            shown.sort_stats("cumulative").print_stats(60)
            shown.sort_stats("tottime").print_stats(40)


# -- changes ---------------------------------------------------------------------------------------
def busiest_month(at: datetime) -> tuple[date, int]:
    """Return the first day of the next whole month, and how many changes are planned in it."""
    first = (localdate(at).replace(day=1) + timedelta(days=32)).replace(day=1)
    return first, len(plans_between(*span_of(first)))


def span_of(first: date) -> tuple[datetime, datetime]:
    after = (first + timedelta(days=32)).replace(day=1)
    zone = get_current_timezone()
    begins, ends = (datetime.combine(day, datetime.min.time(), zone) for day in (first, after))
    return begins, ends


def planned_in(month: date) -> list[Change]:
    """Return changes that are planned in a month, always the same two hundred."""
    plans = plans_between(*span_of(month))
    chosen = Random(0).sample([plan.pk for plan in plans], 200)
    changes: Any = Change.objects.all()  # to mypy these are cases
    return list(changes.filter(pk__in=chosen))


def conflicts_of_one(month: date, at: datetime) -> Callable[[], object]:
    changes = cycle(planned_in(month))
    return lambda: conflicts_of(next(changes), at)


def of_a_month(month: date, at: datetime) -> Callable[[], object]:
    return lambda: conflicts_between(*span_of(month), at)


def free_windows(month: date, at: datetime) -> Callable[[], object]:
    changes = cycle(planned_in(month))
    return lambda: free_slots(next(changes), at)


def milliseconds(look: Callable[[], object], times: int) -> list[float]:
    """Return how long it took so many times, the longest last; the first, cold one left out."""
    found = []
    for _ in range(times + 1):
        began = time.perf_counter()
        look()
        found.append(1000 * (time.perf_counter() - began))
    return sorted(found[1:])


# -- projects --------------------------------------------------------------------------------------
def pages_of_projects() -> dict[str, str]:
    """Return the addresses that are measured; the one project was walked through the door."""
    walked = Project.objects.order_by("pk")[0]
    gate = Gate.objects.filter(parent=walked, state="open")[0]
    return {
        "gate board": "/projects/board/", "portfolio": "/projects/",
        "portfolio of those at risk": "/projects/?risk=any",
        "page of a project": walked.get_absolute_url(),
        "sheet of a gate": f"/gates/{gate.number}/sheet/",
    }  # fmt: skip


def statements_of_page(path: str) -> int:
    client = browser()
    client.force_login(somebody("head"), "django.contrib.auth.backends.ModelBackend")
    assert client.get(path).status_code == 200
    with captured() as found:
        client.get(path)
    return counted(found)


# -- the sweep, and working time -------------------------------------------------------------------
def sweep_of(stage: Stage, count: int, at: datetime) -> tuple[float, float]:
    """Let one sweep handle exactly `count` breaches; return seconds, and those of processor."""
    breaches = Event.objects.filter(kind=Event.Kind.CLOCK, action="breach", at=at)
    before, messages = breaches.count(), Outbox.objects.count()
    busy, began = stage.spent(os.getpid()), time.perf_counter()
    handled = sweep(at)
    taken, spent = time.perf_counter() - began, stage.spent(os.getpid()) - busy
    assert (handled, breaches.count() - before) == (count, count)
    assert Outbox.objects.count() - messages >= count
    return taken, spent / 1000


def working_time(days: int, repeats: int, calls: int = 50_000) -> dict[str, float]:
    """Return how often a second of processor time `add` and `between` span so many days."""
    hours = Calendar.default().version_at(timezone.now()).working_time()
    starts = [timezone.now() + timedelta(minutes=977 * number) for number in range(50)]
    pairs = [(start, start + timedelta(days)) for start in starts] * (calls // 50)
    lengths = [(start, hours.between(start, end)) for start, end in pairs]
    return {
        "add": _per_second(hours.add, lengths, repeats),
        "between": _per_second(hours.between, pairs, repeats),
    }


def _per_second(function: Callable[..., Any], given: list[Any], repeats: int) -> float:
    found = []
    for _ in range(repeats):
        began = time.process_time()
        for one, other in given:
            function(one, other)
        found.append(len(given) / (time.process_time() - began))
    return median(found)
