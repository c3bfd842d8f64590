"""A hundred thousand changes over three years, and the rules about when they may happen.

One change is walked through the door, and rolled back; a copy has its own window, systems, people
and state. Copied are the two rows that a calendar reads, not tasks, clocks and events: nobody can
go on with such a change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone

from agreements.models import Service
from change_control.models import Change, Dependency, FreezePeriod, MaintenanceWindow
from change_control.states import ChangeState as S
from people.models import User
from tests.bench import words
from tests.bench.copies import columns
from tests.bench.town import REGIONS, SYSTEMS, region_of, staff_of
from tests.change_control.walking import FILING, Walk
from workflows.models import Case

MODELS: tuple[type[models.Model], ...] = (Case, Change)
PAST, AHEAD = 730, 365  # days
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IS_LONG = 0.02
"""So many windows are days long; all others are hours of a night."""
COMING = {S.SCHEDULED: 60, S.AWAITING_APPROVAL: 15, S.ASSESSING: 15, S.ON_HOLD: 5, S.DRAFT: 5}
OVER = {S.CLOSED: 85, S.WITHDRAWN: 5, S.REJECTED: 5, S.REVIEW: 2, S.BACKED_OUT: 2, S.FAILED: 1}


def surround(at: datetime) -> None:
    """Give most systems a maintenance window or two and all some dependencies; freeze at times."""
    chance = Random(0)
    systems = list(Service.objects.filter(code__startswith="system").order_by("pk"))
    assert len(systems) == SYSTEMS
    MaintenanceWindow.objects.bulk_create(
        MaintenanceWindow(
            service=system, weekdays=sorted(chance.sample(range(7), chance.choice([2, 3, 7]))),
            begins=time(chance.choice([18, 20, 22])), ends=time(chance.choice([4, 6])),
        )
        for system in systems
        for _ in range(chance.choice([0, 1, 1, 2]))
    )  # fmt: skip
    pairs = {tuple(chance.sample(range(SYSTEMS), 2)) for _ in range(2 * SYSTEMS)}
    Dependency.objects.bulk_create(
        Dependency(system=systems[one], needs=systems[other]) for one, other in sorted(pairs)
    )
    for day in range(-PAST, AHEAD, 30):
        start = at + (day + chance.randrange(20)) * DAY
        freeze = FreezePeriod.objects.create(
            name=f"Freeze {day}", starts_at=start, ends_at=start + chance.randrange(1, 8) * DAY,
            is_hard=chance.random() < 0.5,
        )  # fmt: skip
        freeze.systems.set(chance.choice([[], chance.sample(systems, 40)]))


class Copier:
    """Makes copies of one walked change; `at` is the present of the data."""

    def __init__(self, at: datetime) -> None:
        self.at = at.replace(microsecond=0)
        self.zone = timezone.get_default_timezone()
        users = dict(User.objects.values_list("username", "pk"))
        self.implementers = [
            users[name] for n in range(REGIONS) for name in staff_of(region_of(n), "developer")
        ]
        self.verifiers = [
            users[name] for n in range(REGIONS) for name in staff_of(region_of(n), "tester")
        ]
        self.first_key = (
            Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        ) + 1
        with transaction.atomic():
            case = _walked(self.at)
            self.rows = {model: row_of(model, case) for model in MODELS}
            transaction.set_rollback(True)

    def copy(self, index: int, *, is_late: bool = False) -> Iterator[tuple[Any, list[Any]]]:
        """Yield the rows of copy `index`, a row after what it refers to."""
        chance = Random(index)
        start, end = self._window(chance)
        is_over = end < self.at
        states = OVER if is_over else COMING
        codes = [
            f"system{n}" for n in chance.sample(range(SYSTEMS), chance.choice([1, 1, 1, 2, 3]))
        ]
        values = {
            "id": self.first_key + index, "case_ptr_id": self.first_key + index,
            "number": f"CHG-{self.at.astimezone(self.zone).year}-{index + 1:05}",
            "title": words.title(index), "search_tokens": "",
            "state": str(chance.choices(list(states), list(states.values()))[0]),
            "closed_at": end if is_over else None, "starts_at": start, "ends_at": end,
            "return_until": start + (end - start) / 2, "systems": json.dumps(sorted(codes)),
            "implementer_id": chance.choice(self.implementers),
            "verifier_id": chance.choice(self.verifiers),
            "opened_at": min(start, self.at) - 10 * DAY, "last_event_at": min(start, self.at),
        }  # fmt: skip
        for model, row in self.rows.items():
            yield model, [values.get(name, value) for name, value in row.items()]

    def _window(self, chance: Random) -> tuple[datetime, datetime]:
        day = (self.at + chance.uniform(-PAST, AHEAD) * DAY).astimezone(self.zone).date()
        evening = datetime.combine(day, time(18), self.zone).astimezone(UTC)
        start = evening + chance.randrange(0, 32) * HOUR / 4
        is_long = chance.random() < IS_LONG
        hours = chance.randrange(24, 14 * 24) if is_long else chance.choice([1, 2, 3, 4, 4, 6])
        return start, start + hours * HOUR


def _walked(at: datetime) -> Case:
    """Walk a change to its schedule, six hours before `at`."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    times = {"starts_at": 240, "ends_at": 244, "return_until": 243}
    filing = {**FILING, **{name: (at + hours * HOUR).isoformat() for name, hours in times.items()}}
    return Walk(world, at=at - 6 * HOUR, **filing).to("scheduled").case


def row_of(model: type[models.Model], case: models.Model) -> dict[str, Any]:
    """Return what is in the columns of a row, as it is written."""
    return {
        field.attname: _written(field, getattr(case, field.attname)) for field in columns(model)
    }


def _written(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    is_plain = value is None or isinstance(value, datetime)
    return value if is_plain else field.get_db_prep_save(value, connection)
