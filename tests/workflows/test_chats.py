"""Chats of a person: told by robots and webhooks that stand on this machine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction

from people.models import Grant, User
from tests.changes.walking import walk
from tests.proof.receiver import ok, receiver, says
from tests.world import NOON
from workflows import webhooks
from workflows.models import Outbox
from workflows.news import actions
from workflows.relay import MAX_TRIES, relay

pytestmark = pytest.mark.engine

SECOND = timedelta(seconds=1)


def answers(**said):
    """Answer 200 with a JSON body, as robots do whatever they think of it."""

    def behave(handler, request):
        body = json.dumps(said).encode()
        handler.receiver.taken[request.path] += 1
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


TAKEN = answers(errcode=0, errmsg="ok", code=0, msg="success")


@pytest.fixture
def desk(world):
    User.objects.update(language="en")
    world["desk"].refresh_from_db()
    return world["desk"]


@pytest.fixture
def robot(settings, allowed):
    with receiver(TAKEN) as one:
        settings.CHATS = dict.fromkeys(
            ("wecom", "dingtalk", "feishu"), one.address[: -len("/hook")]
        )
        yield one


def add(user, kind="wecom", *, secret="", address="robot-key-1", at=NOON - SECOND, verified=True):
    chat = actions.add_chat(
        actor=user, kind=kind, name=f"My {kind}", address=address, secret=secret, at=at
    )
    if verified:
        assert actions.try_chat(chat=chat, actor=user, at=at) == ""
    return chat


def texts(robot):
    """Return what the robots were told after the tests that proved them."""
    bodies = (request.json for request in robot.requests)
    found = [body.get("text", body)["content"] if "text" in body else body["content"]["text"]
             for body in bodies]  # fmt: skip
    return [text for text in found if not text.startswith("This is a test")]


# -- robots --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("wecom", "/cgi-bin/webhook/send?key=robot-key-1"),
        ("dingtalk", "/robot/send?access_token=robot-key-1"),
        ("feishu", "/open-apis/bot/v2/hook/robot-key-1"),
    ],
)
def test_a_robot_is_told_what_happened_and_where(world, desk, robot, kind, path):
    add(desk, kind)
    step = walk(world)
    relay(NOON)
    assert robot.requests[-1].path == path
    assert texts(robot) == [
        f"{step.case}\nThis needs you; it is now “Submitted”.\n"
        f"http://127.0.0.1:8000{step.case.get_absolute_url()}"
    ]
    relay(NOON + timedelta(days=1))
    assert len(texts(robot)) == 1


def test_dingtalk_and_feishu_are_signed_as_they_demand(desk, robot):
    add(desk, "dingtalk", secret="SECret")
    asked = {k: v[0] for k, v in parse_qs(urlsplit(robot.requests[-1].path).query).items()}
    said = f"{asked['timestamp']}\nSECret"
    assert asked["sign"] == sealed("SECret", said)
    assert len(asked["timestamp"]) == 13  # milliseconds
    add(desk, "feishu", secret="other")
    body = robot.requests[-1].json
    assert body["sign"] == sealed(f"{body['timestamp']}\nother", "")
    assert len(body["timestamp"]) == 10  # seconds


def sealed(key, text):
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_a_refusal_in_a_friendly_answer_is_a_refusal(world, desk, robot):
    """Robots answer 200 and say no in the body."""
    robot.behave = answers(errcode=93000, errmsg="invalid webhook url")
    chat = add(desk, verified=False)
    refusal = actions.try_chat(chat=chat, actor=desk, at=NOON)
    assert refusal == "WeCom refused it: invalid webhook url (93000)"
    chat.refresh_from_db()
    assert chat.verified_at is None


@pytest.mark.parametrize("behave", [ok, answers(fine=True), answers(errcode="0")])
def test_an_answer_that_is_no_robots_is_no_success(desk, robot, behave):
    robot.behave = behave
    chat = add(desk, verified=False)
    assert actions.try_chat(chat=chat, actor=desk, at=NOON)


def test_a_chat_is_told_nothing_before_a_test_arrived_there(world, desk, robot):
    add(desk, verified=False)
    walk(world)
    relay(NOON)
    assert texts(robot) == []


def test_a_chat_is_told_nothing_from_before_it_was_there(world, desk, robot):
    walk(world)
    add(desk, at=NOON + SECOND)
    relay(NOON + 2 * SECOND)
    assert texts(robot) == []


def test_what_is_due_goes_into_one_message(world, desk, robot):
    """Robots take about twenty messages a minute."""
    add(desk)
    numbers = [walk(world).case.number for _ in range(25)]
    relay(NOON)
    (text,) = texts(robot)
    assert numbers[0] in text
    assert len(text.encode()) <= 2048
    assert text.endswith("more:\nhttp://127.0.0.1:8000/notifications/")
    assert not Outbox.objects.unsent().filter(channel="chat").exists()


def test_a_chat_hears_only_of_what_was_chosen_for_it(world, desk, robot):
    one, other = add(desk), add(desk, "feishu")
    actions.choose(actor=desk, chosen={"mail": {"work": "off"}}, muted={one.pk: ["work"]}, at=NOON)
    walk(world)
    relay(NOON)
    told = Outbox.objects.filter(recipient=desk, channel="chat").values_list("chat", flat=True)
    assert list(told) == [other.pk]


def test_a_chat_keeps_quiet_too(world, desk, robot):
    add(desk)
    always = {"quiet_from": time(22), "quiet_to": time(11)}  # it is 10:00 at NOON
    actions.choose(actor=desk, chosen=always, muted={}, at=NOON)
    walk(world)
    relay(NOON)
    assert texts(robot) == []
    actions.choose(actor=desk, chosen=always | {"quiet_to": time(10, 30)}, muted={}, at=NOON)
    relay(NOON)
    assert texts(robot) == []
    relay(NOON + timedelta(minutes=30))
    assert len(texts(robot)) == 1


def test_routing_twice_tells_once(world, desk, robot):
    add(desk)
    walk(world)
    relay(NOON)
    Outbox.objects.filter(channel="mail").update(routed_at=None, sent_at=None, next_try_at=NOON)
    relay(NOON)
    assert len(texts(robot)) == 1
    keys = Outbox.objects.filter(channel="chat").values_list("key", flat=True)
    assert [key.split(":")[2:5] for key in keys] == [["work", str(desk.pk), "chat"]]


def test_one_bad_chat_holds_up_nobody_and_dies_after_twelve_tries(world, desk, robot):
    def only_feishu(handler, request):
        (TAKEN if "/hook/" in request.path else says(500))(handler, request)

    add(desk)
    add(desk, "feishu")
    robot.behave = only_feishu
    walk(world)
    at = NOON
    for _ in range(MAX_TRIES):
        relay(at)
        bad = Outbox.objects.get(channel="chat", chat__kind="wecom")
        at = bad.next_try_at
    assert (bad.attempts, bad.last_error) == (12, "The receiver answered 500.")
    assert bad.dead_at is not None
    assert len(texts(robot)) >= 13  # twelve to the one, one to the other
    sent = Outbox.objects.filter(recipient=desk).exclude(pk=bad.pk)
    assert not sent.filter(sent_at__isnull=True).exists()


def test_a_chat_learns_nothing_its_person_may_not_see_any_more(world, desk, robot):
    add(desk)
    walk(world)
    Grant.objects.filter(user=desk).delete()
    relay(NOON)
    assert texts(robot) == []
    assert not Outbox.objects.unsent().filter(channel="chat").exists()


def test_a_chat_is_spoken_to_in_the_language_of_its_person(world, desk, robot):
    add(desk)
    User.objects.filter(pk=desk.pk).update(language="zh-hans")
    walk(world)
    relay(NOON)
    assert "已提交" in texts(robot)[0]


def test_a_removed_chat_forgets_its_keys_and_what_waits(world, desk, robot):
    chat = add(desk, "dingtalk", secret="SECret")
    robot.behave = says(500)
    walk(world)
    relay(NOON)
    actions.remove_chat(chat=chat, actor=desk, at=NOON)
    chat.refresh_from_db()
    assert (chat.address, chat.secret) == ("", "")
    assert not Outbox.objects.filter(channel="chat").exists()
    walk(world)
    relay(NOON + timedelta(days=1))
    assert not Outbox.objects.filter(channel="chat").exists()
    assert Outbox.objects.of(desk).new().count() == 2


# -- a webhook of one's own ----------------------------------------------------------------------
def test_a_webhook_of_ones_own_is_posted_each_message_signed(world, desk, allowed):
    with receiver() as one:
        add(desk, "webhook", address=one.address, secret="shared")
        first, second = walk(world).case, walk(world).case
        relay(NOON)
        test, *told = one.requests
    assert test.json["event"] == "test"
    assert {request.json["number"] for request in told} == {first.number, second.number}
    request = next(one for one in told if one.json["number"] == first.number)
    key = f"{first.number}:1:work:{desk.pk}:chat:{desk.chats.get().pk}"
    assert request.key == request.json["key"] == key
    assert request.json["text"] == "This needs you; it is now “Submitted”."
    stamp = request.headers["x-opsgate-timestamp"]
    assert request.headers["x-opsgate-signature"] == webhooks.signature(
        "shared", stamp, request.body
    )


def test_nothing_is_posted_into_the_house(world, desk, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    with receiver() as one:
        chat = add(desk, "webhook", address=one.address, verified=False)
        refusal = actions.try_chat(chat=chat, actor=desk, at=NOON)
        assert "not on the public internet" in refusal
        assert one.requests == []


# -- the table -----------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [{"chat": None}, {"recipient": None}, {"channel": "mail"}])
def test_a_message_to_a_chat_has_its_person_and_its_chat(world, desk, robot, wrong):
    chat = add(desk)
    moment = datetime.fromisoformat("2026-11-23T02:00:00+00:00")
    whole = {"channel": "chat", "chat": chat, "recipient": desk, "topic": "work"}
    times = {"created_at": moment, "next_try_at": moment}
    with pytest.raises(IntegrityError), transaction.atomic():
        Outbox.objects.create(key="k", **(whole | wrong), **times)
