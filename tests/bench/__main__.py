"""Measure, show one table, and keep it in var/bench.json.

    python -m tests.bench                                           everything, on both databases
    python -m tests.bench --on postgresql --only action,create --sizes 1000
    python -m tests.bench --keep /tmp/bench …                       load the million only once

A figure that missed its target is marked, and makes no failure: this is not a test.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import django

from tests.bench import table
from tests.bench.measures import MEASURES, Bench
from tests.bench.stage import Stage, serving
from tests.bench.venues import FOUNDED, Venue, venue
from tests.proof.house import ROOT, House

SIZES = {"postgresql": "1000,100000,1000000", "sqlite": "1000,100000"}
CHANGES, PROJECTS = 100_000, 1000
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--on", choices=NAMES, help="one database instead of both")
    parser.add_argument("--only", default=",".join(MEASURES), help=f"of {', '.join(MEASURES)}")
    parser.add_argument("--sizes", help="numbers of open cases, between commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a folder to keep loaded databases in")
    parser.add_argument("--details", type=Path, help="a folder for statements and profiles")
    parser.add_argument("--into", type=Path, default=ROOT / "var" / "bench.json")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    if chosen.on:
        rows = run(chosen)
    else:
        rows = [row for kind in NAMES for row in run_apart(kind)]
        print("\n".join(table.lines(rows)))
    table.keep(rows, chosen.into)


def run_apart(kind: str) -> list[table.Row]:
    """Measure on one database in a process of its own: Django speaks to one kind at a time."""
    with tempfile.TemporaryDirectory(prefix="opsgate-bench-") as folder:
        file = Path(folder) / "rows.json"
        command = [sys.executable, "-m", "tests.bench", *sys.argv[1:], "--on", kind]
        subprocess.run([*command, "--into", str(file)], check=True, cwd=ROOT)
        return table.kept(file)


def run(chosen: argparse.Namespace) -> list[table.Row]:
    rows: list[table.Row] = []
    sizes = [int(one) for one in (chosen.sizes or SIZES[chosen.on]).split(",")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsgate-bench-")))
        folder.chmod(0o711)  # PostgreSQL runs as a user of its own
        data = (chosen.keep or folder) / chosen.on
        databases = stack.enter_context(venue(chosen.on, data))
        at = founded(databases, folder, data / "present")
        stages = {
            size: stack.enter_context(loaded(databases, f"bench_{size}", size, at, folder))
            for size in sorted(sizes)
        }

        def beside(what: str, count: int) -> Stage:
            found = loaded(databases, f"bench_{what}", count, at, folder, f"--{what}")
            return stack.enter_context(found)

        bench = Bench(
            stages, at, chosen.repeats, lambda: beside("changes", CHANGES),
            lambda: beside("projects", PROJECTS),
        )  # fmt: skip
        for name in filter(None, chosen.only.split(",")):
            measured = [row.on(NAMES[chosen.on]) for row in MEASURES[name](bench)]
            print("\n".join(table.lines(measured)), flush=True)
            rows += measured
        if chosen.details:
            from tests.bench import inside

            with bench.smallest.inside():
                inside.write_details(bench.numbers, chosen.details)
    return rows


def founded(databases: Venue, folder: Path, present: Path) -> datetime:
    """Found the company, and let this process speak to it; return the present of its data."""
    is_new = not databases.has(FOUNDED)
    house = House(folder, databases.create(FOUNDED) if is_new else databases.url(FOUNDED))
    house.environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings", "STATIC_ROOT": str(folder / "static"),
    }  # fmt: skip
    house.manage("collectstatic", "--noinput", "--verbosity", "0")
    if is_new:
        house.python("-m", "tests.bench.town")
    os.environ.update(house.environment)
    django.setup()
    from django.utils import timezone

    if is_new:
        present.write_text(timezone.now().isoformat())
    return datetime.fromisoformat(present.read_text())


@contextmanager
def loaded(
    databases: Venue, name: str, size: int, at: datetime, folder: Path, *options: str
) -> Iterator[Stage]:
    """Serve a database with so many open cases, or what `options` make of them."""
    is_new = not databases.has(name)
    house = House(folder, databases.copy(name) if is_new else databases.url(name))
    house.environment = {**os.environ, "DATABASE_URL": databases.url(name)}
    with serving(name, size, house, folder) as stage:
        if is_new:
            stage.load(size, at, *options)
        yield stage


if __name__ == "__main__":
    main()
