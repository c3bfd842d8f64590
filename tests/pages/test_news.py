"""The pages of one's notifications: the list by case, and what one chooses."""

from __future__ import annotations

from datetime import time

import pytest
import time_machine
from django.core import mail
from django.test import Client

from people.models import Grant, User
from tests.changes.walking import QUARTER, walk
from tests.proof.receiver import receiver, says
from tests.world import NOON
from workflows import addresses
from workflows.actions import add_comment
from workflows.models import Chat, NewsPreference, Outbox

CHOSEN = {"rhythm": "daily", "digest_at": "08:00"}
MAILS = {
    f"mail_{news}": "now"
    for news in ("work", "moved", "mention", "comment", "warning", "breach", "deputy")
}


@pytest.fixture
def desk(world):
    User.objects.update(language="en")
    return world["desk"]


@pytest.fixture
def browser(desk):
    client = Client()
    client.force_login(desk)
    with time_machine.travel(NOON + QUARTER, tick=False):
        yield client


def new(user):
    return Outbox.objects.of(user).new().count()


# -- the list ------------------------------------------------------------------------------------
def test_the_bell_counts_what_is_new_and_the_list_shows_it_by_case(world, desk, browser):
    case = walk(world).case
    add_comment(case=case, actor=world["requester"], at=NOON, body="@desk please")
    page = browser.get("/notifications/")
    (group,) = page.context["groups"]
    assert (group.label, group.new, page.context["shell"]["news"]) == (case.number, 2, "2")
    assert [line.text for line in group.lines] == [
        f"{world['requester']} calls you in a comment.", "This needs you; it is now “Submitted”.",
    ]  # fmt: skip
    assert f"{case.number}</span>" in page.content.decode()


def test_what_is_done_is_new_no_more_but_stays(world, desk, browser):
    first, second = walk(world).case, walk(world).case
    (group,) = (one for one in page_of(browser) if one.label == first.number)
    sent = {"group": group.key, "upto": group.upto}
    assert browser.post("/notifications/done/", sent).url == "/notifications/"
    assert [one.label for one in page_of(browser)] == [second.number]
    everything = {one.label for one in page_of(browser, "?view=all")}
    assert everything == {first.number, second.number}


def page_of(browser, query=""):
    return list(browser.get(f"/notifications/{query}").context["groups"])


def test_what_came_in_since_the_page_was_opened_stays_new(world, desk, browser):
    walk(world)
    newest = browser.get("/notifications/").context["newest"]
    later = walk(world).case
    browser.post("/notifications/done/", {"group": "all", "upto": newest})
    assert [one.label for one in page_of(browser)] == [later.number]


def test_opening_a_case_from_the_list_marks_its_news_done(world, desk, browser):
    case = walk(world).case
    (group,) = page_of(browser)
    assert browser.get("/notifications/open/").url == "/notifications/"
    assert new(desk) == 1
    answer = browser.post("/notifications/open/", {"group": group.key, "upto": group.upto})
    assert (answer.url, new(desk)) == (case.get_absolute_url(), 0)


def test_looking_changes_nothing(world, desk, browser):
    case = walk(world).case
    for address in ("/notifications/", "/notifications/?view=all", case.get_absolute_url()):
        assert browser.get(address).status_code == 200
    assert new(desk) == 1


def test_acting_on_a_case_ends_what_was_told_of_it(world, desk, browser):
    case = walk(world).case
    page = browser.get(f"/cases/{case.number}/do/start_triage/")
    browser.post(f"/cases/{case.number}/do/start_triage/", {"once": page.context["once"]})
    case.refresh_from_db()
    assert case.state == "triage"
    assert new(desk) == 0


def test_a_case_one_may_not_see_any_more_tells_nothing(world, desk, browser):
    case = walk(world, title="Secret title").case
    Grant.objects.filter(user=desk).delete()
    page = browser.get("/notifications/")
    assert case.number not in page.content.decode()
    assert "Secret title" not in page.content.decode()
    (group,) = page.context["groups"]
    assert group.title == "A case you may not see any more"
    answer = browser.post("/notifications/open/", {"group": group.key, "upto": group.upto})
    assert (answer.url, new(desk)) == ("/notifications/", 0)


def test_nobody_marks_the_news_of_others(world, desk, browser):
    case = walk(world).case
    other = Client()
    other.force_login(world["requester2"])
    upto = Outbox.objects.latest("pk").pk
    other.post("/notifications/done/", {"group": case.pk, "upto": upto})
    other.post("/notifications/done/", {"group": "all", "upto": upto})
    assert new(desk) == 1
    assert (
        other.post("/notifications/done/", {"group": "nonsense", "upto": upto}).status_code == 404
    )


def test_the_list_costs_the_same_for_more(world, desk, browser, django_assert_max_num_queries):
    for _ in range(3):
        walk(world)
    with django_assert_max_num_queries(12) as few:
        browser.get("/notifications/")
    for _ in range(25):
        walk(world)
    with django_assert_max_num_queries(len(few)):
        assert len(page_of(browser)) == 20
    assert len(page_of(browser, "?page=2")) == 8


def test_the_bell_ends_at_99(world, desk, browser):
    case = walk(world).case
    Outbox.objects.bulk_create(
        Outbox(
            key=str(number), topic="work", recipient=desk, case=case, data={"seq": 1},
            created_at=NOON, next_try_at=NOON,
        )
        for number in range(120)
    )  # fmt: skip
    assert browser.get("/notifications/").context["shell"]["news"] == "99+"


def test_nothing_new_is_said_kindly(desk, browser):
    assert "All read" in browser.get("/notifications/").content.decode()
    assert "Nothing yet" in browser.get("/notifications/?view=all").content.decode()


# -- what one chooses ----------------------------------------------------------------------------
def choose(browser, **values):
    return browser.post("/notifications/preferences/", {**CHOSEN, **MAILS, **values})


def test_what_is_chosen_is_kept(desk, browser):
    quiet = {"quiet_from": "22:00", "quiet_to": "07:00", "quiet_days": ["5", "6"]}
    answer = choose(browser, mail_comment="digest", mail_moved="off", **quiet)
    assert answer.status_code == 302
    kept = NewsPreference.objects.get(user=desk)
    assert (kept.mail_for("comment"), kept.mail_for("moved")) == ("digest", "off")
    assert (kept.quiet_from, kept.quiet_to, kept.quiet_days) == (time(22), time(7), [5, 6])
    assert kept.lets_breach_through is False
    page = browser.get("/notifications/preferences/").content.decode()
    assert 'value="22:00"' in page
    assert "China (Shanghai) Time" in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"quiet_from": "22:00"}, "Quiet hours need a beginning and an end."),
        ({"quiet_from": "22:00", "quiet_to": "22:00"}, "The end must be another time."),
        ({"quiet_days": list("0123456")}, "Leave a day on which you may be told something."),
        ({"digest_at": "noon"}, "Enter a valid time."),
        ({"mail_work": "pigeon"}, "Select a valid choice."),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(desk, browser, values, sentence):
    answer = choose(browser, **values)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not NewsPreference.objects.exists()


def test_a_test_mail_says_that_it_was_sent_or_why_not(desk, browser, monkeypatch):
    answer = browser.post("/notifications/preferences/mail/test/", follow=True)
    assert f"The mail server took the test for {desk.email}." in answer.content.decode()
    assert [one.subject for one in mail.outbox] == ["A test from Opsgate"]

    def fail(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
    answer = browser.post("/notifications/preferences/mail/test/", follow=True)
    assert "The test was not sent: no route" in answer.content.decode()


# -- chats ---------------------------------------------------------------------------------------
@pytest.fixture
def hook(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = [addresses.ip_network("127.0.0.1/32")]
    with receiver() as one:
        yield one


def add(browser, hook):
    given = {"name": "Mine", "address": hook.address, "secret": "never shown"}
    return browser.post("/notifications/preferences/chats/new/webhook/", given, follow=True)


def test_a_new_chat_is_tested_at_once_and_its_keys_are_never_shown(desk, browser, hook):
    page = add(browser, hook).content.decode()
    assert "Mine: the test has arrived." in page
    assert "A test arrived." in page
    for address in ("/notifications/preferences/", "/notifications/preferences/chats/new/webhook/"):
        page = browser.get(address).content.decode()
        assert "never shown" not in page
        assert hook.address not in page


def test_a_chat_that_cannot_be_reached_says_why_until_it_can(desk, browser, hook):
    hook.behave = says(500)
    page = add(browser, hook).content.decode()
    assert "Mine: the test did not arrive. The receiver answered 500." in page
    assert "Nothing is sent there until a test has arrived." in page
    hook.behave = says(200)
    pk = Chat.objects.get().pk
    page = browser.post(f"/notifications/preferences/chats/{pk}/test/", follow=True)
    assert "Mine: the test has arrived." in page.content.decode()


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6", "693a91f6"),
        ("wecom", "693a91f6", "693a91f6"),
        ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token=abc123abc", "abc123abc"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/12345678-ab", "12345678-ab"),
    ],
)  # fmt: skip
def test_a_robot_is_given_by_its_address(desk, browser, settings, kind, given, kept):
    settings.CHATS = {kind: "http://127.0.0.1:1"}  # nobody answers
    sent = {"name": "Team", "address": given}
    browser.post(f"/notifications/preferences/chats/new/{kind}/", sent)
    assert Chat.objects.get().address == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("wecom", "https://evil.example/?key=693a91f6-7xxx"),
        ("wecom", "mailto://somebody"),
        ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/../../x"),
        ("webhook", "file:///etc/passwd"),
        ("webhook", "http://127.0.0.1:9/"),
        ("webhook", "https://169.254.169.254/latest"),
    ],
)
def test_no_other_address_is_taken(desk, browser, kind, given):
    answer = browser.post(
        f"/notifications/preferences/chats/new/{kind}/", {"name": "Team", "address": given}
    )
    assert answer.status_code == 422
    assert not Chat.objects.exists()


def test_there_is_no_other_kind_of_chat(desk, browser):
    assert browser.get("/notifications/preferences/chats/new/syslog/").status_code == 404


def test_the_chats_of_others_are_not_there(world, desk, browser, hook):
    add(browser, hook)
    other, pk = Client(), Chat.objects.get().pk
    other.force_login(world["service_manager"])
    for what in ("test", "remove"):
        address = f"/notifications/preferences/chats/{pk}/{what}/"
        assert other.post(address).status_code == 404
    assert "Mine" not in other.get("/notifications/preferences/").content.decode()
    assert Chat.objects.kept().count() == 1


def test_a_ninth_chat_is_refused(desk, browser, hook):
    for _ in range(8):
        add(browser, hook)
    given = {"name": "Ninth", "address": hook.address}
    answer = browser.post("/notifications/preferences/chats/new/webhook/", given)
    assert answer.status_code == 409
    assert "You have 8 chats already." in answer.content.decode()


def test_a_chat_has_its_column_until_it_is_removed(desk, browser, hook):
    add(browser, hook)
    chat = Chat.objects.get()
    assert choose(browser, **{f"chat_{chat.pk}_work": "on"}).status_code == 302
    chat.refresh_from_db()
    assert chat.wants("work")
    assert not chat.wants("comment")
    page = browser.post(f"/notifications/preferences/chats/{chat.pk}/remove/", follow=True)
    assert "Mine is removed." in page.content.decode()
    assert not Chat.objects.kept().exists()


@pytest.mark.parametrize("address", ["", "preferences/", "preferences/chats/new/wecom/"])
def test_strangers_are_led_to_the_log_in(db, address):
    assert Client().get(f"/notifications/{address}").url.startswith("/login/")
    assert Client().post(f"/notifications/{address}").status_code in (302, 405)
