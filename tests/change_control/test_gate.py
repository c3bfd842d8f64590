"""The deployment gate: open only for what was approved, in its window, outside every freeze."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from change_control.models import FreezePeriod
from people.models import ApiToken
from people.tokens import issue_token
from tests.change_control.walking import DAY, OPENS, QUARTER, walk
from tests.changes.walking import walk as asked_for


def ask(world, number, at=OPENS + QUARTER, *, who="developer", scope="gate", query=""):
    secret = issue_token(user=world[who], name="pipeline", scope=scope)
    with time_machine.travel(at, tick=False):
        return Client().get(
            f"/api/v1/changes/{number}/gate/{query}",
            headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"},
        )


def codes(answer):
    assert answer.status_code == 200, answer.content.decode()
    said = answer.json()
    assert said["is_open"] is not bool(said["reasons"])
    return [one["code"] for one in said["reasons"]]


@pytest.mark.parametrize("scope", ApiToken.Scope.values)
def test_a_token_of_its_own_scope_or_of_all_asks(world, scope):
    step = walk(world, "scheduled")
    expected = 401 if scope == "calendar" else 200
    assert ask(world, step.case.number, scope=scope).status_code == expected


def test_a_token_of_the_gate_opens_nothing_else(world):
    secret = issue_token(user=world["developer"], name="pipeline", scope="gate")
    bearer = {"Authorization": f"Bearer {secret}"}
    number = walk(world, "scheduled").case.number
    for path in ("cases/", f"cases/{number}/", "tasks/", "kinds/"):
        assert Client().get(f"/api/v1/{path}", headers=bearer).status_code == 401


@pytest.mark.parametrize("state", ["scheduled", "implementing"])
def test_it_is_open_in_the_window(world, state):
    answer = ask(world, walk(world, state).case.number)
    assert codes(answer) == []
    assert answer.json()["starts_at"] == "2026-11-28T22:00:00+08:00"


@pytest.mark.parametrize("state", ["draft", "assessing", "awaiting_approval", "on_hold",
                                   "verifying", "closed", "rejected", "failed"])  # fmt: skip
def test_it_is_closed_in_every_other_state(world, state):
    assert "not_approved" in codes(ask(world, walk(world, state).case.number))


@pytest.mark.parametrize("late", [-timedelta(seconds=1), timedelta(hours=4)])
def test_it_is_closed_outside_the_window(world, late):
    answer = ask(world, walk(world, "scheduled").case.number, OPENS + late)
    assert codes(answer) == ["outside_window"]
    assert "The window is from" in answer.json()["reasons"][0]["sentence"]


def test_a_freeze_closes_it_unless_excepted(world):
    step = walk(world, "scheduled")
    FreezePeriod.objects.create(name="Year end", starts_at=OPENS, ends_at=OPENS + DAY)
    assert codes(ask(world, step.case.number)) == ["freeze"]
    step.act("head", "except_from_freeze")
    assert codes(ask(world, step.case.number)) == []


def test_what_the_pipeline_prepared_must_be_what_is_approved(world):
    step = walk(world, "scheduled")
    digest = ask(world, step.case.number).json()["content_hash"]
    assert codes(ask(world, step.case.number, query=f"?content_hash={digest}")) == []
    step.act("analyst", "edit", plan="Another way").act("change_manager", "approve")
    assert codes(ask(world, step.case.number, query=f"?content_hash={digest}")) == ["other_content"]


def test_conflicts_are_told_and_close_nothing(world):
    number = walk(world, "scheduled").case.number
    other = walk(world, "scheduled").case.number
    said = ask(world, number).json()
    assert said["is_open"]
    assert any(other in one for one in said["conflicts"])


def test_what_one_may_not_see_and_what_is_no_change_is_not_found(world):
    number = walk(world, "scheduled").case.number
    assert ask(world, number, who="requester").status_code == 404
    assert ask(world, "CHG-2026-09999").status_code == 404
    request = asked_for(world, "assessing").case.number
    assert ask(world, request, who="analyst").status_code == 404
