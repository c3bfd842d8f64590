"""What a page says of where an action leads, and to whom."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from people.actors import Actor
from tests.change_control.walking import walk as walk_change
from tests.changes.walking import walk as walk_request
from workflows.case_page import next_text


def said(walked, who, name):
    case, at = walked.case, walked.at
    flow = case.lifecycle(case, Actor.of(walked.world[who], at), at)
    with override("en"):
        return next_text(flow, type(flow).action(name, case.state))


def test_the_person_a_case_names_is_named(world):
    walked = walk_change(world, "implementing")
    verifier = walked.case.verifier
    assert said(walked, "developer", "finish") == (
        f"The case becomes “Being verified” and goes to: {verifier}."
    )
    assert said(walk_request(world, "submitted"), "desk", "ask_requester") == (
        f"The case becomes “Waiting for the requester” and goes to: {world['requester']}."
    )


@pytest.mark.parametrize(
    ("state", "label"), [("triage", "In triage"), ("assessing", "Being assessed")]
)
def test_an_answer_leads_back_to_where_it_was_asked(world, state, label):
    walked = walk_request(world, state)
    walked.act("desk" if state == "triage" else "analyst", "ask_requester")
    assert said(walked, "requester", "answer").startswith(f"The case becomes “{label}”")


def test_what_depends_on_the_values_is_not_foretold(world):
    told = said(walk_request(world, "assessing"), "analyst", "propose")
    assert told.startswith("Depending on what you enter, the case becomes one of:")


def test_what_may_leave_it_where_it_is_says_so(world):
    told = said(walk_request(world, "in_development"), "developer", "book_effort")
    assert told.startswith("Depending on what you enter, the case stays where it is or becomes:")


def test_one_vote_of_several_promises_nothing(world):
    told = said(walk_request(world, "awaiting_approval"), "owner", "approve")
    assert told.startswith("This is your vote. If it decides: The case becomes “In development”")
