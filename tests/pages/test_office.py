"""The back office in the shell: what it does, and to whom it says no."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agreements.actions import draft_version, import_holidays
from agreements.models import Calendar, CalendarVersion, Standard
from people.models import ApiToken, User
from people.tokens import issue_token
from tests.changes.walking import walk
from tests.world import NOON
from workflows.models import Beat, Outbox

BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGES = [
    "", "people/", "people/new/", "calendars/", "calendars/business-hours/?preview=1",
    "calendars/business-hours/try/", "standards/", "standards/optimization-response/?preview=1",
    "services/", "messages/", "messages/?show=waiting", "webhooks/", "tokens/", "health/", "audit/",
]  # fmt: skip


def browser(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user, BACKEND)
    return client


@pytest.fixture
def admin(world) -> Client:
    """An administrator by role, no superuser."""
    User.objects.filter(pk=world["admin"].pk).update(is_superuser=False)
    return browser(world["admin"])


@pytest.fixture
def manager(world) -> Client:
    return browser(world["service_manager"])


def give_up(world, number: int) -> None:
    at = timezone.now()
    Outbox.objects.bulk_create(
        Outbox(
            key=f"lost:{time}:{Outbox.objects.count()}", topic="work", recipient=world["desk"],
            created_at=at, next_try_at=at, dead_at=at, attempts=12, last_error="no such mailbox",
        )
        for time in range(number)
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_superuser_with_the_role_reads_every_page(world, page):
    assert browser(world["admin"]).get(f"/office/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_strangers_log_in_and_people_without_the_permission_are_refused(world, page):
    answer = Client().get(f"/office/{page}")
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/login/")
    assert browser(world["requester"]).get(f"/office/{page}").status_code == 403


def test_open_work_of_a_person_names_only_cases_one_may_see(world, admin, manager):
    step = walk(world, "triage")
    task = step.case.tasks.get(status="claimed")
    address = f"/office/people/{task.assignee_id}/"
    for reader, is_named in ((manager, True), (admin, False)):
        shown = reader.get(address).content.decode()
        assert (step.case.number in shown) == is_named
        assert ("1 task of a case you may not see" in shown) != is_named


def test_an_administrator_gives_a_role_and_ends_it(world, admin):
    tester, unit = world["tester"], world["admin"].unit
    page = f"/office/people/{tester.pk}/"
    sent = {"do": "role", "role": "analyst", "unit": unit.pk}
    assert admin.post(page, sent).status_code == 302
    grant = tester.grants.get(role="analyst")
    assert admin.post(page, sent).status_code == 422
    assert admin.post(page, {"do": "end_role", "key": grant.pk}).status_code == 302
    grant.refresh_from_db()
    assert grant.to_at is not None
    logged = LogEntry.objects.get_for_object(grant)
    assert {entry.actor for entry in logged} == {world["admin"]}


def test_a_service_manager_enters_absences_and_gives_no_roles(world, manager):
    page, at = f"/office/people/{world['tester'].pk}/", timezone.now() + timedelta(days=1)
    away = {"do": "absence", "deputy": world["desk"].pk, "from_at": f"{at:%Y-%m-%dT%H:%M}"}
    assert manager.post(page, away).status_code == 302
    assert world["tester"].absences.count() == 1
    role = {"do": "role", "role": "administrator", "unit": world["desk"].unit.pk}
    assert manager.post(page, role).status_code == 403


def test_nobody_but_a_superuser_changes_a_superuser(world):
    User.objects.filter(pk=world["tester"].pk).update(is_superuser=True)
    User.objects.filter(pk=world["admin"].pk).update(is_superuser=False)
    page = f"/office/people/{world['tester'].pk}/"
    assert browser(world["admin"]).post(page, {"do": "switch"}).status_code == 403


def test_a_person_is_added_with_a_first_password(world, admin):
    sent = {"do": "add", "username": "newcomer", "display_name": "New Comer", "language": "en"}
    assert admin.post("/office/people/new/", {**sent, "password": "123"}).status_code == 422
    assert (
        admin.post("/office/people/new/", {**sent, "password": "Quite-9-long"}).status_code == 302
    )
    assert User.objects.get(username="newcomer").check_password("Quite-9-long")


def test_the_due_time_is_shown_with_its_working(manager):
    asked = {"start": "2026-11-27T17:30", "amount": "2", "unit": "business_hours"}
    for headers in ({}, {"HX-Request": "true"}):
        page = manager.get("/office/calendars/business-hours/try/", asked, headers=headers)
        assert "2026-11-30 10:30" in page.content.decode()
    refused = manager.get("/office/calendars/business-hours/try/", {**asked, "amount": "x"})
    assert refused.context["workings"] is None


def test_a_due_time_beyond_the_known_holidays_says_so(manager):
    for day, expected in (("2026-11-27", False), ("2027-02-05", True)):
        asked = {"start": f"{day}T17:30", "amount": "4", "unit": "business_hours"}
        page = manager.get("/office/calendars/business-hours/try/", asked).content.decode()
        assert ("are not entered yet; it may be due later" in page) is expected


def test_the_days_of_a_calendar_are_not_too_many_to_be_sent(manager, settings):
    calendar = Calendar.objects.get(code="business-hours")
    draft = draft_version(calendar, actor=User.objects.get(username="service_manager"))
    page = manager.get(f"/admin/agreements/calendarversion/{draft.pk}/change/").content.decode()
    fields = page.count(' name="')
    assert 1000 < fields < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS / 4


def test_a_draft_is_filled_previewed_and_published(world, manager):
    page, calendar = "/office/calendars/business-hours/", Calendar.default()
    assert manager.post(page, {"do": "draft"}).status_code == 302
    assert manager.post(page, {"do": "draft"}).status_code == 422
    draft = calendar.versions.get(published_at__isnull=True)
    draft.days.filter(date__year=2026).delete()
    assert import_holidays(draft, year=2026, actor=world["service_manager"]) > 20
    assert manager.post(page, {"do": "import", "year": 2099}).status_code == 422
    nothing = "No running clock is due at another time."
    assert nothing in manager.get(f"{page}?version=2&preview=1").content.decode()
    assert manager.post(page, {"do": "publish"}).status_code == 302
    assert calendar.version_at(timezone.now()).number == 2


def test_a_preview_names_the_clocks_that_move_and_no_others(world, manager):
    step = walk(world)  # due within one business day
    address = "/office/calendars/business-hours/"
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        manager.post(address, {"do": "draft"})
        draft = Calendar.default().versions.get(published_at__isnull=True)
        shown = manager.get(f"{address}?version={draft.number}&preview=1").context["preview"]
        assert (shown["moves"], shown["rows"]) == (0, [])  # the draft is as the version in force
        draft.days.create(date=(NOON + timedelta(days=1)).date(), kind="off")
        answer = manager.get(f"{address}?version={draft.number}&preview=1")
    before = step.clock("response").due_at
    ((case, label, due, after, is_overdue),) = (
        (row.case.number, row.label, row.due_before, row.due_after, row.is_overdue_then)
        for row in answer.context["preview"]["rows"]
    )
    assert (case, label, due, is_overdue) == (step.case.number, "First response", before, False)
    assert after == before + timedelta(days=1)
    assert step.case.get_absolute_url() in answer.content.decode()


def test_a_preview_of_a_calendar_without_hours_says_so(world, manager):
    walk(world)
    address = "/office/calendars/business-hours/"
    manager.post(address, {"do": "draft"})
    CalendarVersion.objects.filter(published_at__isnull=True).update(weekly={})
    shown = manager.get(f"{address}?version=2&preview=1").content.decode()
    assert "nothing would ever be due by it" in shown


def test_a_figure_is_confirmed_and_revised_from_now_on(manager):
    page = "/office/standards/optimization-response/"
    standard = Standard.objects.get(code="optimization-response")
    assert manager.post(page, {"do": "confirm"}).status_code == 302
    assert manager.post(page, {"do": "confirm"}).status_code == 422
    figure = {"amount": "3", "unit": "business_days", "calendar": "business-hours"}
    assert manager.post(page, {"do": "preview", **figure}).context["proposal"]["moves"] == 0
    assert standard.versions.count() == 1
    past = {**figure, "effective_from": "2020-01-01T00:00"}
    assert manager.post(page, {"do": "revise", **past}).status_code == 422
    assert manager.post(page, {"do": "revise", **figure}).status_code == 302
    assert standard.versions.get(effective_to__isnull=True).amount == 3


def test_given_up_messages_are_tried_again_and_this_is_logged(world, manager):
    give_up(world, 3)
    first = Outbox.objects.dead().first()
    assert manager.post("/office/messages/", {"message": first.pk}).status_code == 302
    first.refresh_from_db()
    assert (first.dead_at, first.attempts, Outbox.objects.dead().count()) == (None, 0, 2)
    assert LogEntry.objects.get_for_object(first).get().actor == world["service_manager"]
    assert manager.post("/office/messages/", {"all": "1"}).status_code == 302
    assert not Outbox.objects.dead().exists()


def test_an_administrator_may_read_messages_and_not_retry_them(world, admin):
    give_up(world, 1)
    assert admin.get("/office/messages/").status_code == 200
    assert admin.post("/office/messages/", {"all": "1"}).status_code == 403


def test_a_token_is_revoked_once(world, admin, manager):
    issue_token(user=world["tester"], name="script")
    address = f"/office/tokens/{ApiToken.objects.get().pk}/revoke/"
    assert manager.post(address).status_code == 403
    assert admin.get(address).status_code == 405
    assert admin.post(address).status_code == 302
    assert ApiToken.objects.get().revoked_at is not None


def test_a_clock_that_stands_still_is_said_on_the_health_page(manager):
    Beat.done("sweep", timezone.now() - timedelta(hours=1))
    assert "The SLA clock stands still" in manager.get("/office/health/").content.decode()
    Beat.done("sweep", timezone.now())
    assert "The SLA clock is healthy" in manager.get("/office/health/").content.decode()


def test_what_is_not_in_order_is_said_where_the_back_office_begins(world, manager):
    Beat.done("sweep", timezone.now() - timedelta(hours=1))
    give_up(world, 2)
    hints = manager.get("/office/").context["hints"]
    assert hints[0].level == "bad"
    assert hints[0].text.startswith("SLA clock: The SLA clock stands still.")
    given_up = [hint for hint in hints if "messages were given up" in hint.text]
    assert [hint.url for hint in given_up] == ["/office/messages/"]
    Beat.done("sweep", timezone.now())
    Outbox.objects.all().delete()
    assert not any("clock" in hint.text for hint in manager.get("/office/").context["hints"])


@pytest.mark.parametrize("page", ["people/", "messages/", "audit/", "tokens/"])
def test_twice_the_rows_ask_no_more_of_the_database(world, manager, page):
    def asked(number: int) -> int:
        for _time in range(number):
            key = User.objects.count()
            user = User.objects.create(username=f"row{key}", unit=world["desk"].unit)
            issue_token(user=user, name="script")
        give_up(world, number)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert manager.get(f"/office/{page}").status_code == 200
        return len(queries)

    few = asked(5)
    assert asked(10) <= few


def test_the_log_says_what_changed_in_words(world, admin):
    page = f"/office/people/{world['tester'].pk}/"
    details = {"do": "details", "display_name": "Anna Nova", "email": "a@b.example"}
    admin.post(page, details)
    shown = re.sub(r"\s+", " ", admin.get("/office/audit/").content.decode())
    assert "<del>Anna Novak</del>" in shown
    assert "<ins>Anna Nova</ins>" in shown
