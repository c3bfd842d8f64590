"""A receiver of webhooks that keeps count per key, and misbehaves as it is told.

Run in the test's own process; `behave` may be changed at any time, and may be a function of the
request, so that one key is answered and another is not.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it came in, whatever the receiver answered then."""

    key: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


Behaviour = Callable[["Handler", Request], None]


@dataclass
class Receiver:
    """What came in, and how to answer. `effects` are the keys it took, each once: it can tell."""

    port: int
    host: str = "127.0.0.1"
    behave: Behaviour = None  # type: ignore[assignment]  # set to `ok` below
    requests: list[Request] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    def release(self) -> None:
        """Let go of every request that hangs now; later ones hang anew."""
        before, self.released = self.released, threading.Event()
        before.set()

    @property
    def count(self) -> Counter[str]:
        """Return how often each key came in."""
        return Counter(request.key for request in list(self.requests))

    @property
    def effects(self) -> set[str]:
        """Return the keys that were taken: what comes again changes nothing."""
        return set(self.taken)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = headers.get("idempotency-key", "")
        request = Request(key, self.path, headers, body, time.monotonic())
        self.receiver.requests.append(request)
        self.close_connection = True
        with contextlib.suppress(OSError):  # the sender may be gone
            self.receiver.behave(self, request)

    do_GET = do_POST

    def answer(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing on the console of the tests."""


# -- behaviours ----------------------------------------------------------------------------------
def ok(handler: Handler, request: Request) -> None:
    handler.receiver.taken[request.key] += 1
    handler.answer(200)


def says(status: int, *headers: tuple[str, str]) -> Behaviour:
    return lambda handler, request: handler.answer(status, *headers)


def hangs(seconds: float) -> Behaviour:
    """Take the request and stay silent, as long as the proof has not released it."""

    def behave(handler: Handler, request: Request) -> None:
        handler.receiver.released.wait(seconds)
        ok(handler, request)

    return behave


def drips(text: bytes, every: float = 0.05) -> Behaviour:
    """Send `text`, then a byte now and then for ever: no time-out of a socket ever comes."""

    def behave(handler: Handler, request: Request) -> None:
        released = handler.receiver.released
        handler.wfile.write(text)
        while not released.wait(every):
            handler.wfile.write(b"x")

    return behave


def endless(handler: Handler, request: Request) -> None:
    """Say 200 and go on talking as fast as the line takes it."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    released = handler.receiver.released
    while not released.is_set():
        handler.wfile.write(b"x" * 65536)


def resets(handler: Handler, request: Request) -> None:
    """Hang up so that the sender gets a reset instead of an end."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # on, for no time
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def raw(text: bytes) -> Behaviour:
    def behave(handler: Handler, request: Request) -> None:
        handler.wfile.write(text)

    return behave


# -- running one ---------------------------------------------------------------------------------
@contextlib.contextmanager
def receiver(
    behave: Behaviour = ok,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: tuple[str, str] | None = None,
) -> Iterator[Receiver]:
    """Listen on `host`; with `certificate`, the files of it and of its key, by TLS."""
    one = Receiver(port, host, behave)
    handler = type("OneHandler", (Handler,), {"receiver": one})
    server = QuietServer((host, port), handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    one.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.released.set()
        server.shutdown()
        server.server_close()


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that hangs up, or refuses our certificate, is what some proofs want."""


@contextlib.contextmanager
def line(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """Listen below HTTP and let `talk` handle each connection; yield the port."""
    released = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=converse, args=server.accept()[:1], daemon=True).start()

        def converse(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection:
                talk(connection, released)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            released.set()
            server.shutdown(socket.SHUT_RDWR)


def drips_tls(connection: socket.socket, released: threading.Event) -> None:
    """Begin a TLS record of 16 KiB and send it byte by byte."""
    connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
    while not released.wait(0.05):
        connection.sendall(b"\x00")
