"""A project that runs goes on under newer criteria, as far as nothing was submitted yet."""

from __future__ import annotations

import pytest
import time_machine

from projects.models import Answer, Criterion
from tests.projects.test_pages import client, page, sheet_of
from tests.projects.test_skipping import skip
from tests.projects.test_standard import draft, publish
from tests.projects.test_story import WAIVER, sound
from tests.projects.walking import DAY, QUARTER, WHY, Walk, walk
from tests.refusing import refused
from workflows.door import perform
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine


def edition(world, at, *, without=""):
    """Publish a version in which G1-01 reads otherwise, G1-02 is gone, and G2 asks for more."""
    version = draft(world)
    Criterion.objects.filter(gate__version=version, code="G1-01").update(text="Signed by three.")
    Criterion.objects.filter(gate__version=version, code="G1-02").delete()
    gate = version.gates.get(code="G2")
    Criterion.objects.create(gate=gate, code="G2-99", level="must", text="A second vendor.")
    version.gates.filter(code=without).delete()
    publish(world, version, at)
    return version


def renew(step, who="service_manager", version=2):
    step.at += DAY
    step.project = perform(
        step.project, "change_criteria", actor=step.world[who], at=step.at, catalogue=version, **WHY
    ).case  # fmt: skip
    step.case = step.gate(step.case.place)
    return step


def kinds(step):
    gates = step.project.gates.order_by("place").select_related("gate_kind__version")
    return [gate.gate_kind.version.number for gate in gates]


def test_what_is_not_submitted_yet_goes_by_the_newer_version(world):
    step = walk(world).pass_on()
    edition(world, step.at)
    renew(step)
    assert step.project.catalogue.number == 2
    assert kinds(step) == [1, 2, 2, 2, 2, 2, 2, 2]
    assert "G2-99" in step.case.criteria.values_list("code", flat=True)
    assert step.gate(1).criteria.filter(code="G1-02").exists()  # as it was accepted
    assert sound(step.at)


@pytest.mark.parametrize("state", ["in_review", "awaiting_verdict", "conditions", "deferred"])
def test_what_is_submitted_or_decided_keeps_its_version(world, state):
    step = walk(world, state)
    first = step.gate(1).criteria.count()
    edition(world, step.at)
    renew(step)
    assert kinds(step)[0] == 1
    assert step.gate(1).criteria.count() == first
    assert set(kinds(step)[1:]) == {2}
    assert sound(step.at)


def test_answers_are_kept_where_the_words_are_the_same(world):
    step = walk(world).show()
    edition(world, step.at)
    renew(step)
    kept = step.case.answers.filter(criterion__gate__version__number=2)
    asked = [one.code for one in step.case.criteria if one.is_must]
    codes = sorted(kept.values_list("criterion__code", flat=True))
    assert codes == [code for code in asked if code != "G1-01"]
    with refused(Conflict, "Evidence is missing for what must be shown: G1-01."):
        perform(step.case, "submit", actor=world["pm"], at=step.at)
    assert Answer.objects.filter(gate=step.case, criterion__code="G1-01").exists()  # not lost
    step.to("in_review")
    assert sound(step.at)


def test_the_round_before_is_still_shown(world):
    step = walk(world, "awaiting_verdict").judge().act("head", "rework")
    edition(world, step.at)
    renew(step)
    shown = page(world, "pm", sheet_of(step), step.at)
    rounds = step.case.answers.filter(round=1, criterion__gate__version__number=2).count()
    assert rounds == step.case.criteria.filter(level="must").count() - 1
    assert shown.count("In the round before") == rounds


def test_a_waiver_is_kept_where_the_words_are_the_same(world):
    step = walk(world)
    step.act("pm", "ask_waiver", **WAIVER).act(
        "pm", "ask_waiver", **{**WAIVER, "criterion": "G1-03"}
    )
    edition(world, step.at)
    renew(step)
    version = step.case.waivers.values_list("criterion__code", "criterion__gate__version__number")
    assert dict(version) == {"G1-01": 1, "G1-03": 2}
    step.act("pm", "ask_waiver", **WAIVER)  # of the new words


def test_the_musts_of_a_skipped_gate_are_those_of_the_newer_version(world):
    step = skip(walk(world), 1)
    edition(world, step.at)
    renew(step)
    assert kinds(step) == [2] * 8
    codes = list(step.case.criteria.filter(gate__code="G1").values_list("code", flat=True))
    assert "G1-02" not in codes
    assert step.case.criteria.get(code="G1-01").text == "Signed by three."
    assert sound(step.at)


def test_a_skipped_gate_stays_with_the_one_that_asked_for_its_musts(world):
    step = skip(walk(world), 1).to("in_review")
    edition(world, step.at)
    renew(step)
    assert kinds(step) == [1, 1, 2, 2, 2, 2, 2, 2]


def test_a_gate_the_newer_version_has_no_more_stays_as_it_is(world):
    step = walk(world)
    edition(world, step.at, without="G4")
    renew(step)
    assert kinds(step) == [2, 2, 2, 1, 2, 2, 2, 2]
    step.case = step.gate(1)
    for _ in range(8):
        step.pass_on()


def test_what_a_gate_added_later_asks_for_is_asked_at_the_next_one(world):
    step = walk(world)
    version = draft(world)
    for gate in version.gates.order_by("-place").exclude(code__in=("G1", "G2")):
        gate.place += 1
        gate.save()
    added = version.gates.create(code="G2b", place=3, name="Security review")
    Criterion.objects.create(gate=added, code="G2b-01", level="must", text="A penetration test.")
    publish(world, version, step.at)
    renew(step)
    assert "G2b-01" in step.gate(3).criteria.values_list("code", flat=True)
    assert not step.gate(2).criteria.filter(code="G2b-01").exists()


# -- who, when, why -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("pm", NotAllowed), ("ops_reviewer", NotAllowed), ("auditor", NotAllowed),
     ("requester", UnknownAction)],
)  # fmt: skip
def test_nobody_but_service_manager_and_head_does(world, who, refusal):
    step = walk(world)
    edition(world, step.at)
    with refused(refusal):
        renew(step, who)


def test_nobody_does_for_a_project_of_their_own(world):
    step = Walk(world, by="service_manager")
    edition(world, step.at)
    with refused(NotAllowed):
        renew(step)
    renew(step, "head")


@pytest.mark.parametrize("version", [1, 3, 77, "x"])
def test_only_a_newer_version_that_is_published_is_chosen(world, version):
    step = walk(world)
    edition(world, step.at)
    draft(world)
    with refused(BadData, "catalogue"):
        renew(step, version=version)


def test_without_a_newer_version_there_is_nothing_to_change_to(world):
    step = walk(world)
    draft(world)
    with refused(BadData):
        renew(step)
    edition(world, step.at)
    renew(step)
    with refused(BadData):
        renew(step)


def test_it_is_said_why_and_told_in_the_story_of_project_and_gate(world):
    step = walk(world)
    edition(world, step.at)
    with refused(BadData, "reason"):
        perform(step.project, "change_criteria", actor=world["head"], at=step.at, catalogue=2)
    renew(step)
    assert "Because." in page(world, "pm", step.project.get_absolute_url(), step.at)
    event = step.case.events.get(action="renew")
    assert list(event.data["changes"]) == ["gate_kind_id"]
    assert "Take the newer criteria" in page(world, "pm", step.case.get_absolute_url(), step.at)


# -- pages ----------------------------------------------------------------------------------------
def test_the_page_says_that_newer_criteria_are_in_force_and_what_they_mean(world):
    step = walk(world).show()
    before = page(world, "head", step.project.get_absolute_url(), step.at)
    assert "this project goes by version" not in before
    edition(world, step.at)
    address = step.project.get_absolute_url()
    shown = page(world, "pm", address, step.at)
    assert "Version 2 of the criteria is in force; this project goes by version 1." in shown
    assert "/criteria/2/changes/?from=1" in shown
    shown = page(world, "head", f"{address}do/change_criteria/", step.at)
    assert "/criteria/2/changes/?from=1" in shown
    assert "These gates go by version 2: G1, G2, G3, G4, G5, G6, G7, G8." in shown
    assert "To be shown again: G1-01." in shown
    with time_machine.travel(step.at + QUARTER, tick=False):
        sent = {"catalogue": "2", "reason": "Clearer."}
        assert client(world["head"]).post(f"{address}do/change_criteria/", sent).status_code == 302
    assert kinds(step) == [2] * 8


def test_any_two_versions_are_held_side_by_side(world):
    edition(world, walk(world).at)
    version = draft(world)
    Criterion.objects.filter(gate__version=version, code="G3-01").update(text="Drawn.")
    publish(world, version)
    shown = page(world, "pm", "/criteria/3/changes/?from=1")
    assert "Version 3 beside version 1" in shown
    assert "Signed by three." in shown
    assert "Signed by three." not in page(world, "pm", "/criteria/3/changes/")
    for wrong in ("3", "4", "x", "-1", "9" * 30, "²"):
        answer = client(world["pm"]).get(f"/criteria/3/changes/?from={wrong}")
        assert answer.status_code == 404, wrong
