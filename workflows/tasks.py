"""Celery only wakes; the work is the heartbeat's, the same as in the embedded product."""

from celery import shared_task
from django.utils import timezone

from workflows import absences as standing_in
from workflows import relay as sending
from workflows import sweep as sweeping


@shared_task
def sweep() -> int:
    return sweeping.sweep(timezone.now())


@shared_task
def relay() -> int:
    return sending.relay(timezone.now())


@shared_task
def tell_deputies() -> int:
    return standing_in.tell_deputies(timezone.now())
