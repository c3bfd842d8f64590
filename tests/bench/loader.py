"""Fill the database with open cases."""

from __future__ import annotations

import argparse
import os

import django

from tests.bench import walk
from tests.bench.town import REGIONS, region_of, staff_of


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int)
    parser.add_argument("url")
    chosen = parser.parse_args()
    os.environ["DATABASE_URL"] = chosen.url
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()
    from tests.bench.inside import somebody
    from workflows.actions import claim_task
    from workflows.door import open_case, perform

    for number in range(chosen.cases):
        case = open_case(
            "optimization",
            actor=somebody(walk.person_of("requester", number)),
            **walk.filing(number),
        ).case
        if number < 50 * REGIONS:
            perform(
                case,
                "pass_to_assessment",
                actor=somebody(walk.person_of("desk", number)),
                **walk.data_of("pass_to_assessment", number),
            )
            claim_task(
                task=case.tasks.open().get(),
                actor=somebody(staff_of(region_of(number), "inbox")[0]),
            )


if __name__ == "__main__":
    main()
