"""What a person chose to be told: routed when it is about to leave, held, gathered, never lost."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from people.models import Absence, Grant, User
from tests.changes.walking import walk
from tests.world import NOON
from workflows import notices
from workflows.absences import tell_deputies
from workflows.actions import add_comment
from workflows.invariants import violations
from workflows.models import Beat, Clock, NewsPreference, Outbox
from workflows.news import actions, hours
from workflows.relay import relay
from workflows.sweep import sweep

pytestmark = pytest.mark.engine

HOUR = timedelta(hours=1)
EVENING = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)  # Monday, 22:30 in Shanghai
MORNING = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # Tuesday, 7:00 there
SUMMARY = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)  # Tuesday, 8:00 there
NIGHT = {"quiet_from": time(22), "quiet_to": time(7)}


def choose(user, at=NOON, **chosen):
    actions.choose(actor=user, chosen=chosen, muted={}, at=at)


def to(name):
    return [one for one in mail.outbox if one.to == [f"{name}@demo.invalid"]]


@pytest.fixture
def desk(world):
    """Somebody who waits for new requests, and reads English."""
    User.objects.update(language="en")
    world["desk"].refresh_from_db()
    return world["desk"]


# -- the hours -----------------------------------------------------------------------------------
def preference(zone="Asia/Shanghai", **chosen):
    user = User(username="somebody")
    user.time_zone = zone
    return NewsPreference(user=user, **chosen)


@pytest.mark.parametrize(
    ("zone", "chosen", "at", "free_at"),
    [
        # 22–7 in Shanghai is 14–23 UTC
        ("Asia/Shanghai", NIGHT, "2026-11-23 13:59", "2026-11-23 13:59"),
        ("Asia/Shanghai", NIGHT, "2026-11-23 14:00", "2026-11-23 23:00"),
        ("Asia/Shanghai", NIGHT, "2026-11-23 22:59", "2026-11-23 23:00"),
        ("Asia/Shanghai", NIGHT, "2026-11-23 23:00", "2026-11-23 23:00"),
        # in New York it is 3–12 UTC, in summer 2–11
        ("America/New_York", NIGHT, "2026-11-23 14:00", "2026-11-23 14:00"),
        ("America/New_York", NIGHT, "2026-11-23 05:00", "2026-11-23 12:00"),
        ("America/New_York", NIGHT, "2026-07-01 02:30", "2026-07-01 11:00"),
        # the night in which New York's clocks go forward, 7:00 is 11 UTC already
        ("America/New_York", NIGHT, "2026-03-08 04:00", "2026-03-08 11:00"),
        ("Asia/Shanghai", {"quiet_from": time(12), "quiet_to": time(14)}, "2026-11-23 05:00",
         "2026-11-23 06:00"),
        # Saturday and Sunday whole; Friday's night goes over into them, and Sunday's into Monday
        ("Asia/Shanghai", {"quiet_days": [5, 6]}, "2026-11-27 16:00", "2026-11-29 16:00"),
        ("Asia/Shanghai", {"quiet_days": [5, 6], **NIGHT}, "2026-11-27 14:00", "2026-11-29 23:00"),
        ("Asia/Shanghai", {}, "2026-11-27 16:00", "2026-11-27 16:00"),
    ],
)  # fmt: skip
def test_quiet_hours_end_by_the_clock_of_the_person(zone, chosen, at, free_at):
    at, free_at = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (at, free_at))
    assert hours.after_quiet(preference(zone, **chosen), at) == free_at


@pytest.mark.parametrize(
    ("rhythm", "chosen", "due"),
    [
        # asked on Friday, November 27, 8:00 in Shanghai: the summary of that instant has left
        ("daily", {}, "2026-11-28 00:00"),
        ("weekdays", {}, "2026-11-30 00:00"),
        ("weekly", {}, "2026-11-30 00:00"),
        ("daily", {"quiet_days": [5]}, "2026-11-28 16:00"),  # Saturday is quiet to its end
    ],
)
def test_a_summary_comes_at_its_hour(rhythm, chosen, due):
    asked = preference(rhythm=rhythm, digest_at=time(8), **chosen)
    found = hours.next_summary(asked, datetime(2026, 11, 27, tzinfo=UTC))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_who_chose_no_time_zone_has_that_of_the_house(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert str(hours.zone_of(User())) == "Europe/Berlin"


# -- what is sent when ---------------------------------------------------------------------------
def test_who_chose_nothing_is_told_by_mail_at_once(world):
    walk(world)
    assert relay(NOON) == Outbox.objects.count()
    assert set(Outbox.objects.values_list("channel", "routed_at")) == {("mail", None)}


def test_an_action_asks_nothing_of_what_people_chose(world, desk, django_assert_num_queries):
    move_and_event = []
    original = notices.after_event

    def note(move, event, opened):
        move_and_event.append((move, event, opened))
        original(move, event, opened)

    notices.after_event = note
    try:
        walk(world)
    finally:
        notices.after_event = original
    choose(desk, mail={"work": "digest"}, **NIGHT)
    Outbox.objects.all().delete()
    with django_assert_num_queries(3):  # who holds the role, who watches, one insert
        original(*move_and_event[0])


def test_what_comes_in_quiet_hours_leaves_together_when_they_end(world, desk):
    choose(desk, **NIGHT)
    step = walk(world, at=EVENING)
    walk(world, at=EVENING)
    relay(EVENING)
    relay(MORNING - timedelta(seconds=1))
    assert to("desk") == []
    relay(MORNING)
    (one,) = to("desk")
    assert one.subject == "2 messages from Opsgate"
    assert step.case.number in one.body
    assert "REQ-2026-00002" in one.body
    assert "/notifications/preferences/" in one.body
    relay(MORNING + HOUR)
    assert len(to("desk")) == 1


def test_a_single_message_that_waited_is_the_mail_it_would_have_been(world, desk):
    choose(desk, **NIGHT)
    walk(world, at=EVENING)
    relay(EVENING)
    relay(MORNING)
    assert [one.subject for one in to("desk")] == ["Work for you: REQ-2026-00001 报表自动汇总"]


def test_a_breach_comes_through_in_quiet_hours_unless_one_does_not_want_it(world):
    step = walk(world)
    Outbox.objects.all().delete()
    first = Clock.objects.filter(case=step.case).order_by("due_at").first()
    sweep(first.due_at)
    told = Outbox.objects.filter(topic="clock").values_list("recipient", flat=True).distinct()
    one, other = User.objects.filter(pk__in=told).order_by("pk")[:2]
    always = {"quiet_from": time(0), "quiet_to": time(23, 59)}
    choose(one, **always)
    choose(other, lets_breach_through=False, **always)
    relay(first.due_at)
    assert to(one.username)
    assert not to(other.username)
    assert Outbox.objects.unsent().filter(recipient=other, held_until__isnull=False).exists()


def test_a_summary_gathers_what_was_chosen_for_it(world, desk):
    choose(desk, mail={"work": "digest"}, digest_at=time(8))
    step = walk(world)
    add_comment(case=step.case, actor=world["requester"], at=NOON, body="@desk please")
    relay(NOON)
    assert [one.subject for one in to("desk")] == ["李娜 Li Na calls you in REQ-2026-00001"]
    relay(SUMMARY - timedelta(seconds=1))
    assert len(to("desk")) == 1
    relay(SUMMARY)
    assert len(to("desk")) == 2


def test_what_is_wanted_by_no_mail_is_in_the_list_alone(world, desk):
    choose(desk, mail={"work": "off"})
    walk(world)
    relay(NOON)
    assert to("desk") == []
    item = Outbox.objects.of(desk).new().get()
    assert (item.channel, item.sent_at) == ("app", NOON)


def test_nothing_is_lost_when_the_choice_changes_meanwhile(world, desk):
    choose(desk, mail={"work": "digest"}, **NIGHT)
    walk(world)
    walk(world)
    relay(NOON)
    assert to("desk") == []
    choose(desk, at=NOON + HOUR, mail={})
    relay(NOON + HOUR)
    assert len(to("desk")) == 2
    relay(SUMMARY + HOUR)
    assert len(to("desk")) == 2


def test_a_summary_that_fails_is_tried_again_whole(world, desk, monkeypatch):
    choose(desk, **NIGHT)
    walk(world, at=EVENING)
    walk(world, at=EVENING)
    relay(EVENING)

    def fail(*args, **kwargs):
        raise OSError("no route")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", fail)
        relay(MORNING)
    waiting = Outbox.objects.unsent().filter(recipient=desk)
    assert set(waiting.values_list("attempts", "last_error")) == {(1, "OSError: no route")}
    relay(MORNING + timedelta(seconds=1))
    assert [one.subject for one in to("desk")] == ["2 messages from Opsgate"]


def test_a_summary_leaves_out_what_one_may_not_see_any_more(world, desk):
    choose(desk, **NIGHT)
    step = walk(world, at=EVENING)
    relay(EVENING)
    Grant.objects.filter(user=desk).delete()
    relay(MORNING)
    assert to("desk") == []
    assert not Outbox.objects.unsent().filter(recipient=desk).exists()
    assert step.case.title


def test_a_summary_speaks_the_language_of_its_reader(world, desk):
    User.objects.filter(pk=desk.pk).update(language="zh-hans")
    choose(desk, **NIGHT)
    walk(world, at=EVENING)
    step = walk(world, at=EVENING)
    relay(EVENING)
    relay(MORNING)
    (one,) = to("desk")
    assert str(step.case.lifecycle.State(step.case.state)) not in one.body
    assert "已提交" in one.body


def test_news_of_deputies_is_chosen_too(world, desk):
    away = Absence.objects.create(
        user=world["analyst"], deputy=desk, from_at=timezone.now(), to_at=None
    )
    choose(desk, mail={"deputy": "digest"})
    tell_deputies(away.from_at)
    relay(away.from_at)
    assert to("desk") == []
    relay(away.from_at + timedelta(days=1))
    assert [one.subject for one in to("desk")] == [f"You stand in for {world['analyst']}"]


def test_what_is_held_is_not_late(world, desk):
    choose(desk, mail={"work": "digest"})
    walk(world)
    relay(NOON)
    later = NOON + HOUR * 3
    Beat.done("relay", later)
    assert [one for one in violations(later) if "untried" in one] == []
    Outbox.objects.filter(recipient=desk).update(held_until=NOON)
    assert [one for one in violations(later) if "untried" in one]
