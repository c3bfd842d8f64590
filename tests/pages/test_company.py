"""Whom one calls to a case, what one pastes, and what the page shows of it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from people.models import User
from tests.changes.walking import walk
from workflows.models import Attachment, Watch
from workflows.prose import render

World = dict[str, User]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def case(world: World):  # type: ignore[no-untyped-def]  # of the kind's own model
    return walk(world).case


@pytest.fixture
def as_(world: World):  # type: ignore[no-untyped-def]  # a small factory
    def browser(name: str) -> Client:
        client = Client()
        client.force_login(world[name])
        return client

    return browser


def names(answer):
    return [person.username for person in answer.context["people"]]


def test_only_people_who_may_see_the_case_are_offered(case, as_):
    url = f"/cases/{case.number}/people/"
    found = names(as_("requester").get(url, {"q": ""}))
    assert found[0] == "requester"
    assert "desk" in names(as_("requester").get(url, {"q": "DES"}))
    assert "requester2" not in found + names(as_("requester").get(url, {"q": "requester2"}))
    assert as_("requester2").get(url).status_code == 404


def test_staff_ask_somebody_who_may_see_it_to_follow(case, as_, world):
    url = f"/cases/{case.number}/watchers/"
    assert as_("desk").post(url, {"watcher": "@analyst"}).status_code == 302
    assert as_("desk").post(url, {"watcher": "analyst"}).status_code == 302
    assert Watch.objects.get().user == world["analyst"]
    page = as_("analyst").get(f"/cases/{case.number}/")
    assert page.context["is_watching"]
    assert str(world["analyst"]) in page.content.decode()


@pytest.mark.parametrize(
    ("who", "watcher", "status"),
    [
        ("desk", "requester2", 422),  # following would let them see it
        ("desk", "nobody-of-this-name", 422),
        ("desk", "", 422),
        ("requester", "desk", 403),
        ("requester2", "desk", 404),
    ],
)
def test_nobody_is_let_in_by_following(case, as_, who, watcher, status):
    answer = as_(who).post(f"/cases/{case.number}/watchers/", {"watcher": watcher})
    assert answer.status_code == status
    assert not Watch.objects.exists()


def test_a_pasted_picture_is_attached_and_shown_to_who_may_see_the_case(case, as_):
    picture = SimpleUploadedFile("屏幕 [1].png", PNG)
    answer = as_("requester").post(f"/cases/{case.number}/paste/", {"attachments": picture})
    url = f"/cases/{case.number}/files/{Attachment.objects.get().pk}/image/"
    assert answer.json() == {"text": f"![屏幕 1.png]({url})"}
    assert f'<img src="{url}" alt="屏幕 1.png"' in render(answer.json()["text"])
    shown = as_("desk").get(url)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert shown["Content-Disposition"] == "inline"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert as_("requester2").get(url).status_code == 404


def test_what_is_no_picture_is_never_shown(case, as_):
    other = SimpleUploadedFile("a.txt", b"<script>alert(1)</script>")
    answer = as_("requester").post(f"/cases/{case.number}/paste/", {"attachments": other})
    pk = Attachment.objects.get().pk
    assert answer.json() == {"text": f"[a.txt](/cases/{case.number}/files/{pk}/)"}
    assert as_("desk").get(f"/cases/{case.number}/files/{pk}/image/").status_code == 404


def test_a_refused_paste_says_why(case, as_):
    other = SimpleUploadedFile("a.png", b"no picture")
    answer = as_("requester").post(f"/cases/{case.number}/paste/", {"attachments": other})
    assert answer.status_code == 422
    assert "a.png" in answer.json()["said"]
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example/x.png", "//evil.example/x.png", "/logout/", "data:image/png;base64,x",
        "/cases/REQ-2026-00001/files/1/image/?x", "/cases/../files/1/image/",
    ],
)  # fmt: skip
def test_no_other_picture_is_fetched(source):
    html = render(f"![words]({source})")
    assert "<img" not in html
    assert "words" in html


def test_the_promise_follows_what_is_chosen(as_, world):
    browser = as_("requester")
    said = {
        urgency: browser.get("/new/optimization/promise/", {"urgency": urgency}).context["promise"]
        for urgency in ("normal", "high", "nonsense")
    }
    assert said["normal"] == said["nonsense"] != ""
    assert browser.get("/new/nothing/promise/").status_code == 404


def test_the_diagram_has_a_page_and_words(case, as_):
    page = as_("requester").get(f"/cases/{case.number}/chart/")
    assert page.context["chart_text"][0] in page.content.decode()
    assert as_("requester2").get(f"/cases/{case.number}/chart/").status_code == 404
