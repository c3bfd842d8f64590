"""What a page says of where an action leads, and to whom."""

from __future__ import annotations

import pytest
import time_machine
from django.test import Client
from django.utils.translation import override

from people.actors import Actor
from people.models import User
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


def page_of(walked, who, address):
    browser = Client()
    User.objects.update(language="en")
    browser.force_login(walked.world[who])
    with time_machine.travel(walked.at, tick=False):
        return browser.get(f"/cases/{walked.case.number}/{address}").content.decode()


def test_whoever_is_asked_reads_the_question_where_they_answer(world):
    walked = walk_request(world, "returned")
    page = page_of(walked, "requester", "do/answer/")
    assert "Which report?" in page.split('class="og-lastword"')[1].split("</blockquote>")[0]
    assert "Submit and take the next task" not in page  # who has no queue


def test_what_keeps_a_draft_from_being_submitted_is_said(world):
    walked = walk_change(world, "draft")
    assert "is not yet possible" not in page_of(walked, "analyst", "")
    type(walked.case).objects.filter(pk=walked.case.pk).update(plan="", backout_plan="")
    page = page_of(walked, "analyst", "")
    assert "“Submit” is not yet possible." in page
    assert "Still missing: plan, back-out plan." in page


def test_what_one_is_held_to_oneself_is_no_promise(world):
    walked = walk_request(world, "returned")
    assert walked.clock("answer").due_at
    browser = Client()
    browser.force_login(world["requester"])
    with time_machine.travel(walked.at, tick=False):
        assert [one.promised_at for one in browser.get("/home/").context["requests"]] == [None]


def test_whoever_calls_somebody_who_may_not_see_the_case_is_told(world):
    walked = walk_request(world, "submitted")
    browser = Client()
    User.objects.update(language="en")
    browser.force_login(world["requester"])
    address = f"/cases/{walked.case.number}/comment/"
    answer = browser.post(address, {"body": "@requester2 and @desk, see"}, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert told == [f"Not told, for they may not see this case: {world['requester2']}."]
