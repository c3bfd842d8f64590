"""Defects to plant in projects: each a rule of the procedure that is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from projects import rules
from projects.flows import ProjectLifecycle
from projects.models import Track
from projects.models.catalogue import CatalogueQuerySet
from projects.states import GateState as S
from tests.walks.change_defects import instead
from tests.walks.defects import Plant
from workflows import clocks
from workflows.door import perform
from workflows.lifecycles import Condition


def it_ends_before_its_gates_are_decided(patch: pytest.MonkeyPatch) -> None:
    instead(patch, rules.every_gate_is_decided, lambda flow: Condition(True, unmet=""))


def it_waits_for_every_gate_to_be_accepted(patch: pytest.MonkeyPatch) -> None:
    """A rejection is a decision too."""
    instead(
        patch,
        rules.every_gate_is_decided,
        lambda flow: Condition(
            not flow.case.gates.exclude(state=S.ACCEPTED).exists(),
            unmet="",
        ),
    )


def a_cancelled_project_leaves_its_gates(patch: pytest.MonkeyPatch) -> None:
    real = ProjectLifecycle.follow_up

    def follow_up(flow: Any, name: str, values: dict[str, Any]) -> None:
        if name == "open":
            real(flow, name, values)

    patch.setattr(ProjectLifecycle, "follow_up", follow_up)


def its_first_gate_stays_closed(patch: pytest.MonkeyPatch) -> None:
    """Nobody opens it."""
    patch.setattr(
        "projects.flows.perform",
        lambda gate, name, **more: None if name == "open_gate" else perform(gate, name, **more),
    )


def the_light_track_has_every_gate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Track, "kinds", property(lambda track: track.version.gates.order_by("place")))


def a_draft_is_in_force(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CatalogueQuerySet, "in_force", lambda found, at: found.order_by("-number"))


def whoever_asked_leads_it(patch: pytest.MonkeyPatch) -> None:
    instead(patch, rules.manager, lambda case: case.requester)


def anybody_cancels_it(patch: pytest.MonkeyPatch) -> None:
    action = ProjectLifecycle.action("cancel", "running")
    assert action is not None
    patch.setattr(action.transition.permission, "test", lambda flow, who: True)


def it_is_late_a_day_early(patch: pytest.MonkeyPatch) -> None:
    def end_of(day: Any) -> Any:
        return house_instant(datetime.combine(day, time())) if day else None  # type: ignore[name-defined]  # noqa: F821

    instead(patch, rules.end_of, end_of)


def its_clock_runs_on_when_it_is_over(patch: pytest.MonkeyPatch) -> None:
    real = clocks.stop
    patch.setattr(
        clocks, "stop", lambda clock, at: None if clock.case.is_closed else real(clock, at)
    )


PROJECT_DEFECTS: list[Plant] = [
    it_ends_before_its_gates_are_decided, it_waits_for_every_gate_to_be_accepted,
    a_cancelled_project_leaves_its_gates, its_first_gate_stays_closed,
    the_light_track_has_every_gate, a_draft_is_in_force, whoever_asked_leads_it,
    anybody_cancels_it, it_is_late_a_day_early, its_clock_runs_on_when_it_is_over,
]  # fmt: skip
