"""A sheet that two people write on at the same moment loses nothing and freezes as submitted."""

from __future__ import annotations

from tests.proof.house import House
from tests.proof.racing import race
from tests.proof.scale import rounds


def test_two_reviewers_on_one_sheet_lose_nothing(any_house: House) -> None:
    for one in race("two_reviewers", any_house, rounds(full=100, short=6)):
        if one["is_same"]:  # whoever came second is told, and nothing is written over
            assert one["said"] == {"passed": 1, "Conflict": 1}
            assert len(one["kept"]) == 1
        else:
            assert one["said"] == {"passed": 2}
            assert one["kept"] == ["ops_reviewer", "supervisor"]
        assert sorted(one["told"]) == one["kept"]


def test_evidence_does_not_slip_in_behind_a_submission(any_house: House) -> None:
    for one in race("show_and_submit", any_house, rounds(full=100, short=6)):
        assert one["is_submitted"]
        assert one["is_before"]
        assert one["shown"] == one["last"]
        came_first = one["shown"] == "Another."
        assert one["said"] == ({"passed": 2} if came_first else {"passed": 1, "Conflict": 1})
