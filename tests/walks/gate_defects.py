"""Defects to plant in gates: each a rule of the procedure that is not kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q

from projects import forms, rules, takeover
from projects.flows import GateLifecycle
from projects.models import Answer, Criterion, GateCondition, Project, Waiver
from projects.states import GateState as S
from tests.walks.change_defects import instead
from tests.walks.defects import Plant
from workflows import quorums
from workflows.lifecycles import Condition, Lifecycle


# -- who ------------------------------------------------------------------------------------------
def the_submitter_gives_the_verdict(patch: pytest.MonkeyPatch) -> None:
    """Who is of the project reviews nothing, and decides."""
    real = Lifecycle.is_barred
    patch.setattr(
        Lifecycle,
        "is_barred",
        lambda flow, step, who: step != S.AWAITING_VERDICT and real(flow, step, who),
    )


def the_manager_reviews_by_another_role(patch: pytest.MonkeyPatch) -> None:
    real = Lifecycle.is_barred
    patch.setattr(
        Lifecycle,
        "is_barred",
        lambda flow, step, who: step != S.IN_REVIEW and real(flow, step, who),
    )


def the_deputy_of_the_manager_reviews(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        rules.is_of_the_project,
        "test",
        lambda flow, who: who.user.pk in (rules.manager(flow.case).pk, flow.case.requester_id),
    )


def two_roles_of_one_person_speak_once(patch: pytest.MonkeyPatch) -> None:
    """Who has spoken for one role may not for the other."""

    def has_voted(flow: Any, who: Any, task: Any) -> bool:
        seats = flow.round_of(task)
        return any(who.user.pk in (one.done_by_id, one.on_behalf_of_id) for one in seats)

    patch.setattr(Lifecycle, "has_voted", has_voted)


def everybody_is_heard_on_the_light_track(patch: pytest.MonkeyPatch) -> None:
    instead(patch, rules.sign_off, lambda case: OTHER)  # type: ignore[name-defined]  # noqa: F821


# -- opinions -------------------------------------------------------------------------------------
def silence_is_consent(patch: pytest.MonkeyPatch) -> None:
    """The first opinion is enough."""
    patch.setattr(quorums.EverybodyHeard, "verdict", lambda quorum, votes, slots: True)


def an_objection_is_a_veto(patch: pytest.MonkeyPatch) -> None:
    def verdict(quorum: Any, votes: Any, slots: Any) -> bool | None:
        if quorums.REJECT in votes.values():
            return False
        return None if slots else True

    patch.setattr(quorums.EverybodyHeard, "verdict", verdict)


def an_objection_is_overruled_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forms, "objections", lambda flow: [])


def an_objection_of_an_earlier_round_is_overruled(patch: pytest.MonkeyPatch) -> None:
    """A reason is asked for though everybody agrees by now."""

    def objections(flow: Any) -> list[Any]:
        return [one for one in flow.tasks if one.outcome == quorums.REJECT]

    patch.setattr(forms, "objections", objections)


# -- the sheet ------------------------------------------------------------------------------------
def answers_of_an_earlier_round_count(patch: pytest.MonkeyPatch) -> None:
    instead(
        patch, rules.answers, lambda case: {one.criterion_id: one for one in case.answers.all()}
    )


def a_must_left_unjudged_is_accepted(patch: pytest.MonkeyPatch) -> None:
    not_bad = property(lambda answer: answer.result in ("pass", ""))
    patch.setattr(Answer, "is_satisfied", not_bad)


def a_should_is_a_must(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Criterion, "is_must", property(lambda criterion: True))


def what_is_for_platforms_is_asked_of_applications(patch: pytest.MonkeyPatch) -> None:
    anything = property(lambda project: Q(is_light=True) if project.is_light else Q())
    patch.setattr(Project, "fitting", anything)


# -- waivers --------------------------------------------------------------------------------------
def a_waiver_holds_beyond_its_day(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Waiver,
        "holds",
        lambda waiver, today: waiver.granted_at is not None and waiver.revoked_at is None,
    )


def a_waiver_asked_for_holds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Waiver,
        "holds",
        lambda waiver, today: waiver.revoked_at is None and today <= waiver.expires_on,
    )


def a_revoked_waiver_holds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Waiver,
        "holds",
        lambda waiver, today: waiver.granted_at is not None and today <= waiver.expires_on,
    )


def a_waiver_holds_for_three_months(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(forms, "WAIVED_AT_MOST", timedelta(days=90))


# -- what a gate has of its own -------------------------------------------------------------------
def nothing_is_agreed_at_the_first_gate(patch: pytest.MonkeyPatch) -> None:
    instead(patch, takeover.the_handover_is_agreed, lambda flow: Condition(True, unmet=""))


def the_trial_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    instead(patch, takeover.the_trial_is_over, lambda flow: Condition(True, unmet=""))


def a_trial_is_extended_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(takeover, "EXTENSIONS", 1)


# -- conditions, rounds and the way on ------------------------------------------------------------
def an_overdue_condition_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(GateCondition, "is_overdue", lambda condition, today: False)


def a_gate_is_opened_before_the_one_before_is_passed(patch: pytest.MonkeyPatch) -> None:
    instead(patch, rules.the_way_is_free, lambda flow: Condition(True, unmet=""))


def the_clock_runs_to_the_first_condition_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Though it is met."""

    def of_all(case: Any) -> Any:
        return end_of(case.conditions.aggregate(first=Min("due_on"))["first"])  # type: ignore[name-defined]  # noqa: F821

    instead(patch, rules.conditions_by, of_all)


def one_condition_met_is_enough(patch: pytest.MonkeyPatch) -> None:
    instead(
        patch,
        rules.after_acceptance,
        lambda flow, condition=None, **values: str(
            S.ACCEPTED
            if condition is not None or not flow.case.conditions.exists()
            else S.CONDITIONS
        ),
    )


def a_deferral_counts_no_round(patch: pytest.MonkeyPatch) -> None:
    real = GateLifecycle.put
    patch.setattr(
        GateLifecycle,
        "put",
        lambda flow, **values: None if flow.source == S.DEFERRED else real(flow, **values),
    )


def a_deferred_gate_is_taken_up_the_evening_before(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules.its_day_has_come, "test", lambda flow, who: True)


GATE_DEFECTS: list[Plant] = [
    the_submitter_gives_the_verdict, the_manager_reviews_by_another_role,
    the_deputy_of_the_manager_reviews, two_roles_of_one_person_speak_once,
    everybody_is_heard_on_the_light_track, silence_is_consent, an_objection_is_a_veto,
    an_objection_is_overruled_without_a_reason, an_objection_of_an_earlier_round_is_overruled,
    answers_of_an_earlier_round_count, a_must_left_unjudged_is_accepted, a_should_is_a_must,
    what_is_for_platforms_is_asked_of_applications, a_waiver_holds_beyond_its_day,
    a_waiver_asked_for_holds, a_revoked_waiver_holds, an_overdue_condition_is_ignored,
    a_gate_is_opened_before_the_one_before_is_passed,
    the_clock_runs_to_the_first_condition_for_ever, one_condition_met_is_enough,
    a_waiver_holds_for_three_months, nothing_is_agreed_at_the_first_gate,
    the_trial_is_not_waited_for, a_trial_is_extended_once, a_deferral_counts_no_round,
    a_deferred_gate_is_taken_up_the_evening_before,
]  # fmt: skip
