"""Every process walked at random beside its reference; and planted defects, which must be found.

The short round is up to 200 walks of 25 steps, the full one 500 of 40 more; each walk begins with
up to 40 moves that are right.
"""

from __future__ import annotations

import pytest

from agreements.models import calendars
from people.models import User
from tests.proof.scale import SEED, rounds
from tests.walks.change import CHANGE
from tests.walks.change_defects import CHANGE_DEFECTS
from tests.walks.defects import DEFECTS, Plant
from tests.walks.gate import GATE
from tests.walks.gate_defects import GATE_DEFECTS
from tests.walks.meeting import MEETING
from tests.walks.meeting_defects import MEETING_DEFECTS
from tests.walks.optimization import OPTIMIZATION
from tests.walks.processes import PROCESSES
from tests.walks.project import PROJECT
from tests.walks.project_defects import PROJECT_DEFECTS
from tests.walks.reference import Process
from tests.walks.runner import Difference, walk_at_random

WALKS = 50
"""In one part of a run; each part has a number of its own, so that several processes share it."""

FULL = 10
SHORT = {"project": 1, "gate": 1}
"""Parts of the short round; of every other process four."""

PARTS = [
    (process, part)
    for process in PROCESSES
    for part in range(SHORT.get(process.kind, 4) + rounds(full=FULL, short=0))
]


@pytest.mark.parametrize(("process", "part"), PARTS, ids=lambda one: str(getattr(one, "kind", one)))
def test_product_and_reference_agree_whatever_people_do(
    world: dict[str, User], process: Process, part: int
) -> None:
    steps = 25 if part < SHORT.get(process.kind, 4) else 40
    tally = walk_at_random(process, walks=WALKS, steps=steps, number=SEED + part)
    passed = tally.reached() & process.ways
    print(f"{tally.steps} steps, {len(passed)} of {len(process.ways)} ways, {tally.refusals}")
    assert tally.steps >= WALKS * steps
    assert len(passed) > len(process.ways) * 0.7


@pytest.fixture
def fresh_hours():
    """Leave nothing behind of hours that were read while a defect was planted."""
    yield
    calendars._published_hours.cache_clear()


PLANTED = [(OPTIMIZATION, plant) for plant in DEFECTS]
PLANTED += [(CHANGE, plant) for plant in CHANGE_DEFECTS]
PLANTED += [(MEETING, plant) for plant in MEETING_DEFECTS]
PLANTED += [(PROJECT, plant) for plant in PROJECT_DEFECTS]
PLANTED += [(GATE, plant) for plant in GATE_DEFECTS]


@pytest.mark.parametrize(
    ("process", "plant"), PLANTED, ids=lambda one: getattr(one, "__name__", None) or one.kind
)
def test_a_planted_defect_is_found(
    world: dict[str, User],
    monkeypatch: pytest.MonkeyPatch,
    fresh_hours: None,
    process: Process,
    plant: Plant,
) -> None:
    """In the first part of the short round, which passes without the defect."""
    plant(monkeypatch)
    with pytest.raises(Difference) as found:
        walk_at_random(process, walks=WALKS, steps=25, number=SEED, shortens=False)
    print(str(found.value).splitlines()[-1])
