"""What a house has come to, without the instants at which it came: two runs can be compared.

`python -m tests.proof.states` prints it as JSON, from the database that DATABASE_URL names.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import Any

import django
import psycopg

from tests.proof.house import House


def state_of(house: House) -> dict[str, Any]:
    """Return `cases` by number, `letters` by key, and `violations` (which ought to be none)."""
    found: dict[str, Any] = json.loads(house.python("-m", "tests.proof.states").splitlines()[-1])
    return found


def without_deadlines(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state without what depends on when a case was filed."""
    for case in state["cases"].values():
        case["clocks"] = [clock[:3] for clock in case["clocks"]]
    return state


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    """Ask the database of a house directly, whichever it is."""
    url = house.environment["DATABASE_URL"]
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]  # queries of ours


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    print(json.dumps(everything()))


def everything() -> dict[str, Any]:
    from django.utils import timezone

    from workflows.invariants import violations
    from workflows.models import Case, Outbox

    rows = Case.objects.order_by("number").prefetch_related("events", "tasks", "clocks")
    return {
        "cases": {case.number: _case(case) for case in rows},
        "letters": {
            one.key: [one.topic, one.recipient_id, one.sent_at is not None]
            for one in Outbox.objects.order_by("key")
        },
        "violations": list(violations(timezone.now())),
    }


def _case(case: Any) -> dict[str, Any]:
    return {
        "state": [case.state, case.version],
        "events": [
            [one.seq, one.kind, one.action, one.source, one.target, one.data.get("percent")]
            for one in sorted(case.events.all(), key=lambda event: event.seq)
        ],
        "tasks": sorted([one.step, one.slot, one.status] for one in case.tasks.all()),
        "clocks": sorted(
            [one.metric, one.state, one.level, str(one.due_at), str(one.next_alert_at)]
            for one in case.clocks.all()
        ),
    }


if __name__ == "__main__":
    main()
