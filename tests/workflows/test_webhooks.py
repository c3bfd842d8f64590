"""Webhooks: which events write messages, what is sent, how it is signed, and who sets them up."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from people.models import User
from tests.changes.walking import walk
from tests.proof.receiver import receiver, says
from tests.world import NOON
from workflows import webhooks
from workflows.actions import add_comment, claim_task
from workflows.invariants import violations
from workflows.models import Beat, Clock, Event, Outbox, Webhook
from workflows.relay import relay
from workflows.sweep import sweep

pytestmark = pytest.mark.engine


def told(webhook):
    return list(Outbox.objects.filter(webhook=webhook).order_by("pk").values_list("key", flat=True))


def say(step, body, *, is_internal=True):
    desk = step.world["desk"]
    add_comment(case=step.case, body=body, actor=desk, at=step.at, is_internal=is_internal)


def relay_all(at=NOON):
    Outbox.objects.filter(channel="mail").delete()
    return relay(at + timedelta(days=30))


# -- which events --------------------------------------------------------------------------------
def test_every_event_writes_one_message(make_webhook, world):
    webhook = make_webhook()
    step = walk(world).act("desk", "start_triage")
    say(step, "Hello")
    number = step.case.number
    assert told(webhook) == [f"{number}:{seq}:webhook:{webhook.pk}" for seq in (1, 2, 3)]


@pytest.mark.parametrize(
    ("chosen", "seqs"),
    [
        ({}, [1, 2, 3, 4]),
        ({"kinds": ["optimization"]}, [1, 2, 3, 4]),
        ({"kinds": ["another"]}, []),
        ({"event_kinds": ["action"]}, [1, 3]),
        ({"event_kinds": ["note", "clock"]}, [2, 4]),
        ({"actions": ["claim", "start_triage"]}, [2, 3]),
        ({"event_kinds": ["action"], "actions": ["claim"]}, []),
        ({"is_active": False}, []),
    ],
)
def test_a_webhook_hears_of_what_was_chosen(make_webhook, world, chosen, seqs):
    webhook = make_webhook(**chosen)
    step = walk(world)  # 1: open
    claim_task(task=step.task, actor=world["desk"], at=NOON)  # 2: claim
    step.act("desk", "start_triage")  # 3
    say(step, "Hello")  # 4: comment
    assert [int(key.split(":")[1]) for key in told(webhook)] == seqs


def test_a_vote_is_told_although_no_mail_is(make_webhook, world):
    webhook = make_webhook(event_kinds=["vote"])
    walk(world, "awaiting_approval").act("owner", "approve")
    assert len(told(webhook)) == 1


def test_two_webhooks_hear_of_the_same_event(make_webhook, world):
    one, other = make_webhook(), make_webhook(name="Archive")
    walk(world)
    assert len(told(one)) == len(told(other)) == 1


def test_an_alert_is_told(make_webhook, world):
    webhook = make_webhook(event_kinds=["clock"])
    step = walk(world)
    due = Clock.objects.filter(case=step.case).order_by("next_alert_at").first().next_alert_at
    sweep(due)
    assert len(told(webhook)) == Event.objects.filter(kind="clock").count() > 0


def test_what_is_rolled_back_is_not_told(make_webhook, world):
    webhook = make_webhook()
    with transaction.atomic():
        walk(world)
        transaction.set_rollback(True)
    assert told(webhook) == []


def test_without_webhooks_events_ask_only_now_and_then(world, fresh_memory, monkeypatch):
    asked = []
    original = Webhook.objects.active
    monkeypatch.setattr(type(Webhook.objects), "active", lambda self: asked.append(1) or original())
    step = walk(world).act("desk", "start_triage").act("desk", "pass_to_assessment")
    assert len(asked) <= 2  # one in two seconds; a slow machine may take longer than that
    monkeypatch.setattr(webhooks.Absence, "SECONDS", 0.0)
    step.act("analyst", "propose")
    assert len(asked) >= 2


def test_a_new_webhook_ends_the_memory_of_none(make_webhook, world):
    walk(world)
    webhook = make_webhook()
    walk(world)
    assert len(told(webhook)) == 1


def test_a_thousand_alerts_ask_once(make_webhook, world, django_assert_num_queries):
    make_webhook(actions=["nothing"])
    events = list(walk(world).case.events.select_related("case")) * 1000
    with django_assert_num_queries(1):
        assert webhooks.rows_for(*events) == []


def test_what_waits_behind_a_receiver_that_fails_is_no_fault_of_the_relay(make_webhook, world):
    make_webhook()
    walk(world)
    walk(world)
    Outbox.objects.filter(channel="mail").delete()
    late = NOON + timedelta(minutes=20)
    Beat.done("relay", late)
    assert len([one for one in violations(late) if "untried" in one]) == 2
    first = Outbox.objects.first()
    Outbox.objects.filter(pk=first.pk).update(attempts=3)
    assert not [one for one in violations(late) if "untried" in one]


def test_many_messages_are_written_in_pieces(make_webhook, world, monkeypatch):
    monkeypatch.setattr(webhooks, "INSERTED_AT_ONCE", 2)
    for number in range(5):
        make_webhook(name=f"{number}")
    walk(world)
    assert Outbox.objects.filter(channel="webhook").count() == 5


@pytest.mark.parametrize("values", [{"channel": "webhook"}, {"recipient": None}])
def test_a_message_has_one_recipient(make_webhook, world, values):
    make_webhook()
    walk(world)
    mail = Outbox.objects.filter(channel="mail")
    with pytest.raises(IntegrityError), transaction.atomic():
        mail.update(**values)


# -- what is sent --------------------------------------------------------------------------------
def test_a_receiver_gets_the_event_signed(make_webhook, world, allowed, settings):
    settings.SITE_URL = "https://ops.example"
    with receiver() as there:
        webhook = make_webhook(address=there.address)
        case = walk(world).case
        assert relay_all() == 1
    (request,) = there.requests
    key = f"{case.number}:1:webhook:{webhook.pk}"
    assert request.json == {
        "key": key, "event": "action", "number": case.number, "kind": "optimization", "seq": 1,
        "action": "open", "source": "", "target": "submitted", "at": "2026-11-23T02:00:00+00:00",
        "actor": "requester", "link": f"https://ops.example/cases/{case.number}/",
    }  # fmt: skip
    assert request.headers["idempotency-key"] == key
    assert request.headers["host"] == f"127.0.0.1:{there.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "Opsgate"
    signed = request.headers["x-opsgate-timestamp"].encode() + b"." + request.body
    expected = hmac.new(webhook.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["x-opsgate-signature"] == expected


def test_what_people_say_and_who_they_are_stays_in_the_house(make_webhook, world, allowed):
    world["desk"].display_name = "Confidential Name"
    world["desk"].save()
    with receiver() as there:
        make_webhook(address=there.address)
        step = walk(world, title="confidential title", wanted="confidential wish")
        say(step, "confidential aside")
        say(step, "confidential answer", is_internal=False)
        step.act("desk", "reject", reason="confidential reason")
        assert relay_all() == Event.objects.count() >= 4
    sent = b"".join(request.body for request in there.requests)
    assert b"onfidential" not in sent
    assert "陈梅".encode() not in sent


def test_a_try_repeats_key_and_body(make_webhook, world, allowed):
    with receiver(says(500)) as there:
        make_webhook(address=there.address)
        walk(world)
        relay_all()
        relay_all(NOON + timedelta(days=1))
    first, second = there.requests
    assert (first.key, first.body) == (second.key, second.body)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (500, "The receiver answered 500."),
        (404, "The receiver answered 404."),
        (302, "The receiver answered 302 and points elsewhere; redirects are not followed."),
    ],
)
def test_only_2xx_is_delivery(make_webhook, world, allowed, status, sentence):
    with receiver() as inside, receiver(says(status, ("Location", inside.address))) as there:
        make_webhook(address=there.address)
        walk(world)
        assert relay_all() == 0
    message = Outbox.objects.get()
    assert (message.attempts, message.last_error, message.sent_at) == (1, sentence, None)
    assert inside.requests == []


def test_a_webhook_that_is_switched_off_waits_and_gives_up(make_webhook, world, allowed):
    with receiver() as there:
        webhook = make_webhook(address=there.address)
        walk(world)
        webhook.is_active = False
        webhook.save()
        assert relay_all() == 0
        message = Outbox.objects.get()
        assert message.last_error == "The webhook is switched off."
        webhook.is_active = True
        webhook.save()
        assert relay_all(NOON + timedelta(days=1)) == 1


def test_no_proxy_of_the_environment_is_asked(make_webhook, world, allowed, monkeypatch):
    with receiver() as there, receiver() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        make_webhook(address=there.address)
        walk(world)
        assert relay_all() == 1
    assert proxy.requests == []


def test_one_message_that_cannot_be_written_holds_up_no_other(make_webhook, world, allowed):
    with receiver() as there:
        make_webhook(address=there.address)
        walk(world)
        walk(world)
        bad, good = Outbox.objects.filter(channel="webhook").order_by("pk")
        Outbox.objects.filter(pk=bad.pk).update(data={"seq": 99})
        assert relay_all() == 1
    assert [request.key for request in there.requests] == [good.key]


# -- the back office -----------------------------------------------------------------------------
FORM = {"name": "Monitoring", "address": "https://public.example/hook", "is_active": "on"}


@pytest.fixture
def office(client, world, fresh_memory, resolver):
    def enter(who):
        client.force_login(world[who], backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize("who", ["service_manager", "admin"])
def test_whoever_runs_the_house_sets_up_a_webhook(office, world, who):
    client = office(who)
    chosen = {"kinds": ["optimization"], "event_kinds": ["vote"], "actions": "approve，reject"}
    page = client.post(reverse("admin:workflows_webhook_add"), {**FORM, **chosen}, follow=True)
    webhook = Webhook.objects.get()
    assert (webhook.owner, webhook.kinds, webhook.event_kinds, webhook.actions) == (
        world[who], ["optimization"], ["vote"], ["approve", "reject"],
    )  # fmt: skip
    assert page.content.decode().count(webhook.secret) == 1


@pytest.mark.ignore_template_errors
def test_the_secret_is_never_shown_again_nor_logged(office, make_webhook):
    client = office("service_manager")
    webhook = make_webhook()
    first = webhook.secret
    list_page = reverse("admin:workflows_webhook_changelist")
    change_page = reverse("admin:workflows_webhook_change", args=[webhook.pk])
    chosen = {"action": "renew_secret", "_selected_action": [webhook.pk]}
    shown = client.post(list_page, chosen, follow=True).content.decode()
    webhook.refresh_from_db()
    assert webhook.secret != first
    assert shown.count(webhook.secret) == 1
    client.post(change_page, {**FORM, "name": "Renamed"})
    for page in (list_page, change_page, reverse("admin:workflows_outbox_changelist")):
        assert webhook.secret not in client.get(page).content.decode()
    logged = json.dumps([entry.changes for entry in LogEntry.objects.all()])
    assert "Renamed" in logged
    assert "secret_made_at" in logged
    assert webhook.secret not in logged
    assert first not in logged


@pytest.mark.ignore_template_errors
def test_a_refused_address_is_refused_in_a_sentence(office):
    client = office("service_manager")
    data = {**FORM, "address": "https://169.254.169.254/"}
    page = client.post(reverse("admin:workflows_webhook_add"), data)
    assert "is not on the public internet" in page.content.decode()
    page = client.post(reverse("admin:workflows_webhook_add"), {**FORM, "actions": "a b!"})
    assert "Write names of actions" in page.content.decode()
    assert not Webhook.objects.exists()


@pytest.mark.ignore_template_errors
def test_a_test_is_sent_and_logged(office, make_webhook, allowed):
    client = office("service_manager")
    with receiver() as there:
        webhook = make_webhook(address=there.address)
        chosen = {"action": "send_test", "_selected_action": [webhook.pk]}
        page = client.post(reverse("admin:workflows_webhook_changelist"), chosen, follow=True)
        assert "a test is on its way" in page.content.decode()
        assert relay(timezone.now()) == 1
    assert there.requests[0].json["event"] == "test"
    assert there.requests[0].json["actor"] == "service_manager"
    log = reverse("admin:workflows_outbox_changelist")
    shown = client.get(f"{log}?webhook__id__exact={webhook.pk}").content.decode()
    assert there.requests[0].key in shown


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize(
    ("who", "add", "view"),
    [("requester", 302, 302), ("auditor", 403, 200), ("service_manager", 200, 200)],
)
def test_others_set_up_none(office, world, make_webhook, who, add, view):
    if who == "auditor":
        User.objects.filter(username=who).update(is_staff=True)
        world[who].refresh_from_db()
    client = office(who)
    webhook = make_webhook()
    assert client.get(reverse("admin:workflows_webhook_add")).status_code == add
    page = client.get(reverse("admin:workflows_webhook_change", args=[webhook.pk]))
    assert page.status_code == view
    assert webhook.secret not in page.content.decode()


@pytest.mark.ignore_template_errors
def test_a_webhook_is_switched_off_not_deleted(office, make_webhook, world):
    client = office("admin")
    User.objects.filter(username="admin").update(is_superuser=True)
    webhook = make_webhook()
    page = reverse("admin:workflows_webhook_delete", args=[webhook.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
