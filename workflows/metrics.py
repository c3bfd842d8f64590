"""What monitoring watches, read from the database when it asks (6 queries)."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workflows.models import Beat, Case, Clock, Outbox

AT_RISK = 75
"""Percent of the time used from which a running clock counts as at risk."""


class EngineCollector(Collector):
    """Gauges of the engine; ages are seconds."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        running = Clock.objects.filter(state=Clock.State.RUNNING)
        waits_since = Min(Coalesce("held_until", "created_at"))  # what is held is not late
        oldest = Outbox.objects.unsent().aggregate(at=waits_since)["at"]
        yield _gauge("opsgate_open_cases", "Cases that are not closed", Case.objects.open().count())
        yield _gauge(
            "opsgate_clocks_at_risk", "Running clocks with 75 % or more of their time used",
            running.filter(level__gte=AT_RISK, due_at__gte=now).count(),
        )  # fmt: skip
        yield _gauge(
            "opsgate_clocks_breached", "Running clocks past their due time",
            running.filter(due_at__lt=now).count(),
        )  # fmt: skip
        yield _gauge(
            "opsgate_outbox_oldest_seconds", "Age of the oldest unsent message",
            max((now - oldest).total_seconds(), 0) if oldest else 0,
        )  # fmt: skip
        yield _gauge(
            "opsgate_outbox_dead", "Messages given up after twelve tries",
            Outbox.objects.dead().count(),
        )  # fmt: skip
        since = GaugeMetricFamily(
            "opsgate_last_beat_seconds",
            "Seconds since a part of the heartbeat ran",
            labels=["part"],
        )
        for beat in Beat.objects.all():
            since.add_metric([beat.name], (now - beat.at).total_seconds())
        yield since


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def exposition() -> bytes:
    """Return the gauges in the text format of Prometheus, whichever web process is asked."""
    registry = CollectorRegistry()
    registry.register(EngineCollector())
    return generate_latest(registry)
