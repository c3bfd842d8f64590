"""Random walks of a process through the door, beside its reference; after each step they agree.

`walk` does what a script says: acts, also wrongly and by the wrong people; talks, claims, hands
over; lets people come and go and time pass. The first difference ends it with the whole story.

The dice are plain ones, every walk's its own. Drawn by hypothesis, which likes to vary what it
drew before, 200 walks had 32 different beginnings, and six of 52 ways were never taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from django.db import transaction

from people.actors import Actor, automation, deputies_at
from people.demo import UNITS
from people.models import Absence, Grant, Unit, User
from tests.proof.scale import SEED
from tests.walks.hours import DAY
from tests.walks.reference import (
    SYSTEM,
    WAIT,
    Deed,
    Filing,
    Given,
    Move,
    Process,
    Reference,
    Seat,
    Sheet,
)
from workflows import clocks
from workflows.actions import (
    add_comment,
    assign_task,
    claim_task,
    release_task,
    watch_case,
)
from workflows.door import open_case, perform
from workflows.heartbeat import run
from workflows.invariants import violations
from workflows.lifecycles import tasks_of_cases
from workflows.models import Case, Event, Task
from workflows.refusals import Refusal

BEGINNINGS = [
    datetime(2026, 11, 23, 2, 0, tzinfo=UTC),  # Monday, no holiday near
    datetime(2026, 9, 23, 7, 30, tzinfo=UTC),  # before National Day and its working Saturday
    datetime(2026, 2, 11, 1, 0, tzinfo=UTC),  # at opening, before Spring Festival
    datetime(2026, 4, 29, 14, 0, tzinfo=UTC),  # at night, before Labour Day
    datetime(2026, 12, 24, 3, 59, 59, 500_000, tzinfo=UTC),  # a moment before noon, New Year ahead
    datetime(2026, 6, 13, 5, 0, tzinfo=UTC),  # Saturday
]
WAITS = [
    *[timedelta()] * 2, timedelta(seconds=1), *[timedelta(minutes=7)] * 4, timedelta(minutes=45),
    *[timedelta(hours=2)] * 3, timedelta(hours=9, minutes=13), *[DAY] * 3, 3 * DAY,
]  # fmt: skip
LONG_WAITS = [timedelta(), timedelta(hours=5), DAY, 3 * DAY, 7 * DAY, 8 * DAY, 15 * DAY]


HEAD_STARTS = [0, 2, 5, 9, 14, 20, 30, 40]
"""So many right moves come before the random steps."""


class Difference(AssertionError):
    """Product and reference do not agree."""


@dataclass(frozen=True)
class Step:
    """The dice of one step: what to do, by whom, which of it, with which data, after how long."""

    what: int
    who: int
    pick: int
    data: int
    wait: int

    @classmethod
    def thrown(cls, dice: Random) -> Step:
        return cls(*(dice.randrange(10_000) for _ in range(5)))


Told = tuple[str, str, str, str]
"""Kind, action, source and target of an event."""


@dataclass
class Tally:
    """What all walks of a run came past."""

    steps: int = 0
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Action, source, target."""
    refusals: Counter[str] = field(default_factory=Counter)
    stories: list[list[Told]] = field(default_factory=list)

    def add(self, story: list[Told]) -> None:
        self.moves.update(told[1:] for told in story)
        self.stories.append(story)

    def reached(self) -> set[tuple[str, str]]:
        """Return the actions of the process that passed, each with the state it left."""
        return {(name, source) for name, source, _target in self.moves} - {("open", "")}


class Walk:
    """One case on its way, in the product and in the reference."""

    def __init__(self, process: Process, begin: int, tally: Tally) -> None:
        self.process, self.tally = process, tally
        self.users = {user.username: user for user in User.objects.select_related("unit")}
        self.names = sorted(self.users)
        self.ids = {user.pk: name for name, user in self.users.items()}
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.automation = automation()
        self.ids[self.automation.pk] = SYSTEM
        at = BEGINNINGS[begin % len(BEGINNINGS)]
        self.filing = process.filings[begin // len(BEGINNINGS) % len(process.filings)]
        for name, role in self.filing.also.items():
            Grant.objects.create(
                user=self.users[name], role=role, unit=self.units["group"], from_at=at
            )
        grants = Grant.objects.select_related("user", "unit").order_by("pk")
        given = [Given(one.user.username, one.role, one.unit.code, one.from_at) for one in grants]
        for name, deputy in self.filing.away.items():
            Absence.objects.create(user=self.users[name], deputy=self.users[deputy], from_at=at)
            given.append(Given(name, "", "", at, deputy=deputy))
        above = {code: parent for code, parent, *_rest in UNITS}
        self.ref = Reference(process, at, above, given)
        self.story: list[str] = []
        dice = Random(begin)
        self.dislikes = {name: dice.choice([1, 2, 4, 8]) for name in process.doings}
        self.file()
        self.be_led()
        self.go_ahead(dice)

    @property
    def at(self) -> datetime:
        return self.ref.at

    def file(self) -> None:
        filing = self.filing = replace(self.filing, data=self.asked(self.filing.data))
        self.process.stage(filing.figures, self.at)
        beneficiary = self.users[filing.on_behalf_of or filing.requester]
        opens = self.process.opens or self.open
        self.case = opens(filing, self.users[filing.requester], self.at)
        assert beneficiary.unit is not None
        self.ref.file(filing, beneficiary.unit.code)
        self.say(f"{filing.requester} files it for {filing.on_behalf_of or 'themselves'}")

    def open(self, filing: Filing, actor: User, at: datetime) -> Case:
        return open_case(
            self.process.kind, actor=actor, at=at, on_behalf_of=filing.on_behalf_of or "",
            **filing.data,
        ).case  # fmt: skip

    def say(self, sentence: str) -> None:
        self.story.append(f"{self.at:%Y-%m-%d %H:%M:%S}Z {sentence}")

    def be_led(self) -> None:
        """Do what the filing says comes first, rightly; then they agree."""
        for who, name, written in self.filing.led:
            if name == WAIT:
                self.ref.at += written["until"]
                continue
            if who == SYSTEM:
                dues = [one.due for one in self.ref.book.watches if one.timer.then == name]
                self.ref.at = max(filter(None, dues)) + timedelta(minutes=1)
                self.sweep_now()
            else:
                self.ref.at += timedelta(minutes=7)
                filled = self.process.doings[name].sheet.filled(self.ref)
                self.do(who, name, self.asked({**filled, **written}))
            last = [self.ref.book.story[-1][1], *self.ref.book.beside[-1:]]
            if name not in last:
                self.differ([f"led to {self.ref.state}: {name} was refused"])
        if self.filing.led:
            self.compare()

    def go_ahead(self, dice: Random) -> None:
        """Do only what leads on, rightly: the walk begins further on. Compared at the end."""
        for _ in range(dice.choice(HEAD_STARTS[:3] if self.filing.led else HEAD_STARTS)):
            self.wait(dice.choice(WAITS[:8]), dice)
            step = Step.thrown(dice)
            pick, data = step.pick // 10 * 10 + dice.randrange(5), step.data // 20 * 20
            self.act(replace(step, pick=pick, data=data))
        self.compare()

    # -- steps --
    def take(self, step: Step) -> None:
        self.wait(WAITS[step.wait % len(WAITS)], Random(step.wait))
        self.tally.steps += 1
        die = step.what % 100
        for below, do in STEPS_BY_DIE:
            if die < below:
                do(self, step)
                break
        self.compare()

    def wait(self, some: timedelta, dice: Random) -> None:
        """Wait some time, or until a moment that the process waits for."""
        ahead = [mark for mark in self.process.marks(self.ref) if mark > self.at]
        if ahead and dice.randrange(3):
            self.ref.at = dice.choice(ahead)
        else:
            self.ref.at += some

    def act(self, step: Step) -> None:
        who, name = self.choose(step)
        move = self.process.doings.get(name)
        values = self.fill(move.sheet, step.data) if move else {}
        self.do(who, name, values)

    def do(self, who: str, name: str, values: dict[str, Any]) -> None:
        move, deed = self.process.doings.get(name), self.process.deeds.get(name)
        before = move.sheet.filled(self.ref) if move else {}
        written = {field: value for field, value in values.items() if value != before.get(field)}
        self.say(f"{self.ref.state}: {who} {name} {written or ''}")
        wanted = self.ref.perform(who, name, dict(values))
        act = partial(deed.done, self.case) if deed else partial(perform, self.case, name)
        sent = self.sent(move.sheet, values) if move else values
        self.meet(wanted, lambda: act(actor=self.user(who), at=self.at, **sent))

    def sent(self, sheet: Sheet, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values with the keys of the rows that they number."""
        sent = dict(values)
        for name, rows in sheet.rows.items():
            keys = list(rows(self.case).order_by("pk").values_list("pk", flat=True))
            sent[name] = dict(enumerate(keys, start=1)).get(values.get(name), 0)
        return sent

    def choose(self, step: Step) -> tuple[str, str]:
        """Mostly what leads on, sometimes to an end, sometimes the wrong person or action."""
        moves = self.process.doings
        can = [
            (who, name)
            for who in self.names
            for name in sorted(self.ref.offered(who) | self.ref.able_to(who))
        ]
        mood = step.pick % 10
        if mood < 8 and can:
            onward = [one for one in can if moves[one[1]].to not in self.process.dead_ends]
            pool = onward if onward and mood < 7 else can
            names = sorted({name for _who, name in pool})
            if mood < 5:
                names = self.liked(names, newly=mood < 3)
            name = names[step.pick // 10 % len(names)]
            people = [who for who, what in pool if what == name]
            return people[step.who % len(people)], name
        anywhere = {name: move for name, move in moves.items() if not is_elsewhere(move)}
        here = [name for name, move in anywhere.items() if self.ref.state in move.leaves]
        pool_of_names = here if here and mood == 8 else [*anywhere, "fly"]
        name = pool_of_names[step.pick // 10 % len(pool_of_names)]
        return self.names[step.who % len(self.names)], name

    def liked(self, names: list[str], *, newly: bool) -> list[str]:
        """Keep what this walk has done least, measured by what it is given to.

        `newly`: rather what leads where it has not been.
        """
        done = Counter([*(told[1] for told in self.ref.book.story), *self.ref.book.beside])
        seen = {told[3] for told in self.ref.book.story} if newly else set()
        score = {
            name: (1 + done[name] + (self.process.doings[name].to in seen)) * self.dislikes[name]
            for name in names
        }
        return [name for name in names if score[name] == min(score.values())]

    def fill(self, sheet: Sheet, die: int) -> dict[str, Any]:
        """Fill in the sheet: mostly well, sometimes one field oddly, sometimes not at all."""
        mood, die = die % 20, die // 20
        if mood == 19:
            return {}
        pens = sheet.pens(self.ref)
        values = {**sheet.filled(self.ref), **pens[die % len(pens)]}
        values |= {name: some[die % len(some)] for name, some in sheet.usual.items()}
        if mood > 16 and sheet.odd:
            name = sorted(sheet.odd)[die % len(sheet.odd)]
            values[name] = sheet.odd[name][die % len(sheet.odd[name])]
        return self.asked(values)

    def asked(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as of now: days from today, and what the case is asked."""
        return {
            name: self.ref.today + value
            if isinstance(value, timedelta)
            else value(self.ref)
            if callable(value)
            else value
            for name, value in values.items()
        }

    def hand_over(self, step: Step) -> None:
        seats = self.ref.open_seats or self.ref.book.seats
        if not seats:
            return
        seat = seats[step.pick % len(seats)]
        task = Task.objects.filter(case=self.case).order_by("pk")[self.ref.book.seats.index(seat)]
        who = self.somebody_with(step, seat)
        kind = step.data % 3
        if kind == 0:
            self.say(f"{who} claims {seat.step}")
            self.meet(
                self.ref.claim(who, seat),
                lambda: claim_task(task=task, actor=self.user(who), at=self.at),
            )
        elif kind == 1:
            self.say(f"{who} puts {seat.step} back")
            self.meet(
                self.ref.release(who, seat),
                lambda: release_task(task=task, actor=self.user(who), at=self.at),
            )
        else:
            able = sorted(self.ref.holders(seat.role)) or self.names
            to = (able if step.data % 2 else self.names)[step.data // 6 % len(able)]
            self.say(f"{who} gives {seat.step} to {to}")
            self.meet(
                self.ref.assign(who, seat, to),
                lambda: assign_task(task=task, to=self.user(to), actor=self.user(who), at=self.at),
            )

    def somebody_with(self, step: Step, seat: Seat) -> str:
        """Return mostly somebody concerned."""
        concerned = {seat.person or "desk", "service_manager", *self.ref.holders(seat.role)}
        pool = sorted(concerned) if step.who % 4 else self.names
        return pool[step.who // 4 % len(pool)]

    def comment(self, step: Step) -> None:
        who, internal = self.names[step.who % len(self.names)], step.pick % 3 == 0
        self.say(f"{who} comments{' internally' if internal else ''}")
        self.meet(
            self.ref.comment(who, internal=internal),
            lambda: add_comment(
                case=self.case, body="?", actor=self.user(who), is_internal=internal, at=self.at
            ),
        )

    def follow(self, step: Step) -> None:
        who = self.names[step.who % len(self.names)]
        self.say(f"{who} follows it")
        self.meet(
            self.ref.follow(who),
            lambda: watch_case(case=self.case, actor=self.user(who), at=self.at),
        )

    def somebody(self, die: int) -> str:
        """Return mostly somebody with a part in the case."""
        pool = self.ref.involved if die % 3 else self.names
        return pool[die // 3 % len(pool)]

    def go_away(self, step: Step) -> None:
        """Somebody is away for some days; nobody twice, and no circle of deputies."""
        who, deputy = self.somebody(step.who), self.somebody(step.pick)
        given = (one for one in self.ref.given if one.deputy and one.holds_at(self.at))
        if who == deputy or {who, deputy} & {one.person for one in given}:
            return
        until = self.at + LONG_WAITS[step.data % len(LONG_WAITS)] + timedelta(hours=4)
        self.say(f"{who} is away until {until:%Y-%m-%d %H:%M}Z, {deputy} stands in")
        self.ref.given.append(Given(who, "", "", self.at, until, deputy))
        Absence.objects.create(
            user=self.user(who), deputy=self.user(deputy), from_at=self.at, to_at=until
        )

    def grant(self, step: Step) -> None:
        """A role is given, mostly one whose work is owed now, for some days or for good."""
        owed = [seat.role for seat in self.ref.open_seats if seat.role]
        roles = owed if owed and step.pick % 3 else list(self.process.staff)
        who, role = self.somebody(step.who), roles[step.pick // 3 % len(roles)]
        unit = ["group", "group", self.ref.unit, "it", "east"][step.data % 5]
        until = self.at + 2 * DAY if step.data // 5 % 2 else None
        self.say(f"{who} becomes {role} of {unit} until {until}")
        self.ref.given.append(Given(who, role, unit, self.at, until))
        Grant.objects.create(
            user=self.user(who), role=role, unit=self.units[unit], from_at=self.at, to_at=until
        )

    def revoke(self, step: Step) -> None:
        self.ref.at += timedelta(minutes=1)  # what was done up to now was done with the role
        now = [one for one in self.ref.given if one.role and one.holds_at(self.at)]
        now = [one for one in now if one.since < self.at and one.role in self.process.staff]
        one = now[step.pick % len(now)]
        self.say(f"{one.person} is {one.role} of {one.unit} no longer")
        Grant.objects.filter(
            user=self.user(one.person), role=one.role, unit=self.units[one.unit],
            from_at=one.since,
        ).update(to_at=self.at)  # fmt: skip
        for same in now:
            if (same.person, same.role, same.unit, same.since) == (
                one.person, one.role, one.unit, one.since,
            ):  # fmt: skip
                same.until = self.at

    def sweep(self, step: Step) -> None:
        self.ref.at += LONG_WAITS[step.data % len(LONG_WAITS)]
        self.sweep_now()

    def sweep_now(self) -> None:
        self.say("what is due is swept")
        run("sweep", self.at)
        run("tell_deputies", self.at)
        self.ref.sweep()

    # -- both sides --
    def user(self, name: str) -> User:
        return self.users[name]

    def meet(self, wanted: str | None, do: Callable[[], Any]) -> None:
        """Do it in the product; it is refused as the reference was, or not at all."""
        self.story[-1] += f"— {wanted}" if wanted else ""
        try:
            do()
            found = None
        except Refusal as refusal:
            found = type(refusal).__name__
        except Exception as error:  # whatever else the product comes to is a difference
            raise Difference("\n".join([*self.story, f"error: {error!r}"])) from error
        self.tally.refusals[wanted or "none"] += 1
        if found != wanted:
            self.differ([f"refusal: {found}, should be {wanted}"])

    def compare(self) -> None:
        found, wanted = self.as_it_is(), self.as_it_should_be()
        self.differ(
            f"{name} {key}: {found[name].get(key)}, should be {wanted[name].get(key)}"
            for name in wanted
            for key in {**found[name], **wanted[name]}
            if found[name].get(key) != wanted[name].get(key)
        )
        self.differ(violations(self.at))

    def differ(self, sentences: Iterable[str]) -> None:
        if said := list(sentences):
            raise Difference("\n".join([*self.story, *said]))

    def as_it_is(self) -> dict[str, dict[Any, Any]]:
        case = Case.objects.select_related("unit", "requester").get(pk=self.case.pk).concrete()
        flow = case.lifecycle(case)
        ids = {None: None, **self.ids}
        events = case.events.filter(kind__in=[Event.Kind.ACTION, Event.Kind.VOTE])
        return {
            "case": {
                "state": case.state, "closed": case.closed_at, "cases": Case.objects.count(),
                "due": {seat.due_at for seat in flow.open_tasks},
                **{name: getattr(case, name) for name in self.process.kept},
                **{name: read(case) for name, (read, _wanted) in self.process.reads.items()},
            },
            "task": numbered(
                (one.step, self.slot(one.slot), one.role, ids[one.assignee_id], one.status,
                 one.is_named, ids[one.done_by_id], ids[one.on_behalf_of_id], one.outcome)
                for one in flow.tasks
            ),
            "event": numbered(
                (one.kind, one.action, one.source, one.target, ids[one.actor_id])
                for one in events.order_by("seq")
            ),
            "clock": numbered(self.reading(clock) for clock in flow.clock_rows),
            "offered to": self.offers(case),
        }  # fmt: skip

    def slot(self, slot: str) -> str:
        """Return a slot with the name of the person it is for."""
        role, _colon, whose = slot.partition(":")
        return f"{role}:{self.ids[int(whose)]}" if whose.isdigit() else slot

    def reading(self, clock: Any) -> tuple[Any, ...]:
        read = clocks.read(clock, self.at)
        return (
            clock.metric, clock.state, clock.started_at, clock.stopped_at, read.budget,
            read.elapsed, read.due_at if clock.state == "running" else None,
            clock.breached_at is not None,
        )  # fmt: skip

    def offers(self, case: Any) -> dict[str, list[str]]:
        """Return what each person is offered."""
        deputies, tasks = deputies_at(self.at), tasks_of_cases()(case=case.pk)
        found = {}
        for name, user in {**self.users, SYSTEM: self.automation}.items():
            who = Actor.of(user, self.at, deputies)
            flow = case.lifecycle(case, who, self.at, tasks)
            found[name] = sorted(action.name for action in flow.available(who))
        return {name: offers for name, offers in found.items() if offers}

    def as_it_should_be(self) -> dict[str, dict[Any, Any]]:
        ref = self.ref
        offers = {who: sorted(ref.offered(who)) for who in [*self.names, SYSTEM]}
        return {
            "case": {
                "state": ref.state, "closed": ref.book.closed_at,
                "cases": 1 + self.process.raised(ref),
                "due": {ref.due for _seat in ref.open_seats},
                **{name: getattr(ref.facts, name) for name in self.process.kept},
                **{name: wanted(ref) for name, (_read, wanted) in self.process.reads.items()},
            },
            "task": numbered(
                (one.step, one.slot, one.role, one.person, one.status, one.named, one.done_by,
                 one.behalf, one.outcome)
                for one in ref.book.seats
            ),
            "event": numbered(one[:5] for one in ref.book.story),
            "clock": numbered(
                (one.timer.metric, one.state, one.started_at, one.stopped_at, one.budget,
                 self.shown(one), one.due, one.is_late)
                for one in ref.book.watches
            ),
            "offered to": {who: names for who, names in offers.items() if names},
        }  # fmt: skip

    def shown(self, watch: Any) -> timedelta:
        """Past closing time no working second is over, and still it is late."""
        elapsed = watch.elapsed(self.at)
        is_over = watch.due is not None and self.at > watch.due
        return max(elapsed, watch.budget + timedelta(seconds=1)) if is_over else elapsed


STEPS_BY_DIE: Sequence[tuple[int, Callable[[Walk, Step], None]]] = [
    (66, Walk.act), (73, Walk.hand_over), (78, Walk.comment), (80, Walk.follow),
    (84, Walk.go_away), (88, Walk.grant), (91, Walk.revoke), (100, Walk.sweep),
]  # fmt: skip
"""Below which of a hundred, what happens."""


def is_elsewhere(move: Move) -> bool:
    return isinstance(move, Deed) and move.elsewhere


def numbered(rows: Iterable[tuple[Any, ...]]) -> dict[int, tuple[Any, ...]]:
    return dict(enumerate(rows, start=1))


def walk_at_random(
    process: Process, *, walks: int, steps: int, number: int = SEED, shortens: bool = True
) -> Tally:
    """Take so many walks of so many steps; the same `number` takes the same walks.

    The world must be built; every walk is rolled back. Raises `Difference` with the story of the
    first walk that differs, without the steps it differs without.
    """
    tally = Tally()
    for walk in range(walks):
        dice = Random(f"{number}:{walk}")
        begin, script = beginning(process, walk, dice), [Step.thrown(dice) for _ in range(steps)]
        found = difference(process, begin, script, tally)
        if found is not None:
            raise shortest(process, begin, script, found) if shortens else found
    return tally


def beginning(process: Process, walk: int, dice: Random) -> int:
    """Throw a beginning; the filings are taken in turn."""
    count = len(process.filings)
    turn = dice.randrange(1000) * count + walk % count
    return turn * len(BEGINNINGS) + dice.randrange(len(BEGINNINGS))


def difference(process: Process, begin: int, script: list[Step], tally: Tally) -> Difference | None:
    """Take one walk; return the difference it comes to, if any."""
    with transaction.atomic():
        try:
            walk = Walk(process, begin, tally)
            for step in script:
                walk.take(step)
            tally.add([told[:4] for told in walk.ref.book.story])
        except Difference as found:
            return found
        finally:
            transaction.set_rollback(True)
    return None


def shortest(process: Process, begin: int, script: list[Step], found: Difference) -> Difference:
    """Leave out each step without which the walk still differs, the last first."""
    for place in reversed(range(len(script))):
        shorter = script[:place] + script[place + 1 :]
        if again := difference(process, begin, shorter, Tally()):
            script, found = shorter, again
    return found
