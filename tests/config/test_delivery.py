"""The files by which the product is installed hold no secret, no address, no root."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from config.environment import BASE_DIR

LOCKS = ["requirements.txt", "requirements-dev.txt"]
COMPOSE: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN")


def locked(name: str) -> set[str]:
    lines = (BASE_DIR / name).read_text()
    return {normal(found) for found in re.findall(r"^([\w.-]+)==", lines, flags=re.MULTILINE)}


def wanted(group: str = "") -> set[str]:
    project = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]
    lines = project["optional-dependencies"][group] if group else project["dependencies"]
    return {normal(re.split(r"[\[<>=~!; ]", line)[0]) for line in lines}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_lock_covers_every_dependency() -> None:
    assert wanted() <= locked("requirements.txt")
    assert wanted() | wanted("dev") <= locked("requirements-dev.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(name: str) -> None:
    assert not re.search(r"https?:|file:|index-url|find-links", (BASE_DIR / name).read_text())


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_its_hash(name: str) -> None:
    for package in re.split(r"\n(?=\S)", (BASE_DIR / name).read_text()):
        assert package.startswith("#") or "--hash=sha256:" in package


def test_developers_run_the_versions_that_are_delivered() -> None:
    runtime, dev = [
        dict(re.findall(r"^([\w.-]+)==(\S+)", (BASE_DIR / name).read_text(), flags=re.MULTILINE))
        for name in LOCKS
    ]
    assert {name: dev.get(name) for name in runtime} == runtime


def test_compose_has_the_whole_house() -> None:
    assert set(COMPOSE["services"]) == {"migrate", "web", "worker", "beat", "postgres", "redis"}


@pytest.mark.parametrize("service", ["web", "worker", "beat", "postgres", "redis"])
def test_compose_checks_the_health_of_each_service(service: str) -> None:
    assert COMPOSE["services"][service]["healthcheck"]["test"]


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_compose_starts_nothing_before_the_migrations(service: str) -> None:
    before = COMPOSE["services"][service]["depends_on"]
    assert before["migrate"]["condition"] == "service_completed_successfully"


def test_compose_has_no_secret_of_its_own() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name):
                # ${NAME:?why} stops without a value; ${NAME:-} passes nothing on.
                assert re.fullmatch(r"\$\{\w+:(\?.+|-)\}", value), name
            assert not re.search(r"//\w+:\w+@", str(value)), name


def test_compose_says_what_each_variable_becomes_when_not_set() -> None:
    text = (BASE_DIR / "docker-compose.yml").read_text()
    assert not [
        name for name in re.findall(r"\$\{[^}]+\}", text) if ":?" not in name and ":-" not in name
    ]


def test_compose_publishes_no_database() -> None:
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == ["web"]


def test_image_runs_as_somebody_without_rights() -> None:
    lines = (BASE_DIR / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER opsgate" in last_stage
    assert last_stage.index("USER opsgate") < next(
        i for i, line in enumerate(last_stage) if line.startswith("CMD ")
    )


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", "Dockerfile", "docker-compose.yml"])
def test_delivery_names_no_registry(name: str) -> None:
    text = (BASE_DIR / name).read_text()
    assert not re.search(
        r"(?<!emit-)index-url|trusted-host|https?://(?!127\.0\.0\.1|ops|\w+\.example)", text
    )


def test_licence_is_the_affero_gpl() -> None:
    text = (BASE_DIR / "LICENSE").read_text()
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in text
    assert "Remote Network Interaction" in text
