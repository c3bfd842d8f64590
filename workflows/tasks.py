"""Celery only wakes; the work is the heartbeat's, the same as in the embedded product."""

from celery import shared_task
from django.utils import timezone

from workflows import heartbeat


@shared_task
def sweep() -> int:
    return heartbeat.run("sweep", timezone.now())


@shared_task
def relay() -> int:
    return heartbeat.run("relay", timezone.now())


@shared_task
def check_invariants() -> int:
    return heartbeat.run("check_invariants", timezone.now())


@shared_task
def tell_deputies() -> int:
    return heartbeat.run("tell_deputies", timezone.now())


@shared_task
def clear_drafts() -> int:
    return heartbeat.run("clear_drafts", timezone.now())
