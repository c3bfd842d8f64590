"""A million true cases from a few dozen real ones.

The door walks one case to each shape, a year ago, and all of it is rolled back; what it wrote is
the template. A copy has its own people, words and instants: every deadline is computed again by
the engine's own functions, and the hashes of the events are chained anew. Of the messages there
are only those to who asked for the case, all of them sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from agreements.models import Service
from changes.models import Optimization
from people.actors import automation
from people.models import Unit, User
from tests.bench import walk, words
from tests.bench.town import REGIONS, SYSTEMS, region_of, requester_of, staff_of
from workflows import clocks, search
from workflows.actions import claim_task
from workflows.door import open_case, perform
from workflows.models import Case, Clock, ClockSegment, Custody, Event, Outbox, Task
from workflows.models.events import jsonable
from workflows.sweep import sweep

MODELS: tuple[type[models.Model], ...] = (
    Case, Optimization, Task, Clock, ClockSegment, Custody, Event, Outbox,
)  # fmt: skip
ROOM = 16
"""Primary keys that each case may use in each table."""
QUARTER = timedelta(minutes=15)
INBOX_ROWS = 50
LEVELS = 10
"""More than the thresholds of any clock."""
AGREED = timedelta(days=14)
LATE = (1.05, 1.4)
"""How much of its time a late case has used: past the end, before the last threshold."""
MINUTE = timedelta(minutes=1)
ROLES = ("requester", "desk", "analyst", "owner", "developer", "tester")


@dataclass(frozen=True)
class Shape:
    """Where a case stands: how it came there, how often that is, and how late it may be."""

    steps: tuple[tuple[str, str], ...]
    weight: int
    latest: float = 1.7


_WAY = walk.STEPS
SHAPES = {
    "filed": Shape((), 30),
    "triage": Shape(_WAY[:1], 10),
    "to assess": Shape(_WAY[:2], 14),
    "assessing": Shape((*_WAY[:2], ("analyst", "claim")), 16),
    "approving": Shape(_WAY[:3], 8),
    "to build": Shape(_WAY[:4], 5),
    "building": Shape((*_WAY[:4], ("developer", "claim")), 7),
    "testing": Shape((*_WAY[:5], ("tester", "claim")), 5),
    "accepting": Shape(_WAY[:6], 5, latest=0.9),  # later, the sweep would close it
}
INBOX = "assessing"


class Slot(str):
    """Names what stands in a column of a copy; anything else in a template is the same in all."""


KEY_SLOTS = {model: [f"{model.__name__} {number}" for number in range(ROOM)] for model in MODELS}
KEY_SLOTS[Case] = KEY_SLOTS[Case][:1]
MOMENT_SLOTS = [f"moment {number}" for number in range(2 * ROOM)]


@dataclass
class Template:
    """The rows of one walked case, by model: values with slots in the order of the columns."""

    rows: list[tuple[type[models.Model], list[Any]]]
    links: list[dict[str, Any]]
    clocks: list[Any]
    segments: list[tuple[int, bool]]
    """Of which clock each segment is, and whether it is counted."""
    told: list[str]
    """Of which events whoever asked for the case was told, and as what: `7:moved`."""
    moments: int
    """How many instants the steps took; the alerts came after them."""


def columns(model: type[models.Model]) -> list[Any]:
    return list(model._meta.local_concrete_fields)


def templates(at: datetime) -> dict[tuple[str, int], Template]:
    """Walk every shape to every threshold of its clock, and leave nothing behind."""
    found: dict[tuple[str, int], Template] = {}
    users = {user.username: user for user in User.objects.select_related("unit")}
    for name, shape in SHAPES.items():
        with transaction.atomic():
            case, moments = _walk(shape, users, at - timedelta(days=300))
            steps = len(moments)
            for level in range(LEVELS):
                found[name, level] = _read(case, moments, steps, users)
                running = Clock.objects.get(case=case, state=Clock.State.RUNNING)
                ahead = [one for one in {*running.warn_at, 100} if one > running.level]
                if running.next_alert_at is None or min(ahead) > 100 * shape.latest:
                    break
                moments.append(running.next_alert_at + timedelta(seconds=1))
                sweep(moments[-1])
            transaction.set_rollback(True)
    return found


def _walk(shape: Shape, users: dict[str, User], at: datetime) -> tuple[Case, list[datetime]]:
    """File a case and do the steps; return it and when each was done."""
    moments = [at.replace(microsecond=0)]
    case = open_case(
        "optimization", actor=users[requester_of(0)], at=moments[0],
        **{**walk.filing(0), "title": "§title§", "wanted": "§wanted§"},
    ).case  # fmt: skip
    for role, action in shape.steps:
        moments.append(moments[-1] + QUARTER)
        actor = users[walk.person_of(role, 0)]
        if action == "claim":
            claim_task(task=case.tasks.open().get(), actor=actor, at=moments[-1])
        else:
            data = walk.data_of(action, 0, today=timezone.localdate(at))
            case = perform(case, action, actor=actor, at=moments[-1], **data).case
    return case, moments


def _read(case: Case, moments: list[datetime], steps: int, users: dict[str, User]) -> Template:
    """Turn the rows of `case`, as they are now, into a template."""
    case = Case.objects.get(pk=case.pk).concrete()
    Outbox.objects.filter(case=case).update(sent_at=F("created_at"), attempts=1)
    own = {"case": case.pk}
    found: dict[type[models.Model], list[Any]] = {
        Case: [case], Optimization: [case],
        Task: list(Task.objects.filter(**own)),
        Clock: list(
            Clock.objects.filter(**own).select_related("calendar", "standard__calendar")
        ),
        ClockSegment: list(ClockSegment.objects.filter(clock__case=case.pk)),
        Custody: list(Custody.objects.filter(**own)),
        Event: list(Event.objects.filter(**own).order_by("seq")),
        Outbox: list(Outbox.objects.filter(recipient=case.requester, **own)),
    }  # fmt: skip
    slots = _Slots(found, moments, users)
    rows = [
        (model, [slots.of(model, row, index, field) for field in columns(model)])
        for model in MODELS
        for index, row in enumerate(found[model])
    ]
    links = [
        {field.attname: slots.of(Event, row, index, field) for field in columns(Event)}
        | {"object": slots.swapped(row.data)}
        for index, row in enumerate(found[Event])
    ]
    moment = {at: index for index, at in enumerate(moments)}
    timed = [
        SimpleNamespace(
            state=clock.state, standard=clock.standard, calendar=clock.calendar,
            starts=moment[clock.started_at], changes=moment[clock.changed_at],
            is_agreed=clock.agreed_at is not None, warn_at=clock.warn_at,
        )
        for clock in found[Clock]
    ]  # fmt: skip
    pks = [clock.pk for clock in found[Clock]]
    segments = [
        (pks.index(one.clock_id), one.kind == one.Kind.RUNNING and one.ended_at is not None)
        for one in found[ClockSegment]
    ]
    told = [f"{message.data['seq']}:{message.topic}" for message in found[Outbox]]
    return Template(rows, links, timed, segments, told, steps)


class _Slots:
    """Says for each column of a walked case what of it differs from copy to copy."""

    computed = {
        Clock: {"state", "budget", "elapsed", "due_at", "first_due_at", "next_alert_at",
                "agreed_at", "breached_at"},
        ClockSegment: {"worked"},
        Case: {"number", "title", "search_tokens", "chain_head"},
        Optimization: {"wanted", "due_on"},
        Event: {"hash", "previous_hash", "data"},
        Outbox: {"key"},
    }  # fmt: skip

    def __init__(
        self, found: dict[type[models.Model], list[Any]], moments: list[datetime],
        users: dict[str, User],
    ) -> None:  # fmt: skip
        self.moments = {at: Slot(f"moment {index}") for index, at in enumerate(moments)}
        self.due = {
            at: Slot(f"Clock {index} first_due_at")
            for index, clock in enumerate(found[Clock])
            for at in (clock.first_due_at, clock.due_at)
        }
        self.keys = {
            (model, row.pk): Slot(f"{model.__name__} {index}")
            for model, rows in found.items()
            for index, row in enumerate(rows)
        }
        self.people = {users[walk.person_of(role, 0)].pk: Slot(role) for role in ROLES}
        self.due_on = found[Optimization][0].due_on

    def of(self, model: type[models.Model], row: Any, index: int, field: Any) -> Any:
        value = getattr(row, field.attname)
        if field.attname in self.computed.get(model, ()):
            name = (
                field.attname
                if model in (Case, Optimization)
                else (f"{model.__name__} {index} {field.attname}")
            )
            is_empty = value is None and name in ("due_on", f"Clock {index} agreed_at")
            return None if is_empty else Slot(name)
        if field.primary_key:
            return self.keys[Case if model is Optimization else model, value or row.pk]
        if value is None:
            return None
        if field.is_relation:
            target = field.related_model
            other = {User: self.people.get(value), Unit: Slot("unit"), Service: Slot("service")}
            return other.get(target) or self.keys.get((target, value), value)
        if isinstance(value, datetime):
            return self.due[value] if field.attname == "due_at" else self.moments[value]
        if isinstance(field, models.JSONField):
            return json.dumps(value)
        return field.get_db_prep_save(value, connection)

    def swapped(self, value: Any, key: str = "") -> Any:
        """Return what an event says, with slots where copies differ."""
        if isinstance(value, dict):
            return {name: self.swapped(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.swapped(one, key) for one in value]
        if key == "service":
            return Slot("service")
        if key == "task":
            return self.keys[Task, value]
        if value in ("§title§", "§wanted§"):
            return Slot(str(value).strip("§"))
        return Slot("due_on") if self.due_on and value == str(self.due_on) else value


class Copier:
    """Makes copies of templates; `at` is the present of the data."""

    def __init__(self, at: datetime, *, first_keys: dict[type[models.Model], int]) -> None:
        self.at = at.replace(microsecond=0)
        automation()  # its row stays, whatever is rolled back
        self.templates = templates(self.at)
        self.first_keys = first_keys
        self.users = dict(User.objects.values_list("username", "pk"))
        self.units = dict(User.objects.values_list("username", "unit"))
        codes = [f"system{number}" for number in range(SYSTEMS)]
        services = dict(Service.objects.filter(code__in=codes).values_list("code", "pk"))
        self.services = [services[code] for code in codes]
        self.zone = timezone.get_default_timezone()
        self.prefix = f"REQ-{self.at.astimezone(self.zone).year}-"
        self.names = list(SHAPES)
        self.weights = [shape.weight for shape in SHAPES.values()]

    def copy(self, index: int, *, is_late: bool = False) -> Iterator[tuple[Any, list[Any]]]:
        """Yield the rows of copy `index`, a row after what it refers to.

        `is_late`: its time is over, and no sweep has seen it.
        """
        chance = Random(index)
        is_inbox = index < INBOX_ROWS * REGIONS and not is_late
        name = INBOX if is_inbox else chance.choices(self.names, self.weights)[0]
        if is_late and SHAPES[name].latest < LATE[1]:
            name = INBOX
        used = chance.uniform(*LATE) if is_late else chance.uniform(0.02, SHAPES[name].latest)
        times = self._steps(self.templates[name, 0], used, chance)
        due_on = times[0].astimezone(self.zone).date() + AGREED
        timed = [self._clock(one, times, due_on) for one in self.templates[name, 0].clocks]
        alerts = _run(timed, self.at, is_late=is_late)
        times += [at + timedelta(seconds=chance.randrange(1, 20)) for at in alerts]
        template = self.templates[name, len(alerts)]
        values = self._who_and_what(index, is_inbox) | {"due_on": due_on}
        values.update(zip(MOMENT_SLOTS, times, strict=False))
        for number, clock in enumerate(timed):
            values |= {f"Clock {number} {name}": value for name, value in vars(clock).items()}
        for number, (clock, is_counted) in enumerate(template.segments):
            elapsed = timed[clock].elapsed if is_counted else timedelta()
            values[f"ClockSegment {number} worked"] = elapsed
        for number, what in enumerate(template.told):
            key = f"{values['number']}:{what}:{values['requester']}"
            values[f"Outbox {number} key"] = key
        _chain(template, values)
        for model, row in template.rows:
            yield model, [values[one] if type(one) is Slot else one for one in row]

    def _who_and_what(self, index: int, is_inbox: bool) -> dict[str, Any]:
        values: dict[str, Any] = {role: self.users[walk.person_of(role, index)] for role in ROLES}
        if is_inbox:
            values["analyst"] = self.users[staff_of(region_of(index), "inbox")[0]]
        for model, first in self.first_keys.items():
            key = first + index * (1 if model is Case else ROOM)
            values.update(zip(KEY_SLOTS[model], range(key, key + ROOM), strict=False))
        text = SimpleNamespace(
            search_fields=Optimization.search_fields, title=words.title(index),
            number=f"{self.prefix}{index + 1:05}",
            wanted=words.wanted(index), reason="", solution="",
        )  # fmt: skip
        return values | {
            "unit": self.units[requester_of(index)], "service": self.services[index % SYSTEMS],
            "number": text.number, "title": text.title, "wanted": text.wanted,
            "search_tokens": search.token_text(Optimization.prose.fget(text)),  # type: ignore[attr-defined]  # a property
        }  # fmt: skip

    def _steps(self, template: Template, used: float, chance: Random) -> list[datetime]:
        """Choose instants for the steps so that `used` of the running clock's time is over."""
        running = next(clock for clock in template.clocks if clock.state == Clock.State.RUNNING)
        hours = running.calendar.working_time()
        start = self.at - used * AGREED
        if not running.is_agreed:
            start = hours.add(self.at, -used * running.standard.budget(self.at, hours))
        times = [start.replace(microsecond=0)]
        for _ in range(running.starts):
            times.insert(0, times[0] - timedelta(seconds=chance.randrange(600, 7200)))
        after = template.moments - len(times)
        for left in range(after, 0, -1):
            most = min(7200, int((self.at - times[-1]).total_seconds()) // (left + 1))
            times.append(times[-1] + timedelta(seconds=chance.randrange(1, max(most, 2))))
        return times

    def _clock(self, clock: Any, times: list[datetime], due_on: date) -> SimpleNamespace:
        """Compute what the engine would have stored of a clock that nothing was late for."""
        hours, start, changed = (
            clock.calendar.working_time(),
            times[clock.starts],
            times[clock.changes],
        )
        agreed = datetime.combine(due_on + timedelta(days=1), time.min, self.zone)
        if clock.is_agreed:
            budget = max(hours.between(start, agreed), timedelta())
        else:
            budget = clock.standard.budget(start, hours)
        due_at = hours.add(start, budget)
        state, is_running = clock.state, clock.state == Clock.State.RUNNING
        if state == Clock.State.MET and changed > due_at:
            state = Clock.State.MISSED
        return SimpleNamespace(
            state=state, budget=budget, calendar=clock.calendar, warn_at=clock.warn_at,
            elapsed=timedelta() if is_running else hours.between(start, changed),
            due_at=None if state == Clock.State.PAUSED else due_at, first_due_at=due_at,
            changed_at=changed, agreed_at=agreed, next_alert_at=None,
            breached_at=due_at if state == Clock.State.MISSED else None, level=0,
        )  # fmt: skip


def _run(timed: list[SimpleNamespace], at: datetime, *, is_late: bool) -> list[datetime]:
    """Bring the running clock to `at`; return when its thresholds were reached so far."""
    running = next(clock for clock in timed if clock.state == Clock.State.RUNNING)
    passed = []
    running.next_alert_at = clocks.next_alert(running)
    for percent in [] if is_late else sorted({*running.warn_at, 100}):
        if running.next_alert_at is None or running.next_alert_at > at - MINUTE:
            break
        passed.append(running.next_alert_at)
        running.level = percent
        running.next_alert_at = clocks.next_alert(running)
    running.breached_at = running.due_at if running.level >= 100 else None
    return passed


def _chain(template: Template, values: dict[str, Any]) -> None:
    """Say in `values` what the events say, and chain their hashes."""
    head = ""
    for index, link in enumerate(template.links):
        data = _filled(link["object"], values)
        row = {key: values.get(one, one) if type(one) is Slot else one for key, one in link.items()}
        event = SimpleNamespace(**row | {"data": data, "previous_hash": head})
        values[f"Event {index} data"] = json.dumps(data, ensure_ascii=False)
        values[f"Event {index} previous_hash"] = head
        values[f"Event {index} hash"] = head = Event.digest(event)  # type: ignore[arg-type]  # it reads attributes
    values["chain_head"] = head


def _filled(value: Any, values: dict[str, Any]) -> Any:
    if type(value) is Slot:
        return jsonable(values[value])
    if isinstance(value, dict):
        return {key: _filled(one, values) for key, one in value.items()}
    return [_filled(one, values) for one in value] if isinstance(value, list) else value
