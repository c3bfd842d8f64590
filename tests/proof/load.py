"""People at work over the API: bounded in number, pace and time, every answer written down.

    with Load(house, threads=4) as load:
        …                       # break something
    assert load.failed() == []

Each thread files tickets and acts on them at its pace, so that what is measured is how long an
answer takes and not how busy the machine can be made.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self
from uuid import uuid4

from tests.proof.house import House

FILING = {
    "kind": "optimization", "title": "报表自动汇总", "service": "erp", "wanted": "每天自动汇总",
    "urgency": "normal",
}  # fmt: skip
TRIAGE = {"service": "erp", "priority": "high", "size": "small"}
REQUESTERS = ("requester", "requester2", "pm", "buyer", "supervisor", "change_manager")
PATIENCE = 30.0  # seconds a caller waits for an answer
IDLE = 1.0  # seconds; gunicorn hangs up after two without a request
AGAIN_AFTER = 0.2  # seconds


@dataclass(frozen=True)
class Call:
    """One request and its answer; `status` 0 is none. Times are of `time.monotonic`, seconds."""

    what: str
    who: str
    key: str
    began: float
    ended: float
    status: int
    answer: dict[str, Any]

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300


class Caller:
    """One person's connection to the API, kept open from call to call until the block ends."""

    def __init__(self, house: House, who: str) -> None:
        self.who = who
        self.headers = {
            "Authorization": f"Bearer {house.tokens[who]}", "Content-Type": "application/json",
            "Accept-Language": "en",
        }  # fmt: skip
        self.connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=PATIENCE)
        self.fresh_until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def send(self, what: str, method: str, path: str, body: Any = None, key: str = "") -> Call:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        sent = None if body is None else json.dumps(body)
        began = time.monotonic()
        if began > self.fresh_until:
            self.connection.close()  # the next request opens it anew
        try:
            self.connection.request(method, f"/api/v1/{path}", sent, headers)
            response = self.connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            status, text = 0, b""
        ended = time.monotonic()
        self.fresh_until = ended + IDLE
        return Call(what, self.who, key, began, ended, status, _parsed(text))

    def get(self, path: str) -> Call:
        return self.send("read", "GET", path)

    def file(self, key: str = "", **values: Any) -> Call:
        return self.send("open", "POST", "cases/", {**FILING, **values}, key)

    def act(self, number: str, action: str, key: str = "", **values: Any) -> Call:
        return self.send(action, "POST", f"cases/{number}/actions/{action}/", values, key)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Load:
    """Threads that file, triage and withdraw until the block ends; `calls` are all answers.

    `pace`: calls a second of each thread, at most. `again`: a caller without an answer asks
    again with the same key until there is one. One person may ask 20 times a second: with
    two or three calls of a ticket by the desk, threads x pace stays below 40.
    """

    def __init__(
        self, house: House, *, threads: int = 4, pace: float = 5.0, again: bool = False
    ) -> None:
        self.house = house
        self.pause = 1 / pace
        self.again = again
        self.calls: list[Call] = []
        self.stopping = threading.Event()
        names = itertools.cycle(REQUESTERS)
        self.threads = [
            threading.Thread(target=self._work, args=(who,), daemon=True)
            for who in itertools.islice(names, threads)
        ]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE * 3)
            assert not thread.is_alive(), "a caller still waits for its answer"

    def _work(self, who: str) -> None:
        with Caller(self.house, who) as requester, Caller(self.house, "desk") as desk:
            while not self.stopping.is_set():
                self._ticket(requester, desk)

    def _ticket(self, requester: Caller, desk: Caller) -> None:
        number = self._do(lambda key: requester.file(key)).answer.get("number")
        if number is None:
            return
        self._do(lambda key: desk.act(number, "pass_to_assessment", key, **TRIAGE))
        self._do(lambda key: requester.act(number, "withdraw", key, reason="no longer needed"))

    def _do(self, send: Any) -> Call:
        """Send, write the answer down, and keep the pace; with `again` until it is answered."""
        key = uuid4().hex
        while True:
            call: Call = send(key)
            self.calls.append(call)  # one operation of the interpreter: threads need no lock
            if call.is_acknowledged or not self.again or self.stopping.is_set():
                self.stopping.wait(max(0.0, self.pause - call.seconds))
                return call
            self.stopping.wait(AGAIN_AFTER)

    def failed(self, since: float = 0.0, before: float = float("inf")) -> list[Call]:
        """Return what was not acknowledged, among the calls begun in [since, before)."""
        return [one for one in self.within(since, before) if not one.is_acknowledged]

    def acknowledged(self) -> list[Call]:
        return [one for one in self.calls if one.is_acknowledged]

    def within(self, since: float, before: float) -> Iterator[Call]:
        return (one for one in list(self.calls) if since <= one.began < before)


def errands(house: House, tickets: int, pause: float = 0.0) -> None:
    """Do so many tickets one after the other: what comes of them is the same in every house."""
    with Caller(house, "requester2") as requester, Caller(house, "desk") as desk:
        for _ticket in range(tickets):
            filed = requester.file()
            assert filed.status == 201, filed
            number = filed.answer["number"]
            passed = desk.act(number, "pass_to_assessment", **TRIAGE)
            taken_back = requester.act(number, "withdraw", reason="no longer needed")
            assert (passed.status, taken_back.status) == (200, 200), (passed, taken_back)
            time.sleep(pause)


def percentile(calls: Iterable[Call], share: float = 0.95) -> float:
    """Return the seconds within which `share` of the calls were answered."""
    times = sorted(one.seconds for one in calls)
    assert times, "nobody called"
    return times[min(len(times) - 1, int(len(times) * share))]


def excess(disturbed: Load, control: Load, spells: Iterable[tuple[float, float]]) -> float:
    """Return by how many seconds 95 of 100 answers took longer than those of a control house.

    Both worked in the same `spells` on the same machine, so what else the machine did meanwhile
    slowed both alike.
    """
    chosen = list(spells)
    ours, theirs = (
        percentile(call for spell in chosen for call in load.within(*spell))
        for load in (disturbed, control)
    )
    return ours - theirs
