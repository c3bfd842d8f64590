import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from agreements.actions import DATA, load_defaults, revise_standard
from agreements.china import china_days
from agreements.models import (
    Calendar,
    CalendarDay,
    CalendarVersion,
    Service,
    Standard,
    StandardVersion,
)
from agreements.queries import find_standards
from people.models import User
from tests.agreements.instants import at

pytestmark = pytest.mark.django_db

NOW = at("2026-03-02 10:00")


def test_catalogue_has_the_five_product_classes(defaults: None) -> None:
    classes = Service.objects.filter(kind=Service.Kind.PRODUCT_CLASS)
    assert [each.name for each in classes] == [
        "Application system services",
        "Platform system services",
        "Desktop services",
        "Company-level IT architecture design and IT technical norms",
        "IT operation reports",
    ]
    assert all(each.children.exists() for each in classes)
    assert not Service.objects.systems().exists()


def test_everything_shipped_is_bilingual_and_valid(defaults: None) -> None:
    for model in (Service, Calendar, CalendarVersion, Standard, StandardVersion):
        for row in model.objects.all():
            row.full_clean()
            assert getattr(row, "name_zh", True)
    assert not Service.objects.filter(standard_zh="").exists()


@pytest.mark.parametrize(
    ("case", "length", "calendar"),
    [
        ({"kind": "optimization", "metric": "response"}, "1 business day", "business-hours"),
        (
            {"kind": "optimization", "metric": "proposal", "size": "small"},
            "3 business days",
            "business-hours",
        ),
        (
            {"kind": "optimization", "metric": "proposal", "size": "standard"},
            "5 business days",
            "business-hours",
        ),
        ({"kind": "optimization", "metric": "proposal"}, "5 business days", "business-hours"),
        ({"kind": "optimization", "metric": "acceptance"}, "5 business days", "business-hours"),
        ({"kind": "fault", "metric": "response", "fault_class": "A"}, "15 minutes", "always"),
        ({"kind": "fault", "metric": "report", "fault_class": "A"}, "24 hours", "always"),
        (
            {"kind": "fault", "metric": "restore", "fault_class": "B"},
            "480 business minutes",
            "extended-hours",
        ),
        (
            {"kind": "fault", "metric": "restore", "fault_class": "C"},
            "3 business days",
            "business-hours",
        ),
        (
            {"kind": "desktop", "metric": "answer", "customer_class": "A"},
            "10 business minutes",
            "business-hours",
        ),
        ({"kind": "change", "metric": "decision"}, "2 business days", "business-hours"),
    ],
)
def test_shipped_standards(
    defaults: None, case: dict[str, str], length: str, calendar: str
) -> None:
    metric = case.pop("metric")
    found = find_standards(at=NOW, **case).get(metric)
    assert found is not None
    assert (found.describe(), found.calendar.code) == (length, calendar)
    assert not found.is_contractual
    assert found.warn_at == [50, 75, 90, 100, 150]


def test_delivery_is_by_agreed_date(defaults: None) -> None:
    assert find_standards(kind="optimization", at=NOW).get("delivery") is None


@pytest.mark.parametrize(
    ("code", "instant", "is_open"),
    [
        ("business-hours", "2026-03-02 11:59", True),
        ("business-hours", "2026-03-02 12:30", False),
        ("business-hours", "2026-03-02 17:59", True),
        ("business-hours", "2026-02-23 10:00", False),  # a Monday of the Spring Festival
        ("business-hours", "2026-02-28 10:00", True),  # a Saturday worked for it
        ("business-hours", "2026-10-10 10:00", True),  # a Saturday worked for National Day
        ("business-hours", "2026-02-21 10:00", False),  # a Saturday inside the holiday
        ("extended-hours", "2026-02-21 19:59", True),
        ("extended-hours", "2026-02-21 20:00", False),
        ("always", "2026-02-21 03:00", True),
    ],
)
def test_shipped_calendars(defaults: None, code: str, instant: str, is_open: bool) -> None:
    version = Calendar.objects.get(code=code).version_at(NOW)
    assert version.working_time().is_open(at(instant)) is is_open


def test_business_calendar_knows_its_holidays_to_the_end_of_2026(defaults: None) -> None:
    version = Calendar.objects.get(code="business-hours").version_at(NOW)
    assert version.is_known_on(date(2026, 12, 31))
    assert not version.is_known_on(date(2027, 1, 1))


def test_shipped_days_are_those_of_the_library() -> None:
    shipped = json.loads((DATA / "china_days.json").read_text(encoding="utf-8"))
    assert shipped == china_days(range(2024, 2027))


def test_weekend_days_inside_a_holiday_are_days_off() -> None:
    days = {day["date"]: day["kind"] for day in china_days([2026])}
    assert days["2026-02-21"] == days["2026-02-22"] == "off"
    assert days["2026-02-14"] == "work"


def test_loading_again_changes_nothing(defaults: None) -> None:
    def counts() -> list[int]:
        return [model.objects.count() for model in (Service, CalendarDay, StandardVersion)]

    before = counts()
    again = load_defaults()
    assert (again.made, counts()) == ([], before)


def test_loading_again_keeps_what_the_service_manager_changed(
    defaults: None, service_manager: User
) -> None:
    Service.objects.filter(code="desktop-services").update(name="Workplace services")
    response = Standard.objects.get(code="optimization-response")
    revise_standard(response, actor=service_manager, effective_from=NOW, amount=Decimal(2))
    Standard.objects.filter(code="fault-c-restore").update(is_active=False)
    load_defaults()
    assert Service.objects.get(code="desktop-services").name == "Workplace services"
    assert response.versions.count() == 2
    assert not Standard.objects.get(code="fault-c-restore").is_active


def test_command_says_what_it_did(db: None) -> None:
    first, second = StringIO(), StringIO()
    call_command("load_defaults", stdout=first, verbosity=2)
    call_command("load_defaults", stdout=second)
    assert "Loaded business-hours." in first.getvalue()
    assert second.getvalue().startswith("0 loaded, ")
