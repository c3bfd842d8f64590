"""Where webhooks may go: nowhere in the house, however it is written or resolved."""

from __future__ import annotations

import socket
import threading

import pytest
from django.core.exceptions import ValidationError

from config.environment import read_environment
from tests.proof.targets import ANSWERED, WRITTEN
from workflows import addresses, posting

PUBLIC = "93.184.216.34"


def no_connection(*args, **kwargs):
    raise AssertionError(f"connected to {args}")


@pytest.mark.parametrize("address", WRITTEN)
def test_a_forbidden_address_is_refused_when_saved_and_when_sent(
    make_webhook, world, resolver, monkeypatch, address
):
    monkeypatch.setattr(posting, "create_connection", no_connection)
    webhook = make_webhook(address=address)
    with pytest.raises(ValidationError) as refused:
        webhook.full_clean()
    assert list(refused.value.message_dict) == ["address"]
    with pytest.raises(addresses.Undelivered):
        posting.post(posting.Letter(address, b"", {}))


@pytest.mark.parametrize(("what", "answers"), ANSWERED, ids=[what for what, _ in ANSWERED])
def test_a_name_with_a_forbidden_answer_is_refused(
    make_webhook, resolver, monkeypatch, what, answers
):
    monkeypatch.setattr(posting, "create_connection", no_connection)
    webhook = make_webhook(address="https://hooks.example/")
    resolver.names["hooks.example"] = answers
    with pytest.raises(ValidationError):
        webhook.full_clean()
    with pytest.raises(addresses.Undelivered):
        posting.post(posting.Letter(webhook.address, b"", {}))


@pytest.mark.parametrize(
    "address",
    [
        "https://public.example/hook?token=1",
        "https://public.example:8443/",
        "HTTPS://Public.Example/",
        f"https://{PUBLIC}/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    ],
)
def test_the_public_internet_is_open(make_webhook, resolver, address):
    make_webhook(address=address).full_clean()


def test_what_was_checked_is_what_is_connected_to(resolver, monkeypatch):
    reached = []
    monkeypatch.setattr(
        posting, "create_connection", lambda place, timeout: reached.append(place) or refuse()
    )
    with pytest.raises(addresses.Undelivered):
        posting.post(posting.Letter("https://public.example/", b"", {}))
    assert reached == [(PUBLIC, 443)]
    assert resolver.asked == ["public.example"]  # once: there is no second answer to differ


def refuse():
    raise ConnectionRefusedError("refused")


def test_a_network_is_opened_by_the_operator_alone(make_webhook, resolver, allowed):
    webhook = make_webhook(address="http://127.0.0.1:8080/")
    webhook.full_clean()
    allowed("10.0.0.0/8")
    with pytest.raises(ValidationError) as refused:
        webhook.full_clean()
    assert "is not on the public internet" in str(refused.value)


def test_without_tls_only_allowed_networks_are_written_to(make_webhook, resolver, allowed):
    with pytest.raises(ValidationError) as refused:
        make_webhook(address="http://public.example/").full_clean()
    assert "must begin with https://" in str(refused.value)


def test_a_webhook_can_be_switched_off_although_its_name_is_gone(make_webhook, resolver):
    webhook = make_webhook(address="https://hooks.example/", is_active=False)
    resolver.names["hooks.example"] = []
    webhook.full_clean()


def test_a_resolver_that_is_silent_is_waited_for_only_so_long(resolver, monkeypatch):
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers.wait(30) and [])
    with pytest.raises(addresses.Undelivered):
        addresses.permitted(addresses.parse("https://public.example/"), 0.05)
    answers.set()


@pytest.mark.parametrize(
    ("value", "networks"),
    [("", []), ("10.0.0.0/8,fd00::/8", ["10.0.0.0/8", "fd00::/8"])],
)
def test_networks_are_read_from_the_environment(monkeypatch, value, networks):
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", value)
    assert read_environment().webhook_allowed_networks == networks


def test_a_wrong_network_stops_the_start(monkeypatch):
    monkeypatch.setenv("WEBHOOK_ALLOWED_NETWORKS", "10.0.0.1/8")
    with pytest.raises(SystemExit) as refused:
        read_environment()
    assert "must name networks such as 10.0.0.0/8, not '10.0.0.1/8'" in str(refused.value)
