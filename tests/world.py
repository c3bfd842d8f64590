"""The people every test of a process meets, by their user names; the world stands still at NOON."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.management.color import no_style
from django.db import connection, models

import agreements.demo
import people.demo
import projects.defaults
from agreements.actions import Loaded
from agreements.models import (
    Calendar,
    CalendarDay,
    CalendarVersion,
    Service,
    Standard,
    StandardVersion,
)
from people.models import CustomerClass, Grant, Unit, User
from projects.models import CatalogueVersion, Criterion, GateKind, Track

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Monday, 10:00 in Shanghai: working time, no holiday near."""

MODELS: list[type[models.Model]] = [
    Unit, User, Grant, CustomerClass, Service, Calendar, CalendarVersion, CalendarDay,
    Standard, StandardVersion, CatalogueVersion, GateKind, Criterion, Track,
]  # fmt: skip
_rows: dict[type[models.Model], list[models.Model]] = {}


def build_world() -> None:
    """Build the demo world; from the second time on in one insert per table."""
    if not _rows:
        people.demo.build(NOON)
        agreements.demo.build(NOON)
        projects.defaults.load(Loaded([], []))
        _rows.update({model: list(model._default_manager.all()) for model in MODELS})
        return
    for model, rows in _rows.items():
        model._default_manager.bulk_create(rows)
    with connection.cursor() as cursor:  # PostgreSQL would count on from where it was
        for statement in connection.ops.sequence_reset_sql(no_style(), MODELS):
            cursor.execute(statement)
