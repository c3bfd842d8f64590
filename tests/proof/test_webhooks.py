"""Webhooks against receivers that hang, drip, lie and break off, and against a relay that dies.

Short: a limit of one second instead of ten. Full: everything as in production.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.request import Request, urlopen

import pytest
from django.contrib import admin
from django.utils import timezone

from tests.changes.walking import FILING, walk
from tests.proof.house import House, end, until
from tests.proof.receiver import (
    drips,
    drips_tls,
    endless,
    hangs,
    line,
    ok,
    raw,
    receiver,
    resets,
    says,
)
from tests.proof.scale import rounds
from tests.world import NOON
from workflows import addresses, posting, webhooks
from workflows.admin import OutboxAdmin
from workflows.invariants import violations
from workflows.models import Outbox, Webhook
from workflows.relay import LEASE, TO_ONE, relay

LIMIT = rounds(full=10.0, short=1.0)
SLOW = rounds(full=2.0, short=0.6)
SLACK = 3.0  # seconds for everything that is not waiting, on a busy machine
HANG = rounds(full=60.0, short=3.0)
KILLS = rounds(full=30, short=2)
PAIRS = rounds(full=10, short=2)
PHASE = rounds(full=12.0, short=3.0)
HEARTBEAT = (sys.executable, "manage.py", "heartbeat", "--interval", "0.2")


@pytest.fixture(autouse=True)
def limits(monkeypatch, settings):
    """Send to this machine, with the limit of this round."""
    monkeypatch.setattr(posting, "LIMIT", LIMIT)
    monkeypatch.setattr("workflows.relay.SLOW", SLOW)
    settings.WEBHOOK_ALLOWED_NETWORKS = [addresses.ip_network("127.0.0.1/32")]
    webhooks.forget_absence()
    yield
    webhooks.forget_absence()


@pytest.fixture
def make_webhook(world):
    def make(address, name="there"):
        owner = world["service_manager"]
        return Webhook.objects.create(name=name, address=address, owner=owner)

    return make


@pytest.fixture
def message(world, make_webhook):
    """Return a function that makes a webhook and one message to it."""

    def make(address):
        make_webhook(address)
        walk(world)
        Outbox.objects.filter(channel="mail").delete()
        return Outbox.objects.get()

    return make


def timed_relay(at=NOON):
    began = time.monotonic()
    sent = relay(at)
    return sent, time.monotonic() - began


# -- a receiver that misbehaves ------------------------------------------------------------------
NO_ANSWER = f"There was no answer within {LIMIT:.0f} seconds."
MISBEHAVIOURS = {
    "hangs": (hangs(HANG), NO_ANSWER),
    "drips its status": (drips(b"HTTP/1.1 20"), NO_ANSWER),
    "drips its headers": (drips(b"HTTP/1.1 200 OK\r\nX-Long: "), NO_ANSWER),
    "says Continue for ever": (
        lambda handler, request: endless_continue(handler),
        NO_ANSWER,
    ),
    "answers 500": (says(500), "The receiver answered 500."),
    "answers 429": (says(429), "The receiver answered 429."),
    "answers 304": (says(304), "The receiver answered 304 and points elsewhere"),
    "resets": (resets, "The connection failed: "),
    "hangs up": (raw(b""), "The connection failed: "),
    "talks nonsense": (raw(b"\x00\xff" * 99 + b"\r\n\r\n"), "The connection failed: "),
    "sends a million headers": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000_000),
        "The connection failed: ",
    ),
}


def endless_continue(handler):
    while not handler.receiver.released.wait(0.01):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("how", MISBEHAVIOURS)
def test_whatever_a_receiver_does_it_is_tried_again_and_holds_nobody_longer_than_the_limit(
    message, how
):
    behave, sentence = MISBEHAVIOURS[how]
    with receiver(behave) as there:
        row = message(there.address)
        sent, took = timed_relay()
        assert sent == 0
        assert took < LIMIT + SLACK
        row.refresh_from_db()
        assert row.last_error.startswith(sentence)
        assert (row.attempts, row.sent_at, row.dead_at) == (1, None, None)
        there.behave = ok
        assert relay(row.next_try_at) == 1
    assert there.count == {row.key: 2}
    assert there.effects == {row.key}


@pytest.mark.parametrize("behave", [endless, drips(b"HTTP/1.1 200 OK\r\n\r\n")])
def test_the_status_decides_and_what_follows_is_not_waited_for(message, behave):
    with receiver(behave) as there:
        row = message(there.address)
        sent, took = timed_relay()
    assert (sent, len(there.requests)) == (1, 1)
    assert took < min(LIMIT / 2, 2.0)
    row.refresh_from_db()
    assert row.sent_at is not None


@pytest.mark.parametrize("talk", [drips_tls, lambda connection, released: released.wait(HANG)])
def test_a_tls_handshake_is_no_way_to_hold_the_relay(message, talk):
    with line(talk) as port:
        row = message(f"https://127.0.0.1:{port}/")
        sent, took = timed_relay()
    assert sent == 0
    assert LIMIT - 0.1 < took < LIMIT + SLACK
    row.refresh_from_db()
    assert row.last_error == NO_ANSWER


def test_a_closed_port_is_an_error_in_a_sentence(message):
    with receiver() as there:
        pass
    row = message(there.address)
    assert relay(NOON) == 0
    row.refresh_from_db()
    assert "Connection refused" in row.last_error


# -- twelve tries, a person, and one effect ------------------------------------------------------
def test_a_receiver_that_hangs_is_given_up_after_twelve_tries_and_a_person_may_try_again(message):
    """F10: its back-off takes half an hour of the relay's clock; each try is a real one."""
    with receiver(hangs(HANG)) as there:
        row, moment = message(there.address), NOON
        for tries in range(1, 13):
            assert row.dead_at is None
            sent, took = timed_relay(moment)
            row.refresh_from_db()
            assert (sent, row.attempts, row.last_error) == (0, tries, NO_ANSWER)
            assert took < LIMIT + SLACK
            moment = row.next_try_at
        assert row.dead_at is not None
        assert moment - NOON < timedelta(hours=1)
        assert relay(moment + timedelta(days=1)) == 0
        assert there.count == {row.key: 12}

        there.behave = ok
        OutboxAdmin(Outbox, admin.site).retry(None, Outbox.objects.all())
        assert relay(timezone.now()) == 1
        assert relay(timezone.now() + timedelta(days=1)) == 0
    assert there.count == {row.key: 13}
    assert there.effects == {row.key}
    assert list(violations(timezone.now())) == []


def test_one_that_hangs_starves_no_other(world, make_webhook):
    """Many messages to each of three: two receivers have theirs at once while the third hangs."""
    cases = rounds(full=40, short=20)
    with receiver(hangs(HANG)) as slow, receiver() as one, receiver(says(500)) as broken:
        for name, there in {"slow": slow, "one": one, "broken": broken}.items():
            make_webhook(there.address, name)
        for _ in range(cases):
            walk(world)
        Outbox.objects.filter(channel="mail").delete()
        calls, began = 0, time.monotonic()
        while len(one.requests) < cases or len(broken.requests) < cases:
            relay(NOON)
            calls += 1
        took = time.monotonic() - began
        assert set(one.count.values()) == set(broken.count.values()) == {1}
        assert len(slow.requests) == TO_ONE * calls
        assert calls <= 3  # one; a busy machine can make any receiver look slow
        assert took < (LIMIT + SLACK) * calls


# -- where it goes, although the name moves ------------------------------------------------------
@pytest.fixture
def resolver(monkeypatch):
    """Answer for hooks.example with the next of `answers`, the last one for ever."""
    real = socket.getaddrinfo
    answers: list[str] = []

    def answer(host, port, *args, **kwargs):
        if host != "hooks.example":
            return real(host, port, *args, **kwargs)
        ip = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return answers


def test_a_name_that_moves_into_the_house_after_it_was_saved_reaches_nothing(message, resolver):
    with receiver() as there, receiver(host="127.0.0.66", port=there.port) as inside:
        resolver[:] = ["127.0.0.1", "127.0.0.66"]
        row = message(f"http://hooks.example:{there.port}/")
        Webhook.objects.get().full_clean()  # the first answer, a good one
        assert relay(NOON) == 0
        row.refresh_from_db()
    assert row.last_error.startswith("hooks.example is at 127.0.0.66, which is not on the public")
    assert (there.requests, inside.requests) == ([], [])


def test_a_name_that_moves_between_check_and_connection_is_not_followed(message, resolver):
    with receiver() as there, receiver(host="127.0.0.66", port=there.port) as inside:
        resolver[:] = ["127.0.0.1", "127.0.0.66"]  # whoever asks a second time gets the second
        message(f"http://hooks.example:{there.port}/")
        assert relay(NOON) == 1
    assert there.requests[0].headers["host"] == f"hooks.example:{there.port}"
    assert inside.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.66:{port}/", "//127.0.0.66:{port}/", "http://169.254.169.254/", "/again"],
)
def test_no_redirect_is_followed(message, status, location):
    with receiver() as there, receiver(host="127.0.0.66", port=there.port) as inside:
        there.behave = says(status, ("Location", location.format(port=there.port)))
        row = message(there.address)
        assert relay(NOON) == 0
        row.refresh_from_db()
    assert "redirects are not followed" in row.last_error
    assert (len(there.requests), inside.requests) == (1, [])


# -- TLS -----------------------------------------------------------------------------------------
@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of hooks.example that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", "key", "-out", "certificate", "-days", "2",
         "-subj", "/CN=hooks.example", "-addext", "subjectAltName=DNS:hooks.example"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return str(folder / "certificate"), str(folder / "key")


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    posting.tls.cache_clear()
    yield
    posting.tls.cache_clear()


def test_the_certificate_is_checked_for_the_name_not_for_the_address(
    message, resolver, certificate, trusted
):
    resolver[:] = ["127.0.0.1"]
    with receiver(certificate=certificate) as there:
        message(f"https://hooks.example:{there.port}/hook?token=1")
        assert relay(NOON) == 1
    assert there.requests[0].path == "/hook?token=1"


def test_a_certificate_of_another_name_is_refused(message, certificate, trusted):
    with receiver(certificate=certificate) as there:
        row = message(f"https://127.0.0.1:{there.port}/")
        assert relay(NOON) == 0
        row.refresh_from_db()
    assert "certificate verify failed" in row.last_error
    assert there.requests == []


def test_a_certificate_nobody_vouches_for_is_refused(message, resolver, certificate):
    resolver[:] = ["127.0.0.1"]
    with receiver(certificate=certificate) as there:
        row = message(f"https://hooks.example:{there.port}/")
        assert relay(NOON) == 0
        row.refresh_from_db()
    assert "certificate verify failed" in row.last_error
    assert there.requests == []


# -- the product as processes --------------------------------------------------------------------
@pytest.fixture
def hooked(house: House):
    """A house that may write to this machine; returns a function to send it on errands."""
    house.environment["WEBHOOK_ALLOWED_NETWORKS"] = "127.0.0.1/32"

    def errand(*arguments: str) -> list[str]:
        return house.python("-m", "tests.proof.errands", *arguments).splitlines()

    house.errand = errand
    return house


def test_a_relay_killed_between_sending_and_marking_is_told_by_its_key(hooked):
    """Kill −9 while the receiver has the request and has not answered, again and again."""
    running: list[subprocess.Popen[bytes]] = []

    def kill(handler, request):
        os.kill(running[-1].pid, signal.SIGKILL)
        ok(handler, request)

    numbers: list[str] = []
    with receiver() as there, ending(running):
        numbers += hooked.errand(f"webhook={there.address}", "file=2")
        for _ in range(KILLS):
            there.behave, seen = kill, len(there.requests)
            running.append(hooked.start(*HEARTBEAT, log="heartbeat.log"))
            assert running[-1].wait(60) == -signal.SIGKILL
            assert len(there.requests) > seen
            there.behave = ok
            numbers += hooked.errand(f"relay={LEASE.total_seconds() + 60}", "file=2")
        hooked.errand("relay=0")
    assert there.effects == {f"{number}:1:webhook:1" for number in numbers}
    assert set(there.count.values()) <= {1, 2}
    assert sum(count == 2 for count in there.count.values()) >= KILLS
    assert hooked.errand("violations") == []


@contextmanager
def ending(running):
    try:
        yield
    finally:
        for process in running:
            end(process)


def test_people_do_not_feel_a_receiver_that_hangs(hooked):
    """F10: p95 of filing over the API, with a receiver in order and with one that hangs.

    The two take turns, phase by phase, so that what else this machine does falls on both.
    """
    took: dict[str, list[float]] = {"in order": [], "hanging": []}
    with receiver() as there:
        hooked.errand(f"webhook={there.address}")
        running = [hooked.start(*HEARTBEAT, log="heartbeat.log")]
        with hooked.web(workers=2), ending(running):
            warm = file_for(hooked, 1.0)
            for _ in range(PAIRS):
                for name, behave in (("in order", ok), ("hanging", hangs(HANG))):
                    there.behave = behave
                    took[name] += file_for(hooked, PHASE)
                    there.release()
            there.behave = ok
            until(lambda: unsent(hooked) == 0, seconds=120, every=1)
    usual, hung = (p95(took[name]) for name in ("in order", "hanging"))
    print(f"\np95 {usual * 1000:.0f} ms in order, {hung * 1000:.0f} ms while it hangs")
    print(f"of {len(took['in order'])} and {len(took['hanging'])} cases filed")
    assert hung < usual * 1.25 + rounds(full=0.05, short=0.3)  # seconds; a short round is few
    assert len(there.effects) == len(took["in order"]) + len(took["hanging"]) + len(warm)
    assert hooked.errand("violations") == []


def file_for(house: House, seconds: float) -> list[float]:
    """File cases with two clients for `seconds`; return how long each took."""
    took: list[float] = []
    ends_at = time.monotonic() + seconds

    def client() -> None:
        while time.monotonic() < ends_at:
            began = time.monotonic()
            file_one(house)
            took.append(time.monotonic() - began)

    clients = [threading.Thread(target=client) for _ in range(2)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return took


def file_one(house: House) -> None:
    body = json.dumps({"kind": "optimization", **FILING}).encode()
    headers = {
        "Authorization": f"Bearer {house.tokens['requester']}",
        "Content-Type": "application/json",
    }
    with urlopen(Request(f"{house.address}/api/v1/cases/", body, headers)) as answer:
        assert answer.status == 201


def unsent(house: House) -> int:
    import psycopg

    with psycopg.connect(house.environment["DATABASE_URL"]) as database:
        found = database.execute(
            "SELECT count(*) FROM workflows_outbox WHERE channel = 'webhook' AND sent_at IS NULL"
        ).fetchone()
        return int(found[0]) if found else 0


def p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]
