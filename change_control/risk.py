"""How risky a change is: a questionnaire, points, and rules that the points cannot outvote.

A version of the table (`RiskTable.content`) has `questions` (each with `key`, `text`, `text_zh` and
`answers` with `points`), `classes` (from so many points on) and `rules` (`when` these answers were
given, at least this risk). The highest of what matches wins. One answer nobody gives: `record` is
`poor` where the share of successful changes of the implementer's team is below the policy's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.db.models import Count, Q

from change_control.models import Change, ChangePolicy, ChangeTemplate, Risk, RiskTable
from people.models import User, in_reader_language

SHIPPED = Path(__file__).parent / "data" / "risk.json"
YEAR = timedelta(days=365)
Table = dict[str, Any]


@dataclass(frozen=True)
class Judgement:
    """What a table says of some answers; `rules` are those that matched."""

    points: int
    risk: Risk
    rules: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Record:
    """How changes ended in the last twelve months; `percent` is None below the number
    from which a share means something."""

    count: int
    percent: int | None


@cache
def shipped_table() -> Table:
    found: Table = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return found


def table_at(at: datetime) -> tuple[int, Table]:
    """Return version and table in force, 0 and the shipped one where nobody made another
    (1 query)."""
    version = RiskTable.objects.filter(effective_from__lte=at).first()
    return (version.number, version.content) if version else (0, shipped_table())


def told(change: Change) -> list[tuple[str, str, int]]:
    """Return question, answer and points of the assessment, as its own table has them (1 query)."""
    version = RiskTable.objects.filter(number=change.risk_version).first()
    table = version.content if version else shipped_table()
    return [
        (
            in_reader_language(question["text"], question["text_zh"]),
            in_reader_language(answer["text"], answer["text_zh"]),
            answer["points"],
        )
        for question in table["questions"]
        for answer in question["answers"]
        if change.risk_answers.get(question["key"]) == answer["key"]
    ]


def judge(answers: dict[str, str], table: Table) -> Judgement:
    """Return points and risk of `answers`, one for each question of `table`."""
    points = sum(
        answer["points"]
        for question in table["questions"]
        for answer in question["answers"]
        if answers.get(question["key"]) == answer["key"]
    )
    matched = tuple(rule for rule in table["rules"] if rule["when"].items() <= answers.items())
    found = [Risk(rule["risk"]) for rule in matched]
    found += [Risk(one["risk"]) for one in table["classes"] if points >= one["from_points"]]
    return Judgement(points, max(found, key=lambda risk: risk.rank), matched)


def record_of(implementer: User | None, at: datetime, policy: ChangePolicy) -> Record:
    """Return the record of the implementer's unit, backed out and failed against all (1 query)."""
    if implementer is None:
        return Record(0, None)
    return _record(at, policy, implementer__unit=implementer.unit_id)


def record_of_template(template: ChangeTemplate, at: datetime, policy: ChangePolicy) -> Record:
    """Return how changes made from a template ended (1 query)."""
    return _record(at, policy, template=template)


def _record(at: datetime, policy: ChangePolicy, **of: Any) -> Record:
    changes: Any = Change.objects.all()  # to mypy these are cases
    done = changes.filter(finished_at__gt=at - YEAR, finished_at__lte=at, **of).exclude(outcome="")
    good = Q(outcome__in=(Change.Outcome.SUCCESSFUL, Change.Outcome.WITH_PROBLEMS))
    found = done.aggregate(all=Count("pk"), good=Count("pk", filter=good))
    is_telling = found["all"] >= max(1, policy.record_from)
    return Record(found["all"], found["good"] * 100 // found["all"] if is_telling else None)


def answers_with_record(
    answers: dict[str, str], record: Record, policy: ChangePolicy
) -> dict[str, str]:
    """Add what the team's record says to what people answered."""
    is_poor = record.percent is not None and record.percent < policy.poor_record_percent
    return {**answers, "record": "poor"} if is_poor else answers
