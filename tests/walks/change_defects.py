"""Defects to plant in change control: each a rule of the procedure that is not kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from change_control import conflicts, forms, risk, rules
from change_control.models import LONGEST_WINDOW, Change, FreezePeriod, Risk
from change_control.states import ChangeState as S
from tests.walks.defects import Plant
from workflows import clocks, quorums, work
from workflows.lifecycles import Condition, Lifecycle


def instead(patch: pytest.MonkeyPatch, rule: Callable[..., Any], other: Callable[..., Any]) -> None:
    """Let `rule` say what `other` says, also where the process has taken it up already.

    What `other` names, it finds where `rule` stands.
    """
    patch.setattr(rule, "__code__", other.__code__)


# -- who ------------------------------------------------------------------------------------------
def who_asked_decides(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules.is_involved, "test", rules.is_implementer.test)


def who_carries_it_out_decides(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules.is_involved, "test", rules.is_requester.test)


def who_carried_it_out_verifies(patch: pytest.MonkeyPatch) -> None:
    """As the deputy who is to verify it."""
    real = Lifecycle.is_barred
    patch.setattr(
        Lifecycle,
        "is_barred",
        lambda flow, step, who: step != "verifying" and real(flow, step, who),
    )


def an_owner_decides_on_their_own_change(patch: pytest.MonkeyPatch) -> None:
    def seat(owners: Any, case: Any, service: Any) -> quorums.OpenSeat:
        slot = f"system_owner:{service.owner.pk}" if service.owner else "system_owner"
        named = service.owner is not None
        return quorums.OpenSeat(slot, "system_owner", service.owner, is_named=named)

    patch.setattr(rules.OwnersOfSystems, "_seat", seat)


def an_emergency_is_decided_by_one(patch: pytest.MonkeyPatch) -> None:
    decided_by = property(lambda case: case.level or case.risk or Risk.LOW)
    patch.setattr(Change, "decided_by", decided_by)


def it_stays_with_whoever_was_to_carry_it_out(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(work, "_names_another", lambda flow: False)


# -- votes ----------------------------------------------------------------------------------------
def a_no_ends_nothing(patch: pytest.MonkeyPatch) -> None:
    """Neither a veto nor any other: whoever has voted has not said no."""
    patch.setattr(
        quorums.Seat, "verdict", lambda seat, votes, slots: None if seat.role in slots else True
    )
    patch.setattr(quorums.Seat, "vetoed", lambda seat, votes: False)


def one_of_the_board_is_enough(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules.Cab, "of", lambda cab, case: replace(cab, need=1))


def the_change_manager_sits_on_the_board_too(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules.Cab, "seats", quorums.Panel.seats)


def an_edit_keeps_the_approvals(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "approvals_stand", lambda flow: True)


def nobody_is_asked_about_another_plan(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "EVERYTHING", tuple(set(rules.EVERYTHING) - {"plan"}))


def owners_are_asked_about_all_of_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "PLACE_AND_TIME", rules.EVERYTHING)


def everybody_is_asked_again_after_a_hold(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Lifecycle, "standing", lambda flow, step: [])


# -- risk and level -------------------------------------------------------------------------------
def a_lower_risk_needs_no_reason(patch: pytest.MonkeyPatch) -> None:
    real = forms.AssessForm.add_error

    def add_error(form: Any, field: Any, error: Any) -> None:
        if field != "risk_reason":
            real(form, field, error)

    patch.setattr(forms.AssessForm, "add_error", add_error)


def only_the_points_judge(patch: pytest.MonkeyPatch) -> None:
    table = {**risk.shipped_table(), "rules": []}
    patch.setattr(risk, "shipped_table", lambda: table)


def escalation_skips_a_level(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "next_level", lambda case: Risk.HIGH)


def the_next_level_has_no_time_of_its_own(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks, "_start_over", lambda move, spec, clock: None)


# -- time -----------------------------------------------------------------------------------------
def a_freeze_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "conflicts_of", lambda case, at: [])


def a_freeze_holds_for_every_system(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(conflicts, "concerns", lambda freeze, systems: True)


def a_freeze_that_only_warns_stops_it(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        FreezePeriod, "is_hard", property(lambda freeze: True, lambda freeze, value: None)
    )


def it_begins_outside_its_window(patch: pytest.MonkeyPatch) -> None:
    instead(patch, rules.window_is_open, lambda flow: Condition(True, unmet=""))


def a_late_beginning_needs_no_word(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forms, "GRACE", LONGEST_WINDOW)


def on_hold_time_goes_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(clocks, "pause", lambda clock, at, state: None)


def it_goes_on_where_it_began(patch: pytest.MonkeyPatch) -> None:
    """After a hold a change is assessed again, wherever it was."""
    instead(patch, rules.where_it_was, lambda flow, **values: S.ASSESSING)


# -- the end --------------------------------------------------------------------------------------
def an_emergency_is_closed_without_a_review(patch: pytest.MonkeyPatch) -> None:
    instead(
        patch,
        rules.after_verification,
        lambda flow, **values: S.REVIEW if flow.case.has_overrun else S.CLOSED,
    )


def nobody_notices_that_it_overran(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "is_over", lambda case, at: False)


CHANGE_DEFECTS: list[Plant] = [
    who_asked_decides, who_carries_it_out_decides, who_carried_it_out_verifies,
    an_owner_decides_on_their_own_change, an_emergency_is_decided_by_one,
    it_stays_with_whoever_was_to_carry_it_out, a_no_ends_nothing, one_of_the_board_is_enough,
    the_change_manager_sits_on_the_board_too, an_edit_keeps_the_approvals,
    nobody_is_asked_about_another_plan, owners_are_asked_about_all_of_it,
    everybody_is_asked_again_after_a_hold, a_lower_risk_needs_no_reason, only_the_points_judge,
    escalation_skips_a_level, the_next_level_has_no_time_of_its_own, a_freeze_is_ignored,
    a_freeze_holds_for_every_system, a_freeze_that_only_warns_stops_it,
    it_begins_outside_its_window, a_late_beginning_needs_no_word,
    on_hold_time_goes_on, it_goes_on_where_it_began, an_emergency_is_closed_without_a_review,
    nobody_notices_that_it_overran,
]  # fmt: skip
