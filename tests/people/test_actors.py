"""What a person may do at one instant, and which customer class they are."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from people.actors import Actor, automation, customer_class_of, holders_of
from people.models import Absence, CustomerClass, Grant, Unit, User
from people.roles import Role
from tests.world import NOON

pytestmark = pytest.mark.engine

DAY = timedelta(days=1)


def unit(code):
    return Unit.objects.get(code=code)


def test_a_role_over_a_unit_holds_for_all_units_below(world):
    Grant.objects.create(
        user=world["pm"], role=Role.OPS_REVIEWER, unit=unit("east"), from_at=NOON - DAY
    )
    who = Actor.of(world["pm"], NOON)
    below = {one.code for one in Unit.objects.all() if who.has_role(Role.OPS_REVIEWER, one)}
    assert below == {"east", "shanghai", "suzhou"}


def test_a_unit_that_moves_takes_those_below_along(world):
    east = unit("east")
    east.parent = unit("south")
    east.save()
    assert unit("shanghai").lineage == [
        unit("group").pk, unit("south").pk, east.pk, unit("shanghai").pk,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (-1, None, True),
        (0, None, True),  # [from, to)
        (1, None, False),
        (-2, -1, False),
        (-1, 0, False),
        (-1, 1, True),
    ],
)
def test_a_role_has_dates(world, since, until, holds):
    Grant.objects.create(
        user=world["pm"], role=Role.TESTER, unit=unit("group"), from_at=NOON + since * DAY,
        to_at=None if until is None else NOON + until * DAY,
    )  # fmt: skip
    assert Actor.of(world["pm"], NOON).has_role(Role.TESTER, unit("it")) is holds


def test_an_own_role_comes_before_a_deputys(world):
    Absence.objects.create(user=world["tester"], deputy=world["pm"], from_at=NOON)
    who = Actor.of(world["pm"], NOON)
    assert who.hold(Role.TESTER, unit("it")).holder_id == world["tester"].pk
    Grant.objects.create(user=world["pm"], role=Role.TESTER, unit=unit("it"), from_at=NOON)
    who = Actor.of(world["pm"], NOON)
    assert who.hold(Role.TESTER, unit("it")).holder_id == world["pm"].pk


def test_superusers_hold_nothing_by_being_one(world):
    assert Actor.of(User.objects.create_superuser("root"), NOON).holds == ()


def test_whose_account_is_disabled_is_no_holder(world):
    User.objects.filter(username="desk").update(is_active=False)
    assert not holders_of(Role.SERVICE_DESK, unit("it"), NOON).exists()
    assert not Actor.of(User.objects.get(username="desk"), NOON).may_act


def test_the_system_is_one_person_nobody_can_log_in_as(world):
    system = automation()
    assert system == automation()
    assert not system.is_active
    assert Actor.of(system, NOON).may_act
    assert system.has_usable_password() is False or system.password == ""


def test_reading_an_actor_costs_two_queries(world, django_assert_num_queries):
    with django_assert_num_queries(2):
        Actor.of(world["desk"], NOON)


@pytest.mark.parametrize(
    ("classes", "grade"),
    [
        ([], "B"),
        ([("finance", "A")], "A"),
        ([("group", "A")], "A"),
        ([("group", "A"), ("finance", "B")], "B"),  # the nearest unit counts
        ([("finance", "B"), ("requester", "A")], "A"),  # the person's own before any unit's
        ([("sales", "A")], "B"),
    ],
)
def test_the_nearest_customer_class_counts(world, classes, grade):
    for name, given in classes:
        whose = {"user": world[name]} if name in world else {"unit": unit(name)}
        CustomerClass.objects.create(grade=given, from_at=NOON - DAY, **whose)
    assert customer_class_of(world["requester"], NOON) == grade


def test_a_customer_class_has_dates(world):
    CustomerClass.objects.create(grade="A", user=world["requester"], from_at=NOON - DAY, to_at=NOON)
    assert customer_class_of(world["requester"], NOON - timedelta(seconds=1)) == "A"
    assert customer_class_of(world["requester"], NOON) == "B"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda world: Absence(user=world["pm"], deputy=world["pm"], from_at=NOON),
        lambda world: Absence(user=world["pm"], deputy=world["desk"], from_at=NOON, to_at=NOON),
        lambda world: CustomerClass(grade="A", from_at=NOON),
        lambda world: CustomerClass(
            grade="A", from_at=NOON, user=world["pm"], unit=world["pm"].unit
        ),
    ],
    ids=["own deputy", "ends as it begins", "of nobody", "of a person and a unit"],
)
def test_the_database_refuses_what_cannot_be(world, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        wrong(world).save()
