"""What is measured, one function each; every rate beside the yardstick of the same moment."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.bench import walk, words
from tests.bench.stage import Client, Sample, Stage, median, rate
from tests.bench.table import Row
from tests.bench.town import REGIONS, region_of, staff_of

MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {}
API = "/api/v1/"
ROWS = 50
USUAL = 100_000
DUE = 1000


def measure(function: Callable[[Bench], Iterator[Row]]) -> Callable[[Bench], Iterator[Row]]:
    MEASURES[function.__name__] = function
    return function


@dataclass
class Figures:
    """Medians: a rate, its share of the yardstick's in percent, and the same by processor time."""

    rate: float
    share: float
    thrift: float
    cost: float

    def rows(self, name: str, target: str = "") -> Iterator[Row]:
        yield Row(name, self.rate, "1/s")
        yield Row(f"{name}: of the yardstick's rate", self.share, "%", target)
        yield Row(f"{name}: of it by processor time", self.thrift, "%")
        yield Row(f"{name}: processor time", self.cost, "ms")


@dataclass
class Bench:
    """The stages by size, the present of their data, and numbers of cases nobody used yet."""

    stages: dict[int, Stage]
    at: datetime
    repeats: int
    changes: Callable[[], Stage]
    """Loads and serves the changes, the first time it is called."""
    projects: Callable[[], Stage]
    """The same with the projects."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(10_000_000))

    @property
    def smallest(self) -> Stage:
        return self.stages[min(self.stages)]

    @property
    def largest(self) -> Stage:
        return self.stages[max(self.stages)]

    @property
    def usual(self) -> Stage:
        """Return where single actions are measured: at 100 k open cases where there are so many."""
        return self.stages.get(USUAL, self.largest)

    def figures(
        self, run: Callable[[Stage], Sample], *stages: Stage, clients: int = 1
    ) -> list[Figures]:
        """Measure on all stages in turn, each time between two looks at the yardstick."""
        taken: list[list[tuple[Sample, Sample, Sample]]] = [[] for _ in stages]
        for _ in range(self.repeats):
            for stage, found in zip(stages, taken, strict=True):
                before, sample = stage.yardstick(clients=clients), run(stage)
                found.append((before, sample, stage.yardstick(clients=clients)))
        return [
            Figures(
                rate=median([sample.rate for _, sample, _ in found]),
                share=median([200 * s.rate / (a.rate + b.rate) for a, s, b in found]),
                thrift=median([50 * (a.cost + b.cost) / s.cost for a, s, b in found]),
                cost=median([sample.cost for _, sample, _ in found]),
            )
            for found in taken
        ]


def thousands(size: int) -> str:
    return f"{size // 1_000_000} M" if size >= 1_000_000 else f"{size / 1000:g} k"


# -- over HTTP -------------------------------------------------------------------------------------
@measure
def yardstick(bench: Bench) -> Iterator[Row]:
    """One INSERT by a plain view, behind the product's middleware and without any."""
    for clients in (1, 4):
        for server, name in (("yardstick", ""), ("bare", " without middleware")):
            found = [bench.usual.yardstick(server, clients) for _ in range(bench.repeats)]
            name = f"yardstick, one INSERT{name}, {clients} client(s)"
            yield Row(name, median([sample.rate for sample in found]), "1/s")
            yield Row(f"{name}: processor time", median([sample.cost for sample in found]), "ms")


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
    for clients in (1, 4):

        def run(stage: Stage, clients: int = clients) -> Sample:
            return rate(stage, lambda c, _: file_case(c, next(bench.numbers)), clients=clients)

        (found,) = bench.figures(run, bench.usual, clients=clients)
        yield from found.rows(f"create over the API, {clients} client(s)", ">= 15")


@measure
def action(bench: Bench) -> Iterator[Row]:
    """Every action on the way of a request, filing left out, in equal parts."""
    costs: dict[str, list[float]] = {name: [] for _, name in walk.STEPS}

    def run(stage: Stage) -> Sample:
        client = stage.client()
        fresh = [next(bench.numbers) for _ in range(10)]
        cases = [(number, file_case(client, number)["number"]) for number in fresh]
        busy, begun = stage.busy("product"), time.perf_counter()
        for step in walk.STEPS:
            before = stage.busy("product")
            for number, case in cases:
                act(client, case, step, number)
            costs[step[1]].append((stage.busy("product") - before) / len(cases))
        done, taken = len(cases) * len(walk.STEPS), time.perf_counter() - begun
        return Sample(done / taken, (stage.busy("product") - busy) / done)

    (found,) = bench.figures(run, bench.usual)
    yield from found.rows("action over the API, 1 client", ">= 20")
    for name, cost in costs.items():
        yield Row(f"action over the API, {name}: processor time", median(cost), "ms")


@measure
def ticket(bench: Bench) -> Iterator[Row]:
    """A whole ticket: create, claim, and three actions to its end."""

    def whole(client: Client, _: int) -> None:
        number = next(bench.numbers)
        case = file_case(client, number)
        desk, analyst = walk.person_of("desk", number), walk.person_of("analyst", number)
        client.ask(f"{API}tasks/{case['tasks'][0]['id']}/claim/", {}, who=desk)
        for who, name in (desk, "start_triage"), (desk, "pass_to_assessment"), (analyst, "reject"):
            address = f"{API}cases/{case['number']}/actions/{name}/"
            client.ask(address, walk.data_of(name, number), who=who)

    (found,) = bench.figures(lambda stage: rate(stage, whole, seconds=1), bench.usual)
    yield from found.rows("whole ticket over the API, 1 client", ">= 5")


def inbox_owner(number: int) -> str:
    """Return somebody with exactly fifty tasks of their own."""
    return staff_of(region_of(number), "inbox")[0]


@measure
def inbox(bench: Bench) -> Iterator[Row]:
    """Fifty tasks of one's own over the API and as a page; the first page of a region's queue."""
    names = [inbox_owner(number) for number in range(REGIONS)]
    sessions = {size: stage.sessions(names) for size, stage in bench.stages.items()}

    def mine(stage: Stage, client: Client, number: int) -> None:
        said = client.ask(f"{API}tasks/?view=mine", who=inbox_owner(number))
        assert len(json.loads(said)["results"]) == ROWS

    def queue(stage: Stage, client: Client, number: int) -> None:
        client.ask(f"{API}tasks/?view=queue", who=walk.person_of("desk", number))

    def page(stage: Stage, client: Client, number: int) -> None:
        said = client.ask("/inbox/", session=sessions[stage.size][inbox_owner(number)])
        assert said.count(b"REQ-") >= ROWS

    for name, do, target in (
        (f"inbox of {ROWS} rows over the API", mine, ">= 15"),
        (f"inbox page of {ROWS} rows", page, ">= 6"),
        ("queue of a region over the API", queue, ""),
    ):
        found = bench.figures(
            lambda stage, do=do: rate(stage, lambda *given: do(stage, *given)),  # type: ignore[misc]
            *bench.stages.values(),
        )
        for size, figures in zip(bench.stages, found, strict=True):
            at = f"{name} at {thousands(size)} open tasks"
            yield from figures.rows(at, target if size == USUAL else "")
        if len(found) > 1:
            slower = f"{name} at {thousands(bench.largest.size)}: times slower than at "
            slower += thousands(bench.smallest.size)
            yield Row(slower, found[0].rate / found[-1].rate, "x", "<= 1.5" if target else "")


@measure
def case(bench: Bench) -> Iterator[Row]:
    """A case over the API, and its page, as the desk sees it."""
    stage, client = bench.usual, bench.usual.client()
    fresh = [next(bench.numbers) for _ in range(REGIONS)]
    cases = [(walk.person_of("desk", one), file_case(client, one)["number"]) for one in fresh]
    session = stage.sessions([who for who, _ in cases])

    def api(client: Client, number: int) -> None:
        who, case = cases[number % REGIONS]
        client.ask(f"{API}cases/{case}/", who=who)

    def page(client: Client, number: int) -> None:
        who, case = cases[number % REGIONS]
        client.ask(f"/cases/{case}/", session=session[who])

    for name, do in (("one case over the API", api), ("page of a case", page)):
        (found,) = bench.figures(lambda stage, do=do: rate(stage, do), stage)  # type: ignore[misc]
        yield from found.rows(name)


@measure
def search(bench: Bench) -> Iterator[Row]:
    """The list of cases with a two-character word, its count and first page, over the API."""
    stage, size = bench.largest, thousands(bench.largest.size)
    client = stage.client()
    readers = {"head": "who may read all", "desk0.region0": "the desk of a region"}
    for kind, word in (("rare", words.RARE), ("common", words.COMMON)):
        for who, reader in readers.items():
            spent, busy = [], 0.0
            for number in range(3 * bench.repeats):
                if number == 1:  # the first one found the tables cold
                    busy = stage.busy("product")
                begun = time.perf_counter()
                client.ask(f"{API}cases/?q={quote(word)}", who=who)
                spent.append(1000 * (time.perf_counter() - begun))
            name = f"search of a {kind} Chinese word in {size} cases by {reader}"
            yield Row(name, median(spent), "ms", "<= 50")
            cost = (stage.busy("product") - busy) / (len(spent) - 1)
            yield Row(f"{name}: processor time", cost, "ms")


@measure
def memory(bench: Bench) -> Iterator[Row]:
    """What a web worker holds after four clients filed, read and acted for some seconds."""
    stage = bench.usual

    def everything(client: Client, number: int) -> None:
        fresh = next(bench.numbers)
        case = file_case(client, fresh)["number"]
        act(client, case, walk.STEPS[0], fresh)
        client.ask(f"{API}tasks/?view=queue", who=walk.person_of("desk", number))
        client.ask(f"{API}cases/{case}/events/", who=walk.person_of("desk", fresh))

    rate(stage, everything, seconds=5, clients=4)
    largest = max(one.memory() for one in bench.stages.values())
    yield Row("memory of a web worker after load", largest, "MB", "<= 200")


@measure
def conflicts(bench: Bench) -> Iterator[Row]:
    """What stands in the way of one change and in a month, and the pages that show it."""
    from tests.bench import inside

    stage = bench.changes()
    among = f"among {thousands(stage.size)} changes"
    with stage.inside():
        month, planned = inside.busiest_month(bench.at)
        names = {
            "conflicts of one change": ("<= 50", inside.conflicts_of_one),
            f"conflicts of a month of {planned} planned changes": ("<= 300", inside.of_a_month),
            "next free windows of one change": ("", inside.free_windows),
        }
        for name, (target, look) in names.items():
            spent = inside.milliseconds(look(month, bench.at), 4 * bench.repeats)
            yield Row(f"{name} {among}", median(spent), "ms", target)
            yield Row(f"{name} {among}: the slowest", spent[-1], "ms")
    spent, _cost = pages(stage, f"/changes/?month={month:%Y-%m}", bench.repeats)
    yield Row(f"page of a month {among}", median(spent), "ms", "<= 300")


@measure
def projects(bench: Bench) -> Iterator[Row]:
    """The pages of projects for who sees all of them: statements, and milliseconds."""
    from tests.bench import inside

    stage = bench.projects()
    with stage.inside():
        paths = inside.pages_of_projects()
        statements = {name: inside.statements_of_page(path) for name, path in paths.items()}
    for name, path in paths.items():
        is_one = name == "page of a project"
        spent, cost = pages(stage, path, 2 * bench.repeats)
        among = f"{name} among {thousands(stage.size)} projects"
        yield Row(among, median(spent), "ms", "<= 200" if is_one else "<= 300")
        yield Row(f"{among}: processor time", cost, "ms")
        yield Row(f"{among}: statements", statements[name], "", "" if is_one else "<= 12")


def pages(stage: Stage, path: str, times: int) -> tuple[list[float], float]:
    """Show the head a page so often; return the milliseconds each time, and of processor a time.

    The first, cold one is left out.
    """
    session, client = stage.sessions(["head"])["head"], stage.client()
    spent, busy = [], 0.0
    for number in range(1 + times):
        if number == 1:
            busy = stage.busy("product")
        begun = time.perf_counter()
        client.ask(path, session=session)
        spent.append(1000 * (time.perf_counter() - begun))
    return spent[1:], (stage.busy("product") - busy) / times


# -- in this process -------------------------------------------------------------------------------
@measure
def engine(bench: Bench) -> Iterator[Row]:
    """A request through the door from filing to acceptance, and the same as Flows."""
    from tests.bench import inside

    stage = bench.usual
    taken: dict[str, list[Sample]] = {name: [] for name in inside.WALKS}
    with stage.inside():
        for _ in range(bench.repeats):
            for name, walk_one in inside.WALKS.items():
                taken[name].append(inside.walked(stage, walk_one, bench.numbers))
    ours = taken.pop("engine")
    yield Row("engine, cases to their end", median([one.rate for one in ours]), "1/s")
    yield Row("engine, cases to their end: processor time", median([s.cost for s in ours]), "ms")
    for name, theirs in taken.items():
        pairs = list(zip(ours, theirs, strict=True))
        times = median([one.rate / other.rate for one, other in pairs])
        thrift = median([other.cost / one.cost for one, other in pairs])
        target = "" if "line" in name else ">= 2"
        name = f"{name}, cases to their end"
        yield Row(name, median([one.rate for one in theirs]), "1/s")
        yield Row(f"{name}: processor time", median([one.cost for one in theirs]), "ms")
        yield Row(f"{name}: the engine does times as many", times, "x", target)
        yield Row(f"{name}: the engine does, by processor time", thrift, "x")


@measure
def statements(bench: Bench) -> Iterator[Row]:
    """Statements per step, without BEGIN, COMMIT and savepoints; and those of requests."""
    from tests.bench import inside

    with bench.usual.inside():
        steps = {
            name: inside.statements(walk_one, next(bench.numbers))
            for name, walk_one in inside.WALKS.items()
        }
        requests = inside.statements_of_requests(next(bench.numbers))
    for name, counts in steps.items():
        yield Row(f"{name}, statements per step", sum(counts.values()) / len(counts), "")
        if name == "engine":
            for action, count in counts.items():
                yield Row(f"{name}, statements per step: {action}", count, "")
    for name, found in requests.items():
        bound = "<= 12" if "inbox" in name else ""
        yield Row(f"{name}, statements", inside.counted(found), "", bound)


@measure
def sweep(bench: Bench) -> Iterator[Row]:
    """A thousand breaches among so many open clocks: alert, event, messages."""
    from tests.bench import inside

    taken: dict[int, list[tuple[float, float]]] = {size: [] for size in bench.stages}
    for _ in range(min(bench.repeats, 3)):
        for size, stage in bench.stages.items():
            stage.load(DUE, bench.at, "--late")
            with stage.inside():
                taken[size].append(inside.sweep_of(stage, DUE, bench.at))
    seconds = {size: median([wall for wall, _ in found]) for size, found in taken.items()}
    for size, found in taken.items():
        name = f"sweep of 1 k breaches among {thousands(size)} open"
        yield Row(name, seconds[size], "s", "<= 1" if size == USUAL else "")
        yield Row(f"{name}: processor time", median([spent for _, spent in found]), "s")
    if len(seconds) > 1:
        most, least = max(seconds), min(seconds)
        name = f"sweep of 1 k at {thousands(most)}: times that at {thousands(least)}"
        yield Row(name, seconds[most] / seconds[least], "x", "<= 2")


@measure
def working_time(bench: Bench) -> Iterator[Row]:
    """Working time added and counted over a distance, on one core."""
    from tests.bench import inside

    with bench.smallest.inside():
        for days in (1, 10, 400, 4000):
            for name, found in inside.working_time(days, bench.repeats).items():
                yield Row(f"working time, {name} over {days} days", found, "1/s", ">= 500000")
