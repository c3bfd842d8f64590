"""One town for each file of proofs; what a proof does to it is undone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import transaction
from django.utils import translation

from tests.proof.strangers.town import NOW, Town, build_town


@pytest.fixture(scope="module")
def settled(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    """The town as it was built, for all proofs of a file."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW, tick=False),
        translation.override("en"),
        transaction.atomic(),
    ):
        yield build_town()
        transaction.set_rollback(True)


@pytest.fixture
def town(settled: Town, db: None, caplog: pytest.LogCaptureFixture) -> Town:
    cache.clear()  # counts of requests
    caplog.set_level(logging.CRITICAL, "django.request")  # thousands of refusals are no news here
    return settled
