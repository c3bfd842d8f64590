"""Who may do what in which state, as a file that is reviewed like code."""

import os
from pathlib import Path

import pytest

from changes.states import OptimizationState
from people.actors import Actor, automation
from tests.changes.walking import walk

pytestmark = pytest.mark.engine

GOLDEN = Path(__file__).parent / "golden" / "optimization.matrix.txt"


def offers(world, state):
    """Yield `state  person: actions` for everybody who may do something there."""
    step = walk(world, state)
    people = {**world, "automation": automation()}
    for name, person in people.items():
        who = Actor.of(person, step.at)
        flow = step.case.lifecycle(step.case, who, step.at)
        actions = [action.name for action in flow.available(who)]
        if actions:
            yield f"{state:18} {name:16} {', '.join(actions)}\n"


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    """UPDATE_GOLDEN=1 writes the file anew."""
    lines = [line for state in OptimizationState.values for line in offers(world, state)]
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text("".join(lines), encoding="utf-8")
    assert "".join(lines) == GOLDEN.read_text(encoding="utf-8")
