"""The cache on Redis, which must never fail what a person does: when it is down, nothing is known.

It holds what may be forgotten (how often somebody asked in the last minute) and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds; a server that hangs costs one request of each thread so much
SILENCE = 5.0  # seconds until a server that failed is asked again


class ForgetfulClient(RedisCacheClient):
    """Answer as an empty cache would while the server is down, and ask it only now and then."""

    silent_until = 0.0  # of time.monotonic; for all threads of the process

    def __init__(self, servers: list[str], **options: Any) -> None:
        timeouts = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE}
        super().__init__(servers, **(timeouts | options))

    def _ask(self, question: Callable[[], Any], unknown: Any) -> Any:
        if time.monotonic() < ForgetfulClient.silent_until:
            return unknown
        try:
            return question()
        except RedisError as error:
            ForgetfulClient.silent_until = time.monotonic() + SILENCE
            logger.warning("The cache is not used for %s s: %s", SILENCE, error)
            return unknown

    def add(self, *args: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).add(*args), unknown=True)

    def get(self, key: Any, default: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).get(key, default), unknown=default)

    def set(self, *args: Any) -> None:
        self._ask(lambda: super(ForgetfulClient, self).set(*args), unknown=None)

    def touch(self, *args: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).touch(*args), unknown=False)

    def delete(self, *args: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).delete(*args), unknown=False)

    def get_many(self, *args: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).get_many(*args), unknown={})

    def has_key(self, *args: Any) -> Any:
        return self._ask(lambda: super(ForgetfulClient, self).has_key(*args), unknown=False)

    def incr(self, key: Any, delta: int) -> Any:
        found = self._ask(lambda: super(ForgetfulClient, self).incr(key, delta), unknown=None)
        if found is None:
            raise ValueError(f"Key '{key}' not found.")  # as Django's caches say it
        return found

    def set_many(self, *args: Any) -> None:
        self._ask(lambda: super(ForgetfulClient, self).set_many(*args), unknown=None)

    def delete_many(self, *args: Any) -> None:
        self._ask(lambda: super(ForgetfulClient, self).delete_many(*args), unknown=None)

    def clear(self) -> Any:
        return self._ask(super().clear, unknown=False)


class ForgetfulRedisCache(RedisCache):
    """Django's cache on Redis, with a client that forgets rather than fails."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgetfulClient
