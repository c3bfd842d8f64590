"""Fixtures of every test: a world of people, and how to walk a case through the door."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import settings

from people.models import User
from tests.world import build_world

pytest_plugins = ["tests.left_out", "tests.browsing"]  # names what a run leaves out; a site
settings.register_profile("untimed", deadline=None)  # speed is measured by the bench alone
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def in_english() -> None:
    """Begin every test in English, whatever language the one before it spoke."""
    translation.activate("en")


@pytest.fixture
def world(db: None) -> dict[str, User]:
    """Return everybody of the demo organisation by user name; no cases yet."""
    build_world()
    return {user.username: user for user in User.objects.select_related("unit").order_by("pk")}
