"""Fill a house with cases whose clocks are about to alert; run by `fill`.

Everybody's first response is due eight hours after filing, by day and night, so that the hour at
which a proof runs does not matter.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, timedelta

import django

from tests.proof.house import House

BUDGET = timedelta(hours=8)
FIRST_WARNING = BUDGET * 50 / 100
"""How long after filing the first alert of a case is due; the next one 2 hours later."""


def fill(
    house: House, cases: int, *, first: datetime, step: timedelta, turns: int | None = None
) -> None:
    """File `cases` through the door, the first at `first`, one every `step`.

    `turns`: after so many begin at `first` again. Somebody was absent meanwhile, for an hour.
    """
    house.python(
        "-m", "tests.proof.filling", str(cases), first.isoformat(), str(step.total_seconds()),
        str(turns or cases),
    )  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from agreements.actions import revise_standard
    from agreements.models import Calendar, Standard
    from people.models import Absence, User
    from workflows.door import open_case

    count, first = int(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    step, turns = timedelta(seconds=float(sys.argv[3])), int(sys.argv[4])
    tester, developer = (User.objects.get(username=name) for name in ("tester", "developer"))
    Absence.objects.create(
        user=tester, deputy=developer, from_at=first, to_at=first + timedelta(hours=1)
    )
    standard = Standard.objects.get(code="optimization-response")
    revise_standard(
        standard, actor=User.objects.get(username="admin"),
        effective_from=first - timedelta(days=1), calendar=Calendar.objects.get(code="always"),
        unit="wall_hours", amount=8,
    )  # fmt: skip
    requester = User.objects.get(username="requester")
    wanted = {"service": "erp", "wanted": "Totals", "urgency": "normal"}
    for number in range(count):
        at = first + step * (number % turns)
        open_case("optimization", actor=requester, at=at, title=f"Report {number}", **wanted)
    print(json.dumps(count))


if __name__ == "__main__":
    main()
