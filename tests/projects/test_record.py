"""The sign-off record of a gate: on a page, as PDF, and what it is checked against."""

from __future__ import annotations

import subprocess
from shutil import which

import pytest
import time_machine
from django.test import Client

from people.models import Absence, Unit
from projects import record
from tests.projects.test_pages import client, page
from tests.projects.walking import DAY, Walk, walk
from workflows import printing
from workflows.models import Event


def of(step: Walk) -> str:
    return f"/gates/{step.case.number}/record/"


@pytest.fixture
def overruled(world):
    """An acceptance on a condition, in spite of an objection, in the second round."""
    step = walk(world, "awaiting_verdict").judge()
    step.act("head", "rework", reason="The drill is missing.").act("pm", "submit")
    step.act("ops_reviewer", "object").act("supervisor", "agree", note="Good enough.")
    return step.judge().act("head", "note_condition").act("head", "accept", overruling="Needed.")


def text(shown: str) -> str:
    return " ".join(shown.split())


def test_the_record_says_who_showed_said_and_decided_what(world, overruled):
    step = overruled
    shown = text(page(world, "auditor", of(step), step.at))
    main, _appendix = shown.split("Appendix: round 1")
    for words in (
        step.case.number, step.project.title, step.project.number, "Version 1",
        "Accepted with conditions", "Needed.", "The restore was not shown.", "Good enough.",
        "Two more drills", "2026-12-31", "See the folder.",
    ):  # fmt: skip
        assert words in main, words
    company = Unit.objects.get(pk=step.case.unit.lineage[0])
    assert f"{company} / " in main
    said = step.case.tasks.filter(outcome="reject").get()
    assert f"{said.done_by} <span class=" in main
    assert f"{said.done_at.astimezone().strftime('%Y-%m-%d')}" in main
    assert "+0800" in main  # every instant has its zone


def test_the_paper_can_be_checked_against_the_chain_of_events(world, overruled):
    shown = page(world, "pm", of(overruled), overruled.at)
    last = Event.objects.filter(case=overruled.case).latest("seq")
    assert last.hash in shown
    assert f"event {last.seq} of {overruled.case.number}," in shown


def test_earlier_rounds_are_an_appendix_that_does_not_count(world, overruled):
    shown = text(page(world, "pm", of(overruled), overruled.at))
    main, appendix = shown.split("Appendix: round 1")
    assert "for reference. It does not count." in appendix
    assert "The drill is missing." in appendix
    assert "To be reworked" in appendix
    assert "The drill is missing." not in main
    assert "Needed." not in appendix


def test_each_round_keeps_its_own_opinions_verdict_and_answers(world, overruled):
    first, second = record.rounds(overruled.case)
    assert [one.outcome for one in first.opinions] == ["approve", "approve"]
    assert [one.outcome for one in second.opinions] == ["reject", "approve"]
    assert (first.verdict.action, second.verdict.action) == ("rework", "accept")
    assert first.submitted.seq < first.verdict.seq < second.submitted.seq
    assert {row.answer.round for row in second.rows if row.answer} == {2}


def test_what_was_taken_back_leaves_seats_that_nobody_filled(world):
    step = walk(world, "in_review").act("ops_reviewer", "agree").act("pm", "take_back")
    first, now = record.rounds(step.case)
    assert [one.said for one in first.opinions] == ["Agrees", "Not given"]
    assert first.verdict_label == "Taken back by the project"
    assert (now.submitted, now.opinions, now.verdict) == (None, [], None)


def test_before_the_verdict_the_record_says_that_nothing_is_decided(world):
    step = walk(world, "in_review")
    shown = text(page(world, "pm", of(step), step.at))
    assert "Not decided yet" in shown
    assert shown.count("Not given yet") == 4  # two seats, among the opinions and the signatures


def test_a_deputy_signs_for_whom_they_stand_in(world):
    step = walk(world, "in_review")
    Absence.objects.create(
        user=world["supervisor"], deputy=world["tester"], from_at=step.at,
        to_at=step.at + 30 * DAY,
    )  # fmt: skip
    step.act("tester", "agree")
    shown = text(page(world, "pm", of(step), step.at))
    assert f"for {world['supervisor']}" in shown


def test_waivers_stand_beside_the_criterion_they_excuse(world):
    step = walk(world, "in_review")
    step.act("pm", "ask_waiver", criterion="G1-02", reason="Later.", risk_owner="pm",
             measure="By hand.", expires_on="2027-01-31")  # fmt: skip
    waiver = step.case.waivers.get()
    step.act("head", "grant_waiver", waiver=str(waiver.pk), note="Fine.")
    shown = text(page(world, "pm", of(step), step.at))
    assert "By hand." in shown
    assert "Granted" in shown
    assert shown.count("<span>Waived</span>") == 1
    later = text(page(world, "pm", of(step), step.at + 90 * DAY))
    assert "Expired" in later
    assert "<span>Waived</span>" not in later


def test_the_record_speaks_the_language_of_its_reader(world, overruled):
    shown = page(world, "pm", of(overruled), overruled.at, language="zh-hans")
    assert "已签署《运维接收约定》" in shown
    assert "A handover agreement names" not in shown


def test_the_record_is_for_whoever_may_see_the_gate(world):
    step = walk(world)
    for address in (of(step), f"/gates/{step.case.number}/record.pdf"):
        assert Client().get(address)["Location"].startswith("/login/")
        assert client(world["developer"]).get(address).status_code == 404
        assert client(world["pm"]).get(address.replace("GAT", "PRJ")).status_code == 404
        assert client(world["pm"]).post(address).status_code == 405


@pytest.mark.pdf
def test_the_record_is_a_pdf_too(world, overruled):
    assert printing.has_pdf()
    with time_machine.travel(overruled.at, tick=False):
        answer = client(world["pm"], "zh-hans").get(f"/gates/{overruled.case.number}/record.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert f'filename="{overruled.case.number}.pdf"' in answer["Content-Disposition"]
    read = subprocess.run(
        [which("pdftotext"), "-", "-"], input=answer.content, capture_output=True, check=True
    ).stdout.decode()
    head = Event.objects.filter(case=overruled.case).latest("seq").hash
    for words in ("已签署《运维接收约定》", overruled.project.title, "The drill is missing.", head):
        assert words in read


def test_where_no_pdf_can_be_set_the_page_says_so(world, monkeypatch):
    step = walk(world)
    monkeypatch.setattr(record, "has_pdf", lambda: False)
    answer = client(world["pm"]).get(f"/gates/{step.case.number}/record.pdf", follow=True)
    assert answer.redirect_chain == [(of(step), 302)]
    shown = answer.content.decode()
    assert "This server cannot make PDFs" in shown
    assert "record.pdf" not in shown


def test_a_machine_without_pango_makes_no_pdf(monkeypatch, tmp_path):
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert not printing.has_pdf.__wrapped__()


@pytest.mark.parametrize("fonts", ["", "<dir>/usr/share/fonts/truetype/dejavu</dir>"])
def test_a_machine_without_a_chinese_font_makes_no_pdf(monkeypatch, tmp_path, fonts):
    said = f"<fontconfig><cachedir>{tmp_path}</cachedir>{fonts}</fontconfig>"
    (tmp_path / "fonts.conf").write_text(said)
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    assert not printing.has_pdf.__wrapped__()


def test_the_record_costs_the_same_for_more_rounds(world, overruled, django_assert_num_queries):
    step = overruled
    with time_machine.travel(step.at, tick=False):
        browser = client(world["head"])
        with django_assert_num_queries(14):  # eight are the record, the others the frame
            assert browser.get(of(step)).status_code == 200


def test_on_the_page_of_a_gate_opinions_of_the_round_before_do_not_pass_for_new_ones(world):
    step = walk(world, "in_review").act("ops_reviewer", "object").act("pm", "take_back")
    shown = text(page(world, "pm", step.case.get_absolute_url(), step.at))
    assert "Opinions of the round before, which no longer count" in shown
    assert "Agrees on conditions" not in shown  # the seat that nobody filled says nothing
    step.act("pm", "submit").act("supervisor", "agree")
    assert "which no longer count" not in page(world, "pm", step.case.get_absolute_url(), step.at)
