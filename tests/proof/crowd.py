"""People at work on the same few cases, through the API and the pages, each in a thread."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

from urllib3 import HTTPConnectionPool

from people.demo import PASSWORD
from tests.changes.walking import FILING, GOOD
from tests.proof.house import House
from tests.proof.scale import SEED

PEOPLE = (
    "requester", "requester", "desk", "desk", "analyst", "developer", "tester", "owner", "head",
    "service_manager",
)  # fmt: skip
ON_PAGES = ("desk", "head")
"""Who works with a browser too: logging in is slow, by design."""
ONLY_OWN_WORK, NOWHERE = ("developer", "tester", "owner"), "REQ-1999-00001"
"""Who sees the cases of their own lists and no others."""
HOT = 12
"""So many cases are worked on at a time: few enough to meet at."""
FILE = ("story.txt", b"what happened", "text/plain")
RARE = {"withdraw", "reject", "decline", "convert", "close_anyway"}
"""Actions that end a case: taken once in ten times, or nobody would get further."""


KINDS = ("file", "act", "claim", "release", "comment", "attach", "link", "watch", "export", "page")
PATIENCE = 90.0  # seconds more on a busy machine, until each of KINDS was done at least once


class Answer(NamedTuple):
    status: int
    body: bytes
    location: str

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One person at one connection that is kept; with a session where `sign_in` was called."""

    def __init__(self, house: House, who: str) -> None:
        self.house, self.who = house, who
        self.pool = HTTPConnectionPool("127.0.0.1", house.port, maxsize=1, retries=False)
        self.headers = {"Authorization": f"Bearer {house.tokens[who]}", "Accept-Language": "en"}
        self.cookies = ""

    def api(self, method: str, path: str, **sent: Any) -> Answer:
        """Send to the API; `json` or `fields` (multipart) as in urllib3, `key` to act once."""
        key = sent.pop("key", None)
        more = {"Idempotency-Key": key} if key else {}
        return self._send(method, f"/api/v1/{path}", {**self.headers, **more}, **sent)

    def page(self, path: str) -> Answer:
        return self._send("GET", path, {"Cookie": self.cookies})

    def _send(self, method: str, path: str, headers: dict[str, str], **sent: Any) -> Answer:
        got = self.pool.request(
            method, path, headers=headers, timeout=90, redirect=False, retries=False, **sent
        )
        return Answer(got.status, got.data, got.headers.get("Location", ""))

    def sign_in(self) -> None:
        jar = CookieJar()
        opener = build_opener(HTTPCookieProcessor(jar))
        address = f"{self.house.address}/login/"
        opener.open(address).close()
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        sent = {"username": self.who, "password": PASSWORD, "csrfmiddlewaretoken": token}
        opener.open(address, urlencode(sent).encode()).close()
        self.cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)
        assert "sessionid" in self.cookies


class Crowd:
    """All of `PEOPLE`, at work until `is_over`; `said` counts what they were answered."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.hot: set[str] = set()
        self.said: Counter[tuple[str, int]] = Counter()
        self.broken: list[str] = []
        self.failed: list[BaseException] = []
        self.until = 0.0

    def work(self, seconds: float) -> None:
        """Raises what broke in a thread: an answer that never came, or one that is no JSON."""
        people = [Worker(self, who, number) for number, who in enumerate(PEOPLE)]
        self.until = time.monotonic() + seconds
        threads = [threading.Thread(target=one.work) for one in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failed:
            raise self.failed[0]

    def is_over(self) -> bool:
        late = time.monotonic() - self.until
        return bool(self.failed) or late > PATIENCE or (late > 0 and self.has_done_all)

    @property
    def has_done_all(self) -> bool:
        return all(map(self.count, KINDS))

    def note(self, what: str, answer: Answer) -> None:
        self.said[what, answer.status] += 1
        if answer.status >= 500:
            self.broken.append(f"{what}: {answer.status} {answer.body[:300]!r}")

    def count(self, what: str) -> int:
        """Return how often `what` was done, not refused."""
        return sum(
            n for (name, status), n in list(self.said.items()) if name == what and status < 400
        )


class Worker:
    def __init__(self, crowd: Crowd, who: str, number: int) -> None:
        self.crowd, self.who = crowd, who
        self.caller = Caller(crowd.house, who)
        self.choose = random.Random(SEED + number)
        self.seen: list[str] = []  # in the lists of who does not read every case
        self.turns: list[Callable[[], None]] = [
            self.act, self.act, self.act, self.claim, self.release, self.comment, self.attach,
            self.link, self.watch, self.export,
        ]  # fmt: skip
        if who in ON_PAGES:
            self.caller.sign_in()
            self.turns += [self.take_list, self.look]
        if who == "requester":
            self.turns += [self.file, self.file]

    def work(self) -> None:
        try:
            while not self.crowd.is_over():
                lost = self.who in ONLY_OWN_WORK and not self.seen
                turn = self.claim if lost else self.choose.choice(self.turns)
                turn()
        except BaseException as error:  # raised again by `Crowd.work`
            self.crowd.failed.append(error)
        finally:
            self.caller.pool.close()

    def send(self, what: str, method: str, path: str, **sent: Any) -> Answer:
        answer = self.caller.api(method, path, **sent)
        self.crowd.note(what, answer)
        if answer.status == 429:
            time.sleep(0.5)
        return answer

    def case(self) -> str:
        reads_all = self.who not in ONLY_OWN_WORK
        return self.choose.choice((sorted(self.crowd.hot) if reads_all else self.seen) or [NOWHERE])

    def file(self) -> None:
        """File a case when there is room for one: they stay long enough for clocks to run out."""
        if len(self.crowd.hot) >= HOT:
            return
        answer = self.send("file", "POST", "cases/", json={"kind": "optimization", **FILING})
        if answer.status == 201:
            self.crowd.hot.add(answer.json()["number"])

    def act(self) -> None:
        number = self.case()
        found = self.send("read", "GET", f"cases/{number}/")
        case = found.json() if found.status == 200 else {"actions": [], "closed_at": None}
        if case["closed_at"]:
            self.crowd.hot.discard(number)
        names = [one["name"] for one in case["actions"]]
        if self.choose.random() > 0.1:
            names = [name for name in names if name not in RARE]
        if names:
            name = self.choose.choice(names)
            sent = dict(GOOD[name])
            if name == "propose":
                sent["due_on"] = str(date.today() + timedelta(days=10))
            self.send("act", "POST", f"cases/{number}/actions/{name}/", json=sent)

    def claim(self) -> None:
        for task in self.some_task("queue"):
            self.send("claim", "POST", f"tasks/{task}/claim/")

    def release(self) -> None:
        for task in self.some_task("mine"):
            self.send("release", "POST", f"tasks/{task}/release/")

    def some_task(self, view: str) -> list[int]:
        """Return one task of a list of one's own, or none, and remember the cases there."""
        found = self.send(view, "GET", f"tasks/?view={view}&limit=10")
        tasks = found.json()["results"] if found.status == 200 else []
        self.seen = [task["case"]["number"] for task in tasks] or self.seen
        return [self.choose.choice(tasks)["id"]] if tasks else []

    def comment(self) -> None:
        said = {"body": "Any news, @desk and @analyst?"}
        self.send("comment", "POST", f"cases/{self.case()}/comments/", json=said)

    def attach(self) -> None:
        self.send("attach", "POST", f"cases/{self.case()}/attachments/", fields={"file": FILE})

    def link(self) -> None:
        sent = {"target": self.case(), "relation": self.choose.choice(["relates", "blocks"])}
        self.send("link", "POST", f"cases/{self.case()}/links/", json=sent)

    def watch(self) -> None:
        method = self.choose.choice(["POST", "DELETE"])
        self.send("watch", method, f"cases/{self.case()}/watch/")

    def export(self) -> None:
        self.send("export", "GET", "cases/?limit=200")

    def take_list(self) -> None:
        """Take the list away as a file, where the product offers one."""
        self.crowd.note("file of the list", self.caller.page("/cases/export.csv"))

    def look(self) -> None:
        for address in ("/inbox/", "/cases/", f"/cases/{self.case()}/"):
            self.crowd.note("page", self.caller.page(address))
