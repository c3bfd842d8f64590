"""Promise everything about one system within seconds, in the database that DATABASE_URL names.

So clocks warn and run out while people work, instead of after hours: `House.python` runs it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal

import django

BUDGET = Decimal("0.2")  # minutes: warnings after 6, 9 and 10.8 s, over after 12 s


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.utils import timezone

    from agreements.models import Calendar, Service, Standard, StandardVersion
    from changes.flows import OptimizationLifecycle

    since = timezone.now() - timedelta(hours=1)
    always = Calendar.objects.get(code="always")
    service = Service.objects.get(code="erp")
    for clock in OptimizationLifecycle.clocks:
        standard = Standard.objects.create(
            code=f"hurried-{clock.metric}", name=clock.metric, metric=clock.metric,
            kind=OptimizationLifecycle.kind, service=service,
        )  # fmt: skip
        StandardVersion.objects.create(
            standard=standard, number=1, amount=BUDGET, unit=StandardVersion.Unit.WALL_MINUTES,
            calendar=always, effective_from=since,
        )  # fmt: skip


if __name__ == "__main__":
    main()
