"""A random path of one case: people act, talk, attach and take work; the clockwork strikes."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from people.actors import Actor
from people.models import User
from tests.changes.walking import EFFORT_11, FILING, GOOD
from workflows.actions import add_comment, attach_file, claim_task, release_task
from workflows.door import open_case, perform
from workflows.lifecycles import Action
from workflows.models import Case, Task
from workflows.refusals import Refusal
from workflows.sweep import sweep

PAUSES = [timedelta(seconds=n) for n in (0, 1, 60, 600, 3600, 20_000, 90_000, 400_000)]
World = dict[str, User]
Plan = tuple[str, Callable[[], object]]


def everybody() -> World:
    people = User.objects.filter(is_active=True).select_related("unit").order_by("username")
    return {user.username: user for user in people}


def begin(world: World, at: datetime, **more: Any) -> Case:
    return open_case("optimization", actor=world["requester"], at=at, **FILING, **more).case


class Path:
    """What happens next to the case `pk`, by `dice`; `at` moves on with each step.

    Holds nothing else: another process goes on with the same words.
    """

    def __init__(self, pk: int, at: datetime, dice: random.Random) -> None:
        self.pk, self.at, self.dice = pk, at, dice

    def step(self, world: World) -> str:
        """Let one thing happen; return what it was. A refusal is one of the things."""
        what, act = self.plan(world)
        with suppress(Refusal):
            act()
            return what
        return f"{what}: refused"

    def plan(self, world: World) -> Plan:
        """Choose what happens next, and let time pass until then; nothing is done yet."""
        self.at += self.dice.choice(PAUSES)
        kind = self.dice.choices([self.act, self.talk, self.take, self.strike], [12, 3, 2, 2])[0]
        return kind(world)

    @property
    def case(self) -> Case:
        return Case.objects.get(pk=self.pk).concrete()

    def offers(self, world: World) -> list[tuple[str, Action]]:
        """Return who may do what now; mostly what does not end the case."""
        case, found = self.case, []
        for name, user in world.items():
            flow = case.lifecycle(case, Actor.of(user, self.at), self.at)
            for action in flow.available(flow.who):
                is_end = bool(action.targets) and set(action.targets) <= set(flow.closed)
                found += [(name, action)] * (1 if is_end else 20)
        return found

    def chosen(self, world: World) -> tuple[str, str, dict[str, Any]] | None:
        """Return who does which action with which data, if anybody may do anything."""
        offers = self.offers(world)
        if not offers:
            return None
        name, action = self.dice.choice(offers)
        return name, action.name, self.data(action.name)

    def data(self, action: str) -> dict[str, Any]:
        data = dict(GOOD[action])
        if "due_on" in data:
            data["due_on"] = f"{timezone.localdate(self.at) + timedelta(days=10)}"
        if "effort_analysis" in data and self.dice.random() < 0.2:
            data |= EFFORT_11
        return data

    def act(self, world: World) -> Plan:
        chosen = self.chosen(world)
        if chosen is None:
            return self.talk(world)
        name, action, data = chosen
        case, actor = self.case, world[name]
        return f"{name} {action}", lambda: perform(case, action, actor=actor, at=self.at, **data)

    def talk(self, world: World) -> Plan:
        user, case = world["desk"], self.case
        if self.dice.random() < 0.7:
            text = f"第 {self.dice.randrange(1000)} 条 — @requester, “so” 𝄞"
            return "comment", lambda: add_comment(case=case, body=text, actor=user, at=self.at)
        content = self.dice.randbytes(40).hex().encode()
        return "attach", lambda: attach_file(
            case=case, file=SimpleUploadedFile("note.txt", content), actor=user, at=self.at
        )

    def take(self, world: World) -> Plan:
        task = Task.objects.open().filter(case=self.pk).order_by("pk").first()
        if task is None:
            return self.talk(world)
        act = release_task if task.assignee_id else claim_task
        actor = task.assignee or world[self.dice.choice(sorted(world))]
        return act.__name__, lambda: act(task=task, actor=actor, at=self.at)

    def strike(self, world: World) -> Plan:
        self.at += timedelta(days=self.dice.randrange(4))
        return "sweep", lambda: sweep(self.at)
