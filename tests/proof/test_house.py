"""The house the proofs live in works."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.proof.house import House


def ask(house: House, who: str, path: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {house.tokens[who]}"}
    with urlopen(Request(f"{house.address}/api/v1/{path}", headers=headers)) as answer:
        return json.load(answer)


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
def test_a_house_answers(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    house = (
        request.getfixturevalue("house") if database == "postgresql" else House(tmp_path).found()
    )
    with house.web(workers=1):
        assert ask(house, "desk", "tasks/?view=queue")["count"] == 0
