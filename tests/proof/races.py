"""What is raced for, by name; each yields the facts of its rounds to `tests.proof.racing`."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from people.models import Grant, Unit, User
from people.roles import Role
from tests.changes.walking import FILING, GOOD, Walk
from tests.proof.racing import Act, Facts, Job, Outcome, Pack
from tests.proof.scale import SEED
from tests.workflows.toys import ToyState, define_voting
from workflows.actions import claim_task
from workflows.door import open_case, perform
from workflows.models import Case, Event, NumberSequence, Outbox, Task
from workflows.quorums import Panel

Race = Callable[[Pack, int], Iterator[Facts]]
RACES: dict[str, tuple[int, Race]] = {}


def entrants(number: int) -> Callable[[Race], Race]:
    """Register a race for so many processes."""

    def register(race: Race) -> Race:
        RACES[race.__name__] = (number, race)
        return race

    return register


# -- people and cases --------------------------------------------------------------------------


def hire(number: int, role: Role, *, team: str = "") -> list[str]:
    """Give `role` over everything to so many new people; return their user names."""
    unit, since = Unit.objects.get(code="group"), timezone.now() - timedelta(days=30)
    names = [f"{role}{team}{index:02}" for index in range(number)]
    for name in names:
        person = User.objects.create(username=name, unit=unit)
        Grant.objects.create(user=person, role=role, unit=unit, from_at=since)
    return names


def walk(state: str = "submitted", **filing: Any) -> Case:
    """Walk a new request to a state by its usual way, the last step a quarter of an hour ago."""
    at = timezone.now() - timedelta(hours=1)
    walking = Walk({user.username: user for user in User.objects.all()}, at=at, **filing)
    steps = ["submitted", "assessing", "awaiting_approval"].index(state)
    if steps > 0:
        walking.act("desk", "pass_to_assessment")
    if steps > 1:
        walking.act("analyst", "propose", due_on=str((at + timedelta(days=10)).date()))
    assert walking.case.state == state
    return walking.case


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk).concrete()


def story(case: Case) -> Facts:
    """Return all a move changes, in words that are the same for two cases with the same past."""
    found = fresh(case)
    return {
        "state": found.state,
        "tasks": [
            [task.step, task.slot, task.status, task.outcome, str(task.assignee)]
            for task in case.tasks.select_related("assignee").order_by("pk")
        ],
        "clocks": list(map(list, case.clocks.order_by("pk").values_list("metric", "state"))),
        "events": list(
            map(list, case.events.order_by("seq").values_list("kind", "action", "target", "actor"))
        ),
        "outbox": dict(Counter(Outbox.objects.filter(case=case).values_list("topic", flat=True))),
    }


def facts(outcomes: list[Outcome], **more: Any) -> Facts:
    return {
        "said": Counter(one.said for one in outcomes),
        "slowest": max(one.seconds for one in outcomes),
        **more,
    }


# -- what one process does -----------------------------------------------------------------------


def acting(case: int, who: str, action: str, until: float = 0.0, **data: Any) -> Act:
    found, actor = Case.objects.get(pk=case).concrete(), User.objects.get(username=who)

    def act() -> None:
        wait(until)
        perform(found, action, actor=actor, **data)

    return act


def claiming(task: int, who: str) -> Act:
    found, actor = Task.objects.select_related("case").get(pk=task), User.objects.get(username=who)
    return lambda: claim_task(task=found, actor=actor)


def wait(until: float) -> None:
    time.sleep(max(0.0, until - time.time()))


def ending(grant: int, until: float) -> Act:
    """Take a role away, as the back office does."""
    found = Grant.objects.get(pk=grant)

    def end() -> None:
        wait(until)
        found.to_at = timezone.now()
        found.save()

    return end


def filing(year: int, times: int, seed: int) -> Act:
    """File at New Year so many times, and as often begin a filing that comes to nothing."""
    requester, choose = User.objects.get(username="requester"), random.Random(seed)
    turns = [True] * times + [False] * times
    choose.shuffle(turns)

    def file() -> None:
        for is_kept in turns:
            with transaction.atomic():
                open_case("optimization", actor=requester, at=new_year(year), **FILING)
                transaction.set_rollback(not is_kept)

    return file


def new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


# -- the races -----------------------------------------------------------------------------------


@entrants(32)
def one_step(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Thirty-two heads of operations decide the same request, half of them against it."""
    heads = hire(32, Role.HEAD_OF_OPS)
    for _ in range(rounds):
        case = walk("awaiting_approval", by="owner")
        jobs = [
            Job(acting, {"case": case.pk, "who": head, "action": action, **GOOD[action]})
            for head, action in zip(heads, ["approve", "decline"] * 16, strict=True)
        ]
        outcomes = pack.run(jobs)
        yield facts(outcomes, moves=moves(case, after="propose"), state=fresh(case).state)


def moves(case: Case, *, after: str) -> list[str]:
    """Return the actions that moved the case since `after`."""
    actions = list(case.events.filter(kind="action").order_by("seq").values_list("action", flat=1))
    return actions[actions.index(after) + 1 :]


FORKS = {
    "awaiting_approval": {
        "approve": "head_of_ops00", "decline": "head_of_ops01", "send_back": "head_of_ops02",
        "withdraw": "owner",
    },
    "assessing": {
        "propose": "analyst00", "reject": "analyst01", "ask_requester": "analyst02",
        "withdraw": "owner",
    },
}  # fmt: skip
"""State → what four people want at once; each alone would be right."""


@entrants(4)
def four_ways(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Approve, reject, withdraw or stop the clock, each on what the page showed.

    What came of it is compared with a case where the winner was alone.
    """
    hire(3, Role.HEAD_OF_OPS)
    hire(3, Role.ANALYST)
    due_on = str((timezone.now() + timedelta(days=10)).date())
    data = {**GOOD, "propose": {**GOOD["propose"], "due_on": due_on}}
    alone = {}
    for state, wishes in FORKS.items():
        for action, who in wishes.items():
            case = walk(state, by="owner")
            acting(case.pk, who, action, **data[action])()
            alone[state, action] = story(case)
    for number in range(rounds):
        state = list(FORKS)[number % 2]
        case = walk(state, by="owner")
        seen = {"case": case.pk, "expected_version": case.version}
        jobs = [
            Job(acting, {**seen, "who": who, "action": action, **data[action]})
            for action, who in FORKS[state].items()
        ]
        outcomes = pack.run(jobs)
        won = [act for act, out in zip(FORKS[state], outcomes, strict=True) if out[0] == "passed"]
        expected = [alone[state, action] for action in won]
        yield facts(outcomes, won=won, story=story(case), alone=expected)


@entrants(16)
def one_task(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Sixteen people of the desk take the same task."""
    desks = hire(16, Role.SERVICE_DESK)
    for _ in range(rounds):
        task = walk().tasks.open().get()
        outcomes = pack.run([Job(claiming, {"task": task.pk, "who": desk}) for desk in desks])
        won = [desk for desk, out in zip(desks, outcomes, strict=True) if out.said == "passed"]
        task.refresh_from_db()
        claims = task.case.events.filter(action="claim").values_list("actor__username", flat=True)
        yield facts(outcomes, won=won, owner=task.assignee.username, claims=list(claims))


@entrants(2)
def two_seats(pack: Pack, rounds: int) -> Iterator[Facts]:
    """The owner and the head of operations, both needed, vote at once."""
    choose = random.Random(SEED)
    for _ in range(rounds):
        case = walk("awaiting_approval")
        votes = choose.choices(["approve", "decline"], k=2)
        jobs = [
            Job(acting, {"case": case.pk, "who": who, "action": vote, **GOOD[vote]})
            for who, vote in zip(["owner", "head"], votes, strict=True)
        ]
        outcomes = pack.run(jobs)
        wanted = "rejected" if "decline" in votes else "in_development"
        yield facts(
            outcomes, state=fresh(case).state, wanted=wanted, moves=moves(case, after="propose"),
            votes=cast(case),
        )  # fmt: skip


def cast(case: Case) -> int:
    """Return how many votes are written down in tasks."""
    return case.tasks.filter(status="done", outcome__in=["approve", "reject", "decline"]).count()


@entrants(2)
def last_votes(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Three of five members are needed, three have voted and nothing is decided: the last two."""
    choose = random.Random(SEED)
    members = [*hire(2, Role.CAB_MEMBER), "change_manager", "ops_reviewer", "supervisor"]
    requester = User.objects.get(username="requester")
    for _ in range(rounds):
        case = open_case("toy", actor=requester, title="Vote").case
        early = choose.choice([["approve", "approve", "refuse"], ["refuse", "refuse", "approve"]])
        late = choose.choices(["approve", "refuse"], k=2)
        ballots = [
            {"case": case.pk, "who": who, "action": vote, "reason": "because"}
            for who, vote in zip(choose.sample(members, 5), early + late, strict=True)
        ]
        for ballot in ballots[:3]:
            acting(**ballot)()
        outcomes = pack.run([Job(acting, ballot) for ballot in ballots[3:]])
        wanted = ToyState.YES if (early + late).count("approve") >= 3 else ToyState.NO
        yield facts(
            outcomes, state=fresh(case).state, wanted=wanted, moves=moves(case, after="open"),
            votes=cast(case) - 3,
        )  # fmt: skip


PAIRS, MOMENT = 8, 0.03  # seconds


@entrants(2 * PAIRS)
def role_removed(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Eight heads of operations lose the role while they approve, then approve while it ends."""
    choose = random.Random(SEED)
    for number in range(rounds):
        heads = hire(PAIRS, Role.HEAD_OF_OPS, team=f"{number:02}-")
        grants = Grant.objects.filter(user__username__in=heads).order_by("user__username")
        cases = [walk("awaiting_approval", by="owner") for _ in range(3 * PAIRS)]
        now, middle, last = (cases[n : n + PAIRS] for n in range(0, 3 * PAIRS, PAIRS))
        soon = time.time() + 0.3
        removals = [Job(ending, {"grant": one.pk, "until": near(soon, choose)}) for one in grants]
        outcomes = pack.run([*approvals(now, heads, [soon] * PAIRS, choose), *removals])
        ends = [grant.to_at.timestamp() for grant in grants.all()]
        outcomes += pack.run(
            [*approvals(middle, heads, ends, choose), *approvals(last, heads, ends, choose)]
        )
        yield facts(
            outcomes, late=late(cases), moved=[moves(case, after="propose") for case in cases]
        )


def near(instant: float, choose: random.Random) -> float:
    return instant + choose.uniform(-MOMENT, MOMENT)


def approvals(
    cases: list[Case], people: list[str], instants: list[float], choose: random.Random
) -> Iterator[Job]:
    for case, who, instant in zip(cases, people, instants, strict=True):
        until = near(instant, choose)
        yield Job(acting, {"case": case.pk, "who": who, "action": "approve", "until": until})


def late(cases: list[Case]) -> list[str]:
    """Return how long after the end of a role a case was approved with it."""
    found = Event.objects.filter(case__in=cases, action="approve").select_related("actor", "case")
    ends = dict(Grant.objects.values_list("user_id", "to_at"))
    return [
        f"{event.case.number}: approved {event.at - ends[event.actor_id]} after the role ended"
        for event in found
        if event.at >= ends[event.actor_id]
    ]


@entrants(16)
def numbers(pack: Pack, rounds: int) -> Iterator[Facts]:
    """Sixteen file the first cases of a year, and half of the filings come to nothing."""
    for year in range(1971, 1971 + rounds):
        jobs = [Job(filing, {"year": year, "times": 5, "seed": SEED + n}) for n in range(16)]
        outcomes = pack.run(jobs)
        given = Case.objects.filter(opened_at=new_year(year)).order_by("number")
        last = NumberSequence.objects.get(year=year).last
        yield facts(outcomes, last=last, given=list(given.values_list("number", flat=True)))


def run(name: str, rounds: int) -> Iterator[Facts]:
    size, race = RACES[name]
    define_voting(Panel(Role.CAB_MEMBER, 3))
    return race(Pack(size), rounds)
