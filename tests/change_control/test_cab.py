"""Meetings of the board: agenda, attendance with deputies, what was said, minutes."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from pathlib import Path
from shutil import which

import pytest
import time_machine
from django.test import Client

from change_control import cab, minutes
from change_control.states import MeetingState
from people.actors import Actor
from people.models import Absence, User
from tests.change_control.walking import DAY, HIGH, QUARTER, walk
from tests.offers import check_offers
from tests.refusing import refused
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.events import broken_chains
from workflows.invariants import violations
from workflows.refusals import BadData, NotAllowed

pytestmark = pytest.mark.engine
GOLDEN = Path(__file__).parent / "golden" / "cab.matrix.txt"
MEETS = NOON + DAY


class Meeting:
    def __init__(self, world):
        self.world, self.at = world, NOON + DAY / 2
        self.case = open_case(
            "cab", actor=world["change_manager"], at=self.at, title="Weekly",
            meets_at="2026-11-24T10:00", place="Room 3",
        ).case  # fmt: skip

    def act(self, action, who="change_manager", **data):
        self.at = max(self.at + QUARTER, MEETS)
        self.case = perform(
            self.case, action, actor=self.world[who], at=self.at, **data
        ).case  # fmt: skip
        return self

    def agenda(self, who="head"):
        return cab.agenda(self.case, Actor.of(self.world[who], self.at))


def meeting(world, state="called"):
    step = Meeting(world)
    if state == "cancelled":
        return step.act("cancel", reason="Nothing to decide.")
    if state != "called":
        step.act("begin", present=["change_manager", "head"])
    return step.act("close") if state == "held" else step


def for_the_board(world, **filing):
    return walk(world, "assessing", **filing).act("change_manager", "assess", **HIGH)


@pytest.mark.parametrize("state", MeetingState.values)
def test_every_state_is_reached_and_everything_fits_together(world, state):
    step = meeting(world, state)
    assert step.case.state == state
    assert list(violations(step.at)) == []
    assert not list(broken_chains())


def test_the_matrix_of_state_person_and_action_is_the_reviewed_one(world):
    check_offers(GOLDEN, world, meeting, MeetingState.values)


def test_the_agenda_is_what_awaits_the_board_the_nearest_window_first(world):
    later = {"starts_at": "2026-12-05T22:00", "ends_at": "2026-12-06T02:00",
             "return_until": "2026-12-06T01:00"}  # fmt: skip
    for_the_board(world, title="Second", **later)
    for_the_board(world, title="First")
    walk(world, "awaiting_approval", title="Low")
    step = meeting(world)
    assert [item["change"].title for item in step.agenda()] == ["First", "Second"]


def test_the_agenda_is_fixed_when_the_meeting_is_opened(world):
    for_the_board(world, title="First")
    step = meeting(world, "in_session")
    for_the_board(world, title="Too late")
    assert [item["change"].title for item in step.agenda()] == ["First"]


def test_minutes_keep_who_came_what_was_said_and_how_everybody_voted(world):
    change = for_the_board(world)
    step = meeting(world, "in_session").act("note", item=1, said="Rehearse first.")
    change.at = step.at
    change.act("head", "approve", note="With care.").act("supervisor", "approve")
    step.at = change.at
    step.act("close", note="Next week again.")
    change.at = step.at
    change.act("ops_reviewer", "approve").act("change_manager", "decline")
    item = step.agenda()[0]
    assert (item["said"], item["state_label"]) == ("Rehearse first.", "Awaiting approval")
    said = {vote["person"] or vote["role"]: vote["vote"] for vote in item["votes"]}
    assert said[str(world["head"])] == "approve"
    assert said[str(world["supervisor"])] == "approve"
    assert said[str(world["ops_reviewer"])] == ""  # voted after the meeting
    came = {str(one.member): one.is_present for one in step.case.attendances.all()}
    assert came[str(world["head"])]
    assert not came[str(world["supervisor"])]


@pytest.mark.parametrize("count", [1, 4])
def test_a_long_agenda_asks_the_database_no_more_often(world, django_assert_num_queries, count):
    for number in range(count):
        for_the_board(world, title=f"{number}")
    step = meeting(world, "in_session")
    with django_assert_num_queries(2 + 2):  # two of them to know who reads
        assert len(step.agenda()) == count
    with django_assert_num_queries(3):
        cab.keep_minutes(step.case)


def test_who_is_away_is_asked_for_by_their_deputy(world):
    Absence.objects.create(user=world["head"], deputy=world["service_manager"], from_at=NOON,
                           to_at=NOON + 9 * DAY)  # fmt: skip
    change = for_the_board(world)
    step = meeting(world, "in_session")
    change.at = step.at
    change.act("service_manager", "approve")
    step.at = change.at
    step.act("close")
    row = step.case.attendances.get(member=world["head"])
    assert (row.deputy, row.is_present) == (world["service_manager"], True)
    vote = next(one for one in step.agenda()[0]["votes"] if one["vote"])
    assert vote["in_place_of"] == str(world["head"])


@pytest.mark.parametrize(
    ("action", "data", "sentence"),
    [
        ("begin", {"present": []}, "Nobody is here"),
        ("begin", {"present": ["requester"]}, "requester"),
        ("move", {"meets_at": "2026-11-20T10:00"}, "already passed"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(world, action, data, sentence):
    step = meeting(world)
    with refused(BadData, sentence):
        step.act(action, **data)


def test_only_the_change_manager_calls_a_meeting(world):
    with refused(NotAllowed, "You may not file"):
        open_case("cab", actor=world["analyst"], at=NOON, title="x", meets_at="2026-11-24T10:00")


def test_a_meeting_that_nobody_opens_is_late(world):
    step = meeting(world)
    assert step.case.clocks.get(metric="meeting").due_at == MEETS + timedelta(hours=1)


# -- pages ----------------------------------------------------------------------------------------
def page(world, who, address, at):
    User.objects.filter(username=who).update(language="en")
    browser = Client()
    browser.force_login(world[who])
    with time_machine.travel(at, tick=False):
        return browser.get(address)


@pytest.mark.pdf
def test_minutes_are_a_page_and_a_pdf(world):
    for_the_board(world, title="更换核心交换机")
    step = meeting(world, "in_session").act("note", item=1, said="先演练 <b>").act("close")
    address = f"/changes/meetings/{step.case.number}/minutes"
    shown = page(world, "auditor", f"{address}/", step.at)
    assert "先演练 &lt;b&gt;" in shown.content.decode()
    assert minutes.has_pdf()
    pdf = page(world, "auditor", f"{address}.pdf", step.at)
    assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
    text = subprocess.run(
        [which("pdftotext"), "-", "-"], input=pdf.content, capture_output=True, check=True
    ).stdout.decode()
    assert "更换核心交换机" in text
    assert "先演练 <b>" in text


def test_there_are_no_minutes_before_the_meeting_was_held(world):
    step = meeting(world, "in_session")
    address = f"/changes/meetings/{step.case.number}/minutes/"
    assert page(world, "head", address, step.at).status_code == 404
    change = for_the_board(world).case.number
    assert page(world, "head", f"/changes/meetings/{change}/minutes/", NOON).status_code == 404


def test_who_may_not_see_changes_sees_nothing_of_the_board(world):
    for_the_board(world, title="Secret")
    step = meeting(world, "held")
    shown = page(world, "requester", "/changes/meetings/", step.at).content.decode()
    assert "Secret" not in shown
    assert step.case.number not in shown
    minutes_page = f"/changes/meetings/{step.case.number}/minutes/"
    assert page(world, "requester", minutes_page, step.at).status_code == 404


def test_the_page_of_a_meeting_shows_agenda_and_members(world):
    for_the_board(world, title="Board matter")
    step = meeting(world)
    shown = page(world, "head", step.case.get_absolute_url(), step.at).content.decode()
    assert "Board matter" in shown
    assert str(world["supervisor"]) in shown
    listed = page(world, "change_manager", "/changes/meetings/", step.at).content.decode()
    assert step.case.number in listed
    assert "Call a meeting" in listed


@pytest.mark.parametrize("address", ["/new/", "/new/cab/"])
def test_a_meeting_can_be_called_before_its_time_is_known_to_the_form(world, address):
    answer = page(world, "change_manager", address, NOON)
    assert answer.status_code == 200
    assert "CAB meeting" in answer.content.decode()
