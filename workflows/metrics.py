"""What monitoring watches, read from the database when it asks (6 queries)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workflows.models import Beat, Case, Clock, Outbox

AT_RISK = 75
"""Percent of the time used from which a running clock counts as at risk."""


@dataclass(frozen=True)
class Figures:
    """How the engine is doing at one instant."""

    open_cases: int
    at_risk: int
    breached: int
    waiting: int
    oldest_unsent: timedelta
    dead: int
    beats: dict[str, timedelta]
    """Part of the heartbeat → how long ago it ran."""


def measure(at: datetime) -> Figures:
    """Read the figures that monitoring and the health page show (6 queries)."""
    running = Clock.objects.filter(state=Clock.State.RUNNING)
    waits_since = Min(Coalesce("held_until", "created_at"))  # what is held is not late
    unsent = Outbox.objects.unsent().aggregate(at=waits_since, number=Count("pk"))
    return Figures(
        open_cases=Case.objects.open().count(),
        at_risk=running.filter(level__gte=AT_RISK, due_at__gte=at).count(),
        breached=running.filter(due_at__lt=at).count(),
        waiting=unsent["number"],
        oldest_unsent=max(at - unsent["at"], timedelta()) if unsent["at"] else timedelta(),
        dead=Outbox.objects.dead().count(),
        beats={beat.name: at - beat.at for beat in Beat.objects.order_by("name")},
    )


class EngineCollector(Collector):
    """Gauges of the engine; ages are seconds."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = measure(timezone.now())
        yield _gauge("opsgate_open_cases", "Cases that are not closed", found.open_cases)
        yield _gauge(
            "opsgate_clocks_at_risk", "Running clocks with 75 % or more of their time used",
            found.at_risk,
        )  # fmt: skip
        yield _gauge(
            "opsgate_clocks_breached", "Running clocks past their due time", found.breached
        )
        yield _gauge(
            "opsgate_outbox_oldest_seconds", "Age of the oldest unsent message",
            found.oldest_unsent.total_seconds(),
        )  # fmt: skip
        yield _gauge("opsgate_outbox_dead", "Messages given up after twelve tries", found.dead)
        since = GaugeMetricFamily(
            "opsgate_last_beat_seconds",
            "Seconds since a part of the heartbeat ran",
            labels=["part"],
        )
        for part, age in found.beats.items():
            since.add_metric([part], age.total_seconds())
        yield since


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def exposition() -> bytes:
    """Return the gauges in the text format of Prometheus, whichever web process is asked."""
    registry = CollectorRegistry()
    registry.register(EngineCollector())
    return generate_latest(registry)
