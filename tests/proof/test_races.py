"""Many processes want the same thing at once: one has it, the others are told, nothing is half.

After every race nothing in the database may be otherwise than `violations` allows. Timings are
held to their bar in the full round only: a short one shares its machine with others.
"""

from __future__ import annotations

from statistics import median

import pytest

from tests.proof.house import House
from tests.proof.racing import race, slowest
from tests.proof.scale import IS_FULL, rounds

BAR = 2.0  # seconds for the slowest of 32


def test_one_of_thirty_two_decides(any_house: House) -> None:
    found = race("one_step", any_house, 1 + rounds(full=100, short=5))
    for one in found:
        assert one["said"] == {"passed": 1, "Conflict": 31}
        assert (one["moves"], one["state"]) in (
            (["approve"], "in_development"), (["decline"], "rejected"),
        )  # fmt: skip
    seconds = slowest(found[1:])  # in the first round every process loads what it needs
    print(f"the slowest of 32: {median(seconds):.2f} s, in the worst round {seconds[-1]:.2f} s")
    if IS_FULL:
        assert seconds[-1] < BAR


def test_approve_reject_withdraw_and_pause_at_once_are_one_of_them(any_house: House) -> None:
    found = race("four_ways", any_house, rounds(full=200, short=10))  # half of them from each state
    for one in found:
        assert one["said"] == {"passed": 1, "Conflict": 3}
        assert [one["story"]] == one["alone"]
    assert len({won for one in found for won in one["won"]}) > 1  # it is no foregone conclusion


def test_one_of_sixteen_gets_the_task(any_house: House) -> None:
    found = race("one_task", any_house, rounds(full=100, short=5))
    for one in found:
        assert one["said"] == {"passed": 1, "Conflict": 15}
        assert one["won"] == [one["owner"]] == one["claims"]


@pytest.mark.parametrize("decision", ["two_seats", "last_votes"])
def test_the_last_two_votes_at_once_advance_once(any_house: House, decision: str) -> None:
    found = race(decision, any_house, rounds(full=100, short=10))
    for one in found:
        assert len(one["moves"]) == 1
        assert one["state"] == one["wanted"]
        assert one["votes"] == one["said"]["passed"]  # a vote that came too late is not counted
        assert one["said"].get("Conflict", 0) == 2 - one["votes"]


def test_a_role_taken_away_was_there_before_or_is_gone_after(any_house: House) -> None:
    """Eight roles in each round, each approved with while it is taken and while it ends."""
    found = race("role_removed", any_house, rounds(full=13, short=1))
    for one in found:
        assert one["late"] == []
        assert set(one["said"]) <= {"passed", "UnknownAction"}  # who has no role sees no case
        approved = [moved for moved in one["moved"] if moved == ["approve"]]
        assert len(approved) == one["said"]["passed"] - 8  # the eight who took the roles away
        assert all(moved in ([], ["approve"]) for moved in one["moved"])


def test_numbers_have_no_gap_and_no_double(any_house: House) -> None:
    """Also when the sixteen meet at the first second of a year, and half of them give up."""
    found = race("numbers", any_house, rounds(full=20, short=1))
    for number, one in enumerate(found):
        assert one["said"] == {"passed": 16}
        assert one["last"] == 80  # 16 × 5
        assert one["given"] == [f"REQ-{1971 + number}-{n:05}" for n in range(1, 81)]
