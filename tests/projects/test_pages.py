"""The pages of a gate: its sheet, and what the page of a case adds."""

from __future__ import annotations

import time_machine
from django.test import Client

from people.models import User
from projects.models import Answer
from tests.projects.walking import DAY, Walk, walk
from tests.world import NOON


def client(person: User, language: str = "en") -> Client:
    User.objects.filter(pk=person.pk).update(language=language)
    browser = Client()
    browser.force_login(person)
    return browser


def page(world, who, address, at=NOON, language="en"):
    with time_machine.travel(at, tick=False):
        answer = client(world[who], language).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def sheet_of(step: Walk) -> str:
    return f"/gates/{step.case.number}/sheet/"


def test_a_project_is_offered_to_whoever_may_open_one(world):
    assert "/new/project/" in page(world, "pm", "/new/")
    assert "/new/project/" not in page(world, "requester", "/home/")
    assert "/new/gate/" not in page(world, "pm", "/new/")
    shown = page(world, "pm", "/new/project/")
    assert "Light track" in shown


def test_evidence_is_saved_criterion_by_criterion(world):
    step = walk(world)
    browser = client(world["pm"])
    address = f"{sheet_of(step)}G1-01/"
    with time_machine.travel(NOON, tick=False):
        answer = browser.post(address, {"G1-01-evidence": "Signed today", "G1-01-link": ""})
        assert (answer.status_code, answer["Location"]) == (302, f"{sheet_of(step)}#G1-01")
        browser.post(f"{sheet_of(step)}G1-02/", {"G1-02-evidence": "Second"})
    kept = dict(Answer.objects.values_list("criterion__code", "evidence"))
    assert kept == {"G1-01": "Signed today", "G1-02": "Second"}
    assert "Signed today" in page(world, "ops_reviewer", sheet_of(step))


def test_what_is_incomplete_comes_back_with_a_sentence_and_what_was_typed(world):
    step = walk(world)
    answer = client(world["pm"]).post(
        f"{sheet_of(step)}G1-01/", {"G1-01-is_left_out": "on", "G1-01-link": "nowhere"}
    )
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Write why it does not apply." in shown
    assert "nowhere" in shown
    assert not Answer.objects.exists()


def test_a_reviewer_judges_on_the_sheet_and_the_project_reads_it(world):
    step = walk(world, "in_review")
    with time_machine.travel(step.at, tick=False):
        answer = client(world["ops_reviewer"]).post(
            f"{sheet_of(step)}G1-01/", {"G1-01-result": "fail"}
        )
        assert "Write what is missing." in answer.content.decode()
        client(world["ops_reviewer"]).post(
            f"{sheet_of(step)}G1-01/", {"G1-01-result": "fail", "G1-01-remark": "Not signed."}
        )
    shown = page(world, "pm", sheet_of(step), step.at)
    assert "Not signed." in shown
    assert "<form" not in shown.split("<h1")[1].split("</main")[0]


def test_the_sheet_shows_the_round_before_and_does_not_count_it(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework")
    shown = page(world, "pm", sheet_of(step), step.at)
    assert "In the round before" in shown
    assert "round 2" in shown
    assert "0 are shown and 0 passed." in shown


def test_a_sheet_of_no_gate_or_no_criterion_is_not_found(world):
    step = walk(world)
    browser = client(world["pm"])
    assert browser.get(f"/gates/{step.project.number}/sheet/").status_code == 404
    assert browser.post(f"{sheet_of(step)}G2-01/", {}).status_code == 404
    assert client(world["developer"]).get(sheet_of(step)).status_code == 404


def test_the_page_of_a_gate_shows_opinions_and_conditions(world):
    step = walk(world, "in_review").act("ops_reviewer", "object").act("supervisor", "agree")
    step.judge().act("head", "note_condition").act("head", "accept", overruling="Needed now.")
    shown = page(world, "pm", step.case.get_absolute_url(), step.at)
    for words in ("Objects", "The restore was not shown.", "Two more drills", "Needed now."):
        assert words in shown
    late = page(world, "pm", step.case.get_absolute_url(), step.at + 60 * DAY)
    assert "overdue" in late


def test_everybody_reads_the_criteria_in_their_language(world):
    assert "A handover agreement names" in page(world, "requester", "/criteria/")
    assert "已签署《运维接收约定》" in page(world, "requester", "/criteria/", language="zh-hans")


def test_a_submission_through_the_api(world):
    step = walk(world)
    step.show()
    browser = Client()
    browser.force_login(world["pm"])
    with time_machine.travel(step.at, tick=False):
        answer = browser.post(
            f"/api/v1/cases/{step.case.number}/actions/submit/", "{}", "application/json"
        )
        assert answer.status_code == 200, answer.content
        shown = browser.get(f"/api/v1/cases/{step.case.number}/").json()
    assert shown["state"] == "in_review"
    kinds = {kind["kind"] for kind in browser.get("/api/v1/kinds/").json()}
    assert "project" in kinds
    assert "gate" not in kinds
