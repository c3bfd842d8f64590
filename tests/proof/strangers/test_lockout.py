"""Guessing passwords: five tries, then a wait; and nothing says whose name is known."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from people.actors import automation
from people.models import User
from tests.proof.strangers.town import NOW, Town

DOORS = ["/login/", "/admin/login/"]
HERE, NEXT_DOOR = "192.0.2.1", "198.51.100.7"


def attempt(
    username: str, password: str = "wrong", *, door: str = "/login/", address: str = HERE,
    forwarded: str = "",
) -> HttpResponse:  # fmt: skip
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    sent = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address).post(door, sent, headers=headers)


def comes_in(username: str, **more: str) -> bool:
    answer = attempt(username, "right", **more)
    assert answer.status_code in (302, 429, 200)
    return answer.status_code == 302


@pytest.mark.parametrize("door", DOORS)
def test_the_sixth_try_is_locked_even_with_the_right_password(town: Town, door: str) -> None:
    first = [attempt("root", door=door).status_code for _try in range(4)]
    assert first == [200] * 4
    attempt("root", door=door)
    sixth = attempt("root", "right", door=door)
    assert sixth.status_code == 429
    assert "sessionid" not in sixth.cookies
    assert "Too many failed attempts" in sixth.content.decode()


def test_four_wrong_tries_lock_nobody(town: Town) -> None:
    for _try in range(4):
        attempt("root")
    assert comes_in("root")


def test_the_neighbour_behind_the_same_address_comes_in(town: Town) -> None:
    for _try in range(6):
        attempt("root")
    assert comes_in("colleague")
    assert not comes_in("root")


def test_the_same_person_comes_in_from_elsewhere(town: Town) -> None:
    """Nobody keeps a person out from far away."""
    for _try in range(6):
        attempt("root")
    assert comes_in("root", address=NEXT_DOOR)


def test_the_lock_of_one_door_is_the_lock_of_the_other(town: Town) -> None:
    for _try in range(6):
        attempt("root", door="/login/")
    assert not comes_in("root", door="/admin/login/")


def test_after_a_quarter_of_an_hour_one_may_try_again(town: Town) -> None:
    for _try in range(6):
        attempt("root")
    with time_machine.travel(NOW + timedelta(minutes=14), tick=False):
        assert not comes_in("root")
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        assert comes_in("root")


def test_coming_in_forgets_the_tries_before(town: Town) -> None:
    for _round in range(3):
        for _try in range(4):
            attempt("root")
        assert comes_in("root")


@pytest.mark.parametrize("spelling", ["root ", " root", "\uff52\uff4f\uff4f\uff54"])
def test_another_spelling_of_a_name_gives_no_further_tries(town: Town, spelling: str) -> None:
    """What the form reads as the same name is counted as the same name."""
    for _try in range(5):
        attempt(spelling)
    assert not comes_in("root")


def test_an_address_that_the_client_made_up_gives_no_further_tries(
    town: Town, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 0
    for number in range(6):
        attempt("root", forwarded=f"203.0.113.{number}")
    assert not comes_in("root", forwarded="203.0.113.99")


def test_behind_a_proxy_only_what_the_proxy_wrote_counts(town: Town, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    for number in range(6):
        attempt("root", forwarded=f"203.0.113.{number}, {HERE}", address="10.0.0.1")
    assert not comes_in("root", forwarded=f"203.0.113.99, {HERE}", address="10.0.0.1")
    assert comes_in("root", forwarded=f"{HERE}, {NEXT_DOOR}", address="10.0.0.1")


# -- whose name is known -------------------------------------------------------------------------
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def said(username: str, password: str, door: str) -> tuple[int, str]:
    """Return status and page, without what differs in any case: name and form token."""
    answer = attempt(username, password, door=door)
    page = CSRF.sub("", answer.content.decode()).replace(username, "NAME")
    return answer.status_code, page


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("tries", [1, 6])
def test_no_answer_tells_whether_a_name_is_known(town: Town, door: str, tries: int) -> None:
    """Wrong password, no such person, a disabled one, and the system itself; locked or not."""
    automation()
    asked = [("root", "wrong"), ("nobody", "wrong"), ("disabled", "right"), ("automation", "x")]
    for _try in range(tries - 1):
        for username, password in asked:
            attempt(username, password, door=door)
    answers = {said(username, password, door) for username, password in asked}
    assert len(answers) == 1
    assert answers.pop()[0] == (429 if tries == 6 else 200)


def test_the_back_office_does_not_tell_staff_from_others(town: Town) -> None:
    """A right password of somebody who is no staff is answered as a wrong one."""
    door = "/admin/login/"
    assert said("colleague", "right", door) == said("colleague", "wrong", door)


def test_the_way_in_names_nobody_outside_the_demo_world(town: Town) -> None:
    User.objects.update(email="")
    page = Client().get("/login/").content.decode()
    names = User.objects.values_list("username", flat=True)
    assert not [name for name in names if f'value="{name}"' in page]
