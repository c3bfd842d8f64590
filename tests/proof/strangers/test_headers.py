"""What every answer tells the browser: what may run in it, who may frame it, who may keep it."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.http import FileResponse, HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from pytest_django import Settings
from rest_framework.throttling import UserRateThrottle

from tests.config.test_settings import setting
from tests.proof.strangers.routes import ask, routes
from tests.proof.strangers.test_csrf import PROBES, strict
from tests.proof.strangers.town import Town

POLICY = {
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'self'",
    "form-action 'self'", "frame-ancestors 'none'",
}  # fmt: skip
OF_AN_UPLOAD = {"default-src 'none'", "sandbox"}
SAID = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip


def hold(answer: HttpResponse) -> None:
    """Hold what an answer carries against what every answer must carry."""
    policy = {part.strip() for part in answer.headers["Content-Security-Policy"].split(";")}
    is_upload = isinstance(answer, FileResponse) and "/export." not in answer.request["PATH_INFO"]
    assert policy == (OF_AN_UPLOAD if is_upload else POLICY)
    assert {name: answer.headers.get(name) for name in SAID} == SAID
    cached = {part.strip() for part in answer.headers["Cache-Control"].split(",")}
    assert "private" in cached
    assert cached & {"no-cache", "no-store"}
    assert "public" not in cached
    for name, cookie in answer.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] in ("Lax", "Strict"), name
    answer.close()


def test_every_page_and_every_answer_of_the_api_carries_them(town: Town) -> None:
    for route in routes():
        cache.clear()
        if route.label in PROBES:
            continue
        for role in ("requester", "anonymous"):
            for name in ("own", "none"):
                hold(ask(town.browser(role), "GET", route, town.things[name]))


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize("address", ["", "login/", "people/user/", "workflows/case/", "nowhere/"])
def test_so_do_the_pages_of_the_back_office(town: Town, address: str) -> None:
    hold(town.browser("superuser").get(f"/admin/{address}"))
    hold(Client().get(f"/admin/{address}"))


def trouble(town: Town, status: int) -> HttpResponse:
    """Return an answer of this status."""
    browser, own = strict(town, "requester"), town.things["own"].number
    free = town.browser("requester")
    asked: dict[int, Any] = {
        400: lambda: browser.get("/cases/", headers={"host": "evil.example"}),
        403: lambda: browser.post(f"/cases/{own}/comment/", {"body": "x"}),
        404: lambda: browser.get("/no/such/page/"),
        405: lambda: browser.get("/language/"),
        409: lambda: free.post(f"/tasks/{town.things['closed'].task}/claim/"),
        413: lambda: free.post(
            f"/api/v1/cases/{own}/comments/", {"body": "x" * 3_000_000}, "application/json"
        ),
        415: lambda: free.post(f"/api/v1/cases/{own}/comments/", "x", "text/plain"),
        422: lambda: free.post("/new/optimization/", {}),
    }
    found: HttpResponse = asked[status]()
    return found


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415, 422])
def test_so_do_refusals(town: Town, status: int) -> None:
    answer = trouble(town, status)
    assert answer.status_code == status
    hold(answer)


def test_so_does_too_much_at_once(town: Town) -> None:
    """More fields than a form can have: Django's own 400."""
    sent = {f"f{number}": "x" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    answer = town.browser("requester").post("/new/optimization/", sent)
    assert answer.status_code == 400
    hold(answer)


def test_so_does_the_lock_of_the_door(town: Town) -> None:
    answers = [Client().post("/login/", {"username": "x", "password": "x"}) for _try in range(6)]
    assert answers[-1].status_code == 429
    hold(answers[-1])


def test_so_does_the_limit_of_the_api(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRateThrottle, "allow_request", lambda self, request, view: False)
    monkeypatch.setattr(UserRateThrottle, "wait", lambda self: 1)
    answer = town.browser("requester").get("/api/v1/cases/")
    assert answer.status_code == 429
    hold(answer)


def test_so_does_a_page_that_broke(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflows.inbox.case_rows", lambda *args: 1 / 0)
    answer = town.browser("requester").get("/cases/")
    assert answer.status_code == 500
    hold(answer)


def test_so_does_a_file(town: Town) -> None:
    thing = town.things["own"]
    for address in ("/cases/{}/files/{}/", "/api/v1/cases/{}/attachments/{}/"):
        answer = town.browser("requester").get(address.format(thing.number, thing.attachment))
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        hold(answer)


def test_static_files_are_for_everybody_to_keep(settings: Settings, db: None) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    answer = Client().get("/static/opsgate/opsgate.js")
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" not in answer.headers.get("Cache-Control", "")
    answer.close()


def test_logging_in_sets_cookies_no_script_and_no_other_site_can_use(town: Town) -> None:
    browser = Client()
    browser.get("/login/")
    answer = browser.post("/login/", {"username": "colleague", "password": "right"})
    assert {"sessionid", "csrftoken"} <= set(browser.cookies)
    hold(answer)
    hold(browser.post("/language/", {"language": "zh-hans"}))


COOKIES = "SESSION_COOKIE", "CSRF_COOKIE", "LANGUAGE_COOKIE"


@pytest.mark.parametrize("https", ["true", "false"])
def test_under_https_no_cookie_travels_in_the_clear(https: str) -> None:
    names = [f"{name}_SECURE" for name in COOKIES]
    found = setting(f"[getattr(settings, name) for name in {names}]", HTTPS=https)
    assert found == [https == "true"] * 3


def test_under_https_every_answer_asks_for_https_for_a_year(settings: Settings, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    assert Client().get("/login/").headers["Location"] == "https://testserver/login/"
    answer = Client().get("/login/", secure=True)
    told = answer.headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"


# -- files ---------------------------------------------------------------------------------------
def test_a_file_is_reached_only_through_its_own_case(town: Town) -> None:
    """Every pair of a case one sees and a file of another case: nothing."""
    seen = [town.things[name] for name in ("own", "assigned", "closed")]
    hidden = [town.things[name] for name in ("same unit", "other unit")]
    browser = town.browser("requester")
    for address in ("/cases/{}/files/{}/", "/api/v1/cases/{}/attachments/{}/"):
        for case in [*seen, *hidden]:
            for file in [*seen, *hidden]:
                answer = browser.get(address.format(case.number, file.attachment))
                is_right = case is file and case in seen
                assert answer.status_code == (200 if is_right else 404)
                answer.close()


def test_no_address_leads_to_where_files_lie(town: Town, settings: Settings) -> None:
    from workflows.models import Attachment

    place = Attachment.objects.get(pk=town.things["own"].attachment).file.name
    settings.WHITENOISE_USE_FINDERS = True
    served = ClientHandler()  # serves static files
    root = str(settings.MEDIA_ROOT).lstrip("/")
    for start in (
        "", "media/", "attachments/", "files/", "uploads/", "var/attachments/", f"{root}/",
        "static/", "static/../", "static/%2e%2e/attachments/", "static/..%2fattachments/",
        "static//", "cases/files/",
    ):  # fmt: skip
        for role in ("requester", "superuser"):
            browser = town.browser(role, handler=served)
            assert browser.get(f"/{start}{place}").status_code == 404, start


@pytest.mark.parametrize(
    "secret", ["secret_key", "opsgate.sqlite3", "config/settings.py", "manage.py", ".git/config"]
)
def test_nothing_of_the_house_is_served(town: Town, settings: Settings, secret: str) -> None:
    settings.WHITENOISE_USE_FINDERS = True
    browser = town.browser("superuser", handler=ClientHandler())
    for start in ("", "static/", "static/../", "static/../../", "static/%2e%2e/%2e%2e/"):
        assert browser.get(f"/{start}{secret}").status_code == 404
