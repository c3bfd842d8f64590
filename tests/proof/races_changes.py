"""What is raced for around changes; each yields the facts of its rounds to `tests.proof.racing`."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from change_control.conflicts import conflicts_between, conflicts_of
from change_control.models import Change
from people.models import User
from people.roles import Role
from tests.change_control.walking import FILING, GOOD, HIGH, LOW, MEDIUM, Walk
from tests.proof.races import acting, cast, entrants, facts, fresh, hire, moves, near
from tests.proof.racing import Facts, Job, Pack
from tests.proof.scale import SEED
from workflows.models import Event

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = 0.3  # seconds until the entrants begin, each a little earlier or later


def planned_at(start: datetime, **more: Any) -> dict[str, Any]:
    """Return the filing of a change with a window of four hours."""
    return {
        **FILING, "starts_at": start.isoformat(), "ends_at": (start + 4 * HOUR).isoformat(),
        "return_until": (start + 3 * HOUR).isoformat(), "short_notice": "Chosen by the business.",
        **more,
    }  # fmt: skip


def edited(filing: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what an edit sends, all of the plan once more."""
    return {name: value for name, value in filing.items() if name in GOOD["edit"]} | more


def awaiting(
    filing: dict[str, Any], answers: dict[str, str] = LOW, *, by: str = "analyst"
) -> Change:
    """Walk a change to its approval, filed six hours ago."""
    world = {user.username: user for user in User.objects.select_related("unit")}
    step = Walk(world, by=by, at=timezone.now() - 6 * HOUR, **filing)
    return step.act(by, "submit").act("change_manager", "assess", **answers).case


def scheduled(filing: dict[str, Any], *, by: str = "analyst") -> Change:
    case = awaiting(filing, by=by)
    acting(case.pk, "change_manager", "approve")()
    return case


def now() -> datetime:
    return timezone.now().replace(microsecond=0)


# -- votes -----------------------------------------------------------------------------------------
BOARDS = {
    "medium": (MEDIUM, ["change_manager", "owner"]),
    "high": (HIGH, ["change_manager", "head", "supervisor", "ops_reviewer"]),
}
"""Risk → the answers that come to it, and everybody whose yes it then needs."""


@entrants(2)
def last_votes_on_a_change(pack: Pack, rounds: int) -> Iterator[Facts]:
    """All but two of those who are needed have said yes: the last two."""
    choose = random.Random(SEED)
    for number in range(rounds):
        answers, board = list(BOARDS.values())[number % 2]
        case = awaiting(planned_at(now() + 10 * DAY), answers)
        *early, one, other = choose.sample(board, len(board))
        for who in early:
            acting(case.pk, who, "approve")()
        votes = choose.choices(["approve", "decline"], weights=[2, 1], k=2)
        jobs = [
            Job(acting, {"case": case.pk, "who": who, "action": vote, **GOOD[vote]})
            for who, vote in zip([one, other], votes, strict=True)
        ]
        outcomes = pack.run(jobs)
        wanted = "rejected" if "decline" in votes else "scheduled"
        yield facts(
            outcomes, state=fresh(case).state, wanted=wanted, moves=moves(case, after="assess"),
            votes=cast(case) - len(early),
        )  # fmt: skip


# -- one slot --------------------------------------------------------------------------------------
def seen(cases: list[Change]) -> dict[str, list[list[str]]]:
    """Return by number which of the others each change shows, on its own and in the calendar."""
    cases = [Change.objects.get(pk=case.pk) for case in cases]
    numbers, at = {case.number for case in cases}, timezone.now()
    starts, ends = zip(*((case.starts_at, case.ends_at) for case in cases), strict=True)
    month = conflicts_between(min(starts), max(ends), at)
    return {
        case.number: [
            sorted(numbers & {one.other for one in found if one.kind == "same_system"})
            for found in (conflicts_of(case, at), month[case.pk])
        ]
        for case in cases
    }


@entrants(4)
def one_slot(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two changes are approved in the slot into which two others are moved, by four people."""
    (other_manager,) = hire(1, Role.CHANGE_MANAGER)
    one, other, third, fourth = hire(4, Role.DEVELOPER)
    for number in range(rounds):
        slot = now() + (10 + 2 * number) * DAY
        wanted, elsewhere = planned_at(slot), planned_at(slot + DAY)
        cases = [
            awaiting({**wanted, "implementer": one}),
            awaiting({**wanted, "implementer": other}, by="desk"),
            scheduled({**elsewhere, "implementer": third}),
            scheduled({**elsewhere, "implementer": fourth}, by="desk"),
        ]
        moved = edited(wanted)
        acts = [
            {"who": "change_manager", "action": "approve"},
            {"who": other_manager, "action": "approve"},
            {"who": "analyst", "action": "edit", **moved, "implementer": third},
            {"who": "desk", "action": "edit", **moved, "implementer": fourth},
        ]
        jobs = [
            Job(acting, {"case": case.pk, **act}) for case, act in zip(cases, acts, strict=True)
        ]
        outcomes = pack.run(jobs)
        yield facts(outcomes, states=[fresh(case).state for case in cases], seen=seen(cases))


@entrants(2)
def one_window(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two changes of one system and one window are begun at once, by two people."""
    people = hire(2, Role.DEVELOPER)
    for _ in range(rounds):
        open_since = now() - timedelta(minutes=5)
        cases = [scheduled(planned_at(open_since, implementer=one)) for one in people]
        jobs = [
            Job(acting, {"case": case.pk, "who": one, "action": "begin"})
            for case, one in zip(cases, people, strict=True)
        ]
        outcomes = pack.run(jobs)
        yield facts(outcomes, states=[fresh(case).state for case in cases], seen=seen(cases))


# -- a vote and the text it is about ---------------------------------------------------------------
@entrants(3)
def vote_and_edit(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Two people approve while who asks edits; in every second round they vote on what they saw."""
    choose = random.Random(SEED)
    for number in range(rounds):
        filing = planned_at(now() + 10 * DAY)
        case = awaiting(filing, MEDIUM)
        field = choose.choice(["plan", "backout_plan", "informed"])
        known = {"expected_version": fresh(case).version} if number % 2 else {}
        soon = time.time() + SOON
        acts = [
            {"who": "change_manager", "action": "approve", **known},
            {"who": "owner", "action": "approve", **known},
            {"who": "analyst", "action": "edit", **edited(filing, **{field: "Another text"})},
        ]
        jobs = [Job(acting, {"case": case.pk, "until": near(soon, choose), **act}) for act in acts]
        outcomes = pack.run(jobs)
        after = Change.objects.get(pk=case.pk)
        yield facts(
            outcomes, field=field, is_edited=getattr(after, field) == "Another text",
            done=[act["who"] for act, out in zip(acts, outcomes, strict=True)
                  if out.said == "passed"],
            story=story_of(case), state=after.state, open=open_seats(case),
        )  # fmt: skip


def story_of(case: Change) -> list[str]:
    """Return who voted or edited since the assessment, in their order."""
    events = case.events.exclude(kind=Event.Kind.CLOCK).order_by("seq")
    told = list(events.values_list("action", "actor__username"))
    actions = [action for action, _who in told]
    return [who for _action, who in told[actions.index("assess") + 1 :]]


def open_seats(case: Change) -> list[str]:
    """Return whose vote is still asked for."""
    owner = User.objects.get(username="owner")
    names = {f"system_owner:{owner.pk}": "owner"}
    slots = case.tasks.open().values_list("slot", flat=True)
    return sorted(names.get(slot, slot) for slot in slots)


@entrants(2)
def begin_and_edit(pack: Pack, rounds: int) -> Iterator[Facts]:
    """A change is begun while its plan, which was approved, is edited."""
    choose = random.Random(SEED)
    for _ in range(rounds):
        filing = planned_at(now() - timedelta(minutes=5))
        case, soon = scheduled(filing), time.time() + SOON
        acts = [
            {"who": "developer", "action": "begin"},
            {"who": "analyst", "action": "edit", **edited(filing, plan="Another way")},
        ]
        jobs = [Job(acting, {"case": case.pk, "until": near(soon, choose), **act}) for act in acts]
        outcomes = pack.run(jobs)
        after = Change.objects.get(pk=case.pk)
        steps = list(after.steps.values_list("text", flat=True))
        yield facts(outcomes, state=after.state, plan=after.plan, steps=steps)
