"""Paths on a database that refuses statements; run by test_flaky.py.

`at_random SEED STEPS RATE`: so many of all statements fail. `every SEED STEPS`: each step is tried
with its first, second, … statement failing until none is left, through door, API and pages.
Prints what happened and, under `wrong`, everything that was not as promised, as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

MOST = 400
"""No step needs as many statements; one that does never comes to its end."""
seen: Counter[str] = Counter()
wrong: list[str] = []


def state() -> str:
    from workflows.keeping.databases import kept_models
    from workflows.keeping.fingerprints import fingerprint

    return fingerprint(kept_models(), "default").hash


def move_in() -> Any:
    from django.core.management import call_command

    from tests.proof.paths import everybody
    from tests.world import build_world

    call_command("migrate", verbosity=0)
    build_world()
    return everybody()


def note(what: str) -> None:
    """Note everything that does not hold now."""
    from tests.proof.flaky_database import last_moment
    from workflows.invariants import violations

    wrong.extend(f"{what}: {one}" for one in violations(last_moment()))


def at_random(seed: str, steps: str, rate: str) -> None:
    from tests.proof.flaky_database import Flaky, InjectedError
    from tests.proof.paths import Path, begin
    from tests.world import NOON
    from workflows.refusals import Refusal
    from workflows.sweep import sweep

    world, dice = move_in(), random.Random(f"flaky {seed}")
    flaky = Flaky(random.Random(f"injected {seed}"), float(rate))
    path = None
    for number in range(int(steps)):
        if path is None or number % 25 == 0:
            path = Path(begin(world, NOON).pk, NOON, dice)
        what, act = path.plan(world)
        before = state()
        try:
            with flaky.on():
                act()
            seen["passed"] += 1
        except Refusal:
            seen["refused"] += 1
        except InjectedError:
            seen["failed"] += 1
            if what != "sweep" and state() != before:
                wrong.append(f"step {number} ({what}) failed and left something")
        note(f"step {number} ({what})")
    sweep(path.at)  # what a failed one put off is not lost, and nothing comes twice
    note("after the last sweep")
    seen["statements"], seen["injected"] = flaky.statements, flaky.injected


def every(seed: str, steps: str) -> None:
    from tests.proof.paths import PAUSES, Path, begin
    from tests.world import NOON

    world, dice = move_in(), random.Random(f"every {seed}")
    callers = Callers(world)
    path = Path(begin(world, NOON).pk, NOON, dice)
    for number in range(int(steps)):
        if path.case.is_closed and dice.random() < 0.7:
            path = Path(begin(world, NOON).pk, NOON, dice)
        path.at += dice.choice(PAUSES[2:])
        chosen = path.chosen(world)
        if chosen is None or dice.random() < 0.3:
            what, act = path.plan(world)
            try_each(f"{number} {what}", lambda: through_the_door(act))  # noqa: B023 - called at once
            continue
        name, action, data = chosen
        key, case = f"step-{number}", path.case
        way = (callers.by_api, callers.by_page)[number % 2]
        try_each(
            f"{number} {way.__name__} {name} {action}",
            lambda: way(name, case, action, data, key, path.at),  # noqa: B023
        )


def through_the_door(act: Callable[[], object]) -> str:
    from tests.proof.flaky_database import InjectedError
    from workflows.refusals import Refusal

    try:
        act()
    except Refusal:
        return "refused"
    except InjectedError:
        return "failed"
    return "passed"


class Callers:
    """Everybody of the world, with a token for the API and a session for the pages."""

    def __init__(self, world: Any) -> None:
        from django.test import Client

        from people.tokens import issue_token

        self.api, self.pages = {}, {}
        for name, user in world.items():
            bearer = {"Authorization": f"Bearer {issue_token(user=user, name='proof')}"}
            here = {"SERVER_NAME": "127.0.0.1", "raise_request_exception": False}
            self.api[name] = Client(headers=bearer, **here)
            self.pages[name] = Client(**here)
            self.pages[name].force_login(user, "django.contrib.auth.backends.ModelBackend")

    def by_api(self, name: str, case: Any, action: str, data: Any, key: str, at: Any) -> str:
        import time_machine

        with time_machine.travel(at, tick=False):
            answer = self.api[name].post(
                f"/api/v1/cases/{case.number}/actions/{action}/", data, "application/json",
                headers={"Idempotency-Key": key},
            )  # fmt: skip
        if answer.status_code >= 400:
            said = answer.json()
            if said.keys() != {"message", "errors"} or "injected" in answer.content.decode():
                wrong.append(f"{key}: {answer.status_code} {said}")
        return outcome(answer.status_code)

    def by_page(self, name: str, case: Any, action: str, data: Any, key: str, at: Any) -> str:
        import time_machine

        with time_machine.travel(at, tick=False):
            answer = self.pages[name].post(
                f"/cases/{case.number}/do/{action}/", {**data, "once": key}
            )
        return outcome(answer.status_code)


def outcome(status: int) -> str:
    return "failed" if status >= 500 else "refused" if status >= 400 else "passed"


def try_each(what: str, act: Callable[[], str]) -> None:
    """Let the n-th statement of `act` fail, for n = 1, 2, …, until it gets through untouched.

    A failure leaves everything as it was. Only a page may fail after the deed, when it looks for
    where to go next; then the deed is whole, and the same request again does not do it twice.
    """
    from tests.proof.flaky_database import Flaky

    before = state()
    done = ""
    for nth in range(1, MOST):
        flaky = Flaky(random.Random(0), rate=0, nth=nth)
        with flaky.on():
            came_to = act()
        now = state()
        seen[f"{came_to} with an error" if flaky.injected else came_to] += 1
        note(f"{what}, statement {nth}")
        may_be_done = "by_page" in what or "sweep" in what or came_to == "passed"
        if now != before and not done:
            done = now
            if not may_be_done:
                wrong.append(f"{what} {came_to} at statement {nth} and left something")
        elif done and now != done and "sweep" not in what:
            wrong.append(f"{what} was done twice, at statement {nth}")
        if not flaky.injected:
            return
        if came_to == "passed" and "by_" not in what:
            return  # an error that the sweep survived; the rest of it comes again
    wrong.append(f"{what} never came to its end")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from django.core.cache import cache

    cache.clear()
    {"at_random": at_random, "every": every}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"seen": seen, "wrong": wrong}))


if __name__ == "__main__":
    main()
