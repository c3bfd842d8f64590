"""What is typed is kept until it is sent, for the one who typed it and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from people.models import User
from tests.changes.walking import walk
from tests.world import NOON
from workflows.drafts import clear_old_drafts
from workflows.models import Draft

World = dict[str, User]
NEW = "/new/optimization/"
FILED = {"title": "报表自动汇总", "service": "erp", "wanted": "每天自动", "urgency": "high"}


@pytest.fixture
def as_(world: World):  # type: ignore[no-untyped-def]  # a small factory
    def browser(name: str) -> Client:
        client = Client()
        client.force_login(world[name])
        return client

    return browser


def test_a_draft_is_back_in_its_form_and_gone_when_sent(as_):
    browser = as_("requester")
    kept = browser.post("/drafts/", {"draft_key": NEW, **FILED, "once": "1"})
    assert kept.status_code == 200
    page = browser.get(NEW)
    assert page.context["form"]["title"].value() == "报表自动汇总"
    assert page.context["form"]["urgency"].value() == "high"
    assert page.context["draft"].data.keys() == FILED.keys()
    assert browser.post(NEW, FILED).status_code == 302
    assert not Draft.objects.exists()


def test_the_last_word_is_kept_and_can_be_dropped(as_):
    browser = as_("requester")
    for title in ("a", "b"):
        browser.post("/drafts/", {"draft_key": NEW, "title": title})
    assert Draft.objects.get().data == {"title": ["b"]}
    assert browser.post("/drafts/drop/", {"draft_key": NEW}).url == NEW
    assert not Draft.objects.exists()


def test_a_comment_is_back_on_the_page_of_the_case(world, as_):
    case = walk(world).case
    browser, key = as_("requester"), f"/cases/{case.number}/comment/"
    browser.post("/drafts/", {"draft_key": key, "body": "Half a sen"})
    page = browser.get(f"/cases/{case.number}/")
    assert page.context["comment_form"]["body"].value() == "Half a sen"
    browser.post(key, {"body": "Half a sentence."})
    assert not Draft.objects.exists()


def test_nobody_else_sees_a_draft(as_):
    as_("requester").post("/drafts/", {"draft_key": NEW, "title": "Mine"})
    assert as_("requester2").get(NEW).context["draft"] is None


def test_a_draft_needs_a_form_one_may_see(world, as_):
    case = walk(world).case
    for key in ("", "/inbox/", "//evil.example/", "https://evil.example/", "x" * 300):
        assert as_("requester").post("/drafts/", {"draft_key": key}).status_code == 404
        assert as_("requester").post("/drafts/drop/", {"draft_key": key}).status_code == 404
    key = f"/cases/{case.number}/comment/"
    assert as_("requester2").post("/drafts/", {"draft_key": key}).status_code == 404
    assert Client().post("/drafts/", {"draft_key": NEW}).status_code == 302
    assert not Draft.objects.exists()


def test_what_is_too_long_is_not_kept(as_):
    sent = {"draft_key": NEW, "wanted": "长" * 200_001}
    assert as_("requester").post("/drafts/", sent).status_code == 422


def test_old_drafts_go(world):
    user = world["requester"]
    for days in (29, 31):
        at = NOON - timedelta(days=days)
        Draft.objects.create(user=user, key=f"/{days}/", data={}, saved_at=at)
    assert clear_old_drafts(at=NOON) == 1
    assert Draft.objects.get().key == "/29/"


def test_what_came_too_late_finds_its_way_into_the_form_again(world, as_):
    step = walk(world)
    url = f"/cases/{step.case.number}/do/ask_requester/"
    version = step.case.version
    step.act("desk", "start_triage")
    late = as_("desk").post(url, {"expected_version": version, "note": "Which report?"})
    assert late.status_code == 409
    assert late.context["typed"] == [(late.context["typed"][0][0], "Which report?")]
    assert late.context["again_url"] == url
    assert as_("desk").get(url).context["form"]["note"].value() == "Which report?"
