"""Who may do what in which state, as a file that is reviewed like code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from people.actors import Actor, automation
from people.models import User

Walk = Callable[[dict[str, User], str], Any]


def check_offers(golden: Path, world: dict[str, User], walk: Walk, states: Iterable[str]) -> None:
    """Hold what everybody is offered in every state against the file; UPDATE_GOLDEN=1 writes it."""
    lines = "".join(line for state in states for line in _offers(world, walk, state))
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(lines, encoding="utf-8")
    assert lines == golden.read_text(encoding="utf-8")


def _offers(world: dict[str, User], walk: Walk, state: str) -> Iterator[str]:
    """Yield `state  person: actions` for everybody who may do something there."""
    step = walk(world, state)
    for name, person in {**world, "automation": automation()}.items():
        who = Actor.of(person, step.at)
        flow = step.case.lifecycle(step.case, who, step.at)
        actions = [action.name for action in flow.available(who)]
        if actions:
            yield f"{state:18} {name:16} {', '.join(actions)}\n"
