"""One case and its people as the design has them in words: plain Python, slow, no database.

What holds of every process stands here; what one process says stands in its own file, as a
`Process`. Nothing is taken from the code it is compared with. People go by their user names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.walks.hours import BUSINESS_DAY, after, local_day, worked

SYSTEM = "automation"
UNKNOWN, NOT_ALLOWED, CONFLICT, BAD_DATA = "UnknownAction", "NotAllowed", "Conflict", "BadData"
READS_ONLY = {"auditor"}
HANDS_OUT = ("service_manager", "service_desk")

Asks = Callable[["Reference", str], bool]
"""A question about a case and a person."""


# -- what a process says --------------------------------------------------------------------------
@dataclass(frozen=True)
class Owes:
    """A state in which one person owes work: out of a role's queue, or one the case names."""

    role: str = ""
    person: Callable[[Reference], str] | None = None
    barred: Asks = lambda case, who: False
    also: str = ""
    """Whoever did this step before gets this one too."""


@dataclass(frozen=True)
class Chair:
    """Who is asked: anybody of a role, one member of a board, or (`named`) one person whatever
    their roles. What has a colon in `slot` is one person's own and is not handed on."""

    slot: str
    role: str
    person: str | None = None
    named: bool = False


@dataclass(frozen=True)
class Ballot:
    """A state in which several vote: each chair must say yes, of a board only so many.

    `board(case)`: role → how many of its chairs must. `about(case, slot)`: what the yes of a chair
    is to; asked again about the very same, it stands. None: it holds for that round only.
    `also`: further actions that are votes → what they say. `one_each`: nobody fills two chairs.
    """

    chairs: Callable[[Reference], Sequence[Chair]]
    yes: str
    no: str
    barred: Asks = lambda case, who: False
    board: Callable[[Reference], Mapping[str, int]] = lambda case: {}
    about: Callable[[Reference, str], Any] | None = None
    also: Mapping[str, str] = field(default_factory=dict)
    one_each: bool = True

    @property
    def says(self) -> dict[str, str]:
        return {self.yes: "approve", self.no: "reject", **self.also}

    def verdict(self, case: Reference, votes: Mapping[str, str]) -> bool | None:
        """Tell what the votes come to, by slot; an empty one is still to be given."""
        board = self.board(case)
        parts = [([vote], 1) for slot, vote in votes.items() if role_of(slot) not in board]
        for role, need in board.items():
            parts.append(([vote for slot, vote in votes.items() if role_of(slot) == role], need))
        if any(len(share) - share.count("reject") < need for share, need in parts):
            return False
        return True if all(share.count("approve") >= need for share, need in parts) else None


class Hearing(Ballot):
    """Everybody is asked what they think; it is over when all have spoken, whatever they said."""

    def verdict(self, case: Reference, votes: Mapping[str, str]) -> bool | None:
        return None if "" in votes.values() else True


def role_of(slot: str) -> str:
    return slot.partition(":")[0]


@dataclass(frozen=True)
class Timer:
    """A promise of so many business days, or until a moment agreed on."""

    metric: str
    starts: Sequence[str]
    stops: Sequence[str]
    pauses: Sequence[str] = ()
    days: Callable[[Reference], int] | None = None
    until: Callable[[Reference], datetime | None] | None = None
    when: Callable[[Reference], bool] = lambda case: True
    answered: bool = False
    repeats: bool = False
    then: str = ""
    """What the system does when the time is over; where the state stays, time begins afresh."""


@dataclass(frozen=True)
class Who:
    """Who may; `works`: by doing it they do the task of the state."""

    test: Asks
    works: bool = False


@dataclass(frozen=True)
class Sheet:
    """What an action asks for: by field what people usually and sometimes write.

    `filled(case)` stands there before; `pens(case)`: what people write over it, several fields at
    once. What is written may be a question to the case. `rows`: field → the rows of the product
    that what is written there numbers from one.
    """

    usual: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    filled: Callable[[Reference], Mapping[str, Any]] = lambda case: {}
    pens: Callable[[Reference], Sequence[Mapping[str, Any]]] = lambda case: ({},)
    odd: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    fits: Callable[[Reference, str, dict[str, Any]], bool] = lambda case, who, values: True
    rows: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Move:
    """An action: the states it leaves, where it leads (none: it stays), who may, and when.

    `anew`: states whose work is given out again though they stay.
    """

    leaves: Sequence[str]
    to: str | Callable[[Reference, dict[str, Any]], str] | None
    who: Who
    sheet: Sheet = Sheet()
    when: Callable[[Reference], bool] = lambda case: True
    does: Callable[[Reference, str, dict[str, Any]], None] = lambda case, who, values: None
    anew: Sequence[str] = ()


@dataclass(frozen=True)
class Deed(Move):
    """Something done beside the actions: no event tells of it, and the state stays.

    `done(case, actor, at, **values)` does it in the product, where the form is read first.
    `elsewhere`: to another case, so that it is walked only where it is right; `to` then says where
    it takes this one. `asks_first`: who it is comes before the state in what is refused.
    """

    done: Callable[..., Any] = field(kw_only=True)
    elsewhere: bool = False
    asks_first: bool = False


Led = tuple[str, str, Mapping[str, Any]]
"""Who does what, and what they write; the system acts when its time has come."""

WAIT = "wait"
"""Nobody does anything, for so long (`until`, a length)."""


@dataclass(frozen=True)
class Filing:
    """A way to begin: who asks, for whom, what the form holds, the figures in force.

    `also`: person → a second role they hold, as in a small house. `away`: person → who stands in
    for them all the while. `led`: who does what first, in this order, to where chance seldom leads.
    """

    requester: str
    on_behalf_of: str | None
    data: Mapping[str, Any]
    figures: Mapping[str, Any] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)
    away: Mapping[str, str] = field(default_factory=dict)
    led: Sequence[Led] = ()


@dataclass(frozen=True)
class Process:
    kind: str
    filings: Sequence[Filing]
    first: str
    final: Sequence[str]
    readers: Sequence[str]
    staff: Sequence[str]
    """Who may write what the requester does not read."""
    answerers: Sequence[str]
    """Whose public word is an answer of ours."""
    work: Mapping[str, Owes | Ballot]
    timers: Sequence[Timer]
    moves: Mapping[str, Move]
    facts: Callable[[Reference, Filing], dict[str, Any]]
    """What is known of a case just filed, under the figures of the filing."""
    stage: Callable[[Mapping[str, Any], datetime], None]
    """Puts the figures of the filing in force in the product."""
    raised: Callable[[Reference], int] = lambda case: 0
    """How many other cases were filed by its actions."""
    marks: Callable[[Reference], Sequence[datetime]] = lambda case: ()
    """Moments worth waiting for."""
    kept: Sequence[str] = ()
    """Facts that the product keeps by the same names."""
    deeds: Mapping[str, Deed] = field(default_factory=dict)
    opens: Callable[[Filing, Any, datetime], Any] | None = None
    """Opens the case of a filing in the product, where it is not filed by itself."""
    begins: Callable[[Reference], None] = lambda case: None
    """What happens by itself to a case just filed."""
    reads: Mapping[str, tuple[Callable[[Any], Any], Callable[[Reference], Any]]] = field(
        default_factory=dict
    )
    """What is kept beside the case: how it is read in the product, and what it should be."""

    @property
    def doings(self) -> dict[str, Move]:
        """Return everything people do with a case, actions and deeds."""
        return {**self.moves, **self.deeds}

    @property
    def ways(self) -> set[tuple[str, str]]:
        """Return each action with each state it leaves."""
        return {(name, source) for name, move in self.moves.items() for source in move.leaves}

    @property
    def dead_ends(self) -> set[str]:
        """Return the final states that nothing leads out of."""
        leading = [move for move in self.moves.values() if move.to is not None]
        return set(self.final) - {source for move in leading for source in move.leaves}


# -- what is kept ---------------------------------------------------------------------------------
@dataclass
class Seat:
    """One task."""

    step: str
    slot: str
    role: str
    person: str | None
    named: bool
    opened: int
    status: str = "open"
    done_by: str | None = None
    behalf: str | None = None
    outcome: str = ""
    about: Any = None
    """What the vote was about."""

    @property
    def is_own(self) -> bool:
        return ":" in self.slot

    @property
    def is_open(self) -> bool:
        return self.status in ("open", "claimed")


def said_on(seats: Sequence[Seat]) -> dict[str, str]:
    """Return what was said by slot; nothing where it is still to be said."""
    return {seat.slot: seat.outcome for seat in seats}


@dataclass
class Stopwatch:
    """One clock: the spells in which it ran, from which everything is counted anew each time."""

    timer: Timer
    started_at: datetime
    budget: timedelta
    until: datetime | None
    spells: list[list[datetime | None]]
    state: str = "running"
    stopped_at: datetime | None = None
    is_late: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in ("running", "paused")

    def elapsed(self, at: datetime) -> timedelta:
        return sum((worked(start, end or at) for start, end in self.spells), timedelta())

    @property
    def due(self) -> datetime | None:
        if self.state != "running":
            return None
        *_past, (since, _open) = self.spells
        return after(since, self.budget - self.elapsed(since))

    def run(self, at: datetime) -> None:
        if self.state != "running":
            self.state, self.stopped_at = "running", None
            self.spells.append([at, None])

    def halt(self, at: datetime, state: str) -> None:
        if self.state == "running":
            self.is_late = self.is_late or at > self.due
            self.spells[-1][1] = at
        self.state = state
        if state != "paused":
            self.stopped_at = at

    def stop(self, at: datetime) -> None:
        self.halt(at, "paused")
        self.halt(at, "missed" if self.is_late else "met")


@dataclass
class Book:
    """What is kept of the case."""

    state: str
    facts: SimpleNamespace
    seats: list[Seat] = field(default_factory=list)
    watches: list[Stopwatch] = field(default_factory=list)
    story: list[tuple[str, str, str, str, str, str | None]] = field(default_factory=list)
    """Kind, action, source, target, by whom, on whose behalf."""
    beside: list[str] = field(default_factory=list)
    """The deeds, in their order."""
    followers: set[str] = field(default_factory=set)
    closed_at: datetime | None = None


@dataclass
class Given:
    """A role over a unit, or (`role` empty) the place of somebody away, in [since, until)."""

    person: str
    role: str
    unit: str
    since: datetime
    until: datetime | None = None
    deputy: str = ""

    def holds_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Nobody(Exception):
    """The next step would have nobody to do it."""


@dataclass
class Reference:
    """The case now: `at` is the time, `book` what is kept, `given` who may what."""

    process: Process
    at: datetime
    above: Mapping[str, str]
    """Unit → the unit it belongs to."""
    given: list[Given]
    requester: str = ""
    on_behalf_of: str | None = None
    unit: str = ""
    book: Book = field(default_factory=lambda: Book("", SimpleNamespace()))

    # -- people --
    @property
    def customers(self) -> set[str]:
        return {self.requester, self.on_behalf_of or self.requester}

    @property
    def beneficiary(self) -> str:
        return self.on_behalf_of or self.requester

    @property
    def state(self) -> str:
        return self.book.state

    @property
    def facts(self) -> Any:
        return self.book.facts

    @property
    def today(self) -> date:
        return local_day(self.at)

    def stood_in_for(self, who: str) -> set[str]:
        """Return whose work falls to `who`, through deputies who are away themselves too."""
        found: set[str] = set()
        away = [one for one in self.given if one.deputy and one.holds_at(self.at)]
        while True:
            more = {one.person for one in away if one.deputy in found | {who}} - found - {who}
            if not more:
                return found
            found |= more

    def identities(self, who: str) -> set[str]:
        return self.stood_in_for(who) | {who}

    def holds(self, who: str) -> list[Given]:
        """Return the roles `who` acts with, their own first."""
        others = self.stood_in_for(who)
        now = [one for one in self.given if one.role and one.holds_at(self.at)]
        return [one for one in now if one.person == who] + [
            one for one in now if one.person in others
        ]

    def covers(self, unit: str) -> bool:
        below: str | None = self.unit
        while below and below != unit:
            below = self.above.get(below)
        return below == unit

    def hold(self, who: str, role: str) -> Given | None:
        fitting = (one for one in self.holds(who) if one.role == role and self.covers(one.unit))
        return next(fitting, None)

    def has(self, who: str, *roles: str) -> bool:
        return any(self.hold(who, role) for role in roles)

    def holders(self, role: str) -> set[str]:
        now = (one for one in self.given if one.role == role and one.holds_at(self.at))
        return {one.person for one in now if self.covers(one.unit)}

    def only_reads(self, who: str) -> bool:
        roles = {one.role for one in self.holds(who)}
        return bool(roles) and roles <= READS_ONLY

    def asked(self, who: str) -> bool:
        return bool(self.customers & self.identities(who))

    def worked(self, who: str, *steps: str) -> bool:
        done = [seat for seat in self.book.seats if seat.status == "done" and seat.step in steps]
        return any(self.identities(who) & {seat.done_by, seat.behalf} for seat in done)

    def acted(self, who: str, action: str, *states: str) -> bool:
        return any(
            self.identities(who) & {actor, behalf}
            for _kind, name, source, _target, actor, behalf in self.book.story
            if name == action and source in states
        )

    def sees(self, who: str) -> bool:
        if who == SYSTEM:
            return True
        mine = self.identities(who)
        return (
            self.asked(who)
            or who in self.book.followers
            or any(seat.person in mine or seat.done_by == who for seat in self.book.seats)
            or self.has(who, *self.process.readers)
            or any(self.has(who, seat.role) for seat in self.open_seats)
        )

    @property
    def involved(self) -> list[str]:
        """Return everybody who asked for it, has work on it or had."""
        people = {one for seat in self.book.seats for one in (seat.person, seat.done_by) if one}
        return sorted(people | self.customers)

    # -- tasks --
    @property
    def open_seats(self) -> list[Seat]:
        return [seat for seat in self.book.seats if seat.is_open]

    def may_do(self, who: str, seat: Seat) -> bool:
        reachable = seat.person is None or seat.person in self.identities(who)
        entitled = seat.named or self.has(who, seat.role)
        return reachable and entitled and self.is_free_for(who, seat)

    def is_free_for(self, who: str, seat: Seat) -> bool:
        """Tell whether neither the separation of duties nor a vote already given is in the way."""
        spec = self.process.work[seat.step]
        round_ = [one for one in self.book.seats if one.opened == seat.opened]
        has_voted = (
            isinstance(spec, Ballot)
            and spec.one_each
            and any(
                who in (one.done_by, one.behalf) for one in [*round_, *self.standing(seat.step)]
            )
        )
        return not spec.barred(self, who) and not has_voted

    def task_of(self, who: str) -> Seat | None:
        mine = [seat for seat in self.open_seats if self.may_do(who, seat)]
        own = [seat for seat in mine if seat.person == who]
        return next(iter(own + mine), None)

    def principal(self, who: str, seat: Seat) -> str | None:
        if seat.person not in (None, who):
            return seat.person
        hold = self.hold(who, seat.role)
        return hold.person if hold and hold.person != who else None

    def finish(self, seat: Seat, who: str, outcome: str) -> str | None:
        behalf = self.principal(who, seat)
        seat.status, seat.done_by, seat.behalf, seat.outcome = "done", who, behalf, outcome
        seat.person = seat.person or behalf or who
        return behalf

    def give_out(self, state: str) -> None:
        """Open what the state owes; in some there is nothing to do but to wait."""
        spec = self.process.work.get(state)
        if spec is None:
            return
        if isinstance(spec, Ballot):
            self._ask(state, spec)
        elif spec.person:
            person = spec.person(self)
            if person is None:
                raise Nobody
            self._open("1", spec.role, person, named=True)
        else:
            self._open("1", spec.role, self._did_it_before(state, spec), named=False)

    def _ask(self, state: str, spec: Ballot) -> None:
        """Open a seat for everybody who has not said yes to the very same before."""
        chairs, said = spec.chairs(self), said_on(self.standing(state))
        if spec.verdict(self, {chair.slot: "" for chair in chairs} | said) is not None:
            raise Nobody
        for chair in [chair for chair in chairs if chair.slot not in said]:
            if chair.person is None and not self.able(spec, chair.role):
                raise Nobody
            self._open(chair.slot, chair.role, chair.person, named=chair.named)

    def able(self, spec: Ballot, role: str) -> set[str]:
        return {one for one in self.holders(role) if not spec.barred(self, one)}

    def standing(self, state: str) -> list[Seat]:
        """Return the seats whose last yes was to what is there now."""
        spec = self.process.work.get(state)
        if not isinstance(spec, Ballot) or spec.about is None:
            return []
        mine = [seat for seat in self.book.seats if seat.step == state]
        last = {seat.slot: seat for seat in mine if seat.outcome == "approve"}
        return [seat for seat in last.values() if seat.about == spec.about(self, seat.slot)]

    def is_carried(self, state: str) -> bool:
        """Tell whether all whose yes is needed said it, to what is there now."""
        spec = self.process.work[state]
        assert isinstance(spec, Ballot)
        needed = {chair.slot: "" for chair in spec.chairs(self)}
        return spec.verdict(self, needed | said_on(self.standing(state))) is True

    def _open(self, slot: str, role: str, person: str | None, *, named: bool) -> None:
        status = "claimed" if person else "open"
        opened = len(self.book.story)
        self.book.seats.append(Seat(self.state, slot, role, person, named, opened, status))

    def _did_it_before(self, state: str, spec: Owes) -> str | None:
        done = [seat for seat in self.book.seats if seat.status == "done"]
        before = [seat.person for seat in done if seat.step in (state, spec.also)]
        if not before or not self.has(before[-1], spec.role) or spec.barred(self, before[-1]):
            return None
        return before[-1]

    # -- what people do --
    def file(self, filing: Filing, unit: str) -> None:
        self.requester, self.on_behalf_of = filing.requester, filing.on_behalf_of
        self.unit = unit
        self.book = Book("", SimpleNamespace(**self.process.facts(self, filing)))
        self._enter(self.process.first)
        self._tell("open", "", self.requester, None)
        self.process.begins(self)

    def offered(self, who: str) -> set[str]:
        """Return what `who` may do now; nobody is offered what the door refuses them."""
        if self.refusal_at_the_door(who):
            return set()
        return {name for name in self.process.moves if self._may(who, name)}

    def able_to(self, who: str) -> set[str]:
        """Return the deeds that `who` may do now."""
        if self.refusal_at_the_door(who):
            return set()
        return {name for name in self.process.deeds if self._may(who, name)}

    def _may(self, who: str, name: str) -> bool:
        move = self.process.doings[name]
        return self.state in move.leaves and move.who.test(self, who) and move.when(self)

    def refusal_at_the_door(self, who: str, *, writes: bool = True) -> str | None:
        if not self.sees(who):
            return UNKNOWN
        if writes and self.only_reads(who) and not self.asked(who):
            return NOT_ALLOWED
        return None

    def perform(self, who: str, name: str, values: dict[str, Any]) -> str | None:
        """Do `name`; return the refusal it meets, or none."""
        move = self.process.doings.get(name)
        if isinstance(move, Deed) and not move.sheet.fits(self, who, values):
            return BAD_DATA
        if refusal := self.refusal_at_the_door(who):
            return refusal
        if move is None:
            return UNKNOWN
        if isinstance(move, Deed) and move.asks_first and not move.who.test(self, who):
            return NOT_ALLOWED
        if self.state not in move.leaves:
            return CONFLICT
        if not move.who.test(self, who):
            return NOT_ALLOWED
        if not move.sheet.fits(self, who, values):
            return BAD_DATA
        if not move.when(self):
            return CONFLICT
        if isinstance(move, Deed):
            self.book.beside.append(name)
            move.does(self, who, values)
            return None
        before = deepcopy(self.book)
        try:
            self._carry_out(who, name, move, values)
        except Nobody:
            self.book = before
            return CONFLICT
        return None

    def _carry_out(self, who: str, name: str, move: Move, values: dict[str, Any]) -> None:
        spec, source, behalf = self.process.work.get(self.state), self.state, None
        task = self.task_of(who) if move.who.works else None
        if isinstance(spec, Ballot) and name in spec.says:
            behalf = self.finish(task, who, spec.says[name])
            task.about = spec.about(self, task.slot) if spec.about else None
            round_ = [one for one in self.book.seats if one.opened == task.opened]
            verdict = spec.verdict(self, said_on([*self.standing(source), *round_]))
            if verdict is None:
                self._tell(name, source, who, behalf, kind="vote")
                return
            move, task = self.process.moves[spec.yes if verdict else spec.no], None
        elif task:
            behalf = self.principal(who, task)
        to = move.to(self, values) if callable(move.to) else move.to or source
        move.does(self, who, values)
        self._follow_agreed_dates()
        is_anew = source in move.anew or self._is_with_another()
        if to != source or is_anew:
            for seat in self.open_seats:
                if seat is task:
                    self.finish(seat, who, name)
                else:
                    seat.status = "cancelled"
        if to != source:
            self._enter(to)
        elif is_anew:
            self.give_out(source)
            self._start_over(name)
        self._tell(name, source, who, behalf)

    def _is_with_another(self) -> bool:
        """Tell whether the case names somebody else now than who was given its work."""
        spec = self.process.work.get(self.state)
        if not isinstance(spec, Owes) or spec.person is None:
            return False
        return any(seat.named and seat.person != spec.person(self) for seat in self.open_seats)

    def _enter(self, state: str) -> None:
        source, self.book.state = self.state, state
        is_final = state in self.process.final
        self.book.closed_at = self.at if is_final else None
        for timer in self.process.timers:
            self._turn(timer, was_final=source in self.process.final, is_final=is_final)
        if not is_final:
            self.give_out(state)

    def _tell(
        self, name: str, source: str, who: str, behalf: str | None, *, kind: str = "action"
    ) -> None:
        self.book.story.append((kind, name, source, self.state, who, behalf))

    # -- clocks --
    def _turn(self, timer: Timer, *, was_final: bool, is_final: bool) -> None:
        state, last = self.state, self._last(timer)
        if last is None or (timer.repeats and not last.is_live):
            if state in timer.starts:
                self._start(timer)
        elif last.is_live and state in timer.stops:
            last.stop(self.at)
        elif last.is_live and is_final:
            last.halt(self.at, "cancelled")
        elif last.is_live and state in timer.pauses:
            last.halt(self.at, "paused")
        elif last.is_live or (
            was_final and not is_final and last.state == "met" and state in timer.starts
        ):
            last.run(self.at)

    def _start_over(self, name: str) -> None:
        """What was not done in time is late, and whoever is asked now has their own time."""
        for timer in self.process.timers:
            last = self._last(timer)
            if timer.then == name and last and last.is_live:
                last.stop(self.at)
                self._start(timer)

    def _last(self, timer: Timer) -> Stopwatch | None:
        mine = [watch for watch in self.book.watches if watch.timer.metric == timer.metric]
        return mine[-1] if mine else None

    def _start(self, timer: Timer) -> None:
        until = timer.until(self) if timer.until else None
        if not timer.when(self):
            return
        if until is not None:
            budget = worked(self.at, until)
        elif timer.days is not None:
            budget = timer.days(self) * BUSINESS_DAY
        else:
            return
        spells: list[list[datetime | None]] = [[self.at, None]]
        self.book.watches.append(Stopwatch(timer, self.at, budget, until, spells))

    def _follow_agreed_dates(self) -> None:
        """Another date agreed on is the new deadline, whatever was counted before."""
        for watch in self.book.watches:
            until = watch.timer.until(self) if watch.timer.until else None
            if not watch.is_live or until is None or until == watch.until:
                continue
            was_running, counted = watch.state == "running", watch.elapsed(self.at)
            watch.halt(self.at, "paused")
            watch.budget, watch.until = counted + worked(self.at, until), until
            watch.is_late = watch.is_late and counted >= watch.budget
            if was_running:
                watch.run(self.at)

    @property
    def due(self) -> datetime | None:
        """Return by when the open work is owed: the earliest deadline that runs."""
        return min((watch.due for watch in self.book.watches if watch.due), default=None)

    def sweep(self) -> None:
        for watch in self.book.watches:
            watch.is_late = watch.is_late or (watch.due is not None and watch.due <= self.at)
        for watch in list(self.book.watches):
            if watch.state == "running" and watch.is_late and watch.timer.then:
                self.perform(SYSTEM, watch.timer.then, {})

    # -- beside the moves --
    def comment(self, who: str, *, internal: bool) -> str | None:
        if refusal := self.refusal_at_the_door(who):
            return refusal
        if internal and (self.asked(who) or not self.has(who, *self.process.staff)):
            return NOT_ALLOWED
        if not internal and not self.asked(who) and self.has(who, *self.process.answerers):
            for watch in self.book.watches:
                if watch.is_live and watch.timer.answered:
                    watch.stop(self.at)
        return None

    def claim(self, who: str, seat: Seat) -> str | None:
        if refusal := self.refusal_at_the_door(who):
            return refusal
        if not seat.is_open:
            return CONFLICT
        if seat.person in self.identities(who):
            return None
        if seat.status != "open":
            return CONFLICT
        if not self.may_do(who, seat):
            return NOT_ALLOWED
        self._give(seat, self.principal(who, seat) or who)
        return None

    def release(self, who: str, seat: Seat) -> str | None:
        if refusal := self.refusal_at_the_door(who):
            return refusal
        if not seat.is_open:
            return CONFLICT
        if seat.person not in self.identities(who):
            return NOT_ALLOWED
        if not seat.role or seat.is_own:
            return CONFLICT
        seat.person, seat.status, seat.named = None, "open", False
        return None

    def assign(self, who: str, seat: Seat, to: str) -> str | None:
        if refusal := self.refusal_at_the_door(who):
            return refusal
        if not seat.is_open:
            return CONFLICT
        own = seat.person in self.identities(who)
        if not own and not self.has(who, *HANDS_OUT):
            return NOT_ALLOWED
        if not seat.role or seat.is_own or not self.has(to, seat.role):
            return BAD_DATA
        if not self.is_free_for(to, seat):
            return BAD_DATA
        self._give(seat, to)
        return None

    def _give(self, seat: Seat, person: str) -> None:
        seat.person, seat.status, seat.named = person, "claimed", False

    def follow(self, who: str) -> str | None:
        refusal = self.refusal_at_the_door(who, writes=False)
        if refusal is None:
            self.book.followers.add(who)
        return refusal
