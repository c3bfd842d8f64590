"""Recorded events are walked through today's processes; what no longer fits is said."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from changes.flows import OptimizationLifecycle
from people.models import Grant
from people.roles import Role
from tests.changes.walking import walk
from tests.refusing import refused
from tests.workflows.test_events import TRIGGERS, sql, story  # noqa: F401 - a fixture
from tests.workflows.test_quorums import cab, toy, vote  # noqa: F401 - fixtures
from tests.world import NOON
from workflows.models import Case
from workflows.refusals import NotAllowed
from workflows.replay import replay

pytestmark = pytest.mark.engine


def misfits():
    said = []
    replay(said.append)
    return said


def renamed_long_ago(name, before):
    """Let the events tell of a state or an action by the name it had."""
    for column in ("source", "target", "action"):
        sql(f"UPDATE workflows_event SET {column} = '{before}' WHERE {column} = '{name}'")


def test_what_happened_fits(story, capsys):  # noqa: F811 - a fixture
    call_command("audit", "replay")
    assert capsys.readouterr().out == ("2 cases, 10 moves: today's processes explain every one.\n")


def test_votes_fit_those_that_stay_and_the_one_that_moves(toy, cab):  # noqa: F811 - fixtures
    """The second abstains, and that is the event by which the decision is lost."""
    assert vote(cab, toy, "ada0", "ben0") == "no"
    assert list(toy.events.order_by("seq").values_list("kind", flat=True)) == [
        "action", "vote", "action",
    ]  # fmt: skip
    assert misfits() == []


@pytest.mark.parametrize(
    ("name", "before", "sentence"),
    [
        ("assessing", "evaluating",
         "move 3, “pass_to_assessment” from “triage” to “evaluating”, is no transition of "
         "“optimization” today"),
        ("propose", "put_forward",
         "move 4, “put_forward” from “assessing” to “awaiting_approval”, is no transition of "
         "“optimization” today"),
        ("submitted", "new",
         "move 1, “open” from “” to “new”, is no transition of “optimization” today"),
    ],
)  # fmt: skip
def test_a_careless_rename_is_found_until_the_process_tells_of_it(
    story, monkeypatch, name, before, sentence  # noqa: F811 - a fixture
):  # fmt: skip
    renamed_long_ago(name, before)
    assert f"{story.number}: {sentence}" in misfits()
    monkeypatch.setattr(OptimizationLifecycle, "renamed", {before: name})
    assert misfits() == []


def test_who_did_what_was_renamed_is_still_known(world, monkeypatch):
    """Whoever booked effort while it was built does not test it, whatever booking is called now."""
    step = walk(world, "in_development")
    Grant.objects.create(
        user=world["head"], role=Role.DEVELOPER, unit=world["auditor"].unit, from_at=NOON
    )
    step.act("head", "book_effort").act("developer", "hand_to_test")
    Grant.objects.create(
        user=world["head"], role=Role.TESTER, unit=world["auditor"].unit, from_at=NOON
    )
    sql(*TRIGGERS[connection.vendor])
    renamed_long_ago("book_effort", "write_down")
    renamed_long_ago("in_development", "building")
    renamed = {"write_down": "book_effort", "building": "in_development"}
    monkeypatch.setattr(OptimizationLifecycle, "renamed", renamed)
    assert misfits() == []
    with refused(NotAllowed):
        step.act("head", "pass_test")


def test_a_way_taken_out_is_found_until_the_process_tells_of_it(story, monkeypatch):  # noqa: F811
    sql(
        "UPDATE workflows_event SET source = 'submitted' WHERE action = 'pass_to_assessment'",
        "UPDATE workflows_event SET target = 'submitted', action = 'look' "
        "WHERE action = 'start_triage'",
    )
    assert misfits() == [
        f"{story.number}: move 2, “look” from “submitted” to “submitted”, is no transition of "
        "“optimization” today"
    ]
    retired = [("look", "submitted", "submitted")]
    monkeypatch.setattr(OptimizationLifecycle, "retired", retired)
    assert misfits() == []


def test_events_that_do_not_lead_from_one_to_the_next_are_found(story):  # noqa: F811 - a fixture
    sql("UPDATE workflows_event SET source = 'testing' WHERE action = 'accept'")
    assert misfits() == [f"{story.number}: move 9 leaves “testing”, the case was in “accepting”"]


def test_a_state_the_events_do_not_lead_to_is_found(story):  # noqa: F811 - a fixture
    Case.objects.filter(pk=story.pk).update(state="rejected")
    assert misfits() == [f"{story.number}: it is in “rejected”, its events lead to “closed”"]


def test_the_command_says_what_does_not_fit_and_what_to_do(story, capsys):  # noqa: F811
    Case.objects.filter(pk=story.pk).update(kind="of-a-package-that-is-gone")
    with pytest.raises(CommandError, match=r"^1 of 2 cases do not fit\. .*renamed = .*retired = "):
        call_command("audit", "replay")
    assert capsys.readouterr().err == (
        f"{story.number}: there is no process “of-a-package-that-is-gone” today\n"
    )


def test_a_replay_is_one_query_however_many_cases(world, django_assert_num_queries):
    for count in (1, 3):
        for _each in range(count):
            walk(world, "triage")
        with django_assert_num_queries(1):
            assert misfits() == []
