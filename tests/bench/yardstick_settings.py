"""The yardstick: one view that does one INSERT, behind everything the product's views are behind."""

from tests.bench.settings import *  # noqa: F403 - all of them

ROOT_URLCONF = "tests.bench.yardstick"
