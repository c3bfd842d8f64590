"""The page of a project: its phases, the present gate, and what was decided at all of them."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from people.actors import Actor
from projects import project_page
from projects.models import Project
from tests.projects.test_pages import page
from tests.projects.walking import DAY, LIGHT, Walk, walk
from workflows.actions import attach_file


def parts(world, step, who="head", at=None):
    """Return the parts of the page by the name of their template."""
    project = Project.objects.get(pk=step.project.pk)
    found = project_page.parts(project, Actor.of(world[who], at or step.at))
    return {one.template.removeprefix("projects/").removesuffix(".html"): one for one in found}


def shown(world, step, who="head", at=None):
    return page(world, who, step.project.get_absolute_url(), at or step.at)


def phases(world, step, at=None):
    return parts(world, step, at=at)["_phases"].context


def test_every_gate_has_a_phase_as_planned_and_as_it_went(world):
    step = walk(world, "accepted")
    (first, second, third, *_rest, last) = phases(world, step, step.at + 10 * DAY)["phases"]
    assert (first.plan.start, last.plan.end) == (0, 100)
    assert second.plan.start == first.plan.end
    assert first.passed_on.isoformat() == "2026-11-23"
    assert (first.done.start, first.done.length) == (0, project_page.LEAST)
    assert (second.done.start, second.done.length) == (0, round(1000 / 242, 2))  # of 242 days
    assert third.done is None
    words = shown(world, step)
    assert "passed Nov 23, 2026, planned Dec 23, 2026" in re.sub(r"\s+", " ", words)


def test_the_day_of_passing_stays_when_conditions_are_met_later(world):
    step = walk(world, "conditions")
    passed = step.at.date()
    step.at += 20 * DAY
    step.act("ops_reviewer", "meet", condition=step.case.conditions.get().pk, note="Done.")
    assert step.case.state == "accepted"
    assert phases(world, step)["phases"][0].passed_on == passed


def test_today_is_on_the_scale_while_it_runs(world):
    step = walk(world)
    assert phases(world, step)["today"] == 0
    assert phases(world, step, step.at + 121 * DAY)["today"] == 50
    late = phases(world, step, step.at + 484 * DAY)  # twice its length
    assert (late["today"], late["phases"][-1].plan.end) == (100, 50)
    assert late["phases"][0].is_late
    begins_later = Walk(world, starts_on="2026-12-23")
    assert phases(world, begins_later)["today"] is None
    assert phases(world, walk(world, "cancelled"))["today"] is None


def test_the_drawing_has_no_style_of_its_own_and_points_in_numbers(world):
    step = walk(world, "accepted")
    for language in ("en", "zh-hans"):
        words = page(world, "head", step.project.get_absolute_url(), step.at + 10 * DAY, language)
        drawn = "".join(words.split('<ol class="og-phases">')[1].split("</ol>")[0])
        assert drawn.count("og-phase__plan") == 8
        assert "style=" not in drawn
        places = re.findall(r' (?:x|x1|width)="([^"]*)"', drawn)
        assert "4.13%" in places
        assert all(re.fullmatch(r"\d+(\.\d+)?%", one) for one in places)


def test_the_present_gate_leads_to_its_sheet(world):
    step = walk(world, "accepted")
    words = shown(world, step)
    assert "Now: G2" in words
    assert f'href="/gates/{step.gate(2).number}/sheet/"' in words
    assert "_present" not in parts(world, Walk(world, **LIGHT).pass_on())


def test_conditions_waivers_and_verdicts_of_all_gates_are_there(world):
    step = walk(world, "in_review").act("ops_reviewer", "object").act("supervisor", "agree")
    step.act("head", "rework")
    step.act("pm", "submit")
    waived = step.case.criteria.filter(level="must").first()
    step.act(
        "pm", "ask_waiver", criterion=waived.code, reason="No second site yet.", risk_owner="owner",
        measure="Copies leave the house daily.", expires_on="2027-01-31",
    )  # fmt: skip
    step.act("ops_reviewer", "object").act("supervisor", "agree").judge()
    step.act("head", "note_condition").act("head", "accept", overruling="Needed before the fair.")
    words = shown(world, step)
    for told in (
        "Two more drills", "No second site yet.", "Sent back for rework", "Because.",
        "Accepted with conditions", "In spite of an objection:", "Needed before the fair.",
    ):  # fmt: skip
        assert told in words, told
    said = parts(world, step)["_decisions"].context["rows"]
    assert [one.event.action for one in said] == ["accept", "rework"]


def test_documents_of_its_gates_are_there(world):
    step = walk(world)
    file = SimpleUploadedFile("agreement.txt", b"signed")
    attach_file(case=step.case, file=file, actor=world["pm"], at=step.at)
    words = shown(world, step)
    assert "agreement.txt" in words
    assert f"{step.case.get_absolute_url()}files/" in words


def test_who_only_follows_the_project_reads_nothing_of_its_gates(world):
    """One who sees a project and not its gates learns where they stand, not what was said."""
    step = walk(world, "rejected")
    file = SimpleUploadedFile("agreement.txt", b"signed")
    attach_file(case=step.case, file=file, actor=world["pm"], at=step.at)
    project = Project.objects.get(pk=step.project.pk)
    project.watches.create(user=world["developer"], created_at=step.at)
    assert set(parts(world, step, "head")) == {"_phases", "_decisions", "_documents"}
    assert set(parts(world, step, "developer")) == {"_phases"}


@pytest.mark.parametrize("state", ["open", "conditions"])
def test_the_parts_are_read_in_six_queries(world, state, django_assert_num_queries):
    step = walk(world, state)
    project = Project.objects.get(pk=step.project.pk)
    who = Actor.of(world["head"], step.at)
    with django_assert_num_queries(6):
        project_page.parts(project, who)
