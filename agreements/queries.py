"""Questions that span the tables of the agreement."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Length

from agreements.models import CalendarVersion, Service, StandardVersion
from rows import Reading

PUBLISHED = CalendarVersion.objects.filter(
    calendar=OuterRef("calendar"), published_at__isnull=False
)
FITTING = Reading(
    lambda at, kind, services, fault_class, customer_class, size, priority: (
        StandardVersion.objects.in_force(at)
        .filter(
            Q(standard__service__isnull=True) | Q(standard__service__pk__in=services),
            standard__is_active=True,
            standard__kind__in=("", kind),
            standard__fault_class__in=("", fault_class),
            standard__customer_class__in=("", customer_class),
            standard__size__in=("", size),
            standard__priority__in=("", priority),
        )
        .annotate(
            metric=F("standard__metric"),
            hours=Coalesce(
                Subquery(
                    PUBLISHED.filter(published_at__lte=at)
                    .order_by("-number")
                    .values("identity")[:1]
                ),
                Subquery(PUBLISHED.order_by("number").values("identity")[:1]),
            ),
        )
        # The services that fit lie on one line, so the longer path is the nearer; "" sorts last.
        .order_by(
            "-standard__kind",
            Coalesce(Length("standard__service__path"), Value(0)).desc(),
            "-standard__fault_class",
            "-standard__customer_class",
            "-standard__size",
            "-standard__priority",
            "-number",
        )
    )
)


def find_standards(
    *,
    kind: str,
    service: Service | None = None,
    priority: str = "",
    customer_class: str = "",
    fault_class: str = "",
    size: str = "",
    at: datetime,
) -> dict[str, StandardVersion]:
    """Return, per metric, the version in force at `at` of the standard that fits the case best.

    A standard fits if each of its columns is empty or equals the case's, and its service is the
    case's or stands above it. Of those that fit, the first difference decides, in this order:

    1. kind named before any kind,
    2. the nearest service before one further up, before none,
    3. fault class, 4. customer class, 5. size, 6. priority: named before empty.

    One query; `metric` and `hours`, the identity of the calendar's version at `at`, come with
    the rows.
    """
    fitting = FITTING(
        at=at, kind=kind, services=tuple(service.lineage if service else ()),
        fault_class=fault_class, customer_class=customer_class, size=size, priority=priority,
    )  # fmt: skip
    return {version.metric: version for version in reversed(fitting)}
