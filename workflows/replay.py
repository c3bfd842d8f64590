"""Walk recorded events through today's processes: does everything that happened still fit?

A state or action renamed, or a way taken out, leaves events that today's process cannot explain.
Events are never rewritten, so the process says what became of the name: `Lifecycle.renamed`,
`Lifecycle.retired`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import DEFAULT_DB_ALIAS

from workflows.lifecycles import Decision, Lifecycle, registered
from workflows.models import Event

CHUNK = 2000
ADVICE = (
    "Events are never rewritten. If a state or an action was renamed, its process says so: "
    'renamed = {"name in the events": "name today"}. If a way was taken out on purpose: '
    'retired = [("action", "source", "target")].'
)


class Move(NamedTuple):
    """What an event says of the state: its kind, the action, where the case was and came to."""

    kind: str
    action: str
    source: str
    target: str


class Found(NamedTuple):
    """How many cases and moves a replay came past, and how many cases do not fit."""

    cases: int
    events: int
    misfits: int


class Today:
    """One process as it is now, asked about what happened earlier."""

    def __init__(self, lifecycle: type[Lifecycle]) -> None:
        self.lifecycle = lifecycle
        self.ways = _ways(lifecycle)

    def misfit(self, story: Iterable[Move], state: str) -> str:
        """Return the first thing in a case's story that cannot be explained; `state` ends it."""
        now, at = self.lifecycle.now_called, ""
        for number, move in enumerate(story, start=1):
            action, source, target = now(move.action), now(move.source), now(move.target)
            if source != at:
                return f"move {number} leaves “{move.source}”, the case was in “{at}”"
            if target not in self.ways.get((move.kind, action, source), ()):
                return (
                    f"move {number}, “{move.action}” from “{move.source}” to “{move.target}”, "
                    f"is no transition of “{self.lifecycle.kind}” today"
                )
            at = target
        return "" if now(state) == at else f"it is in “{state}”, its events lead to “{at}”"


def replay(tell: Callable[[str], object], using: str = DEFAULT_DB_ALIAS) -> Found:
    """Walk every case through its process of today; `tell` is given a sentence for each misfit.

    1 query, read as a stream: the story of one case is in memory.
    """
    today = {lifecycle.kind: Today(lifecycle) for lifecycle in registered()}
    cases = events = misfits = 0
    for (number, kind, state), story in _stories(using):
        cases += 1
        events += len(story)
        if kind in today:
            said = today[kind].misfit(story, state)
        else:
            said = f"there is no process “{kind}” today"
        if said:
            misfits += 1
            tell(f"{number}: {said}")
    return Found(cases, events, misfits)


Head = tuple[str, str, str]
"""Number, kind and state of a case."""


def _stories(using: str) -> Iterator[tuple[Head, list[Move]]]:
    events = (
        Event.objects.using(using)
        .filter(kind__in=(Event.Kind.ACTION, Event.Kind.VOTE))
        .order_by("case_id", "seq")
        .values_list(
            "case__number", "case__kind", "case__state", "kind", "action", "source", "target"
        )
        .iterator(chunk_size=CHUNK)
    )
    for head, rows in groupby(events, key=itemgetter(0, 1, 2)):
        yield head, [Move(*row[3:]) for row in rows]


Ways = dict[tuple[str, str, str], set[str]]
"""Kind of event, action and source → where it may lead."""


def _ways(lifecycle: type[Lifecycle]) -> Ways:
    """Return where the events of a process may lead: today's ways, and the retired ones.

    A vote stays; the last one moves the case, and leads to where the decision is carried or lost.
    """
    acts, votes = str(Event.Kind.ACTION), str(Event.Kind.VOTE)
    ways: Ways = defaultdict(set)
    ways[acts, "open", ""].add(str(lifecycle.initial))
    for action in lifecycle.actions():
        source = str(action.transition.source)
        ways[acts, action.name, source].update(map(str, action.targets or [source]))
    for state, spec in lifecycle.work.items():
        if isinstance(spec, Decision):
            ends = ways[acts, spec.carried, state] | ways[acts, spec.lost, state]
            for vote in spec.votes:
                ways[votes, vote, state] = {str(state)}
                ways[acts, vote, state] = ends
    for name, source, target in lifecycle.retired:
        ways[acts, name, source].add(target)
        ways[votes, name, source].add(target)
    return dict(ways)
