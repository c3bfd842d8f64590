"""Nothing that matters lives in a process: after any step a fresh one sees the very same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.proof import servers
from tests.proof.house import House
from tests.proof.scale import IS_FULL, rounds

PATHS_PER_DATABASE = rounds(full=5, short=1)
"""The state hash reads everything, so that a database with few paths is faster."""
STEPS = rounds(full=15, short=6)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_restart_after_every_step_changes_nothing(engine, postgres_server, tmp_path):
    paths = rounds(full=100, short=1)  # on each database: 200 together
    restarts, taken = 0, set()
    for number in range(paths // PATHS_PER_DATABASE):
        house = built(engine, postgres_server, tmp_path / str(number))
        size = (str(PATHS_PER_DATABASE), str(STEPS))
        seed = {"PROVE_SEED": f"{number + 1}"}
        said = json.loads(
            house.python("-m", "tests.proof.restarts", *size, **seed).splitlines()[-1]
        )
        assert said["differences"] == []
        assert house.manage("audit", "hash").strip() == said["hash"]  # a program started anew
        assert "every chain holds" in house.manage("audit", "verify")
        restarts += said["restarts"]
        taken |= set(said["taken"])
    assert restarts == paths * STEPS
    assert len(taken) > (30 if IS_FULL else 3)  # it went somewhere


def built(engine: str, server: servers.Postgres, folder: Path) -> House:
    folder.mkdir()
    return House(folder, server.create("restarts") if engine == "postgresql" else "")
