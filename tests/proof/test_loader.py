"""The cases that are measured by the million are true ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof import servers
from tests.proof.house import House
from tests.proof.scale import rounds

CASES = rounds(full=5000, short=600)
ASK = """
import django; django.setup()
from collections import Counter
from django.utils import timezone
from tests.bench import walk
from tests.bench.inside import somebody
from workflows.door import perform
from workflows.invariants import violations
from workflows.models import Case

for sentence in violations(timezone.now()):
    print(sentence)
for case in Case.objects.order_by("-pk")[:40]:  # go on with them to their end
    number, task = int(case.number.rpartition("-")[2]) - 1, case.tasks.open().get()
    done = {"submitted": 1, "triage": 1, "assessing": 2, "awaiting_approval": 3,
            "in_development": 4, "testing": 5, "accepting": 6}[case.state]
    for role, action in walk.STEPS[done:]:
        who = case.tasks.open().get().assignee or somebody(walk.person_of(role, number))
        case = perform(case, action, actor=who, **walk.data_of(action, number)).case
    if case.is_open:
        print(f"{case} could not be walked to its end")
for sentence in violations(timezone.now()):
    print(sentence)
print(Case.objects.count(), "cases")
"""


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_loaded_cases_are_as_true_as_walked_ones(
    database: str, postgres_server: servers.Postgres, tmp_path: Path
) -> None:
    url = postgres_server.create("loaded") if database == "postgresql" else ""
    house = House(tmp_path, url, DJANGO_SETTINGS_MODULE="tests.bench.settings", PYTHONPATH=".")
    house.python("-m", "tests.bench.town")
    load = ("-m", "tests.bench.loader", "--cases", str(CASES), house.environment["DATABASE_URL"])
    house.python(*load)
    house.python(*load, "--late")
    assert house.python("-c", ASK) == f"{2 * CASES} cases\n"
