"""Callers of the API: a JSON client for everybody of the world, by session or by token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from people.models import User
from people.tokens import issue_token
from tests.world import NOON

API = "/api/v1/"
FILING = {
    "kind": "optimization",
    "title": "报表自动汇总",
    "service": "erp",
    "wanted": "每天自动汇总",
    "urgency": "normal",
}


class Caller:
    """Speaks JSON to the API as one person, in English unless told otherwise."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client = client
        self.headers = {"Accept-Language": "en", **headers}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Send `body` as JSON, text and bytes as they are."""
        data = body if isinstance(body, (str, bytes)) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method, API + path, data, "application/json", headers={**self.headers, **headers}
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def delete(self, path: str) -> HttpResponse:
        return self.call("DELETE", path)

    def upload(self, path: str, **files: Any) -> HttpResponse:
        return self.client.post(API + path, files, headers=self.headers)

    def file(self, **values: Any) -> str:
        """File a request and return its number."""
        answer = self.post("cases/", {**FILING, **values})
        assert answer.status_code == 201, answer.content.decode()
        return answer.json()["number"]

    def act(self, number: str, action: str, **values: Any) -> dict[str, Any]:
        answer = self.post(f"cases/{number}/actions/{action}/", values)
        assert answer.status_code == 200, answer.content.decode()
        return answer.json()


@pytest.fixture(autouse=True)
def clean_slate() -> Iterator[None]:
    """Count requests afresh in each test, and leave no language behind."""
    cache.clear()
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def by_token(world: dict[str, User]) -> Callable[[str], Caller]:
    def caller(username: str) -> Caller:
        secret = issue_token(user=world[username], name="test")
        return Caller(Client(enforce_csrf_checks=True), Authorization=f"Bearer {secret}")

    return caller


@pytest.fixture
def by_session(world: dict[str, User]) -> Callable[[str], Caller]:
    def caller(username: str) -> Caller:
        client = Client(enforce_csrf_checks=True)
        client.force_login(world[username], "django.contrib.auth.backends.ModelBackend")
        secret = "c" * 32
        client.cookies["csrftoken"] = secret
        return Caller(client, **{"X-CSRFToken": secret})

    return caller


@pytest.fixture
def requester(by_token: Callable[[str], Caller]) -> Caller:
    return by_token("requester")


@pytest.fixture
def desk(by_token: Callable[[str], Caller]) -> Caller:
    return by_token("desk")


@pytest.fixture
def stranger(by_token: Callable[[str], Caller]) -> Caller:
    """Somebody with no role, from another unit."""
    return by_token("requester2")
