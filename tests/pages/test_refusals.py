"""How pages say no where no view could answer: in the reader's language, and why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from people.models import User
from workflows import error_pages

CHINESE, ENGLISH = "zh-hans", "en"
UNCHANGED = "未做任何更改"
FILE = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\na\r\n--x--\r\n'


def reader(user: User, language: str) -> Client:
    client = Client(headers={"Accept-Language": language}, raise_request_exception=False)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def browser(world: dict[str, User]) -> Client:
    """Of somebody who reads Chinese."""
    return reader(world["requester"], CHINESE)


def said(answer, language=CHINESE) -> str:
    """Return the sentence of a page."""
    page = answer.content.decode()
    assert f'<html lang="{language}"' in page
    found = re.search(r'og-empty__text">([^<]+)<', page)
    assert found
    return found[1]


@pytest.mark.parametrize("path", ["/cases/", "/logout/", "/language/", "/inbox/"])
def test_who_calls_an_address_in_another_way_is_told_so(world, path):
    method = "GET" if path in ("/logout/", "/language/") else "POST"
    answer = reader(world["requester2"], ENGLISH).generic(method, path)
    assert answer.status_code == 405
    assert answer["Allow"]
    assert "nothing was changed" in said(answer, ENGLISH)


@pytest.mark.parametrize(
    ("address", "headers"),
    [("/cases/%00/", {}), ("/cases/?q=%00", {}), ("/cases/", {"Host": "evil.example"})],
)
def test_what_cannot_be_read_is_refused_in_the_readers_language(browser, address, headers):
    answer = browser.get(address, headers=headers)
    assert answer.status_code == 400
    assert UNCHANGED in said(answer)


@pytest.mark.parametrize("charset", ["idna", "utf-16", "gbk", "none", '"'])
@pytest.mark.parametrize("path", ["/new/optimization/", "/login/", "/language/"])
def test_a_form_with_files_is_read_in_utf_8_alone(browser, path, charset):
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    answer = browser.generic("POST", path, FILE, kind)
    assert answer.status_code == 400
    assert UNCHANGED in said(answer)


def test_a_form_with_files_may_say_that_it_is_in_utf_8(browser):
    kind = "multipart/form-data; boundary=x; charset=UTF-8"
    assert browser.generic("POST", "/new/optimization/", FILE, kind).status_code == 422


@pytest.mark.parametrize("version", ["²", "①", "१", "９", "-1", "9" * 5000, "\u202e1"])
def test_a_version_that_is_no_number_is_as_good_as_none(browser, world, version):
    answer = browser.post(
        "/new/optimization/",
        {"title": "x", "service": "erp", "wanted": "y", "urgency": "normal"},
    )
    page = f"{answer['Location']}do/withdraw/"
    answer = browser.post(page, {"reason": "x", "expected_version": version})
    assert answer.status_code == 302


def test_an_error_of_ours_speaks_the_readers_language(browser, monkeypatch):
    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setattr("workflows.inbox.counts", broken)
    answer = browser.get("/inbox/")
    assert answer.status_code == 500
    assert said(answer)


@pytest.mark.parametrize(("language", "word"), [("en", "Reference"), ("zh-hans", "编号")])
def test_a_breakdown_names_the_id_under_which_the_log_has_it(
    world: dict[str, User], language: str, word: str, settings: Any
) -> None:
    settings.ROOT_URLCONF = "tests.pages.breaking"
    browser = Client(raise_request_exception=False, headers={"Accept-Language": language})
    answer = browser.get("/breaks/", headers={"X-Request-ID": "9c5cbb7a5ac1476f9c5cbb7a5ac1476f"})
    assert answer.status_code == 500
    assert word in answer.content.decode()
    assert "9c5cbb7a5ac1476f9c5cbb7a5ac1476f" in answer.content.decode()


def test_who_may_not_is_told_what_and_who_gives_roles(world: dict[str, User]) -> None:
    browser = reader(world["requester2"], ENGLISH)
    filed = browser.post(
        "/new/optimization/",
        {"title": "x", "service": "erp", "wanted": "y", "urgency": "normal"},
    )
    answer = browser.post(f"{filed['Location']}do/pass_to_assessment/", {})
    assert answer.status_code == 403
    assert "is not yours to do here" in said(answer, ENGLISH)
    assert "administrators" in said(answer, ENGLISH)


def test_only_administrators_are_named_as_givers_of_roles(world: dict[str, User]) -> None:
    answer = reader(world["requester2"], ENGLISH).get("/office/people/")
    assert answer.status_code == 403
    assert "An administrator can give it to you" in said(answer, ENGLISH)
    givers = {name for name, one in world.items() if one.has_perm("people.add_grant")}
    assert givers == {"admin"}


def test_an_error_is_told_even_when_no_template_can_be_rendered(world, settings, monkeypatch):
    settings.ROOT_URLCONF = "tests.pages.breaking"

    def fails(*args, **kwargs):
        raise ValueError("no template today")

    monkeypatch.setattr(error_pages.loader, "render_to_string", fails)
    answer = Client(raise_request_exception=False).get("/breaks/")
    assert answer.status_code == 500
    assert "系统暂时无法使用" in answer.content.decode()
    assert "Reference: " in answer.content.decode()
