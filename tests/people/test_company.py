"""The company account (OpenID Connect), against a provider that runs here for the test."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from pytest_django import Settings

from people.models import User

KEY = "a key that only the provider of this test knows, long enough"


class Provider(HTTPServer):
    """A provider that lets everybody in as `person`."""

    person: dict[str, Any] = {}

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def _send(self, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        issuer = self.server.issuer
        self._send(
            self.server.person
            if self.path == "/userinfo"
            else {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        sent = parse_qs(self.rfile.read(length).decode())
        assert sent["client_secret"] == ["kept"]
        assert sent["code_verifier"]
        claims = {"iss": self.server.issuer, "aud": "opsgate", "iat": 1, "exp": 9999999999}
        token = jwt.encode({**claims, **self.server.person}, KEY, algorithm="HS256")
        self._send({"access_token": "t", "token_type": "Bearer", "id_token": token})

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with Provider(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app = {
            "provider_id": "company", "name": "Example AD", "client_id": "opsgate",
            "secret": "kept", "settings": {"server_url": server.issuer},
        }  # fmt: skip
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
        }
        yield server
        server.shutdown()


@pytest.fixture
def mei(db: None) -> User:
    return User.objects.create_user("mei", email="mei@example.com", language="en")


def come_back(provider: Provider, **person: Any) -> tuple[Client, str]:
    """Go to the provider and come back as `person`; return the browser and where it was led."""
    provider.person = {"sub": "4711", **person}
    browser = Client()
    page = browser.post("/login/company/", {"next": "/cases/"}).content.decode()
    there = re.search(r'href="(http://127[^"]+)"', page)
    assert there
    asked = parse_qs(urlsplit(there[1].replace("&amp;", "&")).query)
    sent = {"code": "c", "state": asked["state"][0]}
    return browser, browser.get("/login/company/callback/", sent).headers["Location"]


def who(browser: Client) -> str:
    found: str = browser.get("/profile/").context["user"].username if _is_in(browser) else ""
    return found


def _is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


def test_a_verified_address_opens_the_account_and_is_linked_for_good(
    provider: Provider, mei: User
) -> None:
    browser, landed = come_back(provider, email="Mei@example.com", email_verified=True)
    assert "next=%2Fcases%2F" in landed  # by the welcome, for this is the first time
    assert who(browser) == "mei"
    User.objects.filter(pk=mei.pk).update(email="moved@example.com")
    assert who(come_back(provider, email="x@example.com", email_verified=False)[0]) == "mei"
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize(
    "person",
    [
        {"email": "mei@example.com"},
        {"email": "mei@example.com", "email_verified": False},
        {"email": "mei@example.com", "email_verified": "false"},
        {"preferred_username": "mei"},
        {"email": "", "email_verified": True},
        {"email": "other@example.com", "email_verified": True, "preferred_username": "mei"},
    ],
)
def test_what_anybody_can_claim_opens_nothing(
    provider: Provider, mei: User, settings: Settings, person: dict[str, Any]
) -> None:
    for new_people in (False, True):
        settings.OIDC_NEW_PEOPLE = new_people
        browser, _landed = come_back(provider, **person)
        assert who(browser) != "mei"


def test_an_address_of_two_people_opens_neither(provider: Provider, mei: User) -> None:
    User.objects.create_user("mei2", email="MEI@example.com")
    browser, landed = come_back(provider, email="mei@example.com", email_verified=True)
    assert (who(browser), landed) == ("", "/login/")


def test_who_is_disabled_stays_out(provider: Provider, mei: User) -> None:
    come_back(provider, email="mei@example.com", email_verified=True)
    User.objects.filter(pk=mei.pk).update(is_active=False)
    browser, landed = come_back(provider, email="mei@example.com", email_verified=True)
    assert (who(browser), landed) == ("", "/login/")
    assert "not in use any more" in browser.get(landed).content.decode()


def test_a_house_that_assigns_names_may_trust_them(
    provider: Provider, mei: User, settings: Settings
) -> None:
    settings.OIDC_TRUST_USERNAMES = True
    assert who(come_back(provider, preferred_username="mei")[0]) == "mei"


def test_somebody_new_is_sent_to_an_administrator(provider: Provider, mei: User) -> None:
    browser, landed = come_back(provider, preferred_username="li", name="Li Na")
    assert "Ask an administrator" in browser.get(landed).content.decode()
    assert not User.objects.filter(username="li").exists()


def test_or_is_made_a_requester_without_roles(
    provider: Provider, mei: User, settings: Settings
) -> None:
    settings.OIDC_NEW_PEOPLE = True
    person = {"preferred_username": "li", "name": "Li Na", "email": "li@example.com"}
    browser, landed = come_back(provider, **person)
    assert landed.startswith("/welcome/1/")
    made = User.objects.get(username="li")
    assert (who(browser), str(made), made.email, made.is_staff) == ("li", "Li Na", "", False)
    assert not made.grants.exists()
    assert not made.has_usable_password()


def test_a_state_nobody_asked_for_is_refused(provider: Provider, mei: User) -> None:
    answer = Client().get("/login/company/callback/", {"code": "c", "state": "made-up"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/")


def test_a_provider_that_does_not_answer_is_said_so(
    db: None, provider: Provider, settings: Settings
) -> None:
    app = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]
    app["settings"]["server_url"] = "http://127.0.0.1:9"
    page = Client().post("/login/company/", follow=True)
    assert "does not answer" in page.content.decode()


def test_without_configuration_there_is_no_such_way(db: None) -> None:
    assert "company" not in Client().get("/login/").content.decode()
    assert Client().post("/login/company/").status_code == 404
    assert Client().get("/login/company/callback/").status_code == 404
