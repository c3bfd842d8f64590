"""The team of a project: who is in it sees the project, and neither reviews nor decides."""

from __future__ import annotations

import pytest
import time_machine

from people.actors import Actor
from people.models import Absence
from projects import rules
from projects.actions import judge_evidence
from projects.models import Gate, ProjectMember
from tests.projects.test_pages import client, page
from tests.projects.test_story import WAIVER
from tests.projects.walking import DAY, QUARTER, WHY, Walk, walk
from tests.refusing import refused
from workflows.door import perform
from workflows.models import Case, Task
from workflows.refusals import BadData, Conflict, NotAllowed, UnknownAction

pytestmark = pytest.mark.engine


def change(step, who="pm", **data):
    step.at += QUARTER
    step.project = perform(
        step.project, "change_team", actor=step.world[who], at=step.at, **data
    ).case  # fmt: skip
    return step


def join(step, who, part="developer", by="pm"):
    return change(step, by, person=who, part=part)


def leave(step, who, by="pm", **more):
    member = step.project.members.present().get(user=step.world[who])
    return change(step, by, leaving=[member.pk], **more)


def fresh(step, place=1):
    step.case = step.gate(place)
    return step


def sees(step, who):
    cases = Case.objects.visible_to(Actor.of(step.world[who], step.at))
    return set(cases.filter(kind__in=("project", "gate")).values_list("kind", flat=True))


def test_who_joins_sees_the_project_and_its_gates(world):
    step = walk(world)
    assert sees(step, "developer") == set()
    join(step, "developer")
    assert sees(step, "developer") == {"project", "gate"}
    shown = page(world, "developer", step.project.get_absolute_url(), step.at)
    assert "Team" in shown
    assert str(world["developer"]) in shown
    assert page(world, "developer", f"/gates/{step.case.number}/sheet/", step.at)
    leave(step, "developer")
    assert sees(step, "developer") == set()


def test_who_leaves_one_part_keeps_seeing_it_for_the_other(world):
    step = join(join(walk(world), "developer"), "developer", "designer")
    member = step.project.members.get(part="designer")
    change(step, leaving=[member.pk])
    assert sees(step, "developer") == {"project", "gate"}


def test_somebody_outside_the_house_is_kept_by_name(world):
    step = change(walk(world), contact="Zhao, Example Ltd, 021-555", part="vendor")
    shown = page(world, "head", step.project.get_absolute_url(), step.at)
    assert "Zhao, Example Ltd, 021-555" in shown
    assert "Vendor" in shown


def test_the_story_tells_who_joined_and_who_left(world):
    step = leave(join(walk(world), "developer"), "developer", by="head")
    notes = list(step.project.events.filter(action="change_team").values_list("note", flat=True))
    name = str(world["developer"])
    assert notes == [f"{name} joins (Developer).", f"{name} leaves (Developer)."]
    assert name in page(world, "pm", step.project.get_absolute_url(), step.at)


# -- of the project -------------------------------------------------------------------------------
def give(world, who, *roles):
    unit = world["head"].grants.first().unit
    for role in roles:
        world[who].grants.create(role=role, unit=unit, from_at=walk(world).at - DAY)


def test_who_is_in_the_team_neither_reviews_nor_judges(world):
    give(world, "analyst", "ops_reviewer")
    step = fresh(join(walk(world), "analyst", "tester")).to("in_review")
    for action in ("agree", "object"):
        with refused(NotAllowed):
            perform(step.case, action, actor=world["analyst"], at=step.at, note="Fine.")
    with refused(NotAllowed):
        judge_evidence(gate=step.case, criterion=step.case.criteria.first(), result="pass",
                       remark="", actor=world["analyst"], at=step.at)  # fmt: skip
    step.to("awaiting_verdict")


def test_who_is_in_the_team_neither_decides_nor_waives_nor_skips(world):
    give(world, "analyst", "head_of_ops")
    step = fresh(join(walk(world), "analyst", "designer"))
    with refused(NotAllowed):
        perform(step.case, "skip", actor=world["analyst"], at=step.at, **WHY, is_understood=True)
    step.to("awaiting_verdict").judge().act("pm", "ask_waiver", **WAIVER)
    waiver = step.case.waivers.get()
    refusals = {
        "accept": {}, "reject": WHY, "grant_waiver": {"waiver": waiver.pk, "note": "Yes."},
        "revoke_waiver": {"waiver": waiver.pk, "note": "No."},
    }  # fmt: skip
    for action, data in refusals.items():
        with refused(NotAllowed):
            perform(step.case, action, actor=world["analyst"], at=step.at, **data)
    step.act("head", "accept")


def test_neither_does_who_stands_in_for_somebody_of_the_team(world):
    step = join(walk(world), "developer")
    fresh(step).to("in_review")
    flow = step.case.lifecycle(step.case)
    reviewer = world["ops_reviewer"]
    assert not rules.is_of_the_project(flow, Actor.of(reviewer, step.at))
    Absence.objects.create(user=world["developer"], deputy=reviewer, from_at=step.at - DAY,
                           to_at=step.at + DAY)  # fmt: skip
    assert rules.is_of_the_project(flow, Actor.of(reviewer, step.at))
    with refused(NotAllowed):
        perform(step.case, "agree", actor=reviewer, at=step.at)


def test_who_has_left_does_not_review_what_they_have_built(world):
    give(world, "analyst", "ops_reviewer")
    step = leave(join(walk(world), "analyst"), "analyst", by="head")
    fresh(step).to("in_review")
    with refused(NotAllowed):
        perform(step.case, "agree", actor=world["analyst"], at=step.at)


def test_who_was_entered_by_mistake_may_review_when_the_head_says_so(world):
    give(world, "analyst", "ops_reviewer")
    step = leave(join(walk(world), "analyst"), "analyst", by="head", is_mistake=True)
    assert not ProjectMember.objects.exists()
    fresh(step).to("in_review")
    perform(step.case, "agree", actor=world["analyst"], at=step.at)


def test_the_project_does_not_say_itself_that_it_was_a_mistake(world):
    step = leave(join(walk(world), "developer"), "developer", is_mistake=True)
    assert ProjectMember.objects.get().left_at == step.at
    assert "by mistake" not in page(
        world, "pm", f"{step.project.get_absolute_url()}do/change_team/", step.at
    )


def test_the_seats_of_the_review_go_past_the_team(world):
    """The one reviewer of the house joins: nobody could review, which is said at once."""
    step = fresh(join(walk(world), "ops_reviewer"))
    step.show()
    with refused(Conflict, "Too few people can decide"):
        perform(step.case, "submit", actor=world["pm"], at=step.at)
    assert not Task.objects.filter(case=step.case, step="in_review").exists()


def test_the_last_who_could_decide_does_not_join(world):
    step = walk(world)
    with refused(BadData, "Nobody would be left who decides on its gates."):
        join(step, "head")
    give(world, "analyst", "head_of_ops")
    join(step, "head")
    with refused(BadData, "Nobody would be left"):
        join(step, "analyst")


def test_the_team_is_asked_for_once_however_many_are_asked_about(world, django_assert_num_queries):
    step = join(walk(world), "developer")
    flow = fresh(step).case.lifecycle(step.case)
    actors = [Actor.of(person, step.at) for person in world.values()]
    with django_assert_num_queries(1):
        barred = [who.user.username for who in actors if rules.is_of_the_project(flow, who)]
    assert sorted(barred) == ["developer", "pm"]


# -- refusals -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "refusal"),
    [("stranger", UnknownAction), ("ops_reviewer", NotAllowed), ("auditor", NotAllowed),
     ("service_manager", NotAllowed)],
)  # fmt: skip
def test_nobody_but_manager_and_head_changes_the_team(world, who, refusal):
    step = walk(world)
    actor = world.get(who, world["requester2"])
    with refused(refusal):
        perform(step.project, "change_team", actor=actor, at=step.at, person="tester",
                part="tester")  # fmt: skip


@pytest.mark.parametrize(
    ("data", "sentence"),
    [({}, "Say who joins or who leaves."),
     ({"person": "nobody", "part": "tester"}, "person"),
     ({"person": "tester"}, "Say as what they join."),
     ({"person": "tester", "part": "king"}, "part"),
     ({"person": "tester", "contact": "Zhao", "part": "tester"}, "One at a time"),
     ({"contact": "x" * 201, "part": "vendor"}, "at most 200 characters"),
     ({"person": "developer", "part": "developer"}, "in the team already"),
     ({"leaving": ["77"]}, "leaving"), ({"leaving": ["x"]}, "leaving")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_in_a_sentence(world, data, sentence):
    step = join(walk(world), "developer")
    with refused(BadData, sentence):
        perform(step.project, "change_team", actor=world["pm"], at=step.at, **data)


def test_a_member_of_another_project_does_not_leave_this_one(world):
    other = join(walk(world), "developer").project.members.get()
    step = join(walk(world), "tester")
    with refused(BadData):
        perform(step.project, "change_team", actor=world["pm"], at=step.at, leaving=[other.pk])


def test_the_team_of_a_closed_project_does_not_change(world):
    step = walk(world, "cancelled")
    with refused(Conflict):
        perform(step.project, "change_team", actor=world["pm"], at=step.at, person="tester",
                part="tester")  # fmt: skip


def test_the_team_is_changed_on_its_page(world):
    step = join(walk(world), "developer")
    browser, address = client(world["pm"]), f"{step.project.get_absolute_url()}do/change_team/"
    member = step.project.members.get()
    with time_machine.travel(step.at, tick=False):
        shown = browser.get(address).content.decode()
        assert f'value="{member.pk}"' in shown
        assert "by mistake" not in shown
        assert browser.post(address, {"person": "tester"}).status_code == 422
        sent = {"person": "tester", "part": "tester", "leaving": [member.pk]}
        assert browser.post(address, sent).status_code == 302
        assert "by mistake" in client(world["head"]).get(address).content.decode()
    names = [str(one) for one in step.project.members.present()]
    assert names == [str(world["tester"])]


def test_who_leads_a_project_sees_its_gates_by_no_role(world):
    step = Walk(world, by="head", manager="requester2")
    planned = step.gate(5)
    who = Actor.of(world["requester2"], step.at)
    assert Gate.objects.visible_to(who).filter(pk=planned.pk).exists()
    assert not Gate.objects.visible_to(Actor.of(world["requester"], step.at)).exists()
