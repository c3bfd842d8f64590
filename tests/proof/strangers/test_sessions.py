"""Sessions and tokens end when they should, at once and for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from people.models import ApiToken, User
from people.tokens import issue_token
from tests.proof.strangers.town import NOW, Town
from workflows.models import Event

COOKIE = settings.SESSION_COOKIE_NAME


def with_session(key: str) -> Client:
    browser = Client()
    browser.cookies[COOKIE] = key
    return browser


def is_in(key: str) -> bool:
    """Tell whether a page and the API let the session in."""
    page = with_session(key).get("/cases/").status_code
    program = with_session(key).get("/api/v1/cases/").status_code
    assert (page, program) in {(200, 200), (302, 401)}
    return page == 200


def log_in(username: str = "colleague", password: str = "right", **more: str) -> Client:
    browser = Client()
    answer = browser.post("/login/", {"username": username, "password": password, **more})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies[COOKIE].value


# -- sessions ------------------------------------------------------------------------------------
def test_a_session_ends_after_its_time(town: Town) -> None:
    key = key_of(log_in())
    last = timedelta(seconds=settings.SESSION_COOKIE_AGE)
    with time_machine.travel(NOW + last - timedelta(seconds=1), tick=False):
        assert is_in(key)
    with time_machine.travel(NOW + last + timedelta(seconds=1), tick=False):
        assert not is_in(key)


def after_the_session_ended(town: Town, method: str, address: str) -> HttpResponse:
    """Send a request with a session that is over, log in, and land where that leads."""
    browser = log_in("assignee")
    later = NOW + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    with time_machine.travel(later, tick=False):
        sent_away = browser.generic(method, address)
        assert sent_away.status_code == 302
        assert sent_away.url.startswith("/login/?next=")
        page = browser.get(sent_away.url)
        sent = {"username": "assignee", "password": "right", "next": page.context["next"]}
        landed: HttpResponse = browser.post("/login/", sent, follow=True)
        return landed


def test_who_logs_in_again_is_back_on_the_page(town: Town) -> None:
    address = f"/cases/{town.things['assigned'].number}/?from=mail"
    landed = after_the_session_ended(town, "GET", address)
    assert landed.redirect_chain == [(address, 302)]
    assert landed.status_code == 200


@pytest.mark.parametrize(
    "what", ["do/hand_to_test", "comment", "attach", "watch", "claim", "assign", "release"]
)
def test_who_was_sending_a_form_lands_on_its_case_and_nothing_was_done(
    town: Town, what: str
) -> None:
    thing = town.things["same unit" if what == "claim" else "assigned"]
    before = Event.objects.count()
    on_task = what in ("claim", "assign", "release")
    address = f"/tasks/{thing.task}/{what}/" if on_task else f"/cases/{thing.number}/{what}/"
    landed = after_the_session_ended(town, "POST", address)
    assert landed.status_code == 200
    ending = f"/cases/{thing.number}/" if "do/" not in what else address
    assert landed.redirect_chain[-1][0] == ending
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/", "//evil.example/", "///evil.example", "\\\\evil.example",
        "http:evil.example", "javascript:alert(1)", "/\\evil.example", " //evil.example",
        "https://testserver@evil.example/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("address", ["/login/", "/admin/login/", "/language/"])
def test_nobody_is_led_to_another_site(town: Town, address: str, elsewhere: str) -> None:
    sent = {"username": "root", "password": "right", "next": elsewhere, "language": "en"}
    answer = Client().post(address, sent)
    assert answer.status_code == 302
    assert answer.url in ("/", "/admin/")


def test_a_session_that_was_logged_out_lets_nobody_in_again(town: Town) -> None:
    browser = log_in()
    key = key_of(browser)
    assert is_in(key)
    browser.post("/logout/")
    assert not is_in(key)


def test_logging_in_gives_a_session_a_new_name(town: Town) -> None:
    """Who planted the old one does not know it."""
    browser = log_in("colleague")
    planted = key_of(browser)
    browser.cookies[COOKIE] = planted
    browser.post("/logout/")
    again = with_session(planted)
    again.post("/login/", {"username": "assignee", "password": "right"})
    assert key_of(again) != planted
    assert not is_in(planted)


def test_a_new_password_ends_every_other_session_at_once(town: Town) -> None:
    browser, elsewhere = log_in("root"), log_in("root")
    sent = {"old_password": "right", "new_password1": "Xq7!mmzz9", "new_password2": "Xq7!mmzz9"}
    assert browser.post("/admin/password_change/", sent).status_code == 302
    assert not is_in(key_of(elsewhere))
    assert is_in(key_of(browser))  # who changed it goes on


def test_a_password_set_by_an_administrator_ends_the_person_s_sessions(town: Town) -> None:
    key = key_of(log_in())
    person = User.objects.get(username="colleague")
    sent = {"password1": "Xq7!mmzz9", "password2": "Xq7!mmzz9", "usable_password": "true"}
    address = f"/admin/people/user/{person.pk}/password/"
    assert town.browser("administrator").post(address, sent).status_code == 302
    assert not is_in(key)


def test_who_is_disabled_is_out_at_once_everywhere(town: Town) -> None:
    key, token = key_of(log_in()), issue_token(user=town.people["same unit"], name="t")
    assert is_in(key)
    assert by_token(token) == 200
    User.objects.filter(username="colleague").update(is_active=False)
    assert not is_in(key)
    assert by_token(token) == 401


# -- tokens --------------------------------------------------------------------------------------
def by_token(token: str, scheme: str = "Bearer") -> int:
    return (
        Client().get("/api/v1/cases/", headers={"authorization": f"{scheme} {token}"}).status_code
    )


def test_a_revoked_token_is_worthless_at_once(town: Town) -> None:
    token = issue_token(user=town.people["same unit"], name="t")
    assert by_token(token) == 200
    call_command("apitoken", "colleague", "--revoke")
    assert by_token(token) == 401


@pytest.mark.parametrize("wrong", ["", " ", "x", "x" * 5000, "null", "\u4e2d", "' OR 1=1"])
def test_what_is_no_token_opens_nothing(town: Town, wrong: str) -> None:
    assert by_token(wrong) == 401
    assert by_token(wrong, scheme="Token") == 401


def test_what_the_database_keeps_of_a_token_opens_nothing(town: Town) -> None:
    issue_token(user=town.people["same unit"], name="t")
    assert {by_token(kept) for kept in ApiToken.objects.values_list("digest", flat=True)} == {401}


def test_a_wrong_token_is_not_helped_by_a_session(town: Town) -> None:
    browser = town.browser("requester")
    headers = {"authorization": "Bearer wrong"}
    assert browser.get("/api/v1/cases/", headers=headers).status_code == 401


def test_the_answer_to_a_token_does_not_tell_why_it_is_none(town: Town) -> None:
    """Unknown, revoked, or of a disabled person: the same words."""
    person = town.people["same unit"]
    revoked, disabled = (issue_token(user=person, name=name) for name in "ab")
    ApiToken.objects.filter(name="a").update(revoked_at=NOW)
    User.objects.filter(pk=person.pk).update(is_active=False)
    answers = {
        Client().get("/api/v1/cases/", headers={"authorization": f"Bearer {token}"}).content
        for token in (revoked, disabled, "unknown")
    }
    assert len(answers) == 1
