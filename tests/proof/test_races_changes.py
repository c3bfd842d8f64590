"""Changes that are decided, moved and begun by several people at the same moment.

Two changes may have one slot: that is shown to everybody, on both, and refused to nobody. Only a
hard freeze refuses, and what is not any more as it was approved.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.change_control.walking import FILING, LOW
from tests.proof.crowd import Answer, Caller
from tests.proof.house import House
from tests.proof.racing import race, violations_in
from tests.proof.scale import rounds
from tests.proof.servers import Postgres
from tests.proof.test_races_http import open_for_work

PLAN = FILING["plan"]
ASKED_AGAIN = {"plan": {"change_manager"}, "backout_plan": {"change_manager", "owner"},
               "informed": set()}  # fmt: skip
"""Whose vote is about a field: an owner's about place and time, a manager's about all but this."""


def test_the_last_two_votes_of_a_change_advance_it_once(any_house: House) -> None:
    """Of a medium risk, which a manager and an owner decide, and of a high one, by the board."""
    found = race("last_votes_on_a_change", any_house, rounds(full=100, short=10))
    for one in found:
        assert len(one["moves"]) == 1
        assert one["state"] == one["wanted"]
        assert one["votes"] == one["said"]["passed"]  # a vote that came too late is not counted
        assert one["said"].get("Conflict", 0) == 2 - one["votes"]


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("one_slot", ["scheduled"] * 2 + ["awaiting_approval"] * 2),
        ("one_window", ["implementing"] * 2),
    ],
)
def test_changes_that_get_one_slot_at_once_all_show_it(
    any_house: House, postgres_server: Postgres, name: str, states: list[str]
) -> None:
    before = len(postgres_server.log)
    found = race(name, any_house, rounds(full=100, short=5))
    for one in found:
        assert one["said"] == {"passed": len(states)}
        assert one["states"] == states  # what was moved is decided again
        for number, (alone, in_month) in one["seen"].items():
            assert alone == in_month == sorted(set(one["seen"]) - {number})
    assert "deadlock detected" not in postgres_server.log[before:]


def replayed(story: list[str], field: str) -> set[str]:
    """Return whose votes stand after who voted and edited in this order."""
    votes: set[str] = set()
    for who in story:
        votes = votes - ASKED_AGAIN[field] if who == "analyst" else votes | {who}
    return votes


def test_a_vote_is_about_the_text_it_stands_on(any_house: House) -> None:
    found = race("vote_and_edit", any_house, rounds(full=200, short=16))
    for one in found:
        assert set(one["said"]) <= {"passed", "Conflict"}
        assert sorted(one["story"]) == sorted(one["done"])
        assert one["is_edited"] == ("analyst" in one["done"])
        votes = replayed(one["story"], one["field"])
        missing = {"change_manager", "owner"} - votes
        assert one["state"] == ("awaiting_approval" if missing else "scheduled"), one
        assert missing <= set(one["open"]) or not missing
        assert {"change_manager", "owner"} & set(one["open"]) == missing
    places = {one["story"].index("analyst") for one in found if one["is_edited"]}
    assert len(places) > 1  # the edit came before a vote and after one


def test_what_is_begun_is_what_was_approved(any_house: House) -> None:
    found = race("begin_and_edit", any_house, rounds(full=100, short=8))
    for one in found:
        assert one["said"] == {"passed": 1, "Conflict": 1}
        if one["state"] == "implementing":
            assert (one["plan"], one["steps"]) == (PLAN, PLAN.splitlines())
        else:
            assert (one["state"], one["plan"], one["steps"]) == (
                "awaiting_approval", "Another way", [],
            )  # fmt: skip


# -- by HTTP ---------------------------------------------------------------------------------------
class Office:
    """Who files, decides and looks, each at a connection of their own."""

    def __init__(self, house: House, *people: str) -> None:
        self.callers = {who: Caller(house, who) for who in people}
        self.callers["head"].sign_in()

    def file(self, who: str, start: datetime, implementer: str, *, is_approved: bool) -> str:
        filing = at(start) | {"implementer": implementer}
        filed = self.callers[who].api("POST", "cases/", json={"kind": "change", **filing})
        assert filed.status == 201, filed.body
        number: str = filed.json()["number"]
        for actor, action, data in (
            (who, "submit", {}), ("change_manager", "assess", LOW),
            *([("change_manager", "approve", {})] if is_approved else []),
        ):  # fmt: skip
            done = self.act(actor, number, action, data)
            assert done.status == 200, done.body
        return number

    def act(self, who: str, number: str, action: str, data: dict[str, Any]) -> Answer:
        return self.callers[who].api("POST", f"cases/{number}/actions/{action}/", json=data)

    def look(self, path: str) -> Answer:
        return self.callers["head"].page(path)

    def close(self) -> None:
        for caller in self.callers.values():
            caller.pool.close()


def at(start: datetime) -> dict[str, Any]:
    hours = [start + timedelta(hours=hours) for hours in (0, 4, 3)]
    times = zip(("starts_at", "ends_at", "return_until"), hours, strict=True)
    return {**FILING, **{name: one.isoformat() for name, one in times}}


def at_once(*asks: Callable[[], Answer]) -> list[Answer]:
    with ThreadPoolExecutor(len(asks)) as pool:
        return [one.result() for one in [pool.submit(ask) for ask in asks]]


def test_one_slot_taken_over_http_is_shown_on_the_pages_of_both(
    any_house: House, postgres_server: Postgres, static_root: Path
) -> None:
    """While two changes get one slot, two others look at the calendar and at one of them."""
    house, before = any_house, len(postgres_server.log)
    house.environment["STATIC_ROOT"] = str(static_root)
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(days=10)
    with open_for_work(house):
        office = Office(house, "analyst", "desk", "change_manager", "head")
        for number in range(rounds(full=50, short=3)):
            slot = first + number * timedelta(days=2)
            one = office.file("analyst", slot, "developer", is_approved=False)
            other = office.file("desk", slot + timedelta(days=1), "owner", is_approved=True)
            moved = at(slot) | {"implementer": "owner"}
            answers = at_once(
                lambda one=one: office.act("change_manager", one, "approve", {}),
                lambda other=other, moved=moved: office.act("desk", other, "edit", moved),
                lambda slot=slot: office.look(f"/changes/?month={slot:%Y-%m}"),
            )
            assert [answer.status for answer in answers] == [200, 200, 200], answers
            for shown, hidden in ((one, other), (other, one)):
                page = office.look(f"/cases/{shown}/")
                assert page.status == 200
                assert hidden.encode() in page.body
        office.close()
    assert "deadlock detected" not in postgres_server.log[before:]
    assert violations_in(house) == []
