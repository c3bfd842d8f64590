"""PostgreSQL crashes under load: what was acknowledged is kept, and work goes on afterwards."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof import servers
from tests.proof.house import House
from tests.proof.load import Call, Load
from tests.proof.scale import rounds
from tests.proof.states import rows, state_of

CRASHES = rounds(full=10, short=2)
BETWEEN = rounds(full=5.0, short=2.5)  # seconds of work between two crashes
GRACE = 0.5  # seconds after its return until nobody notices any more
ACTIONS = """
    SELECT c.number, e.action, e.seq, u.username
    FROM workflows_event e JOIN workflows_case c ON c.id = e.case_id
    JOIN people_user u ON u.id = e.actor_id WHERE e.kind = 'action'
"""


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[tuple[House, servers.Postgres]]:
    """A house on a server of its own, with the settings PostgreSQL has by itself."""
    with servers.postgres() as server:
        house = House(tmp_path, server.create("crashing")).found()
        with house.web(workers=2), house.heartbeat():
            yield house, server


def test_a_crash_of_postgresql_loses_nothing_that_was_acknowledged(
    crashing: tuple[House, servers.Postgres],
) -> None:
    house, server = crashing
    outages = []
    with Load(house, threads=4, pace=5, again=True) as load:
        for _crash in range(CRASHES):
            time.sleep(BETWEEN)
            began = time.monotonic()
            server.restart("immediate")
            outages.append((began, time.monotonic() + GRACE))
        time.sleep(BETWEEN)
    failed = [one for one in load.failed() if not is_during(one, outages)]
    assert failed == [], "somebody got no answer while the database was up"
    longest = max(end - began for began, end in outages) - GRACE
    print(
        f"{CRASHES} crashes of up to {longest:.1f} s: {len(load.acknowledged())} acknowledged, "
        f"{len(load.failed())} tried again"
    )
    assert load.failed(), "no crash met anybody at work"
    kept = Counter(rows(house, ACTIONS))
    assert {as_kept(one) for one in load.acknowledged()} <= set(kept)
    assert set(kept.values()) == {1}
    assert_done_once(load, kept)
    assert state_of(house)["violations"] == []


def is_during(call: Call, outages: list[tuple[float, float]]) -> bool:
    return any(call.began < end and call.ended > began for began, end in outages)


def as_kept(call: Call) -> tuple[str, str, int, str]:
    return call.answer["number"], call.what, call.answer["version"], call.who


def assert_done_once(load: Load, kept: Counter) -> None:
    """Whoever asked again with the same key until the answer came: it was done once."""
    keys = {one.key for one in load.acknowledged()}
    assert len(keys) == len(load.acknowledged())
    unanswered = {one.key for one in load.calls} - keys  # at most what was cut off at the end
    assert 0 <= len(kept) - len(keys) <= len(unanswered) <= len(load.threads)
