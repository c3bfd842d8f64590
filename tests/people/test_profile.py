"""What one keeps about oneself, the welcome, and the other roles of the demo world."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from auditlog.models import LogEntry
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.test import Client

from people.demo import PASSWORD
from people.models import Absence, ApiToken, User
from people.tokens import issue_token, owner_of
from tests.world import NOON

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def noon() -> None:
    cache.clear()
    with time_machine.travel(NOON, tick=False):
        yield


def browser_of(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(language="en")
    browser = Client()
    browser.force_login(user)
    return browser


# -- preferences ----------------------------------------------------------------------------------
def test_times_are_shown_in_the_zone_of_the_reader(world: dict[str, User]) -> None:
    browser = browser_of(world["tester"])
    sent = {"language": "en", "time_zone": "America/New_York", "has_single_key_shortcuts": "on"}
    assert browser.post("/profile/", sent).status_code == 302
    issue_token(user=world["tester"], name="clock")
    # NOON is 02:00 UTC; New York is five hours behind in November
    assert "T21:00-05:00" in browser.get("/profile/").content.decode()


@pytest.mark.parametrize("zone", ["Nowhere/Land", "../etc/passwd", "GMT+99"])
def test_a_zone_that_is_none_is_refused(world: dict[str, User], zone: str) -> None:
    browser = browser_of(world["tester"])
    sent = {"language": "en", "time_zone": zone}
    assert browser.post("/profile/", sent).status_code == 422
    assert User.objects.get(username="tester").time_zone == ""


def test_a_hint_is_shown_until_it_is_put_away_and_again_when_asked_for(world):
    browser, told = browser_of(world["tester"]), "what is due first on top"
    assert told in browser.get("/inbox/?view=queue").content.decode()
    sent = {"seen": "inbox", "next": "/inbox/?view=queue"}
    assert browser.post("/help/hints/", sent).url == "/inbox/?view=queue"
    assert told not in browser.get("/inbox/").content.decode()
    assert "og-tip__words" in browser.get("/cases/").content.decode()  # each page has its own
    assert browser.post("/help/hints/").url == "/help/"
    assert told in browser.get("/inbox/").content.decode()


def test_a_hint_that_is_none_is_not_kept_and_nobody_is_led_away(world):
    browser = browser_of(world["tester"])
    assert browser.post("/help/hints/", {"seen": "nonsense"}).status_code == 404
    sent = {"seen": "inbox", "next": "https://elsewhere.example/"}
    assert browser.post("/help/hints/", sent).url == "/help/"
    assert User.objects.get(username="tester").hints_put_away == ["inbox"]


def test_shortcuts_can_be_switched_off(world: dict[str, User]) -> None:
    browser_of(world["tester"]).post("/profile/", {"language": "zh-hans"})
    tester = User.objects.get(username="tester")
    assert (tester.has_single_key_shortcuts, tester.language) == (False, "zh-hans")


# -- absences -------------------------------------------------------------------------------------
def away(browser: Client, deputy: User, begin: str = "2026-11-24T09:00", end: str = "") -> str:
    sent = {"from_at": begin, "to_at": end, "deputy": deputy.pk, "reason": "leave"}
    answer = browser.post("/profile/absences/", sent, follow=True)
    return answer.content.decode()


def test_an_absence_is_entered_audited_and_ended(world: dict[str, User]) -> None:
    browser = browser_of(world["tester"])
    away(browser, world["developer"], begin="2026-11-23T09:00")
    absence = Absence.objects.get(user=world["tester"])
    assert LogEntry.objects.get_for_object(absence).get().actor == world["tester"]
    browser.post(f"/profile/absences/{absence.pk}/end/")
    absence.refresh_from_db()
    assert absence.to_at is not None


def test_an_absence_ahead_is_taken_back(world: dict[str, User]) -> None:
    browser = browser_of(world["tester"])
    away(browser, world["developer"])
    browser.post(f"/profile/absences/{Absence.objects.get().pk}/end/")
    assert not Absence.objects.exists()


def test_the_rules_of_absences_answer_in_sentences(world: dict[str, User]) -> None:
    browser = browser_of(world["tester"])
    assert "The end must come after the start." in away(
        browser, world["developer"], end="2026-11-24T08:00"
    )
    away(browser, world["developer"], end="2026-11-25T09:00")
    assert "This person is already away during that time." in away(browser, world["owner"])
    circle = away(browser_of(world["developer"]), world["tester"])
    assert "The deputies stand in for each other in a circle." in circle


def test_an_absence_is_entered_in_ones_own_name_and_ended_by_oneself(
    world: dict[str, User],
) -> None:
    absence = Absence.objects.create(
        user=world["owner"], deputy=world["developer"], from_at=NOON - DAY
    )
    browser = browser_of(world["tester"])
    assert browser.post(f"/profile/absences/{absence.pk}/end/").status_code == 404
    sent = {"from_at": "2026-11-24T09:00", "deputy": world["owner"].pk, "user": world["owner"].pk}
    browser.post("/profile/absences/", sent)
    assert Absence.objects.latest("pk").user == world["tester"]


# -- tokens ---------------------------------------------------------------------------------------
def test_a_token_is_shown_once_and_revoked(world: dict[str, User]) -> None:
    browser = browser_of(world["tester"])
    page = browser.post("/profile/tokens/", {"name": "builds", "scope": "gate"}).content.decode()
    secret = re.search(r'og-secret">([\w-]+)<', page)
    assert secret
    assert owner_of(secret[1], "gate") == world["tester"]
    assert secret[1] not in browser.get("/profile/").content.decode()
    browser.post(f"/profile/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert owner_of(secret[1], "gate") is None


def test_nobody_revokes_the_token_of_another(world: dict[str, User]) -> None:
    secret = issue_token(user=world["owner"], name="theirs")
    browser = browser_of(world["tester"])
    assert browser.post(f"/profile/tokens/{ApiToken.objects.get().pk}/revoke/").status_code == 404
    assert owner_of(secret, "everything") == world["owner"]


# -- the welcome ----------------------------------------------------------------------------------
@pytest.fixture
def newcomer(world: dict[str, User]) -> Client:
    User.objects.create_user("mei", password="right", language="en", unit=world["tester"].unit)
    browser = Client()
    sent = {"username": "mei", "password": "right", "next": "/cases/"}
    assert browser.post("/login/", sent).url == "/welcome/1/?next=%2Fcases%2F"
    return browser


def test_a_newcomer_is_welcomed_once_and_gets_where_they_wanted(newcomer: Client) -> None:
    second = newcomer.post("/welcome/1/?next=/cases/", {"language": "zh-hans"}).url
    third = newcomer.post(second, {"time_zone": "Europe/Berlin"}).url
    assert newcomer.post(third).url == "/cases/"
    mei = User.objects.get(username="mei")
    assert (mei.language, mei.time_zone, mei.welcomed_at) == ("zh-hans", "Europe/Berlin", NOON)
    newcomer.post("/logout/")
    sent = {"username": "mei", "password": "right"}
    assert newcomer.post("/login/", sent).url == "/"


def test_the_welcome_can_be_skipped(newcomer: Client) -> None:
    answer = newcomer.post("/welcome/1/", {"skip": "1", "next": "/cases/", "language": "zh-hans"})
    assert answer.url == "/cases/"
    mei = User.objects.get(username="mei")
    assert (mei.language, mei.welcomed_at) == ("en", NOON)


def test_the_welcome_leads_nowhere_else(newcomer: Client) -> None:
    answer = newcomer.post("/welcome/3/", {"next": "https://evil.example/"})
    assert answer.url == "/"
    assert newcomer.get("/welcome/4/").status_code == 404


def test_people_of_the_demo_world_are_not_asked(world: dict[str, User]) -> None:
    sent = {"username": "tester", "password": PASSWORD}
    assert Client().post("/login/", sent).url == "/"


# -- see it as ------------------------------------------------------------------------------------
def test_a_person_of_the_demo_world_becomes_another_in_one_press(world: dict[str, User]) -> None:
    browser = browser_of(world["service_manager"])
    before = browser.session.session_key
    assert 'value="requester"' in browser.get("/cases/").content.decode()
    page = browser.post("/see-as/", {"username": "requester", "next": "/cases/"}, follow=True)
    assert page.redirect_chain == [("/cases/", 302)]
    assert page.context["user"] == world["requester"]
    assert browser.session.session_key != before
    assert page.context["user"].language == "en"  # whoever looks reads on in their language


def test_who_may_not_see_the_page_lands_at_home(world: dict[str, User]) -> None:
    browser = browser_of(world["service_manager"])
    sent = {"username": "requester", "next": "/cases/OPT-2026-99999/"}
    page = browser.post("/see-as/", sent, follow=True)
    assert page.status_code == 200
    assert [to for to, _status in page.redirect_chain][:2] == ["/cases/OPT-2026-99999/", "/"]


def test_nobody_of_a_real_installation_becomes_anybody(world: dict[str, User]) -> None:
    real = User.objects.create_user("mei", email="mei@example.com", welcomed_at=NOON)
    browser = browser_of(real)
    assert "see-as" not in browser.get("/cases/").content.decode()
    assert browser.post("/see-as/", {"username": "admin"}).status_code == 404
    assert browser.get("/profile/").context["user"] == real


@pytest.mark.parametrize(
    "change",
    [
        {"password": make_password("their own")},
        {"email": "admin@example.com"},
        {"is_active": False},
        {"username": "administrator"},
    ],
)
def test_nor_does_anybody_become_a_real_person(world: dict[str, User], change: dict) -> None:
    """Whoever took over an account of the demo world for themselves is no longer of it."""
    User.objects.filter(username="admin").update(**change)
    browser = browser_of(world["requester"])
    for name in ("admin", "administrator", "mei", ""):
        assert browser.post("/see-as/", {"username": name}).status_code in (404, 403)
    assert browser.get("/profile/").context["user"] == world["requester"]


def test_a_visitor_becomes_nobody(world: dict[str, User]) -> None:
    assert Client().post("/see-as/", {"username": "admin"}).url.startswith("/login/")
    assert browser_of(world["requester"]).get("/see-as/").status_code == 405
