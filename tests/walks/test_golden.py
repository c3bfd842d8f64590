"""Stories recorded from real walks, by which a careless rename in a process is found at once.

The events of every house tell of the states and actions of their day. What is recorded here is
never changed, only added to: `UPDATE_GOLDEN=1` walks until every way of today is recorded too.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.proof.scale import SEED
from tests.walks.processes import PROCESSES
from tests.walks.reference import Process
from tests.walks.runner import Told, walk_at_random
from workflows.lifecycles import lifecycle_of, registered
from workflows.replay import ADVICE, Move, Today

GOLDEN = Path(__file__).parent / "golden"
ROUNDS, WALKS, STEPS = 20, 50, 25

each_process = pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.kind)


def recorded(kind: str) -> list[list[Told]]:
    """Return the stories of a kind: a line per move, an empty line between two cases."""
    file = GOLDEN / f"{kind}.events.txt"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    stories = [story.splitlines() for story in text.split("\n\n") if story.strip()]
    return [[tuple(line.split("\t")) for line in story] for story in stories]


def keep(kind: str, stories: list[list[Told]]) -> None:
    text = "\n\n".join("\n".join("\t".join(told) for told in story) for story in stories)
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"{kind}.events.txt").write_text(f"{text}\n", encoding="utf-8")


def unrecorded(kind: str, stories: list[list[Told]]) -> set[tuple[str, str, str]]:
    """Return the ways of today (action, source, target) that no story takes."""
    now = lifecycle_of(kind).now_called
    ways = {
        (action.name, str(action.transition.source), str(target))
        for action in lifecycle_of(kind).actions()
        for target in action.targets or [action.transition.source]
    }
    return ways - {tuple(map(now, told[1:])) for story in stories for told in story}


def record(process: Process) -> None:
    """Add walks until every way of today is recorded; what was recorded before stays."""
    stories = recorded(process.kind)
    for number in range(ROUNDS):
        if not unrecorded(process.kind, stories):
            return
        tally = walk_at_random(process, walks=WALKS, steps=STEPS, number=SEED + number)
        for story in sorted(tally.stories, key=len):
            missing = unrecorded(process.kind, stories)
            ends = [place for place, told in enumerate(story) if told[1:] in missing]
            if ends:
                stories.append(story[: ends[-1] + 1])
        keep(process.kind, stories)


@each_process
def test_recorded_events_fit_the_process_of_today(process):
    today = Today(lifecycle_of(process.kind))
    stories = [[Move(*told) for told in story] for story in recorded(process.kind)]
    misfits = {today.misfit(story, story[-1].target) for story in stories} - {""}
    assert not misfits, "\n".join([*sorted(misfits), ADVICE])


@each_process
def test_every_way_of_today_is_recorded(world, process):
    if os.environ.get("UPDATE_GOLDEN"):
        record(process)
    missing = unrecorded(process.kind, recorded(process.kind))
    advice = "UPDATE_GOLDEN=1 pytest tests/walks/test_golden.py adds walks that take them"
    assert not missing, f"{sorted(missing)}: {advice}"


OWED = {"operation", "supervision", "finding", "proposal"}
"""Processes whose reference is still to be written."""


def test_every_shipped_process_is_walked_or_named_as_owed():
    walked = {process.kind for process in PROCESSES}
    assert walked.isdisjoint(OWED)
    assert walked | OWED == {one.kind for one in registered()}
