"""README.md says what is there: dependencies, people, commands, packages, files."""

from __future__ import annotations

import re
import tomllib

from django.apps import apps
from django.core.management import get_commands

from config.environment import BASE_DIR
from people.demo import PEOPLE

README = (BASE_DIR / "README.md").read_text()


def cells(heading: str) -> list[str]:
    """Return the first cells of the table below `heading`."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|", section, re.M)
    return [row for row in rows[1:] if not row.startswith("---")]


def quoted(heading: str) -> set[str]:
    return {name for cell in cells(heading) for name in re.findall(r"`([\w-]+)", cell)}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    assert cells("Dependencies") == [
        re.split(r"[<>=]", wanted)[0] for wanted in project["dependencies"]
    ]


def test_everybody_of_the_demo_world_is_introduced() -> None:
    assert quoted("Look around") == {username for username, *_rest in PEOPLE}


def test_every_command_of_ours_is_listed() -> None:
    places = {config.name for config in apps.get_app_configs() if (BASE_DIR / config.name).exists()}
    ours = {name for name, place in get_commands().items() if place in places}
    assert ours == quoted("Commands") - {"optimization"}


def test_every_package_is_in_the_tree() -> None:
    packages = {path.parent.name for path in BASE_DIR.glob("*/apps.py")}
    assert packages | {
        "rows",
        "tests",
        "templates",
        "static",
        "locale",
        "docs",
        "scripts",
    } == quoted("The tree")


def test_no_link_leads_nowhere() -> None:
    named = re.findall(r"[^!]\[[^]]+\]\(([^)#:]+)\)", README)
    assert named
    assert not [name for name in named if not (BASE_DIR / name).exists()]
