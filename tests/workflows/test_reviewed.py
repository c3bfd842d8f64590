"""What a reviewer and an attacker found once, so that it stays mended."""

from datetime import timedelta

import pytest
from django.test import Client

from people.models import Absence, Grant
from tests.changes.walking import walk
from tests.refusing import refused
from tests.workflows.test_quorums import cab, toy, vote  # noqa: F401 - fixtures
from tests.world import NOON
from workflows import relay as relaying
from workflows.actions import add_comment, claim_task, mentioned_in, release_task
from workflows.models import Case, Clock, Outbox
from workflows.refusals import BadData, Conflict, NotAllowed
from workflows.relay import relay
from workflows.sweep import sweep
from workflows.timeline import readable_comments

pytestmark = pytest.mark.engine

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APPROVED_BY_BOTH = {"effort_development": "6"}  # 1 + 6 + 1 = 8, above 5


def stand_in(world, away, deputy, until=NOON + 30 * DAY):
    return Absence.objects.create(
        user=world[away], deputy=world[deputy], from_at=NOON - DAY, to_at=until
    )


# -- one person, one vote -------------------------------------------------------------------------
def test_a_deputy_does_not_approve_for_two(world):
    """The head stands in for the owner: two approvals are needed, and one person gives one."""
    step = walk(world, "assessing").act("analyst", "propose", **APPROVED_BY_BOTH)
    stand_in(world, "owner", "head")
    step.act("head", "approve")
    with refused(NotAllowed):
        step.act("head", "approve")
    assert step.case.state == "awaiting_approval"


def test_who_proposed_does_not_approve_as_deputy(world):
    step = walk(world, "assessing").act("analyst", "propose", effort_development="1")
    stand_in(world, "owner", "analyst")
    with refused(NotAllowed):
        step.act("analyst", "approve")


def test_the_seat_of_a_board_member_is_not_given_away(toy, cab):  # noqa: F811 - fixtures
    seat = toy.tasks.get(assignee=cab["ben"])
    with refused(Conflict):
        release_task(task=seat, actor=cab["ben"], at=NOON)


# -- internal comments ----------------------------------------------------------------------------
def test_internal_words_are_for_the_staff_of_now(world):
    step = walk(world)
    add_comment(case=step.case, body="?", actor=world["desk"], is_internal=True, at=NOON)
    Grant.objects.filter(user=world["analyst"]).update(to_at=NOON + DAY)
    for who, at, count in (
        ("desk", NOON, 1), ("requester", NOON, 0), ("analyst", NOON, 1), ("analyst", NOON + DAY, 0),
    ):  # fmt: skip
        assert readable_comments(step.case, actor(world, who, at)).count() == count


def actor(world, who, at):
    from people.actors import Actor

    return Actor.of(world[who], at)


# -- sweep and relay ------------------------------------------------------------------------------
def test_one_case_that_cannot_be_handled_does_not_silence_the_others(world):
    broken, sound = walk(world), walk(world)
    Case.objects.filter(pk=broken.case.pk).update(kind="of-a-package-that-is-gone")
    sweep(NOON + 2 * DAY)
    assert sound.clock("response").level == 150  # 2 business days of 1
    assert Clock.objects.get(pk=broken.clock("response").pk).next_alert_at > NOON + 2 * DAY


def test_a_try_is_counted_before_it_is_made(world):
    walk(world)
    batch = relaying._claim(Outbox.objects.due(NOON), NOON, most=2)
    kept = Outbox.objects.filter(pk__in=[one.pk for one in batch])
    assert set(kept.values_list("attempts", flat=True)) == {1}
    assert relay(NOON) == Outbox.objects.count() - len(batch)


# -- clocks ---------------------------------------------------------------------------------------
def test_a_newly_agreed_date_is_the_deadline_whatever_pauses_came_before(world):
    """Two days with the requester, then Thursday the 3rd is agreed: due at its closing time."""
    step = walk(world, "in_development").act("developer", "ask_requester")
    step.act("requester", "answer", after=2 * DAY).act(
        "developer", "re_estimate", due_on="2026-12-03"
    )
    assert step.clock("delivery").due_at.isoformat() == "2026-12-03T10:00:00+00:00"  # 18:00


# -- tasks and mentions ---------------------------------------------------------------------------
def test_what_a_deputy_takes_is_of_who_is_away(world):
    stand_in(world, "desk", "tester", until=NOON + DAY)
    step = walk(world)
    task = claim_task(task=step.task, actor=world["tester"], at=NOON)
    assert task.assignee == world["desk"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("请@analyst看一下", ["analyst"]),
        ("thanks @analyst.", ["analyst"]),
        ("@requester2 and @requester", ["requester2", "requester"]),
        ("mail me at desk@analyst.example", []),
        ("@nobody", []),
    ],
)
def test_a_mention_needs_no_space_after_it(world, body, names):
    assert [user.username for user in mentioned_in(body)] == names


@pytest.mark.parametrize(("typed", "kept"), [("a\u202eb", "ab"), (" 报表\u200b ", "报表")])
def test_a_title_keeps_only_what_is_seen(world, typed, kept):
    assert walk(world, title=typed).case.title == kept


def test_a_title_nobody_can_see_is_no_title(world):
    with refused(BadData):
        walk(world, title="\u200b\u00ad")


# -- pages ----------------------------------------------------------------------------------------
def test_the_sixth_wrong_password_is_told_to_wait(world, client):
    for _try in range(5):
        client.post("/login/", {"username": "desk", "password": "wrong"})
    answer = client.post("/login/", {"username": "desk", "password": "wrong"})
    assert answer.status_code == 429
    assert client.post("/login/", {"username": "head", "password": "demo"}).status_code == 302


def test_an_address_nobody_serves_is_a_bad_request_not_an_error(client, db):
    assert client.get("/login/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/cases/%00/", "/cases/?q=%00"])
def test_a_nul_in_an_address_is_a_bad_request(world, path):
    browser = Client()
    browser.force_login(world["desk"])
    assert browser.get(path).status_code == 400


def test_an_incomplete_absence_is_asked_for_again(world, client):
    client.force_login(world["admin"])
    assert client.post("/admin/people/absence/add/", {}).status_code == 200


def test_a_request_filed_twice_from_one_page_is_one(world, client):
    client.force_login(world["requester"])
    page = client.get("/new/optimization/")
    data = {"title": "x", "service": "erp", "wanted": "y", "urgency": "low"}
    for _press in range(2):
        client.post("/new/optimization/", {**data, "once": page.context["once"]})
    assert Case.objects.count() == 1


def test_a_form_sent_twice_is_done_once_and_answered_alike(world, client):
    step = walk(world)
    client.force_login(world["desk"])
    url = f"/cases/{step.case.number}/do/reject/"
    data = {"once": client.get(url).context["once"], "reason": "double"}
    assert [client.post(url, data).status_code for _press in range(2)] == [302, 302]


def test_coming_by_address_to_where_one_posts_leads_to_the_case(world, client):
    step = walk(world)
    client.force_login(world["desk"])
    answer = client.get(f"/cases/{step.case.number}/comment/")
    assert answer.url == f"/cases/{step.case.number}/"


def test_the_language_chosen_before_logging_in_stays(world, client):
    client.cookies["django_language"] = "en"
    client.post("/login/", {"username": "requester", "password": "demo"})
    world["requester"].refresh_from_db()
    assert world["requester"].language == "en"


def test_only_who_may_change_messages_sends_them_again(world):
    from workflows.admin import OutboxAdmin

    world["auditor"].is_staff = True
    assert world["service_manager"].has_perm("workflows.change_outbox")
    assert not world["auditor"].has_perm("workflows.change_outbox")
    assert OutboxAdmin.retry.allowed_permissions == ["retry"]
