from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import translation

from agreements.actions import revise_standard
from agreements.models import Calendar, CalendarVersion, Service, Standard, StandardVersion
from agreements.queries import find_standards
from agreements.worktime import WorkingTime
from people.models import User
from tests.agreements.instants import at

pytestmark = pytest.mark.django_db

OFFICE = WorkingTime(
    "Asia/Shanghai", {day: [("09:00", "12:00"), ("13:00", "18:00")] for day in range(5)}
)
START = at("2026-01-01")
codes = count()


@pytest.fixture
def calendar() -> Calendar:
    return Calendar.objects.create(code="office", name="Office")


@pytest.fixture
def erp() -> Service:
    group = Service.objects.create(code="group", kind="product_class", name="Applications")
    return Service.objects.create(code="erp", kind="system", name="ERP", parent=group)


def promise(calendar: Calendar, *, amount: str = "1", **columns: object) -> StandardVersion:
    standard = Standard.objects.create(
        code=f"standard-{next(codes)}", name="Promise", **({"metric": "response"} | columns)
    )
    return StandardVersion.objects.create(
        standard=standard,
        number=1,
        amount=amount,
        unit="business_hours",
        calendar=calendar,
        effective_from=START,
    )


@pytest.mark.parametrize(
    ("amount", "unit", "start", "budget"),
    [
        ("4", "business_hours", "2026-03-02 10:00", timedelta(hours=4)),
        ("1.5", "business_hours", "2026-03-07 10:00", timedelta(hours=1.5)),
        ("30", "business_minutes", "2026-03-02 10:00", timedelta(minutes=30)),
        ("15", "wall_minutes", "2026-03-02 10:00", timedelta(minutes=15)),
        ("24", "wall_hours", "2026-03-02 10:00", timedelta(hours=24)),
        # Monday 10:00 to Tuesday 10:00 = 2 + 5 h on Monday, 1 h on Tuesday.
        ("1", "business_days", "2026-03-02 10:00", timedelta(hours=8)),
        ("3", "business_days", "2026-03-05 10:00", timedelta(hours=24)),
        # Friday evening, Saturday and Monday 08:00 all count from Monday 09:00.
        ("1", "business_days", "2026-03-06 20:00", timedelta(hours=8)),
        ("1", "business_days", "2026-03-07 10:00", timedelta(hours=8)),
        ("1", "business_days", "2026-03-09 08:00", timedelta(hours=8)),
    ],
)
def test_budget_is_working_time(amount: str, unit: str, start: str, budget: timedelta) -> None:
    version = StandardVersion(amount=Decimal(amount), unit=unit)
    hours = WorkingTime.always() if unit.startswith("wall") else OFFICE
    assert version.budget(at(start), hours) == budget


def test_filing_later_is_never_due_earlier() -> None:
    version = StandardVersion(amount=Decimal(1), unit="business_days")
    starts = [at("2026-03-05 00:00") + timedelta(minutes=30 * n) for n in range(7 * 48)]
    due = [OFFICE.add(start, version.budget(start, OFFICE)) for start in starts]
    assert due == sorted(due)


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        ("1.00", "business_days", "1 business day"),
        ("10.00", "business_days", "10 business days"),
        ("4.00", "business_hours", "4 business hours"),
        ("1.50", "business_hours", "1.5 business hours"),
        ("30", "business_minutes", "30 business minutes"),
        ("1", "wall_hours", "1 hour"),
        ("15", "wall_minutes", "15 minutes"),
    ],
)
def test_standard_describes_itself(amount: str, unit: str, text: str) -> None:
    version = StandardVersion(amount=Decimal(amount), unit=unit)
    assert version.describe() == text


def test_standard_is_not_contractual_until_confirmed(calendar: Calendar) -> None:
    version = promise(calendar)
    assert version.standing == "default, not contractual"
    version.is_contractual = True
    version.save(update_fields=["is_contractual"])
    assert version.standing == "contractual"


def test_exact_match_beats_the_general_one(calendar: Calendar) -> None:
    general = promise(calendar)
    by_kind = promise(calendar, kind="fault")
    by_class = promise(calendar, kind="fault", fault_class="A")
    find = lambda **case: find_standards(at=START, **case).get("response")  # noqa: E731 - a table
    assert find(kind="request") == general
    assert find(kind="fault") == by_kind
    assert find(kind="fault", fault_class="B") == by_kind
    assert find(kind="fault", fault_class="A") == by_class


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("kind", "service"),
        ("service", "fault_class"),
        ("fault_class", "customer_class"),
        ("customer_class", "size"),
        ("size", "priority"),
    ],
)
def test_columns_decide_in_the_documented_order(
    calendar: Calendar, erp: Service, stronger: str, weaker: str
) -> None:
    case = {
        "kind": "fault",
        "service": erp,
        "fault_class": "A",
        "customer_class": "A",
        "size": "small",
        "priority": "high",
    }
    promise(calendar, **{weaker: case[weaker]})
    expected = promise(calendar, **{stronger: case[stronger]})
    assert find_standards(at=START, **case).get("response") == expected


def test_nearest_service_wins_and_others_do_not_match(calendar: Calendar, erp: Service) -> None:
    other = Service.objects.create(code="mail", kind="system", name="Mail", parent=erp.parent)
    for_group = promise(calendar, service=erp.parent)
    for_erp = promise(calendar, service=erp)
    find = lambda service: find_standards(kind="fault", service=service, at=START).get("response")  # noqa: E731 - a table
    assert find(erp) == for_erp
    assert find(other) == for_group
    assert find(None) is None


def test_no_standard_is_none(calendar: Calendar) -> None:
    promise(calendar, is_active=False)
    assert find_standards(kind="fault", at=START).get("response") is None
    assert find_standards(kind="fault", at=START).get("delivery") is None


def test_search_costs_one_query(
    calendar: Calendar, erp: Service, django_assert_num_queries
) -> None:
    promise(calendar, service=erp)
    with django_assert_num_queries(1):
        found = find_standards(kind="fault", service=erp, at=START).get("response")
        assert found is not None
        assert found.metric == "response"


def test_revision_counts_from_its_date_and_keeps_the_past(
    calendar: Calendar, service_manager: User
) -> None:
    before = promise(calendar, amount="8")
    change = at("2026-07-01")
    after = revise_standard(
        before.standard, actor=service_manager, effective_from=change, amount=Decimal(4)
    )
    find = lambda instant: find_standards(kind="", at=instant).get("response")  # noqa: E731 - a table
    assert find(change - timedelta(seconds=1)) == before
    assert find(change) == after
    assert (after.number, after.amount, after.unit) == (2, 4, "business_hours")


def test_recorded_length_does_not_change(calendar: Calendar) -> None:
    version = promise(calendar)
    version.save()
    version.amount = Decimal(2)
    with pytest.raises(ValidationError, match="Make a new one"):
        version.save()


def test_two_standards_never_fit_the_same_cases(calendar: Calendar, erp: Service) -> None:
    promise(calendar, kind="fault")
    promise(calendar, kind="fault", service=erp)
    for service in (None, erp):
        twin = Standard(code="twin", name="Twin", metric="response", kind="fault", service=service)
        with pytest.raises(ValidationError, match="already holds for these cases"):
            twin.full_clean()
    with pytest.raises(IntegrityError):
        promise(calendar, kind="fault")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": Decimal("0.5"), "unit": "business_days"}, "Business days are whole"),
        ({"amount": Decimal(0)}, "greater than or equal to 0.01"),
        ({"effective_to": START}, "must come after the start"),
        ({"warn_at": [75, 50]}, "Write rising percentages"),
        ({"warn_at": ["50"]}, "Write rising percentages"),
        ({"number": 1}, "version number is taken"),
        ({}, "End the version in force first"),
    ],
)
def test_senseless_version_is_refused(
    calendar: Calendar, fields: dict[str, object], message: str
) -> None:
    sense = {"number": 2, "amount": Decimal(1), "unit": "business_hours", "calendar": calendar}
    standard = promise(calendar).standard
    version = StandardVersion(standard=standard, **({**sense, "effective_from": START} | fields))
    with pytest.raises(ValidationError, match=message):
        version.full_clean()


def test_time_around_the_clock_needs_a_calendar_that_never_closes(calendar: Calendar) -> None:
    CalendarVersion.objects.create(
        calendar=calendar, number=1, weekly={"0": [["09:00", "17:00"]]}, published_at=START
    )
    standard = Standard.objects.create(code="x", name="x", metric="response")
    version = StandardVersion(
        standard=standard,
        number=1,
        amount=Decimal(1),
        unit="wall_hours",
        calendar=calendar,
        effective_from=START,
    )
    with pytest.raises(ValidationError, match="never closes"):
        version.full_clean()


def test_standard_speaks_chinese() -> None:
    with translation.override("zh-hans"):
        assert str(Standard(name="Response", name_zh="响应")) == "响应"
