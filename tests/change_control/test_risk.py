"""What a questionnaire comes to, and which tables may be kept."""

from __future__ import annotations

import copy

import pytest
from django.core.exceptions import ValidationError

from change_control import risk
from change_control.models import Change, Risk, RiskTable, validate_table
from tests.change_control.walking import DAY, HIGH, LOW, MEDIUM, Walk, walk
from tests.world import NOON

pytestmark = pytest.mark.engine
TABLE = risk.shipped_table()


@pytest.mark.parametrize(
    ("answers", "points", "found"),
    [
        (LOW, 0, Risk.LOW),
        (MEDIUM, 4, Risk.MEDIUM),  # by a rule: four points alone are low
        (HIGH, 8, Risk.HIGH),  # by a rule: eight points alone are medium
        ({**LOW, "reach": "company", "complexity": "many"}, 6, Risk.MEDIUM),
        ({**LOW, "tested": "no", "reversible": "no"}, 8, Risk.MEDIUM),
        ({**LOW, "record": "poor"}, 0, Risk.MEDIUM),
    ],
)  # fmt: skip
def test_the_highest_of_points_and_rules_wins(answers, points, found):
    judged = risk.judge(answers, TABLE)
    assert (judged.points, judged.risk) == (points, found)


def test_the_table_in_force_is_asked_and_an_earlier_one_kept(world):
    other = copy.deepcopy(TABLE)
    other["questions"] = other["questions"][:1]
    RiskTable.objects.create(number=1, effective_from=NOON + DAY, content=other)
    assert len(risk.table_at(NOON)[1]["questions"]) == 7
    assert len(risk.table_at(NOON + DAY)[1]["questions"]) == 1


def broken(change):
    table = copy.deepcopy(TABLE)
    change(table)
    return table


@pytest.mark.parametrize(
    "table",
    [
        None, [], {}, {"questions": [], "classes": [], "rules": []},
        broken(lambda table: table.pop("rules")),
        broken(lambda table: table["classes"].reverse()),
        broken(lambda table: table["classes"].pop(0)),
        broken(lambda table: table["rules"][0].update(risk="extreme")),
        broken(lambda table: table["rules"][0].update(when="always")),
        broken(lambda table: table["questions"][0].pop("text_zh")),
        broken(lambda table: table["questions"][0]["answers"][0].update(points="2")),
    ],
)  # fmt: skip
def test_a_table_that_cannot_judge_is_not_kept(table):
    validate_table(TABLE)
    with pytest.raises(ValidationError):
        validate_table(table)


def finished(world, outcome, number):
    """Record that a change of the developer's team ended so."""
    case = Walk(world).case
    Change.objects.filter(pk=case.pk).update(
        outcome=outcome, finished_at=NOON - number * DAY, began_at=NOON - number * DAY
    )


def test_a_record_is_shown_from_five_changes_on_and_only_of_the_last_year(world):
    for number, outcome in enumerate(("successful", "failed", "with_problems", "backed_out"), 1):
        finished(world, outcome, number)
    finished(world, "failed", 400)
    policy = Walk(world).case.policy
    assert risk.record_of(world["developer"], NOON, policy) == risk.Record(4, None)
    finished(world, "successful", 5)
    assert risk.record_of(world["developer"], NOON, policy) == risk.Record(5, 60)


def test_a_poor_record_raises_the_risk_and_is_told(world):
    for number in range(1, 6):
        finished(world, "failed", number)
    step = walk(world, "assessing")
    flow = step.case.lifecycle(step.case, None, step.at)
    assert "The implementer's team: 0 % of 5 changes in 12 months succeeded." in flow.warnings()
    step.act("change_manager", "assess")
    assert (step.case.risk, step.case.risk_answers["record"]) == ("medium", "poor")
