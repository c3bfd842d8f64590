"""The yardstick alone: no middleware and no app but its own, to know what the house costs."""

from tests.bench.yardstick_settings import *  # noqa: F403 - all of them

INSTALLED_APPS = ["tests.bench"]  # viewflow would put a middleware of its own in
MIDDLEWARE: list[str] = []
