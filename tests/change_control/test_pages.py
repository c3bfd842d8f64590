"""What the page of a change shows: window and conflicts, steps, review; free windows; figures."""

from __future__ import annotations

import html
import re
from datetime import date, datetime

import time_machine
from django.test import Client

from change_control import figures, risk
from change_control.models import Change, ChangePolicy, ChangeTemplate, RiskTable
from people.actors import Actor
from people.models import User
from tests.change_control.walking import DAY, MEDIUM, NOON, OPENS, walk
from tests.changes.walking import walk as asked_for
from tests.refusing import refused
from workflows.models import CaseLink
from workflows.refusals import Conflict


def page(world, who, address, at=NOON):
    User.objects.filter(username=who).update(language="en")
    browser = Client()
    browser.force_login(world[who])
    with time_machine.travel(at, tick=False):
        answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_conflict_is_shown_on_both_changes_also_to_who_asked(world):
    one, other = (walk(world, "scheduled").case for _ in range(2))
    for here, there in ((one, other), (other, one)):
        for who in ("analyst", "change_manager"):
            shown = page(world, who, here.get_absolute_url())
            assert "Same system" in shown
            assert there.get_absolute_url() in shown


def test_a_change_one_may_not_see_is_another_change(world):
    mine = walk(world, by="pm").act("pm", "submit").case
    other = walk(world, "scheduled").case
    shown = page(world, "pm", mine.get_absolute_url())
    assert "another change" in shown
    assert other.number not in shown
    slots = page(world, "pm", f"/changes/{mine.number}/slots/")
    assert "another change" in slots
    assert other.number not in slots


def test_nothing_in_the_way_is_said(world):
    case = walk(world, "scheduled").case
    assert "Nothing stands in the way." in page(world, "analyst", case.get_absolute_url())


def test_a_free_window_is_taken_over_with_a_press_by_whoever_may_edit(world):
    case = walk(world, "scheduled").case
    when = {"starts_at": case.starts_at, "ends_at": case.ends_at}
    address = f"/changes/{case.number}/slots/"
    assert "Take this window" not in page(world, "change_manager", address)
    link = re.search(r'href="([^"]+)">Take this window', page(world, "analyst", address))
    form = page(world, "analyst", html.unescape(link[1]))
    (start, end, back) = (
        re.search(rf'name="{name}" value="([^"]+)"', form)[1]
        for name in ("starts_at", "ends_at", "return_until")
    )
    moved = datetime.fromisoformat(start) - case.starts_at.astimezone(case.zone).replace(
        tzinfo=None
    )
    assert moved > DAY / 24
    for name, said in (("ends_at", end), ("return_until", back)):
        was = getattr(case, name).astimezone(case.zone).replace(tzinfo=None)
        assert datetime.fromisoformat(said) - was == moved
    case.refresh_from_db()
    assert {name: getattr(case, name) for name in when} == when  # a link changes nothing


def test_free_windows_say_why_earlier_ones_are_none(world):
    walk(world, "scheduled")
    case = walk(world, "scheduled").case
    shown = page(world, "analyst", f"/changes/{case.number}/slots/", OPENS - DAY / 2)
    assert "Nov 29, 2026, 22:00" in shown
    assert "Same system" in shown


def test_a_window_offered_to_a_draft_is_one_it_may_be_submitted_with(world):
    """Monday noon and three business days; said at short notice, sooner too."""
    case = walk(world, "draft").case
    address, late = f"/changes/{case.number}/slots/", OPENS - 3 * DAY  # Wednesday, 22:00
    shown = page(world, "analyst", address, late)
    assert "it would be at short notice" in shown
    assert "Dec 1, 2026, 22:00" in shown.split("Why not earlier")[0]
    assert "Nov 28, 2026, 22:00" not in shown
    Change.objects.filter(pk=case.pk).update(short_notice="A gap.")
    shown = page(world, "analyst", address, late)
    assert "it would be at short notice" not in shown
    assert "Nov 28, 2026, 22:00" in shown


def test_steps_and_review_are_on_the_page(world):
    step = walk(world, "implementing").act("developer", "tick", step=1)
    shown = page(world, "developer", step.case.get_absolute_url(), step.at)
    assert "Steps: 1 of 3 done" in shown
    review = walk(world, "review").act("change_manager", "add_review_action")
    shown = page(world, "change_manager", review.case.get_absolute_url(), review.at)
    assert "Test on a full copy" in shown


def test_the_page_says_how_the_risk_was_answered_by_the_table_of_its_day(world):
    step = walk(world, "scheduled")
    RiskTable.objects.create(
        number=1, effective_from=step.at + DAY,
        content={"questions": [], "classes": [{"from_points": 0, "risk": "low"}], "rules": []},
    )  # fmt: skip
    shown = page(world, "change_manager", step.case.get_absolute_url(), step.at + 2 * DAY)
    question = risk.shipped_table()["questions"][0]
    assert question["text"] in shown
    assert question["answers"][0]["text"] in shown


def test_the_navigation_leads_who_works_with_changes_to_the_calendar(world):
    assert 'href="/changes/"' in page(world, "analyst", "/cases/")
    assert 'href="/changes/"' not in page(world, "requester", "/cases/")


# -- two people at once ---------------------------------------------------------------------------
def decide(browser, case, **sent):
    return browser.post(f"/cases/{case.number}/do/approve/", sent)


def test_an_edit_between_page_and_decision_is_told_and_nothing_typed_is_lost(world):
    step = walk(world, "awaiting_approval")
    User.objects.filter(username="change_manager").update(language="en")
    browser = Client()
    browser.force_login(world["change_manager"])
    with time_machine.travel(step.at, tick=False):
        form = browser.get(f"/cases/{step.case.number}/do/approve/")
        seen = {"expected_version": step.case.version, "once": form.context["once"]}
        step.act("analyst", "edit", plan="Another way")
        answer = decide(browser, step.case, **seen, note="Looks good to me")
    page_ = answer.content.decode()
    assert answer.status_code == 409
    assert "Looks good to me" in page_
    assert "“Edit”" in page_
    step.case.refresh_from_db()
    assert step.case.state == "awaiting_approval"


def test_of_two_who_approve_at_once_the_second_is_told(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    User.objects.filter(username__in=("owner", "change_manager")).update(language="en")
    browsers = {}
    with time_machine.travel(step.at, tick=False):
        for who in ("owner", "change_manager"):
            browsers[who] = browser = Client()
            browser.force_login(world[who])
            form = browser.get(f"/cases/{step.case.number}/do/approve/")
            browsers[who].seen = {
                "expected_version": step.case.version, "once": form.context["once"],
            }  # fmt: skip
        answers = [decide(one, step.case, **one.seen, note="Yes") for one in browsers.values()]
        assert [one.status_code for one in answers] == [302, 409]
        assert "Yes" in answers[1].content.decode()
        form = browsers["change_manager"].get(f"/cases/{step.case.number}/do/approve/")
        again = decide(
            browsers["change_manager"], step.case, note="Yes", once=form.context["once"],
            expected_version=step.case.version + 1,
        )  # fmt: skip
    assert again.status_code == 302
    step.case.refresh_from_db()
    assert step.case.state == "scheduled"


def test_an_approver_who_left_is_named_and_an_edit_asks_who_is_there_now(world):
    step = walk(world, "assessing").act("change_manager", "assess", **MEDIUM)
    User.objects.filter(username="owner").update(is_active=False)
    shown = page(world, "change_manager", step.case.get_absolute_url(), step.at)
    assert f"No longer here: {world['owner']}." in shown
    with refused(Conflict, "Too few people can decide"):
        step.act("analyst", "edit")
    unit = world["head"].grants.first().unit
    world["head"].grants.create(role="system_owner", unit=unit, from_at=NOON - DAY)
    step.act("analyst", "edit", informed="Everybody")
    assert step.open_slots() == ["change_manager", "system_owner"]


def test_the_record_of_a_template_is_shown_to_whoever_decides_and_in_the_back_office(world):
    template = ChangeTemplate.objects.create(
        code="reindex", name="New index", plan="Build", owner=world["change_manager"],
        expires_on=date(2027, 1, 1),
    )  # fmt: skip
    for _ in range(4):
        walk(world, type="standard", template="reindex").act("analyst", "submit").to("closed")
    failed = walk(world, type="standard", template="reindex").act("analyst", "submit").to("failed")
    case = walk(world, type="standard", template="reindex").case
    shown = page(world, "change_manager", case.get_absolute_url(), failed.at)
    assert "By this template: 80 % of 5 changes in 12 months succeeded." in shown
    found = risk.record_of_template(template, failed.at, ChangePolicy.current())
    assert (found.count, found.percent) == (5, 80)


# -- figures --------------------------------------------------------------------------------------
def test_figures_count_by_the_month_in_which_work_ended(world):
    done = [walk(world, "closed") for _ in range(4)]
    walk(world, "failed")
    emergency = walk(world, "review")
    fault = asked_for(world, "assessing").case
    CaseLink.objects.create(source=fault, target=done[0].case, relation="caused_by",
                            created_by=world["desk"], created_at=emergency.at)  # fmt: skip
    done[1].case.__class__.objects.filter(pk=done[1].case.pk).update(freeze_override="The law")
    rows = figures.months(Actor.of(world["service_manager"], OPENS + 9 * DAY))
    assert [row.first.isoformat() for row in rows[:2]] == ["2026-12-01", "2026-11-01"]
    november = rows[1]
    assert (november.ended, november.good, november.emergencies) == (6, 5, 1)
    assert (november.success_percent, november.emergency_percent) == (83, 16)
    assert (november.exceptions, november.caused_faults) == (1, 1)
    assert (rows[0].ended, rows[0].success_percent) == (0, None)
    assert figures.together(rows).ended == 6


def test_a_share_of_few_changes_is_left_out(world):
    for _ in range(4):
        walk(world, "closed")
    rows = figures.months(Actor.of(world["service_manager"], OPENS + DAY))
    assert (rows[0].ended, rows[0].success_percent) == (4, None)


def test_figures_are_of_what_the_reader_may_see(world):
    walk(world, "closed")
    rows = figures.months(Actor.of(world["requester"], OPENS + DAY))
    assert figures.together(rows).ended == 0
    assert "How changes went" in page(world, "service_manager", "/changes/figures/")
