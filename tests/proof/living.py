"""People live in the house that DATABASE_URL names; run by the proofs of keeping data.

`living move_in` migrates, builds the people of the demo world, walks cases into every state with
talk and files, and prints a token of the API for everybody as JSON. `living go_on` files and moves
cases until it is ended.
"""

from __future__ import annotations

import json
import os
import random
import sys
from contextlib import suppress
from datetime import timedelta

import django

CASES = 6
STEPS = 10


def move_in() -> None:
    from django.core.management import call_command

    from people.tokens import issue_token
    from tests.changes.walking import ROUTES, Walk
    from tests.proof.paths import Path, begin, everybody
    from tests.proof.scale import SEED
    from tests.world import NOON, build_world

    call_command("migrate", verbosity=0)
    build_world()
    world = everybody()
    for state in ["submitted", *ROUTES]:
        Walk(world).to(state)
    for number in range(CASES):
        dice = random.Random(f"{SEED}/{number}")
        path = Path(begin(world, NOON).pk, NOON + timedelta(microseconds=number), dice)
        path.talk(world)[1]()
        for _step in range(STEPS):
            path.step(world)
    tokens = {name: issue_token(user=user, name="proof") for name, user in world.items()}
    print(json.dumps(tokens))


def go_on() -> None:
    from django.utils import timezone

    from tests.proof.paths import Path, begin, everybody
    from workflows.refusals import Refusal

    world, dice = everybody(), random.Random()
    while True:
        case = begin(world, timezone.now())
        for _step in range(6):
            path = Path(case.pk, timezone.now(), dice)
            with suppress(Refusal):
                path.act(world)[1]()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    {"move_in": move_in, "go_on": go_on}[sys.argv[1]]()
