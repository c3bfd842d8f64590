"""What machines ask the web process, and what every answer carries."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.probes import client_address


def test_healthz_answers_whatever_the_host_name(client: Client) -> None:
    """Without the `db` fixture: a query would fail this test."""
    assert client.get("/healthz", headers={"host": "10.0.0.9"}).status_code == 200


def test_healthz_is_not_redirected_to_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200


@pytest.mark.engine
@pytest.mark.django_db
def test_readyz_is_ready_with_every_migration(client: Client) -> None:
    assert client.get("/readyz").content == b"ready\n"


@pytest.mark.engine
@pytest.mark.django_db
def test_readyz_tells_of_missing_migrations(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'people'")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"migrations are missing\n")


@pytest.mark.engine
@pytest.mark.django_db
def test_readyz_tells_of_a_dead_database(client: Client) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(refuse):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the database does not answer\n")


@pytest.mark.django_db
def test_metrics_answer_this_machine(client: Client) -> None:
    answer = client.get("/metrics").content
    assert b"django_http_requests" in answer
    assert b"opsgate_open_cases 0.0" in answer


def test_metrics_refuse_another_machine(client: Client) -> None:
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.9").status_code == 403


def test_metrics_refuse_another_machine_behind_the_proxy_here(
    client: Client, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert client.get("/metrics", headers={"x-forwarded-for": "10.0.0.9"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("given", "status"), [("right", 200), ("wrong", 403), ("", 403)])
def test_metrics_want_their_token(
    client: Client, settings: Settings, given: str, status: int
) -> None:
    settings.METRICS_TOKEN = "right"
    answer = client.get(
        "/metrics", headers={"authorization": f"Bearer {given}"}, REMOTE_ADDR="10.0.0.9"
    )
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),  # nobody vouches for the header
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "6.6.6.6, 1.1.1.1", "1.1.1.1"),  # 6.6.6.6 was written by the client
        (2, "6.6.6.6, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "9.9.9.9"),  # came past the outer proxy
        (1, "", "9.9.9.9"),
    ],
)
def test_client_address_believes_only_trusted_proxies(
    rf: RequestFactory, settings: Settings, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR="9.9.9.9")
    assert client_address(request) == address


def test_every_answer_forbids_foreign_content_and_carries_an_id(client: Client) -> None:
    answer = client.get("/admin/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert len(answer.headers["X-Request-ID"]) == 32


def test_request_id_of_the_proxy_is_kept(client: Client) -> None:
    sent = "0123456789abcdef0123456789abcdef"
    answer = client.get("/admin/", headers={"x-request-id": sent})
    assert answer.headers["X-Request-ID"] == sent


@pytest.mark.engine
@pytest.mark.django_db
def test_five_wrong_passwords_lock_one_person_at_one_place(rf: RequestFactory) -> None:
    get_user_model().objects.create_user("mei", password="right")

    def came_in(password: str, address: str) -> bool:
        request: HttpRequest = rf.post("/login/", REMOTE_ADDR=address)
        return authenticate(request, username="mei", password=password) is not None

    assert [came_in("wrong", "10.0.0.1") for _ in range(5)] == [False] * 5
    assert not came_in("right", "10.0.0.1")
    assert came_in("right", "10.0.0.2")
