"""Gates on which several people write, speak and decide at the same moment.

Nothing that is written on a sheet is lost, a submission is what was shown before it, and what is
decided once is decided once.
"""

from __future__ import annotations

import pytest

from tests.proof.house import House
from tests.proof.racing import race
from tests.proof.scale import IS_FULL, rounds
from tests.proof.servers import Postgres


@pytest.fixture(autouse=True)
def no_deadlock(postgres_server: Postgres):
    before = len(postgres_server.log)
    yield
    assert "deadlock detected" not in postgres_server.log[before:]


# -- the sheet -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["two_on_one_sheet", "eight_on_one_sheet"])
def test_reviewers_who_write_on_one_sheet_lose_nothing(any_house: House, name: str) -> None:
    """One row per criterion, of one pen: the last word of somebody, what was shown untouched."""
    found = race(name, any_house, rounds(full=50, short=2))
    for one in found:
        assert one["said"] == {"passed": len(one["last"])}
        assert sorted(row[0] for row in one["rows"]) == sorted(one["asked"])
        for code, number, evidence, result, remark, who in one["rows"]:
            assert number == 1
            assert evidence == one["shown"].get(code, "")
            assert [result, remark] == one["last"][who][code]


def test_eight_who_judge_a_criterion_each_are_all_heard(any_house: House) -> None:
    for one in race("one_criterion_each", any_house, rounds(full=100, short=3)):
        assert one["said"] == {"passed": len(one["wanted"])}
        assert one["kept"] == one["wanted"]


def test_what_is_edited_while_it_is_submitted_is_submitted_or_refused(any_house: House) -> None:
    found = race("submit_and_edit", any_house, rounds(full=200, short=8))
    for one in found:
        assert one["state"] == "in_review"
        assert one["edit"] in ("passed", "Conflict")
        assert one["is_edited"] == (one["edit"] == "passed")
        assert one["late"] == "0:00:00"  # nothing is shown after the submission
    assert len({one["edit"] for one in found}) == 2  # it is no foregone conclusion


# -- opinions and the verdict ----------------------------------------------------------------------
def test_the_last_opinions_at_once_advance_once_and_the_verdict_comes_after(
    any_house: House,
) -> None:
    found = race("last_opinions_and_verdict", any_house, rounds(full=200, short=5))
    for one in found:
        assert one["opinions"] == ["passed", "passed"]
        assert one["verdict"] in ("passed", "Conflict", "NotAllowed")
        is_decided = one["verdict"] == "passed"
        assert one["state"] == ("accepted" if is_decided else "awaiting_verdict")
        assert one["seats"] == 2
        assert len(one["moves"]) == 1 + is_decided
        assert one["next"] == ["open_gate"] * is_decided


def test_accept_rework_defer_and_take_back_at_once_are_one_of_them(any_house: House) -> None:
    found = race("four_verdicts", any_house, rounds(full=200, short=4))
    for one in found:
        assert one["said"] == {"passed": 1, "Conflict": 3}
        assert [one["story"]] == one["alone"]
    if IS_FULL:  # it is no foregone conclusion
        assert len({won for one in found for won in one["won"]}) > 1


def test_a_gate_accepted_while_its_project_is_cancelled_leaves_nothing_open(
    any_house: House,
) -> None:
    """Who cancels meets a gate that was decided just now, and is told so, or cancels it."""
    for one in race("accept_and_cancel", any_house, rounds(full=100, short=4)):
        if one["cancel"] == "passed":
            assert one["project"] == "cancelled"
            assert one["gates"][0] == ("accepted" if one["accept"] == "passed" else "cancelled")
            assert set(one["gates"][1:]) == {"cancelled"}
        else:
            assert (one["accept"], one["cancel"]) == ("passed", "Conflict")
            assert one["project"] == "running"
            assert one["gates"][:3] == ["accepted", "open", "planned"]


# -- waivers and conditions ------------------------------------------------------------------------
def test_one_waiver_is_asked_for_once(any_house: House) -> None:
    for one in race("one_waiver", any_house, rounds(full=100, short=3)):
        assert one["said"] == {"passed": 1, "BadData": 1}
        assert one["waivers"] == one["moves"].count("ask_waiver") == 1


def test_a_waiver_that_is_granted_and_refused_at_once_does_not_hold(any_house: House) -> None:
    for one in race("grant_and_revoke", any_house, rounds(full=100, short=4)):
        passed = [wish for wish, said in zip(one["wishes"], one["each"], strict=True)
                  if said == "passed"]  # fmt: skip
        assert set(one["said"]) <= {"passed", "BadData", "Conflict"}
        assert sorted(one["moves"]) == sorted(passed)
        assert (one["granted"] is not None) == ("grant_waiver" in passed)
        assert one["is_revoked"] == ("revoke_waiver" in one["wishes"])
        assert passed.count("grant_waiver") <= 1
        assert one["is_in_order"]


def test_the_last_conditions_met_at_once_accept_once(any_house: House) -> None:
    """The same one twice, or two that are left: whoever is second meets the other or is told."""
    for one in race("last_conditions", any_house, rounds(full=100, short=4)):
        assert (one["state"], one["unmet"], one["ends"]) == ("accepted", 0, 1)
        assert one["meets"] == one["said"]["passed"] == one["left"]
        assert one["said"].get("Conflict", 0) == 2 - one["left"]
