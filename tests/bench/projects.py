"""A thousand projects in all phases, every criterion of their gates answered.

One project is walked through the door to its trial operation and stays; a copy has its own people,
systems, days and phase. Copied are the rows that board, portfolio and sheet read, not tasks, clocks
and events: nobody can go on with such a project.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import models
from django.utils import timezone

from agreements.actions import Loaded
from people.models import User
from projects import defaults
from projects.models import Answer, Criterion, Gate, GateCondition, Project
from projects.states import GateState as S
from tests.bench import words
from tests.bench.changes import row_of
from tests.bench.town import REGIONS, SYSTEMS, region_of, staff_of
from tests.projects.walking import Walk
from workflows.models import Case

MODELS: tuple[type[models.Model], ...] = (Case, Project, Gate, Answer, GateCondition)
GATES = 8
DAY = timedelta(days=1)
LENGTH = 240  # days
NOW = {S.OPEN: 60, S.IN_REVIEW: 20, S.AWAITING_VERDICT: 10, S.DEFERRED: 10}
HAS_CONDITION = 0.2


class Copier:
    """Makes copies of one walked project; `at` is the present of the data."""

    def __init__(self, at: datetime) -> None:
        defaults.load(Loaded([], []))
        self.at = at.replace(microsecond=0)
        users = dict(User.objects.values_list("username", "pk"))
        self.managers = [
            users[name] for n in range(REGIONS) for name in staff_of(region_of(n), "analyst")
        ]
        project, gates = _walked(self.at)
        self.project = {model: row_of(model, project) for model in (Case, Project)}
        self.gates = [{model: row_of(model, one) for model in (Case, Gate)} for one in gates]
        self.criteria = [
            list(Criterion.objects.filter(gate=one.gate_kind_id).values_list("pk", flat=True))
            for one in gates
        ]
        self.answer = row_of(Answer, Answer.objects.filter(gate=gates[0]).latest("pk"))
        self.condition = row_of(
            GateCondition, GateCondition(gate=gates[0], what="Drill", owner=project.manager,
                                         due_on=timezone.localdate(at))
        )  # fmt: skip
        self.first = {
            model: 1 + (model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0)
            for model in (Case, Answer, GateCondition)
        }
        self.year = timezone.localtime(at).year

    def copy(self, index: int, *, is_late: bool = False) -> Iterator[tuple[Any, list[Any]]]:
        """Yield the rows of copy `index`, a row after what it refers to."""
        chance = Random(index)
        key = self.first[Case] + index * (1 + GATES)
        starts = timezone.localdate(self.at) - chance.randrange(LENGTH) * DAY
        stands_at = chance.randrange(1, GATES + 1)
        codes = [f"system{n}" for n in chance.sample(range(SYSTEMS), chance.choice([1, 1, 2, 3]))]
        title = words.title(index)
        common = {"title": title, "search_tokens": "", "case_ptr_id": key, "parent_id": key}
        yield from _rows(self.project, common | {
            "id": key, "number": f"PRJ-{self.year}-{index + 2:05}",
            "manager_id": chance.choice(self.managers), "systems": json.dumps(sorted(codes)),
            "starts_on": starts, "ends_on": starts + LENGTH * DAY,
        })  # fmt: skip
        for place in range(1, GATES + 1):
            own = key + place
            state = S.ACCEPTED if place < stands_at else S.PLANNED
            if place == stands_at:
                state = chance.choices(list(NOW), list(NOW.values()))[0]
            yield from _rows(self.gates[place - 1], common | {
                "id": own, "case_ptr_id": own, "state": str(state),
                "number": f"GAT-{self.year}-{GATES * (index + 1) + place:05}", "round": 1,
                "closed_at": self.at if state == S.ACCEPTED else None,
                "planned_on": starts + LENGTH * place // GATES * DAY,
            })  # fmt: skip
            yield from self._answers(index, own, place, is_passed=state == S.ACCEPTED)
        if chance.random() < HAS_CONDITION:
            values = {"id": self.first[GateCondition] + index, "gate_id": key + 1}
            yield GateCondition, [values.get(name, one) for name, one in self.condition.items()]

    def _answers(self, index: int, gate: int, place: int, *, is_passed: bool) -> Any:
        before = sum(map(len, self.criteria[: place - 1]))
        each = sum(map(len, self.criteria))
        for number, criterion in enumerate(self.criteria[place - 1]):
            values = {
                "id": self.first[Answer] + index * each + before + number, "gate_id": gate,
                "criterion_id": criterion, "round": 1,
                **({} if is_passed else {"result": "", "judged_by_id": None, "judged_at": None}),
            }  # fmt: skip
            yield Answer, [values.get(name, one) for name, one in self.answer.items()]


def _rows(template: dict[Any, dict[str, Any]], values: dict[str, Any]) -> Iterator[Any]:
    for model, row in template.items():
        yield model, [values.get(name, one) for name, one in row.items()]


def _walked(at: datetime) -> tuple[Project, list[Gate]]:
    """Walk a project through six gates, a week before `at`."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    starts = timezone.localdate(at) - 7 * DAY
    filing = {"starts_on": starts.isoformat(), "ends_on": (starts + LENGTH * DAY).isoformat()}
    step = Walk(world, at=at - 7 * DAY, **filing)
    for _ in range(GATES - 2):
        step.pass_on()
    gates: Any = Gate.objects.all()  # to mypy these are cases
    return step.project, list(gates.filter(parent=step.project).order_by("place"))
