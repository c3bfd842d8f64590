"""What is raced for on the sheet of a gate; each yields the facts of its rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from agreements.actions import Loaded
from people.models import User
from projects import actions, defaults
from projects.models import Gate
from projects.states import GateState
from tests.projects.walking import Walk
from tests.proof.races import acting, entrants, facts
from tests.proof.racing import Act, Facts, Job, Pack
from workflows.models import Case

CODES = ("G1-01", "G1-02")


def walked() -> Walk:
    defaults.load(Loaded([], []))
    world = {user.username: user for user in User.objects.select_related("unit")}
    return Walk(world, at=timezone.now() - timedelta(hours=3))


def writing(case: int, who: str, code: str, name: str, **said: Any) -> Act:
    gate: Any = Case.objects.get(pk=case).concrete()
    criterion, actor = gate.criteria.get(code=code), User.objects.get(username=who)
    write: Any = getattr(actions, name)
    return lambda: write(gate=gate, criterion=criterion, actor=actor, **said)


def judging(gate: Gate, who: str, code: str, result: str) -> Job:
    said = {"result": result, "remark": who, "expected_version": gate.version}
    return Job(
        writing, {"case": gate.pk, "who": who, "code": code, "name": "judge_evidence", **said}
    )


@entrants(2)
def two_reviewers(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two reviewers judge one criterion, or two, having seen the same sheet."""
    for number in range(rounds):
        gate = walked().to("in_review").case
        codes = (CODES[0], CODES[number % 2])
        outcomes = pack.run(
            [
                judging(gate, "ops_reviewer", codes[0], "pass"),
                judging(gate, "supervisor", codes[1], "fail"),
            ]
        )
        answers = gate.answers.exclude(result="").select_related("criterion")
        yield facts(
            outcomes, is_same=codes[0] == codes[1],
            kept=[one.remark for one in answers.order_by("criterion__code")],
            told=[one.data["remark"] for one in gate.events.filter(action="judge").order_by("pk")],
        )  # fmt: skip


@entrants(2)
def show_and_submit(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Evidence is changed while it is submitted: before, or not at all."""
    for _ in range(rounds):
        gate = walked().show().case
        changed = {"evidence": "Another.", "link": "", "is_left_out": False}
        show = {"case": gate.pk, "who": "pm", "code": CODES[0], "name": "show_evidence", **changed}
        submit = {"case": gate.pk, "who": "pm", "action": "submit"}
        outcomes = pack.run([Job(writing, show), Job(acting, submit)])
        submitted = gate.events.get(action="submit").seq
        last = gate.events.filter(action="show", data__code=CODES[0]).latest("seq")
        yield facts(
            outcomes, is_submitted=Gate.objects.get(pk=gate.pk).state == GateState.IN_REVIEW,
            shown=gate.answers.get(criterion__code=CODES[0]).evidence,
            is_before=last.seq < submitted, last=last.data["evidence"],
        )  # fmt: skip
