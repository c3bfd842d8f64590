"""At most 10 person-days (M7): at the proposal, at a new estimate, and when effort is booked."""

from datetime import timedelta
from decimal import Decimal

import pytest

from changes.models import Optimization, OptimizationPolicy
from people.actors import Actor
from tests.changes.walking import DAY, EFFORT_11, GOOD, Walk, walk
from tests.refusing import refused
from tests.world import NOON
from workflows.case_page import details
from workflows.door import perform
from workflows.models import CaseLink
from workflows.refusals import BadData, NotAllowed

pytestmark = pytest.mark.engine


def effort(analysis, development, testing):
    return {
        "effort_analysis": analysis,
        "effort_development": development,
        "effort_testing": testing,
    }


def offered(step, who):
    actor = Actor.of(step.world[who], step.at)
    return {one.name for one in step.case.lifecycle(step.case, actor, step.at).available(actor)}


def book_days(step, days):
    """Book `days` whole person-days, one for each day before NOON."""
    for back in range(days):
        day = (NOON - back * DAY).date()
        step.act("developer", "book_effort", worked_on=day, effort="1", after=timedelta(minutes=1))
    return step


# -- the limit -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parts", "state"),
    [
        (("1", "8", "1"), "awaiting_approval"),  # 10, exactly the limit
        (("1", "8", "1.01"), "over_limit"),  # 10.01
        (("0", "10", "0"), "awaiting_approval"),
        (("0.01", "10", "0"), "over_limit"),
        (("0", "0", "0.01"), "awaiting_approval"),
        (("300", "400", "300"), "over_limit"),
    ],
)
def test_a_proposal_above_ten_days_stops(world, parts, state):
    step = walk(world, "assessing").act("analyst", "propose", **effort(*parts))
    assert step.case.state == state
    assert step.case.effort == sum(map(Decimal, parts))


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        (("1", "4", "1"), "in_development"),  # 6, as approved
        (("1", "4", "1.5"), "awaiting_approval"),  # 6.5, more than approved
        (("1", "8", "1"), "awaiting_approval"),  # 10
        (("1", "9", "1"), "over_limit"),  # 11
        (("0", "1", "0"), "in_development"),  # less
    ],
)
def test_a_new_estimate_is_approved_again_or_stops(world, parts, state):
    step = walk(world, "in_development").act("developer", "re_estimate", **effort(*parts))
    assert step.case.state == state


def test_ten_booked_days_are_allowed_and_the_eleventh_stops(world):
    step = book_days(walk(world, "in_development"), 10)
    assert (step.case.booked_effort, step.case.state) == (10, "in_development")
    earlier = (NOON - 20 * DAY).date()
    step.act("developer", "book_effort", worked_on=earlier, effort="0.05")
    assert (step.case.booked_effort, step.case.state) == (Decimal("10.05"), "over_limit")
    assert step.case.bookings.count() == 11


def test_effort_booked_while_testing_counts_too(world):
    step = book_days(walk(world, "in_development"), 10)
    step.act("developer", "hand_to_test").act("tester", "book_effort", effort="0.05")
    assert step.case.state == "over_limit"


def test_above_the_limit_one_can_only_split_convert_or_reject(world):
    step = walk(world, "over_limit")
    assert offered(step, "head") == {"split_off", "convert", "reject"}
    assert offered(step, "requester") == {"withdraw"}
    for who in set(world) - {"head", "requester"}:
        assert offered(step, who) == set()


@pytest.mark.parametrize(
    ("state", "who", "way"),
    [("assessing", "analyst", "propose"), ("in_development", "developer", "re_estimate")],
)
def test_an_estimate_above_the_limit_offers_three_ways_out(world, state, who, way):
    step = walk(world, state).act(who, way, **EFFORT_11)
    assert step.case.state == "over_limit"
    assert offered(step, "head") == {"split_off", "convert", "reject"}


def test_what_is_booked_above_the_limit_cannot_be_split_off(world):
    step = book_days(walk(world, "in_development"), 10)
    step.act("developer", "book_effort", worked_on=(NOON - 20 * DAY).date(), effort="0.05")
    assert step.case.state == "over_limit"
    assert offered(step, "head") == {"convert", "reject"}


@pytest.mark.parametrize("due_on", ["2026-11-22", "9026-12-04", "9999-12-31"])
@pytest.mark.parametrize("way", ["propose", "re_estimate"])
def test_a_delivery_date_is_ahead_and_within_five_years(world, way, due_on):
    state, who = {
        "propose": ("assessing", "analyst"),
        "re_estimate": ("in_development", "developer"),
    }[way]
    step = walk(world, state)
    with refused(BadData) as caught:
        step.act(who, way, due_on=due_on)
    assert "due_on" in caught.value.errors


def test_the_limit_is_the_one_the_service_manager_set(world):
    OptimizationPolicy.objects.create(effort_limit=Decimal(5))
    step = walk(world, "assessing").act("analyst", "propose")  # 6
    assert step.case.state == "over_limit"


# -- what is no effort ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parts", "field", "sentence"),
    [
        (("0", "0", "0"), "__all__", "An effort of nothing at all is not an estimate."),
        (("-1", "4", "1"), "effort_analysis", "greater than or equal to 0"),
        (("1", "1001", "1"), "effort_development", "less than or equal to 1000"),
        (("1", "99999", "1"), "effort_development", "4 digits before the decimal point"),
        (("1", "4", "two"), "effort_testing", "Enter a number."),
        (("1", "4", ""), "effort_testing", "This field is required."),
        (("1", "4", "0.001"), "effort_testing", "no more than 2 decimal places"),
        (("NaN", "4", "1"), "effort_analysis", "Enter a number."),
        (("Infinity", "4", "1"), "effort_analysis", "Enter a number."),
        (("1e400", "4", "1"), "effort_analysis", "less than or equal to 1000"),
    ],
)
@pytest.mark.parametrize("way", ["propose", "re_estimate", "split_off"])
def test_an_effort_that_is_none_is_refused_with_a_sentence(world, way, parts, field, sentence):
    start, who = {
        "propose": ("assessing", "analyst"),
        "re_estimate": ("in_development", "developer"),
        "split_off": ("over_limit", "head"),
    }[way]
    step = walk(world, start)
    data = {**GOOD[way], **effort(*parts)}
    with refused(BadData) as caught:
        perform(step.case, way, actor=world[who], at=step.at, **data)
    assert set(caught.value.errors) == {field}
    assert sentence in " ".join(caught.value.errors[field])


@pytest.mark.parametrize(
    ("booking", "field"),
    [
        ({"effort": "0"}, "effort"),
        ({"effort": "0.04"}, "effort"),
        ({"effort": "-1"}, "effort"),
        ({"effort": "1.01"}, "effort"),  # a day has one person-day
        ({"effort": "much"}, "effort"),
        ({"worked_on": "2026-11-24"}, "worked_on"),  # tomorrow
        ({"worked_on": "2026-02-30"}, "worked_on"),
    ],
)
def test_a_booking_that_cannot_be_is_refused(world, booking, field):
    step = walk(world, "in_development")
    data = {**GOOD["book_effort"], **booking}
    with refused(BadData) as caught:
        perform(step.case, "book_effort", actor=world["developer"], at=step.at, **data)
    assert set(caught.value.errors) == {field}


def test_a_day_has_one_person_day_over_all_cases(world):
    one, other = walk(world, "in_development"), walk(world, "in_development")
    one.act("developer", "book_effort", effort="0.6")
    with refused(BadData):  # 0.6 + 0.5 > 1
        other.act("developer", "book_effort", effort="0.5")
    other.act("developer", "book_effort", effort="0.4")
    assert other.case.booked_effort == Decimal("0.4")


# -- splitting -----------------------------------------------------------------------------------
def test_splitting_files_the_rest_and_asks_for_approval_again(world):
    step = walk(world, "over_limit").act("head", "split_off")
    rest = Optimization.objects.exclude(pk=step.case.pk).get()
    assert (step.case.state, step.case.effort) == ("awaiting_approval", 6)
    assert (rest.number, rest.state, rest.title) == ("REQ-2026-00002", "submitted", "The rest")
    assert (rest.requester, rest.on_behalf_of) == (world["requester"], None)
    assert (rest.unit, rest.service.code) == (step.case.unit, "erp")
    assert rest.events.get(seq=1).actor == world["head"]
    link = CaseLink.objects.get()
    assert (link.source.pk, link.target.pk, link.relation) == (
        rest.pk, step.case.pk, "raised_from",
    )  # fmt: skip


def test_the_head_who_split_it_off_can_approve_the_rest(world):
    """Whoever writes the rest down does not thereby ask for it."""
    step = walk(world, "over_limit").act("head", "split_off")
    rest = Walk.__new__(Walk)
    rest.world, rest.at = world, step.at
    rest.case = Optimization.objects.exclude(pk=step.case.pk).get()
    assert rest.to("in_development").case.approved_effort == 6


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (("1", "9", "1"), "What stays must fit into 10.00 person-days; this is 11."),
        (("0", "1.5", "0"), "2.00 person-days are already booked; less than that cannot stay."),
    ],
)
def test_what_stays_must_fit_and_cover_what_is_booked(world, parts, sentence):
    OptimizationPolicy.objects.create()
    step = book_days(walk(world, "in_development"), 2).act("developer", "re_estimate", **EFFORT_11)
    data = {**GOOD["split_off"], **effort(*parts)}
    with refused(BadData) as caught:
        perform(step.case, "split_off", actor=world["head"], at=step.at, **data)
    assert caught.value.errors == {"__all__": [sentence]}


def test_a_split_that_cannot_be_filed_leaves_no_trace(world):
    step = walk(world, "over_limit")
    type(step.case.service).objects.filter(code="erp").update(is_active=False)
    with refused(BadData):
        step.act("head", "split_off")


def test_only_the_head_splits(world):
    step = walk(world, "over_limit")
    with refused(NotAllowed):
        step.act("analyst", "split_off")


# -- the suspicion of splitting ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("days", "found"),
    [(0, 1), (89, 1), (90, 1), (91, 0)],
)
@pytest.mark.parametrize("same", ["requester", "system"])
def test_splitting_is_suspected_within_ninety_days(world, days, found, same):
    """6 + 6 = 12 person-days, above 10, by one requester or for one system."""
    walk(world, "awaiting_approval", service="portal")
    second = {"service": "erp"} if same == "requester" else {"service": "portal"}
    by = "requester" if same == "requester" else "requester2"
    step = Walk(world, by=by, at=NOON + days * DAY, **second).to("assessing")
    step.act("analyst", "propose", due_on="2027-06-01")
    warnings = step.case.lifecycle(step.case, None, step.at).warnings()
    assert len(warnings) == found
    whose = {"requester": "this requester", "system": "this system"}[same]
    assert all(whose in one and "12" in one and "REQ-2026-00001" in one for one in warnings)


def test_the_earlier_of_two_is_warned_of_the_later_too(world):
    first = walk(world, "awaiting_approval")
    Walk(world, at=NOON + DAY).to("awaiting_approval")
    assert len(first.case.lifecycle(first.case, None, first.at).warnings()) == 2


def test_requests_together_within_the_limit_raise_no_suspicion(world):
    """6 + 4 = 10."""
    walk(world, "awaiting_approval")
    step = walk(world, "assessing").act("analyst", "propose", **effort("0", "4", "0"))
    assert step.case.lifecycle(step.case, None, step.at).warnings() == []


@pytest.mark.parametrize("end", ["rejected", "withdrawn", "converted"])
def test_what_was_dropped_raises_no_suspicion(world, end):
    other = walk(world, "awaiting_approval" if end != "converted" else "converted")
    if end == "withdrawn":
        other.act("requester", "withdraw")
    if end == "rejected":
        other.act("owner", "decline")
    step = walk(world, "awaiting_approval")
    assert step.case.lifecycle(step.case, None, step.at).warnings() == []


def test_whoever_decides_sees_what_the_effort_is_made_of(world):
    said = dict(details(walk(world, "awaiting_approval").case))
    parts = ("Effort: analysis", "Effort: development", "Effort: testing")
    total = sum(Decimal(said[part]) for part in parts)
    assert total == Decimal(said["Effort in person-days"]) > 0
