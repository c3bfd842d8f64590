"""Celery, for installations that have outgrown one machine: workers, and a beat that wakes them.

What is due stands in the database: a dead broker delays work and loses none.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.conf import settings
from kombu.transport.redis import QoS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

WAKE_EVERY = 10.0  # seconds

app = Celery("opsgate")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    name: {
        "task": f"workflows.tasks.{name}",
        "schedule": WAKE_EVERY,
        # A wake-up nobody took in time is stale: the next one finds the same work.
        "options": {"expires": WAKE_EVERY},
    }
    for name in ("sweep", "relay", "tell_deputies", "check_invariants", "clear_drafts")
}


# A worker that loses its broker gives back the wake-ups it has not begun, over the connection that
# is gone: in kombu 5.7 that ends the worker. A wake-up need not be given back.
QoS.restore_at_shutdown = False


def refuse_without_broker(**_: Any) -> None:
    if not settings.CELERY_BROKER_URL:
        raise SystemExit("Opsgate cannot start: a worker or beat needs REDIS_URL.")


for starting in (worker_init, beat_init):
    starting.connect(refuse_without_broker)
