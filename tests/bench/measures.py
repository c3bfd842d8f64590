"""What is measured, one function each; every rate beside the yardstick of the same moment."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.bench import walk
from tests.bench.stage import Client, Sample, Stage, median, rate
from tests.bench.table import Row
from tests.bench.town import REGIONS, region_of, staff_of

MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {}
API = "/api/v1/"
ROWS = 50


def measure(function: Callable[[Bench], Iterator[Row]]) -> Callable[[Bench], Iterator[Row]]:
    MEASURES[function.__name__] = function
    return function


@dataclass
class Bench:
    """The stages by size, how often everything is repeated, and numbers nobody used yet."""

    stages: dict[int, Stage]
    repeats: int = 5
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10_000_000))

    @property
    def smallest(self) -> Stage:
        return self.stages[min(self.stages)]

    def rows(
        self,
        name: str,
        stage: Stage,
        run: Callable[[], Sample],
        target: str = "",
        clients: int = 1,
    ) -> Iterator[Row]:
        """Yield what `run()` gives, and its share of the yardstick around it; medians."""
        samples, shares, savings = [], [], []
        for _ in range(self.repeats):
            before, sample = stage.yardstick(clients=clients), run()
            after = stage.yardstick(clients=clients)
            samples.append(sample)
            shares.append(200 * sample.rate / (before.rate + after.rate))
            savings.append(50 * (before.cost + after.cost) / sample.cost)
        yield Row(name, median([sample.rate for sample in samples]), "1/s")
        yield Row("  of the yardstick's rate", median(shares), "%", target)
        yield Row("  of the yardstick's rate, by processor time", median(savings), "%")
        yield Row("  processor time", median([sample.cost for sample in samples]), "ms")


def thousands(size: int) -> str:
    return f"{size // 1_000_000} M" if size >= 1_000_000 else f"{size // 1000} k"


# -- over HTTP -------------------------------------------------------------------------------------
@measure
def yardstick(bench: Bench) -> Iterator[Row]:
    for clients in (1, 4):
        for server, name in (("yardstick", ""), ("bare", " without middleware")):
            found = [bench.smallest.yardstick(server, clients) for _ in range(bench.repeats)]
            name = f"yardstick: one INSERT{name}, {clients} client(s)"
            yield Row(name, median([sample.rate for sample in found]), "1/s")
            yield Row("  processor time", median([sample.cost for sample in found]), "ms")


def file_case(client: Client, number: int) -> dict[str, Any]:
    body = {"kind": "optimization", **walk.filing(number)}
    said = client.ask(f"{API}cases/", body, who=walk.person_of("requester", number), expect=201)
    found: dict[str, Any] = json.loads(said)
    return found


def act(client: Client, case: str, step: tuple[str, str], number: int) -> None:
    role, action = step
    address = f"{API}cases/{case}/actions/{action}/"
    client.ask(address, walk.data_of(action, number), who=walk.person_of(role, number))


@measure
def create(bench: Bench) -> Iterator[Row]:
    """Filing a case over the API."""
    stage = bench.smallest

    def run(clients: int) -> Sample:
        return rate(
            stage, lambda client, _: file_case(client, next(bench.numbers)), clients=clients
        )

    yield from bench.rows("create over the API, 1 client", stage, lambda: run(1), ">= 15")
    yield from bench.rows("create over the API, 4 clients", stage, lambda: run(4), ">= 15", 4)


@measure
def action(bench: Bench) -> Iterator[Row]:
    """Every action on the way of a request, filing left out, in equal parts."""
    stage, client = bench.smallest, bench.smallest.client()
    spent: dict[str, list[float]] = {name: [] for _, name in walk.STEPS}

    def run() -> Sample:
        fresh = [next(bench.numbers) for _ in range(10)]
        cases = [(number, file_case(client, number)["number"]) for number in fresh]
        busy, begun = stage.busy("product"), time.perf_counter()
        for step in walk.STEPS:
            before = stage.busy("product")
            for number, case in cases:
                act(client, case, step, number)
            spent[step[1]].append((stage.busy("product") - before) / len(cases))
        done, taken = len(cases) * len(walk.STEPS), time.perf_counter() - begun
        return Sample(done / taken, (stage.busy("product") - busy) / done)

    yield from bench.rows("action over the API, 1 client", stage, run, ">= 20")
    for name, costs in spent.items():
        yield Row(f"  {name}: processor time", median(costs), "ms")


@measure
def ticket(bench: Bench) -> Iterator[Row]:
    """A whole ticket: create, claim, and three actions to its end."""

    def whole(client: Client, _: int) -> None:
        number = next(bench.numbers)
        case = file_case(client, number)
        desk, analyst = walk.person_of("desk", number), walk.person_of("analyst", number)
        client.ask(f"{API}tasks/{case['tasks'][0]['id']}/claim/", {}, who=desk)
        for who, name in (
            (desk, "start_triage"),
            (desk, "pass_to_assessment"),
            (analyst, "reject"),
        ):
            address = f"{API}cases/{case['number']}/actions/{name}/"
            client.ask(address, walk.data_of(name, number), who=who)

    stage = bench.smallest
    yield from bench.rows(
        "whole ticket over the API, 1 client", stage, lambda: rate(stage, whole), ">= 5"
    )


def inbox_owner(number: int) -> str:
    """Return somebody with exactly fifty tasks of their own."""
    return staff_of(region_of(number), "inbox")[0]


@measure
def inbox(bench: Bench) -> Iterator[Row]:
    """Fifty rows of one's own over the API, and the page; at every size, one after the other."""
    for stage in bench.stages.values():
        session = stage.sessions([inbox_owner(number) for number in range(REGIONS)])

        def api(client: Client, number: int) -> None:
            said = client.ask(f"{API}tasks/?view=mine", who=inbox_owner(number))
            assert len(json.loads(said)["results"]) == ROWS

        def queue(client: Client, number: int) -> None:
            client.ask(f"{API}tasks/?view=queue", who=walk.person_of("desk", number))

        def page(client: Client, number: int) -> None:
            client.ask("/inbox/", session=session[inbox_owner(number)])

        at = f"at {thousands(stage.size)} open tasks"
        for name, do, target in (
            (f"inbox of {ROWS} rows over the API {at}", api, ">= 15"),
            (f"queue of a region over the API {at}", queue, ""),
            (f"inbox page of {ROWS} rows {at}", page, ">= 6"),
        ):
            yield from bench.rows(name, stage, lambda do=do, stage=stage: rate(stage, do), target)


@measure
def case(bench: Bench) -> Iterator[Row]:
    """The page of a case, and the case over the API, as the desk sees it."""
    stage, client = bench.smallest, bench.smallest.client()
    fresh = [next(bench.numbers) for _ in range(REGIONS)]
    cases = [(walk.person_of("desk", one), file_case(client, one)["number"]) for one in fresh]
    session = stage.sessions([who for who, _ in cases])

    def api(client: Client, number: int) -> None:
        who, case = cases[number % REGIONS]
        client.ask(f"{API}cases/{case}/", who=who)

    def page(client: Client, number: int) -> None:
        who, case = cases[number % REGIONS]
        client.ask(f"/cases/{case}/", session=session[who])

    yield from bench.rows("one case over the API", stage, lambda: rate(stage, api))
    yield from bench.rows("page of a case", stage, lambda: rate(stage, page))


# -- in this process -------------------------------------------------------------------------------
@measure
def engine(bench: Bench) -> Iterator[Row]:
    """A request through the door from filing to acceptance, and the same as a Flow."""
    from tests.bench import inside

    with bench.smallest.inside():
        ours, theirs, ratios = [], [], []
        for _ in range(bench.repeats):
            ours.append(inside.cases_per_second(inside.walk_ours, bench.numbers))
            theirs.append(inside.cases_per_second(inside.walk_flow, bench.numbers))
            ratios.append(ours[-1] / theirs[-1])
        yield Row("engine: cases to their end", median(ours), "1/s")
        yield Row("viewflow Flow: cases to their end", median(theirs), "1/s")
        yield Row("engine: times the Flow's cases", median(ratios), "x", ">= 2")


@measure
def statements(bench: Bench) -> Iterator[Row]:
    """Statements per step, without BEGIN, COMMIT and savepoints; and those of the inbox."""
    from tests.bench import inside

    with bench.smallest.inside():
        ours = inside.statements(inside.walk_ours, next(bench.numbers))
        theirs = inside.statements(inside.walk_flow, next(bench.numbers))
        yield Row("engine: statements per step", sum(ours.values()) / len(ours), "")
        yield Row("viewflow Flow: statements per step", sum(theirs.values()) / len(theirs), "")
        for name, count in ours.items():
            yield Row(f"  {name}: statements", count, "")
        for name, found in inside.statements_of_requests(next(bench.numbers)).items():
            bound = "<= 12" if "inbox" in name else ""
            yield Row(f"{name}: statements", inside.counted(found), "", bound)
