"""A web worker dies inside the door: nothing is half done, and asking again gives the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.proof.dying import AFTER_COMMIT, FILE, POINTS
from tests.proof.house import House, until
from tests.proof.load import TRIAGE, Call, Caller
from tests.proof.scale import rounds
from tests.proof.servers import Postgres
from tests.proof.states import rows, state_of

DEATHS = rounds(full=30, short=1)


MARKS = [
    "count(*) FROM workflows_case",
    "sum(version) FROM workflows_case",
    "count(*) FROM workflows_event",
    "count(*) FROM workflows_task WHERE status IN ('open', 'claimed')",
    "count(*) FROM workflows_clocksegment",
    "count(*) FROM workflows_outbox",
    "count(*) FROM workflows_idempotencyrecord",
    "sum(last) FROM workflows_numbersequence",
]


@pytest.fixture(scope="module")
def mortal(
    postgres_server: Postgres, founded: House, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A house whose web workers die where they are told to."""
    url = postgres_server.create("mortal", template="founded")
    house = House(tmp_path_factory.mktemp("mortal"), url, EXTRA_APPS="tests.proof.dying.Dying")
    house.tokens = founded.tokens
    with house.web(workers=2):
        yield house
    assert state_of(house)["violations"] == []


@pytest.fixture
def requester(mortal: House) -> Iterator[Caller]:
    with Caller(mortal, "requester") as caller:
        yield caller


@pytest.fixture
def desk(mortal: House) -> Iterator[Caller]:
    with Caller(mortal, "desk") as caller:
        yield caller


def marks(house: House) -> tuple[Any, ...]:
    """Count everything an action leaves behind."""
    wanted = ", ".join(f"(SELECT {what})" for what in MARKS)
    return rows(house, f"SELECT {wanted}")[0]


def alike(call: Call) -> str:
    """Return an answer without its numbers and instants: what two like requests have in common."""
    text = str(sorted(call.answer.items()))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)", "T", text)
    text = re.sub(r"'remaining_seconds': \d+", "'remaining_seconds': N", text)
    return re.sub(r"REQ-\d{4}-\d{5}|'id': \d+", "N", text)


def dies(house: House, point: str, act: Any) -> None:
    """Let the worker that does `act` die at `point`: its caller gets no answer."""
    file = house.folder / FILE
    file.write_text(point)
    assert act().status == 0, f"nobody died {point}"
    assert not file.exists()


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_dies_during_an_action(
    mortal: House, requester: Caller, desk: Caller, point: str
) -> None:
    for _round in range(DEATHS):
        spared, struck = (filed(requester).answer["number"] for _ in range(2))
        undisturbed = desk.act(spared, "pass_to_assessment", uuid4().hex, **TRIAGE)
        key = uuid4().hex
        before = marks(mortal)
        dies(mortal, point, lambda n=struck, k=key: desk.act(n, "pass_to_assessment", k, **TRIAGE))
        assert_all_or_nothing(mortal, before, point)
        again = until(
            lambda n=struck, k=key: answered(desk.act(n, "pass_to_assessment", k, **TRIAGE))
        )
        once_more = desk.act(struck, "pass_to_assessment", key, **TRIAGE)
        assert (again.status, alike(again)) == (200, alike(undisturbed))
        assert once_more.answer == again.answer
        assert again.answer["version"] == 2


FILED_AT = [point for point in POINTS if not point.endswith(("the lock", "the body"))]


@pytest.mark.parametrize("point", FILED_AT)
def test_a_worker_dies_while_a_case_is_filed(mortal: House, requester: Caller, point: str) -> None:
    """The number that was given to the case that was not filed goes to the next one: no gap."""
    for _round in range(DEATHS):
        undisturbed = filed(requester)
        key = uuid4().hex
        before = marks(mortal)
        dies(mortal, point, lambda k=key: requester.file(k))
        assert_all_or_nothing(mortal, before, point)
        again = until(lambda k=key: answered(requester.file(k)))
        assert (again.status, alike(again)) == (201, alike(undisturbed))
        assert requester.file(key).answer == again.answer
        assert following(undisturbed) == again.answer["number"]


def filed(requester: Caller) -> Call:
    """File a case; the connection may have been to the worker that died in the round before."""
    key = uuid4().hex
    return until(lambda: answered(requester.file(key)))


def answered(call: Call) -> Call | None:
    """Return the answer, none while the lock of the dead is not yet released (409)."""
    assert call.status in (0, 200, 201, 409), (call.status, call.answer)
    return call if call.is_acknowledged else None


def assert_all_or_nothing(house: House, before: tuple[Any, ...], point: str) -> None:
    if point == AFTER_COMMIT:
        assert marks(house) > before
    else:
        assert marks(house) == before


def following(call: Call) -> str:
    prefix, year, number = call.answer["number"].split("-")
    return f"{prefix}-{year}-{int(number) + 1:05}"
