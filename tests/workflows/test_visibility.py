"""Who sees a case: one rule for pages, lists, search and the API."""

import pytest

from people.actors import Actor
from people.models import Absence, Grant, Unit, User
from people.roles import Role
from tests.changes.walking import DAY, Walk, walk
from tests.refusing import refused
from tests.workflows.test_door import let_watch
from tests.world import NOON
from workflows.actions import add_comment, assign_task, unwatch_case, watch_case
from workflows.models import Case
from workflows.refusals import NotAllowed

pytestmark = pytest.mark.engine


def sees(step, person):
    return Case.objects.visible_to(Actor.of(person, step.at)).filter(pk=step.case.pk).exists()


def viewers(step):
    return {name for name, person in step.world.items() if sees(step, person)}


READERS = {"desk", "analyst", "head", "service_manager", "auditor"}


@pytest.mark.parametrize(
    ("state", "more"),
    [
        ("submitted", set()),
        ("assessing", set()),
        ("awaiting_approval", {"owner"}),  # who must decide
        ("in_development", {"owner", "developer"}),  # who decided, and whose queue it is in
        ("testing", {"owner", "developer", "tester"}),
        ("accepting", {"owner", "developer", "tester"}),  # who did their part keeps sight
        ("closed", {"owner", "developer", "tester"}),
    ],
)
def test_who_sees_a_request_on_its_way(world, state, more):
    assert viewers(walk(world, state)) == {"requester"} | READERS | more


def test_everybody_it_is_about_sees_it(world):
    step = Walk(world, by="pm", on_behalf_of="requester2")
    assert viewers(step) == {"pm", "requester2"} | READERS


def test_a_colleague_of_the_same_unit_does_not(world):
    step = walk(world)
    assert not sees(step, User.objects.create(username="peer", unit=world["requester"].unit))


def test_a_reader_of_another_unit_does_not(world):
    step = walk(world)
    for code, may in (("finance", True), ("sales", False), ("group", True), ("it", False)):
        person = User.objects.create(username=code)
        Grant.objects.create(
            user=person, role=Role.AUDITOR, unit=Unit.objects.get(code=code), from_at=NOON - DAY
        )
        assert sees(step, person) is may


def test_units_are_told_apart_by_whole_numbers(world):
    """Unit 1 is not above unit 11: the path is `/1/11/`, compared with its slashes."""
    root = Unit.objects.get(code="group")
    paths = list(Unit.objects.values_list("path", flat=True))
    assert all(path.startswith(f"/{root.pk}/") for path in paths)
    step = walk(world)
    tens = [pk for pk in Unit.objects.values_list("pk", flat=True) if pk >= 10]
    assert tens
    for pk in tens:
        person = User.objects.create(username=f"u{pk}")
        Grant.objects.create(user=person, role=Role.AUDITOR, unit_id=pk, from_at=NOON - DAY)
        assert sees(step, person) is (f"/{pk}/" in step.case.unit.path)


def test_whoever_has_work_on_it_sees_it(world):
    step = walk(world, "in_development")
    second = User.objects.create(username="second", unit=world["developer"].unit)
    Grant.objects.create(
        user=second, role=Role.DEVELOPER, unit=Unit.objects.get(code="group"), from_at=NOON - DAY
    )
    assign_task(task=step.task, to=second, actor=world["service_manager"], at=step.at)
    assert sees(step, second)
    assert sees(step, world["developer"])  # still work of their role
    step.world["second"] = second
    step.act("second", "hand_to_test")
    assert sees(step, second)
    assert not sees(step, world["developer"])  # had it once, and did nothing


def test_a_deputy_sees_while_the_absence_lasts(world):
    step = walk(world, "awaiting_approval")
    Absence.objects.create(
        user=world["owner"], deputy=world["pm"], from_at=NOON, to_at=step.at + DAY
    )
    assert sees(step, world["pm"])
    step.at += DAY
    assert not sees(step, world["pm"])


def test_a_deputy_who_did_the_work_keeps_sight_of_it(world):
    step = walk(world, "awaiting_approval")
    Absence.objects.create(
        user=world["owner"], deputy=world["pm"], from_at=NOON, to_at=step.at + DAY
    )
    step.act("pm", "approve")
    step.at += DAY
    assert sees(step, world["pm"])


def test_an_auditor_reads_and_follows_but_changes_nothing(world):
    step = walk(world)
    watch_case(case=step.case, actor=world["auditor"], at=NOON)
    with refused(NotAllowed):
        add_comment(case=step.case, body="noted", actor=world["auditor"], at=NOON)


def test_an_auditor_who_stands_in_for_the_requester_answers_for_them(world):
    step = walk(world, "returned")
    Absence.objects.create(user=world["requester"], deputy=world["auditor"], from_at=NOON)
    assert step.act("auditor", "answer").case.state == "assessing"


def test_a_watcher_sees_until_they_stop_watching(world):
    step = walk(world)
    let_watch(step, world["pm"])
    assert sees(step, world["pm"])
    unwatch_case(case=step.case, actor=world["pm"], at=NOON)
    assert not sees(step, world["pm"])


def test_a_superuser_sees_nothing_by_being_one(world):
    root = User.objects.create_superuser("root", unit=world["requester"].unit)
    assert not sees(walk(world), root)


@pytest.mark.parametrize("who", ["requester", "auditor", "desk"])
def test_a_disabled_account_sees_nothing(world, who):
    step = walk(world)
    User.objects.filter(username=who).update(is_active=False)
    assert not sees(step, User.objects.get(username=who))


def test_a_role_that_is_over_shows_nothing(world):
    step = walk(world)
    Grant.objects.filter(user=world["auditor"]).update(to_at=NOON)
    assert not sees(step, world["auditor"])


def test_the_rule_costs_one_query(world, django_assert_num_queries):
    step = walk(world)
    who = Actor.of(world["desk"], step.at)
    with django_assert_num_queries(1):
        list(Case.objects.visible_to(who))
