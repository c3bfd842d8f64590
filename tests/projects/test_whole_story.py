"""A project over all its gates and its service afterwards, through the API and through the pages.

Rework at the second gate, a waiver, an objection overruled at the third, a condition of the fifth
that goes overdue, a trial extended once, the mode decided, a waiver that runs out, a hand-back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils.timezone import localdate

from people.models import User
from projects.models import Criterion, Gate, Operation, Project
from tests.projects.walking import AGREEMENT, DAY, FILING, QUARTER, SAID, TAKEN_OVER, WHY
from tests.world import NOON
from workflows.events import broken_chains
from workflows.heartbeat import run
from workflows.invariants import violations
from workflows.models import Case

REVIEWERS = {"service_desk": "desk"}


class Hand:
    """Does everything as people do it, each in a browser of their own."""

    def __init__(self, world: dict[str, User]) -> None:
        self.world, self.at = world, NOON

    def browser(self, who: str) -> Client:
        browser = Client()
        browser.force_login(self.world[who])
        return browser

    def ask(self, request: Callable[[], Any]) -> Any:
        self.at += QUARTER
        with time_machine.travel(self.at, tick=False):
            return request()


class Api(Hand):
    def open(self, who: str, **data: Any) -> Project:
        body = {"kind": "project", **data}
        answer = self.ask(lambda: self.browser(who).post("/api/v1/cases/", body, JSON))
        assert answer.status_code == 201, answer.content
        return Project.objects.get(number=answer.json()["number"])

    def act(self, who: str, case: Case, action: str, **data: Any) -> None:
        address = f"/api/v1/cases/{case.number}/actions/{action}/"
        answer = self.ask(lambda: self.browser(who).post(address, json.dumps(data), JSON))
        assert answer.status_code == 200, answer.content.decode()

    def write(self, who: str, gate: Gate, what: str, **said: Any) -> None:
        for code in musts(gate):
            address = f"/api/v1/gates/{gate.number}/sheet/{code}/{what}/"
            answer = self.ask(lambda address=address: self.browser(who).put(address, said, JSON))
            assert answer.status_code == 200, answer.content.decode()


class Pages(Hand):
    def open(self, who: str, **data: Any) -> Project:
        answer = self.ask(lambda: self.browser(who).post("/new/project/", data))
        assert answer.status_code == 302, answer.content.decode()
        return Project.objects.get(number=answer.url.strip("/").split("/")[-1])

    def act(self, who: str, case: Case, action: str, **data: Any) -> None:
        address = f"/cases/{case.number}/do/{action}/"

        def click() -> Any:
            browser = self.browser(who)
            form = browser.get(address)
            assert form.status_code == 200, form.content.decode()
            case.refresh_from_db()
            carried = {"expected_version": case.version, "once": form.context["once"]}
            return browser.post(address, {**carried, **data})

        answer = self.ask(click)
        assert answer.status_code == 302, answer.content.decode()

    def write(self, who: str, gate: Gate, what: str, **said: Any) -> None:
        for code in musts(gate):
            typed = {f"{code}-{name}": value for name, value in said.items()}
            address = f"/gates/{gate.number}/sheet/{code}/"
            answer = self.ask(
                lambda address=address, typed=typed: self.browser(who).post(address, typed)
            )  # fmt: skip
            assert answer.url.endswith(f"#{code}"), answer.url


JSON = "application/json"


def musts(gate: Gate) -> list[str]:
    asked = gate.criteria.filter(level=Criterion.Level.MUST)
    return list(asked.values_list("code", flat=True))


class Story:
    """The project, told step by step by one hand."""

    def __init__(self, hand: Any) -> None:
        self.hand = hand
        self.project = hand.open("pm", **FILING)

    def gate(self, place: int) -> Any:
        gates: Any = Gate.objects.select_related("parent", "gate_kind")
        return gates.get(parent=self.project, place=place)

    def seats(self, gate: Gate) -> list[str]:
        found = gate.tasks.filter(status="open").values_list("slot", flat=True)
        return [REVIEWERS.get(slot, slot) for slot in found]

    def show(self, place: int) -> Any:
        gate = self.gate(place)
        assert gate.state == "open", gate
        self.hand.write("pm", gate, "evidence", evidence="See the folder.")
        self.hand.act("pm", gate, "submit")
        return gate

    def hear(self, gate: Gate, *, against: str = "") -> None:
        for who in self.seats(gate):
            if who == against:
                self.hand.act(who, gate, "object", **SAID)
            else:
                self.hand.act(who, gate, "agree")

    def accept(self, gate: Gate, **decided: Any) -> None:
        self.hand.write("ops_reviewer", gate, "judgement", result="pass")
        self.hand.act("head", gate, "accept", **decided)
        gate.refresh_from_db()
        assert gate.state in ("accepted", "conditions"), gate

    def pass_on(self, place: int) -> None:
        gate = self.show(place)
        self.hear(gate)
        self.accept(gate)

    def wait(self, until: datetime) -> None:
        self.hand.at = max(self.hand.at, until)
        run("sweep", self.hand.at)


@pytest.mark.parametrize("channel", [Api, Pages])
def test_a_project_over_all_its_gates_and_what_becomes_of_it(world, channel):
    hand = channel(world)
    story = Story(hand)

    hand.act("pm", story.gate(1), "write_agreement", **AGREEMENT)
    story.pass_on(1)

    second = story.show(2)
    story.hear(second)
    hand.act("head", second, "rework", **WHY)
    second = story.show(2)
    assert story.gate(2).round == 2
    story.hear(second)
    story.accept(second)

    third = story.show(3)
    story.hear(third, against="supervisor")
    story.accept(third, overruling="The second line is ordered.")
    assert story.gate(3).overruling == "The second line is ordered."

    story.pass_on(4)
    fifth = story.show(5)
    story.hear(fifth)
    due = localdate(hand.at) + 5 * DAY
    hand.act("head", fifth, "note_condition", what="One more drill", owner="pm",
             due_on=due.isoformat())  # fmt: skip
    story.accept(fifth)
    sixth = story.show(6)  # it opened, for the condition was not overdue
    story.wait(hand.at + 10 * DAY)
    story.hear(sixth)
    story.accept(sixth)
    assert story.gate(7).state == "planned"  # it did not: now it is
    condition = fifth.conditions.get()
    hand.act("ops_reviewer", fifth, "meet", condition=condition.pk, note="Seen.")

    seventh = story.gate(7)
    assert seventh.state == "open"
    longer = (seventh.trial_until + 14 * DAY).isoformat()
    hand.act("ops_reviewer", seventh, "extend_trial", trial_until=longer, **WHY)
    story.wait(NOON + (story.gate(7).trial_until + DAY - localdate(NOON)))
    story.pass_on(7)

    last = story.gate(8)
    waived = musts(last)[0]
    until = (localdate(hand.at) + timedelta(days=30)).isoformat()
    hand.act("pm", last, "ask_waiver", criterion=waived, risk_owner="owner", measure="By hand.",
             expires_on=until, **WHY)  # fmt: skip
    hand.act("head", last, "grant_waiver", waiver=last.waivers.get().pk, note="For a month.")
    last = story.show(8)
    story.hear(last)
    story.accept(last, **TAKEN_OVER)
    hand.act("pm", story.project, "finish")

    service: Any = Operation.objects.get(parent=story.project)
    assert service.state == "running"
    story.wait(hand.at + 31 * DAY)
    service.refresh_from_db()
    assert service.state == "attention"
    finding = service.findings.get()
    assert finding.waiver.criterion.code == waived
    hand.act("ops_reviewer", service, "settle", finding=finding.pk, note="Passed since.")
    hand.act("desk", service, "ask_hand_back", **WHY)
    hand.act("head", service, "hand_back", **WHY)
    service.refresh_from_db()
    assert service.state == "handed_back"
    assert not list(violations(hand.at))
    assert not list(broken_chains())
