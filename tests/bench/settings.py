"""The settings of the product as it is measured: its own, and two tables more."""

from config.settings import *  # noqa: F403 - all of them

INSTALLED_APPS = [*INSTALLED_APPS, "viewflow.workflow", "tests.bench"]  # noqa: F405 - from above
