"""Races through the product as it runs: web workers and heartbeats as processes, asked by HTTP."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.changes.walking import FILING, GOOD
from tests.proof.crowd import Answer, Caller, Crowd
from tests.proof.house import House, end
from tests.proof.racing import violations_in
from tests.proof.scale import rounds
from tests.proof.servers import Postgres

AT_ONCE = 50
SWEEPS = 3


def is_embedded(house: House) -> bool:
    return house.environment["DATABASE_URL"].startswith("sqlite")


@contextmanager
def open_for_work(house: House) -> Iterator[None]:
    """Run the web as each database is meant for: one process on SQLite, three on PostgreSQL."""
    with house.web(workers=1 if is_embedded(house) else 3):
        yield


def at_once(house: House, who: str, path: str, key: str, sent: dict[str, str]) -> list[Answer]:
    """Send the same request with one key over fifty connections at the same moment."""
    start = threading.Barrier(AT_ONCE)

    def send(_number: int) -> Answer:
        caller = Caller(house, who)
        start.wait()
        try:
            return caller.api("POST", path, json=sent, key=key)
        finally:
            caller.pool.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, range(AT_ONCE)))


def test_one_key_fifty_times_is_one_case_and_one_answer(any_house: House) -> None:
    house = any_house
    filing = {"kind": "optimization", **FILING}
    desk = Caller(house, "desk")
    with open_for_work(house):
        for number in range(1, 1 + rounds(full=10, short=2)):
            who = ("requester", "requester2")[number % 2]  # nobody sends more than the API takes
            filed = at_once(house, who, "cases/", f"file {number}", filing)
            assert {answer.status for answer in filed} == {201}
            assert len(set(filed)) == 1  # body and Location, byte for byte
            assert desk.api("GET", "cases/").json()["count"] == number

            path = f"cases/{filed[0].json()['number']}"
            action = f"{path}/actions/pass_to_assessment/"
            key, sent = f"pass {number}", GOOD["pass_to_assessment"]
            passed = at_once(house, "desk", action, key, sent)
            assert {answer.status for answer in passed} == {200}
            assert len(set(passed)) == 1
            again = Caller(house, who)  # the case has moved, the answer to its filing has not
            assert again.api("POST", "cases/", json=filing, key=f"file {number}") == filed[0]
            again.pool.close()
            story = desk.api("GET", f"{path}/events/").json()["results"]
            assert [event["action"] for event in story] == ["open", "pass_to_assessment"]
    desk.pool.close()
    assert violations_in(house) == []


@contextmanager
def beating(house: House, number: int) -> Iterator[None]:
    """Let so many heartbeats sweep and relay side by side, twice a second."""
    with ExitStack() as stack:
        for _ in range(number):
            command = ("manage.py", "heartbeat", "--interval", "0.5")
            stack.callback(end, house.start(sys.executable, *command, log="heartbeat.log"))
        yield


def test_people_sweeps_and_exports_meet_without_an_error(
    any_house: House, postgres_server: Postgres, static_root: Path
) -> None:
    """Everybody works on the same dozen cases while their clocks warn, run out and act."""
    house, before = any_house, len(postgres_server.log)
    house.environment["STATIC_ROOT"] = str(static_root)
    house.python("-m", "tests.proof.hurrying")
    crowd = Crowd(house)
    with open_for_work(house), beating(house, 1 if is_embedded(house) else SWEEPS):
        crowd.work(seconds=rounds(full=600, short=15))
        desk = Caller(house, "desk")
        stories = [desk.api("GET", f"cases/{number}/events/").json() for number in crowd.hot]
        desk.pool.close()
    said = postgres_server.log[before:]
    print(dict(sorted(crowd.said.items())))
    assert crowd.broken == []
    assert "deadlock detected" not in said
    assert crowd.has_done_all
    assert {"clock"} & {event["kind"] for story in stories for event in story["results"]}
    assert "Traceback" not in house.log("heartbeat.log")
    assert violations_in(house) == []
