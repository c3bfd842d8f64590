"""Fill the house that DATABASE_URL names with cases, export them, print what that took as JSON.

Run as `python -m tests.proof.exporting ROWS`. The cases are rows of the tables that a list reads,
enough of them in little time; they have no history.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import django


def main(rows: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    fill(rows)
    for form in ("csv", "xlsx"):
        take(form, "?priority=low")  # what is loaded once is not counted: no case is low
    print(json.dumps({form: take(form) for form in ("csv", "xlsx")}))


def fill(rows: int) -> None:
    from django.utils import timezone

    from agreements.models import Calendar, Service
    from people.models import User
    from people.roles import Role
    from workflows.models import Case, Clock, Task

    at = timezone.now()
    calendar = Calendar.default().version_at(at)
    requester = User.objects.select_related("unit").get(username="requester")
    service = Service.objects.get(code="erp")
    for start in range(0, rows, 2000):
        numbers = range(start, min(start + 2000, rows))
        cases = [
            Case(
                number=f"REQ-2020-{n:07}", kind="optimization", title=f"=HYPERLINK({n}) 报表 {n}",
                state="submitted", version=1, requester=requester, unit=requester.unit,
                service=service, customer_class="B", opened_at=at - timedelta(minutes=n),
                last_event_at=at,
            )
            for n in numbers
        ]  # fmt: skip
        cases = Case.objects.bulk_create(cases)
        Task.objects.bulk_create(
            Task(case=case, step="submitted", role=Role.SERVICE_DESK, unit=requester.unit,
                 opened_at=case.opened_at)
            for case in cases
        )  # fmt: skip
        Clock.objects.bulk_create(
            Clock(case=case, metric="response", calendar=calendar, started_at=case.opened_at,
                  changed_at=case.opened_at, budget=timedelta(hours=8),
                  due_at=at + timedelta(days=1), first_due_at=at + timedelta(days=1))
            for case in cases
        )  # fmt: skip


def take(form: str, query: str = "") -> dict[str, Any]:
    """Export as the service manager; return statements, seconds, rows and the growth of memory."""
    from django.db import connection
    from django.test import Client

    from people.models import User

    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(User.objects.get(username="service_manager"))
    statements: list[str] = []

    def count(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    before, began = memory(afresh=True), time.perf_counter()
    with connection.execute_wrapper(count), tempfile.TemporaryFile() as kept:
        answer = client.get(f"/cases/export.{form}{query}")
        for part in answer.streaming_content:
            kept.write(part)
        answer.close()
        seconds, growth = time.perf_counter() - began, memory() - before
        found = rows_in(kept, form)
        return {
            "rows": found, "statements": len(statements), "seconds": round(seconds, 2),
            "megabytes": round(growth / 1024, 1), "size": kept.seek(0, os.SEEK_END),
        }  # fmt: skip


def memory(*, afresh: bool = False) -> int:
    """Return the most memory this process had at once since it was last read afresh, in kB."""
    if afresh:
        Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def rows_in(kept: IO[bytes], form: str) -> int:
    from openpyxl import load_workbook

    kept.seek(0)
    if form == "csv":
        return sum(1 for _line in kept) - 1
    return sum(1 for _row in load_workbook(kept, read_only=True).active.rows) - 1


if __name__ == "__main__":
    main(int(sys.argv[1]))
