"""Another site cannot act for who is logged in here; a program with a token needs no form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from tests.proof.strangers import back_office
from tests.proof.strangers.routes import BODIES, Route, ask, patterns, routes
from tests.proof.strangers.test_safe import everything
from tests.proof.strangers.town import STRICT, Town
from workflows.models import Comment

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
PROBES = ("/healthz", "/readyz", "/metrics")
"""Answer every method alike, and change nothing."""
SECRET = "c" * 32
OURS = "http://testserver"


def strict(town: Town, role: str) -> Client:
    """Return a browser that is held to the rule, as every real one is."""
    return town.browser(role, handler=STRICT)


def guarded() -> Iterator[Route]:
    return (route for route in routes() if route.label not in PROBES)


def test_no_address_takes_what_another_site_makes_a_browser_send(town: Town) -> None:
    before = everything()
    for route in guarded():
        cache.clear()
        for method in UNSAFE:
            answer = ask(strict(town, "requester"), method, route, town.things["own"])
            assert answer.status_code == 403, f"{method} {route.label}"
    assert everything() == before


@pytest.mark.ignore_template_errors
def test_nor_does_the_back_office(town: Town) -> None:
    before = everything()
    for pattern in filter(back_office.label, patterns()):
        answer = strict(town, "superuser").post(back_office.address(pattern), {"post": "yes"})
        assert answer.status_code == 403, pattern
    assert everything() == before


@pytest.mark.parametrize("address", ["/login/", "/admin/login/", "/logout/", "/language/"])
def test_nobody_is_logged_in_or_out_by_another_site(town: Town, address: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(address, {"username": "colleague", "password": "right"})
    assert answer.status_code == 403
    assert settings.SESSION_COOKIE_NAME not in browser.cookies


def test_a_page_of_another_origin_is_refused_even_with_the_right_token(town: Town) -> None:
    address = f"/cases/{town.things['own'].number}/comment/"
    for origin, status in (("https://evil.example", 403), ("null", 403), (OURS, 302)):
        browser = strict(town, "requester")
        browser.cookies[settings.CSRF_COOKIE_NAME] = SECRET
        sent = {"body": "Hello", "csrfmiddlewaretoken": SECRET}
        assert browser.post(address, sent, headers={"origin": origin}).status_code == status
    assert Comment.objects.count() == 1


def test_a_token_in_the_address_is_no_token(town: Town) -> None:
    browser = strict(town, "requester")
    browser.cookies[settings.CSRF_COOKIE_NAME] = SECRET
    address = f"/cases/{town.things['own'].number}/comment/?csrfmiddlewaretoken={SECRET}"
    assert browser.post(address, {"body": "Hello"}).status_code == 403


def test_with_the_token_of_the_page_every_form_is_taken(town: Town) -> None:
    """The other side of the proof: what is refused above is refused for want of the token alone."""
    number = town.things["own"].number
    browser = strict(town, "requester")
    browser.cookies[settings.CSRF_COOKIE_NAME] = SECRET
    headers = {"X-CSRFToken": SECRET}
    page = browser.post(f"/cases/{number}/comment/", {"body": "a"}, headers=headers)
    by_api = browser.post(
        f"/api/v1/cases/{number}/comments/", {"body": "b"}, "application/json", headers=headers
    )
    assert (page.status_code, by_api.status_code) == (302, 201)


def test_a_program_with_a_token_needs_none_of_it(town: Town) -> None:
    posts = [route for route in guarded() if route.is_api and route.pattern in BODIES]
    assert len(posts) > 5
    for route in posts:
        answer = ask(strict(town, "token"), "POST", route, town.things["own"])
        assert answer.status_code in (200, 201, 403, 409), route.label
        assert "CSRF" not in answer.content.decode(), route.label
