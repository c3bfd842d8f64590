"""Small processes for tests, registered only while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import models

from people.roles import Role
from workflows import lifecycles
from workflows.forms import NoteForm, OpeningForm, ReasonForm
from workflows.lifecycles import Decision, Lifecycle, asks, case_state
from workflows.models import Case
from workflows.permissions import holds_task
from workflows.quorums import Quorum


class ToyState(models.TextChoices):
    VOTING = "voting", "Voting"
    YES = "yes", "Yes"
    NO = "no", "No"


def define_voting(quorum: Quorum, **decision: Any) -> type[Lifecycle]:
    """Return a process that is one decision."""

    class Toy(Lifecycle):
        kind, prefix, label = "toy", "TOY", "Toy"
        model, State, initial, form = Case, ToyState, ToyState.VOTING, OpeningForm
        closed = (ToyState.YES, ToyState.NO)
        readers = (Role.CAB_MEMBER, Role.CHANGE_MANAGER)
        state = case_state(ToyState)
        work = {
            ToyState.VOTING: Decision("Vote", quorum, lost="refuse", abstain="stay_out", **decision)
        }

        @state.transition(
            ToyState.VOTING, ToyState.YES, "Yes", permission=holds_task, custom=asks(NoteForm)
        )
        def approve(self, **values: Any) -> None: ...

        @state.transition(
            ToyState.VOTING, ToyState.NO, "No", permission=holds_task, custom=asks(ReasonForm)
        )
        def refuse(self, **values: Any) -> None: ...

        @state.transition(ToyState.VOTING, label="Stay out", permission=holds_task)
        def stay_out(self, **values: Any) -> None: ...

    return Toy


@contextmanager
def registered_only_here() -> Iterator[None]:
    """Forget every process that is defined inside."""
    before = dict(lifecycles._registered)
    try:
        yield
    finally:
        lifecycles._registered.clear()
        lifecycles._registered.update(before)
