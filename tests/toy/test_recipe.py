"""The recipe "Add a process" of CONTRIBUTING.md: its files and commands, taken from the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from config.environment import BASE_DIR

RECIPE = (BASE_DIR / "CONTRIBUTING.md").read_text().split("## Add a process")[1]
FILES = dict(re.findall(r"^`(loans/\w+\.py)`:\n\n```python\n(.*?)^```$", RECIPE, re.M | re.S))
COMMANDS = re.findall(r"^\.venv/bin/python (.+)$", RECIPE, re.M)
OURS = re.compile(r"PYTEST_|OPSGATE_|COV_|DJANGO_SETTINGS_MODULE$|DATABASE_URL$")
"""Variables of the run around this one, which must not reach the commands."""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a folder with the package of the recipe, written from the page."""
    for name, text in {"loans/__init__.py": "", **FILES}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def run(house: Path, command: str) -> str:
    """Run what follows `.venv/bin/python` in a line of the recipe; return what it said."""
    environment = {name: value for name, value in os.environ.items() if not OURS.match(name)}
    environment |= {
        "PYTHONPATH": str(house),
        "EXTRA_APPS": "loans",
        "VAR_DIR": str(house / "var"),
        "DATABASE_URL": f"sqlite:///{house / 'loans.sqlite3'}",
    }
    arguments = shlex.split(command.replace("$HOUSE", str(house)))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_recipe_works_as_it_is_printed(house: Path) -> None:
    said = {command: run(house, command) for command in COMMANDS}
    assert list(FILES) == [
        f"loans/{name}.py" for name in ("models", "forms", "flows", "demo", "tests")
    ]
    assert [command.split()[1] for command in COMMANDS] == [
        "check", "makemigrations", "migrate", "bpmn", "pytest",
    ]  # fmt: skip
    assert "no issues" in said["manage.py check"]
    assert (house / "loans" / "migrations" / "0001_initial.py").exists()
    assert "Applying loans.0001_initial... OK" in said["manage.py migrate"]
    assert f"{FILES['loans/tests.py'].count('def test_')} passed" in said[COMMANDS[-1]]
    assert drawn(house / "loan.bpmn") == {"Requested", "Lent out", "Returned", "Refused"}


def drawn(file: Path) -> set[str | None]:
    """Return the names of the tasks and ends in a BPMN file."""
    nodes = ElementTree.parse(file).iter()
    return {node.get("name") for node in nodes if node.tag.endswith(("Task", "endEvent"))}


def test_the_recipe_is_written_like_the_product(house: Path) -> None:
    sources = f"src = [{str(BASE_DIR)!r}, {str(house)!r}]"
    for command in (
        f"-m ruff check --no-cache --config pyproject.toml --config {shlex.quote(sources)} $HOUSE",
        "-m ruff format --no-cache --config pyproject.toml --diff $HOUSE",
    ):
        run(house, command)
