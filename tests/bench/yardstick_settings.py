"""The yardstick: one view that does one INSERT, behind the middleware of the product."""

from tests.bench.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "tests.bench.yardstick"
