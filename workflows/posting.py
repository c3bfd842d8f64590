"""One request to one receiver: to the address that was checked, and never longer than its limit.

Written on the standard library's HTTP: it follows no redirect, asks no proxy of the environment,
and takes a socket that is connected already.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from socket import SHUT_RDWR, create_connection, socket
from threading import Timer
from time import monotonic

from django.utils.translation import gettext as _

from workflows import addresses
from workflows.addresses import Address, Undelivered

LIMIT = 10.0
"""Seconds for everything: lookup, connecting, TLS, sending, and the receiver's answer."""


@dataclass(frozen=True)
class Letter:
    """What is posted, written where the database is; posting needs none."""

    address: str
    body: bytes
    headers: dict[str, str]


def post(letter: Letter, *, reads: int = 0) -> bytes:
    """Deliver: the receiver said 2xx. Anything else raises `Undelivered` with the reason.

    The status decides. Of what the receiver says after its headers `reads` bytes are returned;
    the rest is never read.
    """
    ends_at = monotonic() + LIMIT
    try:
        status, said = _exchange(addresses.parse(letter.address), letter, ends_at, reads)
    except (OSError, HTTPException) as error:
        if isinstance(error, TimeoutError) or monotonic() >= ends_at:
            raise Undelivered(
                _("There was no answer within %(seconds)d seconds.") % {"seconds": LIMIT}
            ) from error
        reason = str(error) or type(error).__name__
        raise Undelivered(_("The connection failed: %(error)s") % {"error": reason}) from error
    if 300 <= status < 400:
        raise Undelivered(
            _("The receiver answered %(status)d and points elsewhere; redirects are not followed.")
            % {"status": status}
        )
    if not 200 <= status < 300:
        raise Undelivered(_("The receiver answered %(status)d.") % {"status": status})
    return said


def _exchange(address: Address, letter: Letter, ends_at: float, reads: int) -> tuple[int, bytes]:
    with _connect(address, ends_at) as line, _cut_at(ends_at, line):
        if address.scheme == "https":
            line = tls().wrap_socket(line, server_hostname=address.host)
        client = HTTPConnection(address.host, address.port)
        client.sock = line
        try:
            headers = {"Host": address.authority, "Connection": "close", **letter.headers}
            client.request("POST", address.path, letter.body, headers)
            with client.getresponse() as answer:
                _left(ends_at)  # headers that were cut off look like headers at their end
                said = answer.read(reads) if reads else b""
                _left(ends_at)
                return answer.status, said
        finally:
            client.close()
            line.close()


def _connect(address: Address, ends_at: float) -> socket:
    """Connect to the first answering one of the checked addresses."""
    failure: OSError | None = None
    for ip in addresses.permitted(address, _left(ends_at)):
        try:
            return create_connection((str(ip), address.port), _left(ends_at))
        except OSError as error:
            failure = error
    raise failure or TimeoutError


def _left(ends_at: float) -> float:
    left = ends_at - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _cut_at(ends_at: float, line: socket) -> Iterator[None]:
    """Shut the line when the time is over.

    A socket's own time-out begins anew with every byte, so that a receiver which drips them holds
    the line for ever. The twin stays ours when TLS takes over the socket.
    """
    twin = line.dup()

    def cut() -> None:
        with suppress(OSError):
            twin.shutdown(SHUT_RDWR)

    timer = Timer(max(ends_at - monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


@cache
def tls() -> ssl.SSLContext:
    """Return the machine's trust; SSL_CERT_FILE names another store, as OpenSSL reads it."""
    return ssl.create_default_context()
