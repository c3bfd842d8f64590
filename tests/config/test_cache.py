"""A Redis that is down or hangs fails nobody: the cache then knows nothing, and asks it less."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from django.core.cache.backends.base import BaseCache

from config import cache as module
from config.cache import ForgetfulClient, ForgetfulRedisCache

ANSWERS: list[tuple[Callable[[BaseCache], object], object]] = [
    (lambda cache: cache.get("key"), None),
    (lambda cache: cache.get("key", "default"), "default"),
    (lambda cache: cache.get_many(["key"]), {}),
    (lambda cache: cache.set("key", 1), None),
    (lambda cache: cache.set_many({"key": 1}), []),
    (lambda cache: cache.add("key", 1), True),
    (lambda cache: cache.get_or_set("key", 1), 1),
    (lambda cache: cache.touch("key"), False),
    (lambda cache: cache.has_key("key"), False),
    (lambda cache: cache.delete("key"), False),
    (lambda cache: cache.delete_many(["key"]), None),
    (lambda cache: cache.clear(), False),
]


@pytest.fixture(autouse=True)
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForgetfulClient, "silent_until", 0.0)


@pytest.fixture
def refusing() -> ForgetfulRedisCache:
    """A cache on a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return ForgetfulRedisCache(f"redis://127.0.0.1:{port}/0", {})


@pytest.fixture
def hanging() -> Iterator[ForgetfulRedisCache]:
    """A cache whose server takes the call and never says anything."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        cache = ForgetfulRedisCache(f"redis://127.0.0.1:{server.getsockname()[1]}/0", {})
        yield cache


@pytest.mark.parametrize(("ask", "answer"), ANSWERS)
def test_without_a_server_nothing_is_known(
    refusing: ForgetfulRedisCache, ask: Callable[[BaseCache], object], answer: object
) -> None:
    assert ask(refusing) == answer


def test_without_a_server_nothing_is_counted(refusing: ForgetfulRedisCache) -> None:
    with pytest.raises(ValueError, match="not found"):
        refusing.incr("key")


def test_a_server_that_hangs_is_not_waited_for_twice(
    hanging: ForgetfulRedisCache, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    for _ in range(20):
        assert hanging.get("key", "default") == "default"
    assert time.monotonic() - began < 3 * module.PATIENCE
    assert len(caplog.records) == 1


def test_a_server_that_failed_is_asked_again_later(
    refusing: ForgetfulRedisCache, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.05)
    refusing.get("key")
    time.sleep(0.06)
    refusing.get("key")
    assert len(caplog.records) == 2
