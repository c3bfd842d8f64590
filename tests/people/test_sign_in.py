"""Coming in: the second step, recovery codes, and how long a guesser waits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from people.models import Grant, User
from people.roles import Role
from tests.world import NOON

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def fresh() -> None:
    cache.clear()  # attempts are counted there, and codes that were used


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def guarded(db: None) -> User:
    """Somebody of a real installation, with an authenticator app and recovery codes."""
    user = User.objects.create_user("mei", password="right", language="en", welcomed_at=NOON)
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    totp.TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


def code_now() -> str:
    return totp.format_hotp_value(totp.hotp_value(SECRET, int(NOON.timestamp()) // 30))


def log_in(browser: Client, password: str = "right", address: str = "/login/") -> HttpResponse:
    answer: HttpResponse = browser.post(address, {"username": "mei", "password": password})
    return answer


def is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_a_password_alone_does_not_open_a_guarded_account(guarded: User, door: str) -> None:
    browser = Client()
    assert log_in(browser, address=door).url == "/login/second-step/"
    assert not is_in(browser)
    wanted = "/admin/" if "admin" in door else "/"
    landed = browser.post("/login/second-step/", {"code": code_now()})
    assert landed.status_code == 302
    assert landed.url in (wanted, "/")
    assert is_in(browser)


def test_a_recovery_code_opens_once(guarded: User) -> None:
    codes = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    code = codes.wrap().get_unused_codes()[0]
    for opens in (True, False):
        browser = Client()
        log_in(browser)
        browser.post("/login/second-step/", {"code": code})
        assert is_in(browser) is opens


def test_five_wrong_codes_then_a_wait_that_says_how_long(guarded: User) -> None:
    browser = Client()
    log_in(browser)
    pages = [browser.post("/login/second-step/", {"code": "000000"}) for _try in range(5)]
    assert [page.status_code for page in pages] == [200] * 4 + [429]
    # NOON is 10:00 in Shanghai; a quarter of an hour later is 10:15
    assert "at 10:15" in pages[-1].content.decode()
    assert browser.post("/login/second-step/", {"code": code_now()}).status_code == 429
    assert log_in(Client()).status_code == 429
    assert not is_in(browser)


def test_the_right_password_does_not_forgive_wrong_codes(guarded: User) -> None:
    for _round in range(5):
        browser = Client()
        log_in(browser)
        browser.post("/login/second-step/", {"code": "000000"})
    assert log_in(Client()).status_code == 429


def test_nobody_reaches_the_second_step_without_the_first(guarded: User) -> None:
    answer = Client().post("/login/second-step/", {"code": code_now()})
    assert answer.status_code == 302
    assert answer.url.startswith(("/login/", "/sign-in/"))


def test_a_wrong_password_keeps_the_name(guarded: User) -> None:
    page = log_in(Client(), "wrong").content.decode()
    assert 'value="mei"' in page


def test_an_app_is_set_up_after_showing_who_one_is(world: dict[str, User]) -> None:
    browser = Client()
    browser.force_login(world["tester"])
    asked = browser.get("/profile/app/add/")
    assert asked.url.startswith("/profile/again/password/")
    page = browser.post(asked.url, {"password": "demo"}, follow=True)
    secret = re.search(r'og-secret">(\w+)<', page.content.decode())
    assert secret
    code = totp.format_hotp_value(totp.hotp_value(secret[1], int(NOON.timestamp()) // 30))
    shown = browser.post("/profile/app/add/", {"code": code}, follow=True).content.decode()
    assert len(re.findall(r"<code>\d+</code>", shown)) == 10
    assert Authenticator.objects.filter(user=world["tester"]).count() == 2


def test_codes_and_keys_of_others_are_not_shown(world: dict[str, User], guarded: User) -> None:
    key = Authenticator.objects.create(user=guarded, type=Authenticator.Type.WEBAUTHN, data={})
    browser = Client()
    browser.force_login(world["tester"])
    browser.post("/profile/again/password/?next=/profile/", {"password": "demo"})
    assert browser.get("/profile/codes/").status_code == 404
    assert browser.post(f"/profile/passkeys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "address",
    ["/accounts/signup/", "/signup/", "/accounts/login/", "/password/reset/", "/accounts/email/"],
)
def test_nobody_signs_up_or_resets_by_themselves(db: None, address: str) -> None:
    assert Client().get(address).status_code == 404


def test_what_django_says_of_passwords_is_said_in_our_tone(db: None) -> None:
    with translation.override("zh-hans"):
        said = "".join(password_validators_help_texts())
    assert said.count("您的密码") == 4
    assert "你" not in said


def test_too_many_proofs_in_a_row_are_answered_in_the_shell(guarded: User) -> None:
    browser = Client()
    browser.force_login(guarded)
    for _ask in range(21):
        page = browser.post("/profile/again/password/", {"password": "right"})
    assert page.status_code == 429
    assert "og-rail" in page.content.decode()
    with time_machine.travel(NOON + timedelta(minutes=16), tick=False):
        page = browser.post("/profile/again/password/", {"password": "right"})
        assert page.status_code == 302


def test_an_administrator_lets_in_who_lost_everything(world: dict[str, User]) -> None:
    """But nobody takes the second step from a superuser who is none."""
    lost, root = (User.objects.create_user(name) for name in ("lost", "root"))
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    administrator = world["requester"]
    User.objects.filter(pk=administrator.pk).update(is_staff=True)
    Grant.objects.create(
        user=administrator, role=Role.ADMINISTRATOR, unit=administrator.unit,
        from_at=NOON - timedelta(days=1),
    )  # fmt: skip
    for person in (lost, root):
        totp.TOTP.activate(person, SECRET)
    browser = Client()
    browser.force_login(administrator)
    sent = {"action": "remove_second_steps", "_selected_action": [lost.pk, root.pk]}
    assert browser.post("/admin/people/user/", sent).status_code == 302
    assert Authenticator.objects.get().user == root
