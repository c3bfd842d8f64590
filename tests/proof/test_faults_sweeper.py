"""A sweeper that is killed at any moment raises each alert once, and none is forgotten."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.proof.copies import copy_of
from tests.proof.filling import FIRST_WARNING, fill
from tests.proof.house import House
from tests.proof.scale import SEED, rounds
from tests.proof.servers import Postgres
from tests.proof.states import rows, state_of
from tests.proof.sweeper import sweeper

KILLS = rounds(full=100, short=10)
AT_ONCE = 10
"""So many alerts fall due before each kill: a thousand in a full round."""
FIRST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
STEP = timedelta(seconds=1)
DUE = "SELECT count(*) FROM workflows_clock WHERE next_alert_at <= '{}'"


@pytest.fixture(scope="module")
def filled(
    postgres_server: Postgres, founded: House, tmp_path_factory: pytest.TempPathFactory
) -> House:
    """A house with a case every second, each to be warned of once in the hours that follow."""
    house = copy_of(founded, postgres_server, tmp_path_factory.mktemp("sweeper") / "filled")
    fill(house, KILLS * AT_ONCE, first=FIRST, step=STEP)
    return house


@pytest.fixture
def instants() -> list[datetime]:
    """When the sweeper comes: after every ten alerts."""
    return [FIRST + FIRST_WARNING + STEP * (AT_ONCE * (turn + 1) - 1) for turn in range(KILLS)]


def test_a_sweeper_killed_at_random_moments_raises_each_alert_once(
    postgres_server: Postgres, filled: House, instants: list[datetime], tmp_path: Path
) -> None:
    struck, spared = (copy_of(filled, postgres_server, tmp_path / one) for one in ("a", "b"))
    with sweeper(spared) as undisturbed:
        lengths = sorted(undisturbed.seconds(at) for at in instants)
        idle = undisturbed.seconds(instants[-1])
    each = max(0.0, lengths[len(lengths) // 2] - idle) / AT_ONCE
    choice, killed = random.Random(SEED), 0
    with sweeper(struck) as sweeping:
        for at in instants:
            expected = idle + each * due(struck, at)
            killed += sweeping.kill_during(at, choice, within=1.5 * expected)
        left = due(struck, instants[-1])
        sweeping.sweep(instants[-1])
        sweeping.sweep(instants[-1])
    print(f"{killed} of {KILLS} kills came in time, {left} alerts were left to the last two sweeps")
    assert killed >= KILLS / 4, "the sweeper was too fast for its murderer"
    assert due(struck, instants[-1]) == 0
    assert_each_alert_once(state_of(struck), state_of(spared))


def due(house: House, at: datetime) -> int:
    return rows(house, DUE.format(at.isoformat()))[0][0]


def assert_each_alert_once(struck: dict, spared: dict) -> None:
    """Every case has its one warning, at the same level and told to the same people."""
    assert struck["violations"] == spared["violations"] == []
    assert struck["cases"] == spared["cases"]
    assert struck["letters"] == spared["letters"]
    assert len(struck["cases"]) == KILLS * AT_ONCE
    for case in struck["cases"].values():
        assert [event[-1] for event in case["events"] if event[1] == "clock"] == [50]
