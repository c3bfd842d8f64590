"""What is raced for around gates; each yields the facts of its rounds to `tests.proof.racing`."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone

from people.models import User
from people.roles import Role
from projects.actions import judge_evidence, show_evidence
from projects.models import Answer, Gate
from tests.projects.walking import CONDITION, WHY, Walk
from tests.proof.races import (
    MOMENT,
    acting,
    entrants,
    facts,
    fresh,
    hire,
    moves,
    near,
    story,
    wait,
)
from tests.proof.racing import Act, Facts, Job, Pack
from tests.proof.scale import SEED
from workflows.models import Case

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = 0.15  # seconds until the entrants begin, each a little earlier or later
WORDS = 3
"""So often each reviewer says something else to each criterion."""


# -- gates on their way ----------------------------------------------------------------------------
def day(ahead: int) -> str:
    return str(timezone.localdate() + ahead * DAY)


def walk(state: str = "open") -> Walk:
    """Walk the first gate of a new project to a state, its last step some hours ago."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    step = Walk(world, at=timezone.now() - 6 * HOUR, starts_on=day(-30), ends_on=day(240))
    return step.to(state)


def heard() -> Walk:
    """Walk to the verdict, with every must passed."""
    return walk("awaiting_verdict").judge()


def codes(case: Gate) -> list[str]:
    return list(case.criteria.values_list("code", flat=True))


# -- what one process does -------------------------------------------------------------------------
def judging(case: int, who: str, words: list[tuple[str, str, str]]) -> Act:
    """Write one judgement after another: criterion, result, remark."""
    gate, actor = Gate.objects.get(pk=case), User.objects.get(username=who)
    criteria = {one.code: one for one in gate.criteria}

    def judge() -> None:
        for code, result, remark in words:
            judge_evidence(
                gate=gate, criterion=criteria[code], result=result, remark=remark, actor=actor
            )

    return judge


def showing(case: int, who: str, code: str, evidence: str, until: float = 0.0) -> Act:
    gate, actor = Gate.objects.get(pk=case), User.objects.get(username=who)
    criterion = gate.criteria.get(code=code)

    def show() -> None:
        wait(until)
        show_evidence(
            gate=gate, criterion=criterion, evidence=evidence, link="", is_left_out=False,
            actor=actor,
        )  # fmt: skip

    return show


def at_nearly_once(case: Case, acts: list[dict[str, Any]], choose: random.Random) -> list[Job]:
    """Return a job for each act, to be done a moment before or after the others."""
    soon = time.time() + SOON
    return [Job(acting, {"case": case.pk, "until": near(soon, choose), **act}) for act in acts]


# -- the sheet -------------------------------------------------------------------------------------
def sheets(pack: Pack, rounds: int, reviewers: list[str]) -> Iterator[Facts]:
    """Everybody judges every criterion several times, each in an order of their own."""
    choose = random.Random(SEED)
    for _ in range(rounds):
        case = walk("in_review").case
        asked, words = codes(case), {}
        for who in reviewers:
            words[who] = [
                (code, choose.choice(["pass", "partly", "fail"]), f"{who}: {number}")
                for number in range(WORDS)
                for code in choose.sample(asked, len(asked))
            ]
        before = dict(case.answers.values_list("criterion__code", "evidence"))
        outcomes = pack.run(
            [Job(judging, {"case": case.pk, "who": who, "words": words[who]}) for who in reviewers]
        )
        rows = case.answers.values_list(
            "criterion__code", "round", "evidence", "result", "remark", "judged_by__username"
        )
        last = {who: {code: said for code, *said in words[who]} for who in reviewers}
        yield facts(outcomes, asked=asked, shown=before, rows=list(rows), last=last)


@entrants(2)
def two_on_one_sheet(pack: Pack, rounds: int) -> Iterator[Facts]:
    return sheets(pack, rounds, ["ops_reviewer", "supervisor"])


@entrants(8)
def eight_on_one_sheet(pack: Pack, rounds: int) -> Iterator[Facts]:
    return sheets(pack, rounds, hire(8, Role.OPS_REVIEWER))


@entrants(8)
def one_criterion_each(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Eight reviewers, each of whom judges a criterion nobody else does."""
    people = hire(8, Role.OPS_REVIEWER)
    for _ in range(rounds):
        case = walk("in_review").case
        words = {who: [(code, "pass", who)] for who, code in zip(people, codes(case), strict=False)}
        outcomes = pack.run(
            [Job(judging, {"case": case.pk, "who": who, "words": said})
             for who, said in words.items()]
        )  # fmt: skip
        kept = Answer.objects.filter(gate=case, result="pass")
        yield facts(
            outcomes, kept=dict(kept.values_list("judged_by__username", "criterion__code")),
            wanted={who: said[0][0] for who, said in words.items()},
        )  # fmt: skip


@entrants(2)
def submit_and_edit(pack: Pack, rounds: int) -> Iterator[Facts]:
    """The project manager submits in one window and edits evidence in another, more often just
    before it in one round and just after it in the next."""
    choose = random.Random(SEED)
    for number in range(rounds):
        case = walk().show().case
        code, soon = choose.choice(codes(case)), time.time() + SOON
        edit_at = near(soon + (MOMENT if number % 2 else -MOMENT), choose)
        jobs = [
            Job(acting, {"case": case.pk, "who": "pm", "action": "submit",
                         "until": near(soon, choose)}),
            Job(showing, {"case": case.pk, "who": "pm", "code": code, "evidence": "Another folder",
                          "until": edit_at}),
        ]  # fmt: skip
        outcomes = pack.run(jobs)
        found = Answer.objects.filter(gate=case, criterion__code=code).first()
        submitted = case.events.get(action="submit").at
        yield facts(
            outcomes, edit=outcomes[1].said, state=fresh(case).state,
            is_edited=found is not None and found.evidence == "Another folder",
            late=str(max(found.shown_at - submitted, timedelta())) if found else "0:00:00",
        )  # fmt: skip


# -- opinions and the verdict ----------------------------------------------------------------------
@entrants(3)
def last_opinions_and_verdict(pack: Pack, rounds: int) -> Iterator[Facts]:
    """The last two say what they think while the head decides already."""
    choose = random.Random(SEED)
    for _ in range(rounds):
        case = walk("in_review").judge().case
        said = choose.choices(["agree", "agree_on_conditions", "object"], k=2)
        acts = [
            {"who": who, "action": opinion, "note": "Seen."}
            for who, opinion in zip(["ops_reviewer", "supervisor"], said, strict=True)
        ]
        acts.append({"who": "head", "action": "accept", "overruling": "It is carried."})
        outcomes = pack.run(at_nearly_once(case, acts, choose))
        seats = case.tasks.filter(step="in_review", status="done").count()
        yield facts(
            outcomes, opinions=[one.said for one in outcomes[:2]], verdict=outcomes[2].said,
            state=fresh(case).state, moves=moves(case, after="submit"), seats=seats,
            next=opened(case),
        )  # fmt: skip


def opened(case: Gate) -> list[str]:
    """Return what was done with the gate after this one since it was planned."""
    following = Gate.objects.get(parent=case.parent_id, place=case.place + 1)
    return moves(following, after="open")


WISHES = {
    "accept": "head_of_ops00", "rework": "head_of_ops01", "defer": "head_of_ops02",
    "take_back": "pm",
}  # fmt: skip
"""What four people want of one submission; each alone would be right."""


@entrants(4)
def four_verdicts(pack: Pack, rounds: int) -> Iterator[Facts]:
    """What came of it is compared with a gate where the winner was alone."""
    hire(3, Role.HEAD_OF_OPS)
    data = {"rework": WHY, "take_back": WHY, "defer": {**WHY, "deferred_until": day(30)}}
    alone = {}
    for action, who in WISHES.items():
        case = heard().case
        acting(case.pk, who, action, **data.get(action, {}))()
        alone[action] = {**story(case), "next": opened(case)}
    for _ in range(rounds):
        case = heard().case
        jobs = [
            Job(acting, {"case": case.pk, "who": who, "action": action, **data.get(action, {})})
            for action, who in WISHES.items()
        ]
        outcomes = pack.run(jobs)
        won = [one for one, out in zip(WISHES, outcomes, strict=True) if out.said == "passed"]
        yield facts(
            outcomes, won=won, story={**story(case), "next": opened(case)},
            alone=[alone[action] for action in won],
        )  # fmt: skip


@entrants(2)
def accept_and_cancel(pack: Pack, rounds: int) -> Iterator[Facts]:
    """A gate is accepted, which opens the next, while its project is cancelled."""
    choose = random.Random(SEED)
    for _ in range(rounds):
        step, soon = heard(), time.time() + SOON
        acts = [
            {"case": step.case.pk, "who": "head", "action": "accept"},
            {"case": step.project.pk, "who": "head", "action": "cancel", **WHY},
        ]
        jobs = [Job(acting, {"until": near(soon, choose), **act}) for act in acts]
        outcomes = pack.run(jobs)
        gates = step.project.gates.order_by("place")
        yield facts(
            outcomes, accept=outcomes[0].said, cancel=outcomes[1].said,
            project=fresh(step.project).state, gates=list(gates.values_list("state", flat=True)),
        )  # fmt: skip


# -- waivers and conditions ------------------------------------------------------------------------
def waiver(code: str) -> dict[str, Any]:
    return {
        "criterion": code, **WHY, "risk_owner": "owner", "measure": "A weekly call.",
        "expires_on": day(60),
    }  # fmt: skip


@entrants(2)
def one_waiver(pack: Pack, rounds: int) -> Iterator[Facts]:
    """The project manager asks for the same waiver in two windows."""
    for _ in range(rounds):
        case = heard().case
        code = case.criteria.filter(level="must").first().code
        ask = {"case": case.pk, "who": "pm", "action": "ask_waiver", **waiver(code)}
        outcomes = pack.run([Job(acting, ask)] * 2)
        yield facts(outcomes, waivers=case.waivers.count(), moves=moves(case, after="agree"))


@entrants(2)
def grant_and_revoke(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two heads of operations: one grants and one refuses, or both grant."""
    hire(2, Role.HEAD_OF_OPS)
    choose = random.Random(SEED)
    for number in range(rounds):
        step = heard()
        code = step.case.criteria.filter(level="must").first().code
        case = step.act("pm", "ask_waiver", **waiver(code)).case
        asked = case.waivers.get()
        wishes = ["grant_waiver", ["revoke_waiver", "grant_waiver"][number % 2]]
        acts = [
            {"who": f"head_of_ops{index:02}", "action": wish, "waiver": asked.pk, "note": "So."}
            for index, wish in enumerate(wishes)
        ]
        outcomes = pack.run(at_nearly_once(case, acts, choose))
        asked.refresh_from_db()
        yield facts(
            outcomes, wishes=wishes, each=[one.said for one in outcomes],
            granted=asked.granted_by and asked.granted_by.username,
            is_revoked=asked.revoked_at is not None, moves=moves(case, after="ask_waiver"),
            is_in_order=not (asked.granted_at and asked.revoked_at)
            or asked.granted_at <= asked.revoked_at,
        )  # fmt: skip


@entrants(2)
def last_conditions(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two reviewers report the same condition as met, or the two that are left."""
    hire(2, Role.OPS_REVIEWER)
    for number in range(rounds):
        step, left = heard(), 1 + number % 2
        for _ in range(left):
            step.act("head", "note_condition", **{**CONDITION, "due_on": day(30)})
        case = step.act("head", "accept").case
        open_ones = list(case.conditions.values_list("pk", flat=True))
        jobs = [
            Job(acting, {"case": case.pk, "who": f"ops_reviewer{index:02}", "action": "meet",
                         "condition": open_ones[index % left], "note": "Shown."})
            for index in range(2)
        ]  # fmt: skip
        outcomes = pack.run(jobs)
        events = case.events.filter(action="meet")
        yield facts(
            outcomes, left=left, state=fresh(case).state,
            unmet=case.conditions.filter(met_at=None).count(), meets=events.count(),
            ends=events.filter(target="accepted").count(),
        )  # fmt: skip
