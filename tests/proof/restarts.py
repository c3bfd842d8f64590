"""Random paths, each step taken by a process of its own; run by test_restarts.py.

`python -m tests.proof.restarts PATHS STEPS` builds the world in the database that DATABASE_URL
names and prints, as JSON, how many restarts there were and each difference they made. This process
never asks the database anything, so every child is as fresh as a started program.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

EYES = ("requester", "analyst", "auditor")
"""Whose view of the case is compared; the tables have everything else."""
Place = tuple[int, datetime]


def build() -> dict[str, str]:
    """Migrate and let the people in; return a token for each of EYES."""
    from django.core.management import call_command

    from people.tokens import issue_token
    from tests.proof.paths import everybody
    from tests.world import build_world

    call_command("migrate", verbosity=0)
    build_world()
    world = everybody()
    return {name: issue_token(user=world[name], name="proof") for name in EYES}


def dump(place: Place, tokens: dict[str, str]) -> dict[str, str]:
    """Return what the tables hold, and what the product says about the case to each of EYES."""
    import time_machine
    from django.test import Client

    from workflows.keeping.databases import kept_models
    from workflows.keeping.fingerprints import fingerprint
    from workflows.models import Case

    pk, at = place
    found = fingerprint(kept_models(), "default")
    said = {name: table.digest for name, table in found.tables.items()} | {"hash": found.hash}
    number = Case.objects.values_list("number", flat=True).get(pk=pk)
    with time_machine.travel(at, tick=False):
        for name, token in tokens.items():
            for path in (f"cases/{number}/", "tasks/?view=mine"):
                caller = Client(
                    SERVER_NAME="127.0.0.1", headers={"Authorization": f"Bearer {token}"}
                )
                answer = caller.get(f"/api/v1/{path}")
                assert answer.status_code == 200 or name != "requester"
                said[f"{name} {path}"] = f"{answer.status_code} {answer.content.decode()}"
    return said


def begin_path(tokens: dict[str, str], at: datetime) -> tuple[Place, dict[str, str]]:
    from tests.proof.paths import begin, everybody

    place = (begin(everybody(), at).pk, at)
    return place, dump(place, tokens)


def live(
    place: Place, tokens: dict[str, str], seed: str
) -> tuple[dict[str, str], Place, str, dict[str, str]]:
    """Look, take one step, look again: the life of one process."""
    from tests.proof.paths import Path, everybody

    before = dump(place, tokens)
    path = Path(*place, random.Random(seed))
    what = path.step(everybody())
    place = (path.pk, path.at)
    return before, place, what, dump(place, tokens)


def in_a_fresh_process(act: Callable[..., Any], *arguments: Any) -> Any:
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)

    def child() -> None:
        theirs.send(act(*arguments))

    process = fork.Process(target=child)
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        raise SystemExit(f"{act.__name__}{arguments} died") from None
    finally:
        process.join()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    import time_machine  # noqa: F401 - loaded once, as everything else that is only code
    from django.urls import get_resolver

    from tests.proof import paths as _paths  # noqa: F401
    from tests.proof.scale import SEED
    from tests.world import NOON

    assert get_resolver().url_patterns

    paths, steps = int(sys.argv[1]), int(sys.argv[2])
    tokens = in_a_fresh_process(build)
    restarts, differences, taken = 0, [], set()
    for number in range(paths):
        place, after = in_a_fresh_process(begin_path, tokens, NOON)
        for step in range(steps):
            at_end = place
            seed = f"{SEED}/{number}/{step}"
            before, place, what, then = in_a_fresh_process(live, place, tokens, seed)
            # The step begins at the instant of the last look, and sees what that look saw.
            differences += [
                f"path {number}, step {step} ({what}), {at_end}: {name}"
                for name in before.keys() | after.keys()
                if before.get(name) != after.get(name)
            ]
            restarts, after = restarts + 1, then
            taken.add(what.split(":")[0])
    print(json.dumps({"restarts": restarts, "differences": differences, "hash": after["hash"],
                      "taken": sorted(taken)}))  # fmt: skip


if __name__ == "__main__":
    main()
