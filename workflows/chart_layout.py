"""The layout of the picture of a process, from the Flow generated of it.

viewflow's own grid bundles the lines of 15 states. So: the main path is the middle row, detours
lie in a row above and below, lines run in the four channels between, and all lines to one state
share a track. Ways to give up are named in the box, and their ends stand at the right.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean, median

from django.utils.translation import gettext as _

from workflows.bpmn import edges, flow_of, labels
from workflows.lifecycles import Lifecycle

BOX, GAP, TRACK, PAD, RADIUS = 140, 92, 19, 16, 17  # pixels: box and gap between, tracks, ends
STEP = BOX + GAP
LINE, SMALL = 17, 14  # heights of a line of text
LABEL, NOTE = 13, 11  # sizes of type, as in chart.css
ABOVE, MAIN, BELOW = 0, 1, 2  # rows; channel n runs above row n, the last below row 2
Point = tuple[int, int]


@dataclass(eq=False)
class Stop:
    """A state in the picture; or, with `via`, where a line between them crosses the main row."""

    col: float
    row: int
    state: str = ""
    status: str = "todo"
    lines: list[str] = field(default_factory=list)
    exits: list[str] = field(default_factory=list)
    is_end: bool = False
    is_exit: bool = False
    via: tuple[Stop, Stop] | None = None
    y: int = 0  # the middle of its row

    @property
    def x(self) -> int:
        return round(60 + BOX / 2 + self.col * STEP)

    @property
    def width(self) -> int:
        return (2 * RADIUS if self.is_end else BOX) if self.state else 0

    @property
    def height(self) -> int:
        text = len(self.lines) * LINE + len(self.exits) * SMALL
        return max(52, text + 24 + (6 if self.exits else 0)) if self.state else 0

    @property
    def left(self) -> int:
        return self.x - self.width // 2

    @property
    def top(self) -> int:
        return self.y - (RADIUS if self.is_end else self.height // 2)

    @property
    def bottom(self) -> int:
        if self.is_end:
            return self.y + RADIUS + 6 + LINE * len(self.lines)
        return self.y + self.height // 2

    @property
    def texts(self) -> list[tuple[str, int]]:
        """Return each line of the name with the height of its base."""
        block = len(self.lines) * LINE + (len(self.exits) * SMALL + 6 if self.exits else 0)
        first = self.y + RADIUS + 4 if self.is_end else self.y - block // 2
        return [(line, first + 13 + i * LINE) for i, line in enumerate(self.lines)]

    @property
    def exit_texts(self) -> list[tuple[str, int]]:
        first = self.bottom - 12 - SMALL * len(self.exits)
        return [(line, first + 13 + i * SMALL) for i, line in enumerate(self.exits)]


@dataclass(eq=False)
class Bus:
    """All lines that reach one stop through one channel; they share a track."""

    channel: int
    target: Stop
    sources: list[Stop] = field(default_factory=list)
    track: int = 0

    def ends(self) -> list[Stop]:
        return [self.target, *self.sources]

    def rank(self) -> int:
        """Return 0 if it only touches the row below its channel, 2 if only the one above."""
        rows = {stop.row for stop in self.ends()}
        return 1 if len(rows) > 1 else 0 if rows == {self.channel} else 2


@dataclass
class Note:
    text: str
    x: int
    y: int
    anchor: str = "start"


@dataclass
class Line:
    """One way from a state to another, as drawn."""

    title: str
    path: str
    notes: list[Note]


class Picture:
    """The layout of one process for one case; every number is a pixel of the view box."""

    def __init__(
        self, lifecycle: type[Lifecycle], done: Collection[str] = (), now: str | None = None
    ) -> None:
        self.lifecycle, self.done, self.now = lifecycle, done, now
        self.pairs = sorted(edges(flow_of(lifecycle)))
        self.path = main_path(lifecycle)
        self.stops: dict[str, Stop] = {}
        self.buses: dict[tuple[int, Stop], Bus] = {}
        self.straight: list[tuple[Stop, Stop]] = []
        self.crossings: list[Stop] = []
        self.base: dict[int, int] = defaultdict(int)  # of each channel, the lowest track
        self.place_states()
        self.place_lines()
        self.assign_tracks()
        self.set_heights()

    # -- where the states are --------------------------------------------------------------------
    def place_states(self) -> None:
        for col, state in enumerate(self.path):
            self.add(state, col, MAIN)
        used = {state for pair in self.pairs for state in pair}
        side = [s for s in self.lifecycle.State.values if s in used and s not in self.path]
        detours = [state for state in side if state not in self.lifecycle.closed]
        for state in sorted(detours, key=self.wished_col):
            self.place(state, self.wished_col(state), (-1, 1))
        for state in side:
            if state in self.lifecycle.closed:
                self.place(state, len(self.path) - 1, (1,))

    def wished_col(self, state: str) -> float:
        """Return the middle of the places on the main path that `state` has to do with."""
        near = [self.path.index(s) for s in self.neighbours(state) if s in self.path]
        return round(2 * median(near or [0])) / 2

    def neighbours(self, state: str) -> set[str]:
        return {s for pair in self.pairs if state in pair for s in pair} - {state}

    def place(self, state: str, wished: float, directions: tuple[int, ...]) -> None:
        """Put a state near `wished`, above or below the main path: if it can be in the row of
        those it leads to (else in the emptier one), for a line across the main path is long.
        """
        rows = {row: [s for s in self.stops.values() if s.row == row] for row in (ABOVE, BELOW)}
        near, is_end = self.neighbours(state), state in self.lifecycle.closed
        best = min(rows, key=lambda row: (-sum(s.state in near for s in rows[row]), len(rows[row])))
        places = [
            (distance / 2 + (row != best), wished + distance / 2 * direction, row)
            for distance in range(2 * len(self.lifecycle.State) + 1)
            for direction in directions
            for row in rows
        ]
        _cost, col, row = min(
            (cost, col, row)
            for cost, col, row in places
            if col >= 0
            and all(abs(s.col - col) >= (0.5 if s.is_end and is_end else 1) for s in rows[row])
        )
        self.add(state, col, row)

    def add(self, state: str, col: float, row: int) -> None:
        states, closed = self.lifecycle.State, self.lifecycle.closed
        self.stops[state] = Stop(
            col=col,
            row=row,
            state=state,
            status="now" if state == self.now else "done" if state in self.done else "todo",
            lines=wrapped(str(states(state).label), BOX - 20, LABEL),
            exits=[
                line
                for source, target in self.pairs
                if source == state and self.is_exit(target)
                for line in wrapped(f"✕ {states(target).label}", BOX - 20, NOTE)
            ],
            is_end=state in closed,
            is_exit=self.is_exit(state),
        )

    def is_exit(self, state: str) -> bool:
        return state in self.lifecycle.closed and state not in self.path

    # -- where the lines run ---------------------------------------------------------------------
    def place_lines(self) -> None:
        for source, target in self.pairs:
            if self.is_exit(target):
                continue
            start, end = self.stops[source], self.stops[target]
            if self.is_beside(start, end):
                self.straight.append((start, end))
            elif {start.row, end.row} == {ABOVE, BELOW}:
                col = max(1, int(end.col)) - 0.5 - 0.03 * len(self.crossings)
                crossing = Stop(col, MAIN, via=(start, end))
                self.crossings.append(crossing)
                self.join(start, crossing)
                self.join(crossing, end)
            else:
                self.join(start, end)

    def is_beside(self, start: Stop, end: Stop) -> bool:
        between = [
            stop
            for stop in self.stops.values()
            if stop.row == start.row and start.col < stop.col < end.col
        ]
        return start.row == end.row and 0 < end.col - start.col < 2 and not between

    def join(self, source: Stop, target: Stop) -> None:
        channel = channel_between(source, target)
        bus = self.buses.setdefault((channel, target), Bus(channel, target))
        bus.sources.append(source)

    @cached_property
    def ports(self) -> dict[tuple[Stop, Bus], int]:
        """Return where along its edge each stop meets each bus, ordered so that few lines cross."""
        sides: dict[tuple[Stop, int], list[tuple[float, Bus]]] = defaultdict(list)
        for bus in self.buses.values():
            sides[bus.target, bus.channel].append((fmean(s.x for s in bus.sources), bus))
            for source in bus.sources:
                sides[source, bus.channel].append((bus.target.x, bus))
        found = {}
        for (stop, _channel), meeting in sides.items():
            shift = 5 * (stop.row - MAIN)  # never in one line with a port of another row
            for place, (_x, bus) in enumerate(sorted(meeting, key=lambda item: item[0]), start=1):
                part = stop.width * place // (len(meeting) + 1)
                found[stop, bus] = stop.left + part + shift
        return found

    def reach(self, bus: Bus) -> tuple[int, int]:
        """Return from where to where a bus and its notes take up its track."""
        xs = [self.ports[stop, bus] for stop in bus.ends()]
        for source in bus.sources:
            note = self.note(source, bus)
            length = 10 + text_width(note.text, NOTE)
            xs.append(note.x + (length if note.anchor == "start" else -length))
        return min(xs), max(xs)

    def assign_tracks(self) -> None:
        """Stack the buses of each channel: short ones next to the row they serve."""
        placed: dict[int, list[Bus]] = defaultdict(list)
        for bus in sorted(self.buses.values(), key=self.order):
            left, right = self.reach(bus)
            under = [
                other
                for other in placed[bus.channel]
                if self.reach(other)[0] < right + 8 and left < self.reach(other)[1] + 8
            ]
            bus.track = 1 + max((other.track for other in under), default=-1)
            placed[bus.channel].append(bus)

    def order(self, bus: Bus) -> tuple[int, int]:
        xs = [self.ports[stop, bus] for stop in bus.ends()]
        span = max(xs) - min(xs)
        return bus.rank(), -span if bus.rank() == 2 else span

    def set_heights(self) -> None:
        """Set where rows and channels lie, from top to bottom."""
        y = 0
        for row in (ABOVE, MAIN, BELOW, BELOW + 1):
            tracks = [bus.track + 1 for bus in self.buses.values() if bus.channel == row]
            y += 2 * PAD + TRACK * max(tracks, default=0)
            self.base[row] = y - PAD
            stops = [s for s in (*self.stops.values(), *self.crossings) if s.row == row]
            height = max((stop.height for stop in stops), default=0)
            for stop in stops:
                stop.y = y + height // 2
            y += max([height, *(stop.bottom - y for stop in stops)])
        self.height = y
        self.width = max(stop.x for stop in self.stops.values()) + BOX // 2 + 20

    # -- what the template draws -----------------------------------------------------------------
    def lines(self) -> Iterator[Line]:
        for start, end in self.straight:
            middle = (start.left + start.width + end.left) // 2
            ways_on = [
                wrapped(label, GAP - 16, NOTE) for label in self.labels(start.state, end.state)
            ]
            above, below = ways_on[0], [line for way in ways_on[1:] for line in way]
            places = [start.y - 6 - SMALL * i for i in reversed(range(len(above)))]
            places += [start.y + 15 + SMALL * i for i in range(len(below))]
            notes = [
                Note(text, middle - 3, y, "middle")
                for text, y in zip(above + below, places, strict=True)
            ]
            points = [(start.left + start.width, start.y), (end.left - 3, end.y)]
            yield Line(self.title(start, end), drawn(points), notes)
        for bus in self.buses.values():
            for source in bus.sources:
                if bus.target.via:
                    continue  # drawn with its second half
                points, note = self.route(source, bus), self.note(source, bus)
                if source.via:
                    origin = source.via[0]
                    first = self.buses[channel_between(origin, source), source]
                    points = [*self.route(origin, first)[:-1], *points[1:]]
                    source, note = origin, self.note(origin, first)
                yield Line(self.title(source, bus.target), drawn(points), [note])

    def route(self, source: Stop, bus: Bus) -> list[Point]:
        leave, arrive = self.ports[source, bus], self.ports[bus.target, bus]
        track = self.track_y(bus)
        into = bus.target.top - 3 if bus.target.row == bus.channel else bus.target.bottom + 3
        out = source.top if source.row == bus.channel else source.bottom
        return [(leave, out), (leave, track), (arrive, track), (arrive, into)]

    def track_y(self, bus: Bus) -> int:
        return self.base[bus.channel] - TRACK * bus.track - 4

    def note(self, source: Stop, bus: Bus) -> Note:
        """Return the words beside the place where `source` joins the bus."""
        x, arrive = self.ports[source, bus], self.ports[bus.target, bus]
        goal = bus.target.via[1] if bus.target.via else bus.target
        text = "" if source.via else " / ".join(self.labels(source.state, goal.state))
        y = self.track_y(bus) - 4
        return Note(text, x + 7, y) if arrive >= x else Note(text, x - 7, y, "end")

    def labels(self, source: str, target: str) -> list[str]:
        return labels(self.lifecycle, source, target)

    def title(self, source: Stop, target: Stop) -> str:
        return "\n".join(sentences(self.lifecycle, source.state, target.state))

    @property
    def start(self) -> Stop:
        return self.stops[str(self.lifecycle.initial)]


def sentences(lifecycle: type[Lifecycle], source: str, target: str) -> list[str]:
    names = {"source": lifecycle.State(source).label, "target": lifecycle.State(target).label}
    return [
        _("%(source)s → %(target)s: %(action)s") % {**names, "action": label}
        for label in labels(lifecycle, source, target)
    ]


def main_path(lifecycle: type[Lifecycle]) -> list[str]:
    """Return the states of the middle row: the declared path, else the open states, then an end."""
    if lifecycle.path:
        return [str(state) for state in lifecycle.path]
    opened = [state for state in lifecycle.State.values if state not in lifecycle.closed]
    return [*opened, *[str(state) for state in lifecycle.closed][:1]]


def channel_between(source: Stop, target: Stop) -> int:
    """Return the channel both touch; within the main row onwards above it, backwards below."""
    if source.row != target.row:
        return max(source.row, target.row)
    if source.row == MAIN:
        return MAIN if target.col > source.col else BELOW
    return ABOVE if source.row == ABOVE else BELOW + 1


def text_width(text: str, size: int) -> int:
    """Return about how wide `text` is: a Chinese character is a square, a Latin one half of it."""
    return round(sum(size if ord(letter) > 0x2E7F else size * 0.55 for letter in text))


def wrapped(text: str, width: int, size: int) -> list[str]:
    """Break `text` into lines of `width` pixels: between words, and between Chinese characters."""
    lines, rest = [""], text.replace(" ", " \0")
    pieces = "".join(f"{c}\0" if ord(c) > 0x2E7F else c for c in rest).split("\0")
    for piece in pieces:
        if lines[-1] and text_width((lines[-1] + piece).rstrip(), size) > width:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines if line.strip()]


def drawn(points: list[Point]) -> str:
    """Return the path through `points`, its corners rounded."""
    (x, y), *rest = points
    path = [f"M{x} {y}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, rest, rest[1:], strict=False):
        size = min(7, (abs(bx - ax) + abs(by - ay)) // 2, (abs(cx - bx) + abs(cy - by)) // 2)
        before = (bx - size * sign(bx - ax), by - size * sign(by - ay))
        after = (bx + size * sign(cx - bx), by + size * sign(cy - by))
        path.append(f"L{before[0]} {before[1]} Q{bx} {by} {after[0]} {after[1]}")
    return " ".join([*path, f"L{rest[-1][0]} {rest[-1][1]}"])


def sign(number: int) -> int:
    return (number > 0) - (number < 0)
