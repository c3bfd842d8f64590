"""Questions that span the tables of the agreement."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Length

from agreements.models import Service, StandardVersion


def find_standard(
    *,
    metric: str,
    kind: str,
    service: Service | None = None,
    priority: str = "",
    customer_class: str = "",
    fault_class: str = "",
    size: str = "",
    at: datetime,
) -> StandardVersion | None:
    """Return the version in force at `at` of the standard that fits the case best, or None.

    A standard fits if each of its columns is empty or equals the case's, and its service is the
    case's or stands above it. Of those that fit, the first difference decides, in this order:

    1. kind named before any kind,
    2. the nearest service before one further up, before none,
    3. fault class, 4. customer class, 5. size, 6. priority: named before empty.

    One query; `standard` and `calendar` come with the row.
    """
    fits = Q(standard__service__isnull=True)
    if service is not None:
        fits |= Q(standard__service__in=service.lineage)
    return (
        StandardVersion.objects.in_force(at)
        .filter(
            fits,
            standard__is_active=True,
            standard__metric=metric,
            standard__kind__in=("", kind),
            standard__fault_class__in=("", fault_class),
            standard__customer_class__in=("", customer_class),
            standard__size__in=("", size),
            standard__priority__in=("", priority),
        )
        .select_related("standard", "calendar")
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
        .first()
    )
