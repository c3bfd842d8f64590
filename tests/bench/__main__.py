"""Measure, show one table, and keep it in var/bench.json.

python -m tests.bench                                   everything
python -m tests.bench --only action,create --sizes 1000
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import django

from tests.bench import table
from tests.bench.measures import MEASURES, Bench
from tests.bench.stage import serving
from tests.proof.house import ROOT, House
from tests.proof.servers import postgres


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default=",".join(MEASURES), help="names, between commas")
    parser.add_argument("--sizes", default="1000", help="open cases, between commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--details", type=Path, help="a folder for statements and profiles")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    rows: list[table.Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsgate-bench-")))
        more = {
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "STATIC_ROOT": str(folder / "static"),
        }
        server = stack.enter_context(postgres())
        founded = House(folder, server.create("founded"), **more)
        founded.manage("collectstatic", "--noinput", "--verbosity", "0")
        founded.python("-m", "tests.bench.town")
        os.environ.update(founded.environment)
        django.setup()
        stages = {}
        for size in (int(one) for one in chosen.sizes.split(",")):
            url = server.create(f"bench_{size}", template="founded")
            house = House(folder, url, **more)
            house.python("-m", "tests.bench.loader", "--cases", str(size), url)
            stages[size] = stack.enter_context(serving(size, house, folder))
        bench = Bench(stages, chosen.repeats)
        for name in filter(None, chosen.only.split(",")):
            for row in MEASURES[name](bench):
                rows.append(row)
                print("\n".join(table.lines([row])), flush=True)
        if chosen.details:
            from tests.bench import inside

            with bench.smallest.inside():
                inside.write_details(bench.numbers, chosen.details)
    table.keep(rows, ROOT / "var" / "bench.json")


if __name__ == "__main__":
    main()
