"""Bytes that are no HTTP, or hardly, sent to the product as it runs: it stays up and answers.

The web server is in the product as it is delivered, so these are its promises too. After each
attack the next honest request is answered at once, the process is the one that was there before,
and its log has no error.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from config.web_worker import SECONDS
from tests.proof.house import House
from tests.proof.load import FILING
from tests.proof.scale import SEED, rounds
from tests.proof.states import state_of

PATIENCE = 10.0
"""Seconds an honest caller waits at most, whatever others send."""
SLOW_ONES = rounds(full=200, short=20)
"""Callers who begin a request and do not go on with it; the threads of the house are fewer."""
LONG_ONES = 4
"""Fewer than threads: each has one until it is hung up on."""
GARBAGE = rounds(full=20_000, short=1000)
FORM = b"Content-Type: multipart/form-data; boundary=x\r\n"
JSON = b"Content-Type: application/json\r\n"
HONEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Wire:
    """A house whose web process runs, and what can be sent to it."""

    def __init__(self, house: House) -> None:
        self.house = house

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.house.port), timeout=PATIENCE)

    def send(self, sent: bytes) -> bytes:
        """Send, hang up for sending, and return all that was answered."""
        answer = b""
        with self.open() as line, suppress(ConnectionError):
            line.sendall(sent)
            with suppress(OSError):  # the server has hung up already
                line.shutdown(socket.SHUT_WR)
            while part := line.recv(65536):
                answer += part
        return answer

    @property
    def secret(self) -> str:
        return self.house.tokens["requester"]

    def signed(self, head: bytes, body: bytes) -> bytes:
        """Return a request of somebody known, whose body is therefore read."""
        return posting(b"Authorization: Bearer %s\r\n%s" % (self.secret.encode(), head), body)

    def is_well(self) -> bool:
        """Tell whether an honest case is filed, in time."""
        began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=PATIENCE)
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        line.request("POST", "/api/v1/cases/", json.dumps(FILING), headers)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status == 201 and time.monotonic() - began < PATIENCE


@pytest.fixture(scope="module")
def wire(founded_on_sqlite: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    folder = tmp_path_factory.mktemp("wire")
    file = "opsgate.sqlite3"
    shutil.copy(founded_on_sqlite.folder / file, folder / file)
    house = House(folder)
    house.tokens = founded_on_sqlite.tokens
    house.manage("collectstatic", "--noinput", "-v0", STATIC_ROOT=str(folder / "static"))
    house.environment["STATIC_ROOT"] = str(folder / "static")
    with house.web(workers=1) as process:
        yield Wire(house)
        assert process.poll() is None
    faults = re.findall(r".*(?:ERROR django.request|\[ERROR\]).*", house.log())
    assert faults == []
    assert state_of(house)["violations"] == []


def statuses(answer: bytes) -> list[int]:
    """Return the status of each answer in what came back."""
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def posting(head: bytes, body: bytes = b"", path: bytes = b"/api/v1/cases/") -> bytes:
    return b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
START = b"GET /cases/ HTTP/1.1\r\nHost: localhost\r\n"
MALFORMED: dict[str, bytes] = {
    "nothing": b"", "line ends": b"\r\n" * 100, "zeros": b"\x00" * 5000, "bytes": bytes(range(256)),
    "no version": b"GET /healthz\r\n\r\n", "HTTP/0.9": b"GET /\r\n",
    "HTTP/9.9": b"GET / HTTP/9.9\r\n\r\n",
    "no method": b" / HTTP/1.1\r\n\r\n", "strange method": b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "long method": b"A" * 9000 + b" / HTTP/1.1\r\n\r\n",
    "unknown method": b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "spaces": b"GET   /   HTTP/1.1\r\n\r\n",
    "only line feeds": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x07" * 500, "SSH": b"SSH-2.0-x\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SMTP": b"EHLO x\r\nMAIL FROM:<a@b>\r\n",
    "Redis": b"*1\r\n$4\r\nPING\r\n",
    "proxy": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + HONEST,
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n",
    "other site": b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "huge address": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bare bytes": b"GET /cases/\xff\xfe?q=\x80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "bad escapes": b"GET /cases/%zz%/%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    "folded": b"GET / HTTP/1.1\r\nHost: localhost\r\n a: b\r\n\r\n",
    "space before colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    "two hosts": b"GET /cases/ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "no host": b"GET /cases/ HTTP/1.1\r\n\r\n", "cut off": b"GET /cases/ HTTP/1.1\r\nHost: loc",
    "many headers": START + b"".join(b"X-%d: x\r\n" % n for n in range(5000)) + b"\r\n",
    "long header": START + b"X: " + b"x" * 300_000 + b"\r\n\r\n",
    "long cookie": START + b"Cookie: " + b"a=b;" * 60_000 + b"\r\n\r\n",
    # bodies
    "length -1": posting(b"Content-Length: -1\r\n", b"x"),
    "length x": posting(b"Content-Length: x\r\n", b"x"),
    "length +1": posting(b"Content-Length: +1\r\n", b"x"),
    "length 1_0": posting(b"Content-Length: 1_0\r\n", b"x" * 10),
    "length raised": posting(b"Content-Length: \xb2\r\n", b"xx"), "no length": posting(b"", b"{}"),
    "length 10^30": posting(b"Content-Length: 1" + b"0" * 30 + b"\r\n", b"x"),
    "two lengths": posting(b"Content-Length: 2\r\nContent-Length: 5\r\n", b"{}xyz"),
    "length and chunks": posting(b"Content-Length: 2\r\n" + CHUNKED, b"0\r\n\r\n"),
    "cut-off body": posting(JSON + b"Content-Length: 5000\r\n", b'{"kind"'),
    "chunk x": posting(CHUNKED, b"x\r\nabc\r\n"),
    "chunk -1": posting(CHUNKED, b"-1\r\nabc\r\n0\r\n\r\n"),
    "chunk 10^30": posting(CHUNKED, b"f" * 30 + b"\r\nabc"),
    "chunk cut off": posting(CHUNKED, b"5\r\nab"),
    "chunk without end": posting(CHUNKED, b"5\r\nabcdeXX0\r\n\r\n"),
    "chunk extension": posting(CHUNKED, b"1;" + b"a" * 100_000 + b"\r\nx\r\n"),
    "trailers": posting(CHUNKED, b"0\r\n" + b"X: x\r\n" * 9000 + b"\r\n"),
    "unknown coding": posting(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"),
    "two codings": posting(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "hidden coding": posting(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "expectation": posting(b"Expect: 100-continue\r\nContent-Length: 100000\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_request_is_refused_or_left_unanswered(wire: Wire, name: str) -> None:
    assert all(
        status < 500 or status in (501, 505) for status in statuses(wire.send(MALFORMED[name]))
    )
    assert statuses(wire.send(HONEST)) == [200]


def test_bytes_by_chance_end_nothing(wire: Wire) -> None:
    """Honest requests with a few bytes changed, and bytes that never were a request."""
    dice = random.Random(SEED)
    honest = [HONEST, posting(JSON + b"Content-Length: 2\r\n", b"{}")]
    for _round in range(GARBAGE):
        sent = bytearray(dice.choice(honest))
        for _byte in range(dice.randint(1, 8)):
            sent[dice.randrange(len(sent))] = dice.randrange(256)
        if dice.random() < 0.2:
            sent = bytearray(dice.randbytes(dice.randint(1, 4000)))
        assert 500 not in statuses(wire.send(bytes(sent))), bytes(sent)
    assert wire.is_well()


HEAD = START + b"X: "
BODY = posting(JSON + b"Content-Length: 5000\r\n", b"{")


def test_nobody_waits_for_those_who_are_slow_and_they_are_hung_up_on(wire: Wire) -> None:
    """Far more callers than threads stop in a head or a body, and some in a long body."""
    long = wire.signed(JSON + b"Content-Length: 900000\r\n", b"x" * 70_000)
    with ExitStack() as stack:
        lines = [stack.enter_context(wire.open()) for _number in range(2 * SLOW_ONES + LONG_ONES)]
        for number, line in enumerate(lines):
            line.sendall(long if number < LONG_ONES else HEAD if number % 2 else BODY)
        assert wire.is_well()
        began = time.monotonic()
        for line in lines:
            line.settimeout(SECONDS + PATIENCE)
            with suppress(ConnectionError):
                while line.recv(65536):
                    pass
        assert time.monotonic() - began < SECONDS + PATIENCE


@pytest.mark.parametrize("kind", [JSON, FORM])
@pytest.mark.parametrize("length", [50, 900_000])
def test_a_body_that_is_cut_off_is_refused(wire: Wire, kind: bytes, length: int) -> None:
    sent = wire.signed(kind + b"Content-Length: %d\r\n" % length, b'{"kind": "opt')
    assert statuses(wire.send(sent)) in ([400], [422])


def test_requests_in_one_go_are_answered_in_turn(wire: Wire) -> None:
    number = rounds(full=500, short=50)
    assert statuses(wire.send(HONEST * number)) == [200] * number


def test_no_request_hides_in_the_body_of_another(wire: Wire) -> None:
    """What one reader takes for a body and the next for a request is answered once, and closed."""
    hidden = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
    both = posting(
        b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (len(hidden) + 5),
        b"0\r\n\r\n" + hidden,
    )
    assert len(statuses(wire.send(both))) <= 1
    inside = posting(
        b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(hidden), hidden
    )
    assert statuses(wire.send(inside + HONEST)) in ([401, 200], [401])


def test_many_who_hang_up_leave_room(wire: Wire) -> None:
    for _number in range(rounds(full=5000, short=300)):
        with wire.open() as line:
            line.sendall(HONEST[:20])
    assert wire.is_well()
