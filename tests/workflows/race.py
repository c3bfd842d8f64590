"""Sixteen processes want the same thing at the same moment; run by test_races.py.

`python -m tests.workflows.race claim|decide` migrates the database that DATABASE_URL names, lets
sixteen processes go at once, and prints what each came to as a JSON list.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections.abc import Callable
from typing import Any

import django

PROCESSES = 16


def prepare() -> Callable[[int], Callable[[], object]]:
    """Build the world and one case; return what the n-th process shall do."""
    from django.core.management import call_command

    from people.models import Grant, User
    from tests.changes.walking import DAY, walk
    from tests.world import NOON, build_world
    from workflows.actions import claim_task
    from workflows.door import perform

    call_command("migrate", verbosity=0)
    build_world()
    world = {user.username: user for user in User.objects.select_related("unit")}
    if sys.argv[1] == "claim":
        unit, desks = world["auditor"].unit, []
        for number in range(PROCESSES):
            desks.append(User.objects.create(username=f"desk{number}", unit=unit))
            Grant.objects.create(user=desks[-1], role="service_desk", unit=unit, from_at=NOON - DAY)
        task = walk(world).task
        return lambda number: lambda: claim_task(task=task, actor=desks[number])
    step = walk(world, "assessing").act("analyst", "propose", effort_development="2")
    names = ["approve", "decline"]
    return lambda number: (
        lambda: perform(step.case, names[number % 2], actor=world["owner"], note="mine")
    )


def contend(act: Callable[[], object], start: Any, results: Any) -> None:
    start.wait()
    try:
        act()
    except Exception as error:  # the test asks which one it was
        results.put(type(error).__name__)
    else:
        results.put("passed")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.db import connections

    act_of = prepare()
    connections.close_all()  # each process opens its own
    fork = multiprocessing.get_context("fork")
    start, results = fork.Barrier(PROCESSES), fork.Queue()
    racers = [
        fork.Process(target=contend, args=(act_of(number), start, results))
        for number in range(PROCESSES)
    ]
    for racer in racers:
        racer.start()
    print(json.dumps([results.get(timeout=60) for _ in racers]))
    for racer in racers:
        racer.join()


if __name__ == "__main__":
    main()
