"""The whole procedure, walked through the door."""

from datetime import timedelta
from decimal import Decimal

from people.models import User
from tests.world import NOON
from workflows.door import open_case, perform
from workflows.models import Case

HOUR = timedelta(hours=1)


def file(world: dict[str, User], **values: object) -> Case:
    data = {
        "title": "报表自动汇总",
        "service": "erp",
        "wanted": "每天自动汇总",
        "urgency": "normal",
        **values,
    }
    return open_case("optimization", actor=world["requester"], at=NOON, **data).case


def test_a_request_travels_from_filing_to_rating(world):
    case = file(world)
    at = NOON

    def act(who: str, action: str, **data: object):
        nonlocal at, case
        at += HOUR / 4
        case = perform(case, action, actor=world[who], at=at, **data).case
        return case

    assert (case.state, case.version, case.number) == ("submitted", 1, "REQ-2026-00001")
    act("desk", "start_triage")
    act("desk", "pass_to_assessment", service="erp", priority="high", size="small")
    act(
        "analyst",
        "propose",
        solution="x",
        effort_analysis="1",
        effort_development="4",
        effort_testing="1",
        risk="low",
        due_on="2026-12-04",
        requirement_document="y",
    )
    assert case.state == "awaiting_approval"
    assert case.effort == Decimal(6)
    act("owner", "approve")
    assert case.state == "awaiting_approval"
    act("head", "approve")
    assert case.state == "in_development"
    act("developer", "book_effort", worked_on="2026-11-23", effort="0.5")
    act("developer", "hand_to_test", development_document="z")
    act("tester", "pass_test", change_reference="CHG-1", went_live_on="2026-11-23")
    act("requester", "accept", rating="5", rating_comment="")
    assert (case.state, case.rating) == ("closed", 5)
    assert {c.metric: c.state for c in case.clocks.all()} == {
        "response": "met",
        "proposal": "met",
        "decision": "met",
        "delivery": "met",
        "acceptance": "met",
    }
    assert not case.tasks.open().exists()
