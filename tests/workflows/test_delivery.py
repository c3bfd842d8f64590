"""Messages: one row per effect and recipient, sent once, in the recipient's language."""

import time
from datetime import timedelta

import pytest
from django.contrib import admin
from django.core import mail
from django.utils import timezone
from django.utils.translation import override

from people.models import User
from tests.changes.walking import QUARTER, walk
from tests.world import NOON
from workflows.actions import add_comment
from workflows.admin import OutboxAdmin
from workflows.models import Outbox
from workflows.relay import LEASE, relay

pytestmark = pytest.mark.engine

SECOND = timedelta(seconds=1)


@pytest.fixture
def message(world):
    """One message, to the desk about a new request."""
    walk(world)
    Outbox.objects.exclude(recipient=world["desk"]).delete()
    return Outbox.objects.get()


def broken(monkeypatch, error=None):
    def fail(*args, **kwargs):
        raise error or OSError("no route")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)


# -- who is told ---------------------------------------------------------------------------------
def told(seq):
    found = Outbox.objects.filter(data__seq=seq).values_list("topic", "recipient__username")
    return sorted(found)


def test_whoever_owes_the_next_step_and_who_asked_are_told(world):
    step = walk(world)
    assert told(1) == [("work", "desk")]  # the requester knows
    step.act("desk", "start_triage")
    assert told(2) == [("moved", "requester"), ("work", "desk")]


def test_who_owes_the_step_is_told_of_the_work_only(world):
    step = walk(world).act("desk", "ask_requester")
    assert told(step.case.version) == [("work", "requester")]


def test_votes_tell_nobody(world):
    step = walk(world, "awaiting_approval").act("owner", "approve")
    assert told(step.case.version) == []


def test_a_called_person_is_told_if_they_may_read_it(world):
    step = walk(world)
    say = {"case": step.case, "actor": world["desk"], "at": NOON}
    add_comment(body="@analyst please, and @pm and mail@head.example", **say)
    assert told(2) == [("comment", "requester"), ("mention", "analyst")]
    add_comment(body="@requester @analyst", is_internal=True, **say)
    assert told(4) == [("mention", "analyst")]


def test_no_key_comes_twice(world):
    walk(world, "closed")
    keys = list(Outbox.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) > 8


# -- sending -------------------------------------------------------------------------------------
def test_a_message_is_sent_once(message):
    assert (relay(NOON), relay(NOON), relay(NOON + timedelta(days=1))) == (1, 0, 0)
    assert [one.to for one in mail.outbox] == [["desk@demo.invalid"]]
    message.refresh_from_db()
    assert message.sent_at is not None
    assert message.attempts == 1


def test_what_is_sent_again_has_the_same_id(message):
    relay(NOON)
    Outbox.objects.update(sent_at=None, next_try_at=NOON)
    relay(NOON)
    first, second = (one.extra_headers["Message-ID"] for one in mail.outbox)
    assert first == second


@pytest.mark.parametrize(
    ("tries", "pause"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (10, 512), (11, 900)],  # 2^(n-1) seconds, at most 15 min
)
def test_a_failure_waits_longer_each_time(message, monkeypatch, tries, pause):
    broken(monkeypatch)
    Outbox.objects.update(attempts=tries - 1)
    assert relay(NOON) == 0
    message.refresh_from_db()
    assert (message.attempts, message.next_try_at) == (tries, NOON + pause * SECOND)
    assert message.last_error == "OSError: no route"
    assert message.dead_at is None


def test_the_twelfth_failure_is_the_last(message, monkeypatch):
    broken(monkeypatch)
    moment = NOON
    for _ in range(11):
        relay(moment)
        message.refresh_from_db()
        moment = message.next_try_at
    assert (message.attempts, message.dead_at) == (11, None)
    relay(moment)
    message.refresh_from_db()
    assert (message.attempts, message.dead_at) == (12, moment)
    relay(moment + timedelta(days=1))
    message.refresh_from_db()
    assert message.attempts == 12


def test_a_dead_message_can_be_sent_after_all(message):
    Outbox.objects.update(dead_at=NOON, attempts=12)
    assert relay(NOON) == 0
    OutboxAdmin(Outbox, admin.site).retry(None, Outbox.objects.all())
    assert relay(timezone.now()) == 1


def test_retrying_sends_nothing_twice(message):
    relay(NOON)
    OutboxAdmin(Outbox, admin.site).retry(None, Outbox.objects.all())
    assert relay(timezone.now()) == 0


def test_one_bad_letter_does_not_hold_up_the_others(world):
    """An address with a line break cannot be put on an envelope."""
    User.objects.filter(username="desk").update(email="desk@demo\n.invalid")
    walk(world).act("desk", "pass_to_assessment")
    assert relay(NOON + QUARTER) == Outbox.objects.exclude(recipient=world["desk"]).count() > 0
    bad = Outbox.objects.filter(recipient=world["desk"])
    assert all(one.attempts == 1 and "BadHeaderError" in one.last_error for one in bad)


def test_what_one_relay_holds_no_other_takes(message, monkeypatch):
    seen = []

    def look(*args, **kwargs):
        seen.append(relay(NOON))  # a second relay, while the first is sending
        return 1

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", look)
    assert relay(NOON) == 1
    assert seen == [0]


def test_what_a_relay_dropped_is_taken_after_its_lease(message, monkeypatch):
    broken(monkeypatch, error=KeyboardInterrupt())  # the process is killed while sending
    with pytest.raises(KeyboardInterrupt):
        relay(NOON)
    monkeypatch.undo()
    assert relay(NOON + LEASE - SECOND) == 0
    assert relay(NOON + LEASE) == 1


def test_a_relay_goes_on_batch_by_batch(world, monkeypatch):
    monkeypatch.setattr("workflows.relay.BATCH", 2)
    walk(world, "closed")
    total = Outbox.objects.count()
    assert relay(NOON + timedelta(days=1)) == total == len(mail.outbox)


def test_a_mail_server_that_is_slow_holds_up_no_beat(world, monkeypatch):
    """When the time of a call is over, what was claimed and not tried goes back untouched."""
    walk(world, "closed")
    monkeypatch.setattr("workflows.relay.SPELL", 0.05)

    def be_slow(*args, **kwargs):
        time.sleep(0.1)
        return 1

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", be_slow)
    total, late = Outbox.objects.count(), NOON + timedelta(days=1)
    assert relay(late) == 1
    untried = Outbox.objects.filter(sent_at=None, attempts=0, next_try_at__lte=late)
    assert untried.count() == total - 1
    monkeypatch.undo()
    assert relay(late) == total - 1


def test_who_has_no_account_any_more_gets_no_mail(message):
    User.objects.filter(username="desk").update(is_active=False)
    relay(NOON)
    assert mail.outbox == []


@pytest.mark.parametrize(("language", "word"), [("en", "Submitted"), ("zh-hans", None)])
def test_a_mail_speaks_the_language_of_its_reader(world, monkeypatch, language, word):
    """The language that is active while the letter is written, whoever started the relay."""
    from django.utils.translation import get_language

    from workflows import letters
    from workflows import relay as module

    walk(world)
    Outbox.objects.exclude(recipient=world["desk"]).delete()
    User.objects.filter(username="desk").update(language=language)
    spoken = []
    original = letters.context

    def listen(message):
        spoken.append(get_language())
        return original(message)

    monkeypatch.setattr(module.letters, "context", listen)
    with override("en" if language != "en" else "zh-hans"):
        relay(NOON)
    assert spoken == [language]
    assert "REQ-2026-00001" in mail.outbox[0].subject


def test_every_topic_makes_a_readable_mail(world):
    """Undefined template variables are errors in tests."""
    step = walk(world, "closed")
    add_comment(case=step.case, body="@analyst well done", actor=world["desk"], at=step.at)
    relay(NOON + timedelta(days=1))
    topics = set(Outbox.objects.values_list("topic", flat=True))
    assert topics == {"work", "moved", "comment", "mention"}
    assert all(one.subject and "REQ-2026-00001" in one.body for one in mail.outbox)
