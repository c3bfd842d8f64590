"""The procedure of technical supervision, to be read from top to bottom (M9)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from people.actors import Actor, automation
from people.roles import Role
from projects import rules as gates
from projects.models import Supervision
from projects.supervision import forms, pages, rules
from projects.supervision.states import UNDER_WAY
from projects.supervision.states import SupervisionState as S
from workflows.door import open_case, perform
from workflows.forms import NoteForm, ReasonForm
from workflows.lifecycles import GRAVE, MAIN, Clock, Either, Lifecycle, Part, Work, asks, case_state
from workflows.permissions import has_role, holds_task, is_automation

SUPERVISOR, HEAD = Role.SUPERVISOR, Role.HEAD_OF_OPS
REVIEW = _("Review, raise what you find, and conclude")


# fmt: off
class SupervisionLifecycle(Lifecycle):
    """A supervisor who is independent reviews selection and architecture, and then advises.

    Whoever takes it on declares first that they neither designed the project nor bid for it nor
    have a vote on it. What they find is a case of its own, which the project answers.
    """

    kind, prefix, icon = "supervision", "SUP", "eye"
    label = _("Technical supervision")
    description = _("Technical supervision of a project, asked for on the page of the project.")
    model, State, initial, form = Supervision, S, S.REQUESTED, forms.SupervisionForm
    state = case_state(S)
    do = state.transition
    closed = (S.CLOSED, S.CANCELLED)
    asked = _("What to look at")
    path = (S.REQUESTED, S.SELECTION, S.ARCHITECTURE, S.ADVISING, S.CLOSED)
    readers = gates.READERS
    details = ("parent", "supervisor", "declared_at", "selection", "architecture")
    work = {
        S.REQUESTED: Work(_("Declare your independence and take it on"), SUPERVISOR,
                          barred=rules.is_tied | rules.gave_it_up),
        S.SELECTION: Work(REVIEW, person=rules.supervisor, barred=rules.is_tied),
        S.ARCHITECTURE: Work(REVIEW, person=rules.supervisor, barred=rules.is_tied),
        S.ADVISING: Work(_("Advise on scheme and integration"), person=rules.supervisor,
                         barred=rules.is_tied),
    }
    clocks = (
        Clock("taking_on", _("Taking on"), starts=[S.REQUESTED], stops=UNDER_WAY, repeats=True),
        Clock("selection_review", _("Review of the selection"), starts=[S.SELECTION],
              stops=[S.ARCHITECTURE], pauses=[S.REQUESTED]),
        Clock("architecture_review", _("Review of the architecture"), starts=[S.ARCHITECTURE],
              stops=[S.ADVISING], pauses=[S.REQUESTED]),
        Clock("accompaniment", _("Until the handover"), starts=[S.ADVISING], stops=[S.CLOSED],
              is_ours=False, until=lambda case: gates.end_of(case.parent.ends_on)),
    )

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        """It is asked for on the page of its project."""
        return False

    @do(S.REQUESTED, Either(rules.where_it_stands, UNDER_WAY), _("Take it on"),
        permission=holds_task, custom=asks(forms.DeclarationForm, MAIN))
    def take_on(self, **values: Any) -> None:
        self.put(supervisor=self.actor, declared_at=self.at)

    # -- under way --------------------------------------------------------------------------------
    @do(UNDER_WAY, label=_("Raise a finding"), permission=rules.is_supervisor,
        custom=asks(forms.FindingForm))
    def raise_finding(self, **values: Any) -> None: ...

    @do(S.SELECTION, S.ARCHITECTURE, _("Conclude the review of the selection"),
        permission=holds_task, custom=asks(forms.ConclusionForm, MAIN))
    def conclude_selection(self, *, conclusion: str, **values: Any) -> None:
        self.put(selection=conclusion)

    @do(S.ARCHITECTURE, S.ADVISING, _("Conclude the review of the architecture"),
        permission=holds_task, custom=asks(forms.ConclusionForm, MAIN))
    def conclude_architecture(self, *, conclusion: str, **values: Any) -> None:
        self.put(architecture=conclusion)

    @do(UNDER_WAY, S.REQUESTED, _("Step aside"),
        permission=rules.is_supervisor | has_role(HEAD) & ~gates.is_of_the_project,
        custom=asks(ReasonForm))
    def step_aside(self, **values: Any) -> None:
        self.put(supervisor=None, declared_at=None)

    # -- the end ----------------------------------------------------------------------------------
    @do(S.ADVISING, S.CLOSED, _("Close the supervision"), permission=holds_task,
        conditions=[rules.no_finding_is_open, rules.every_gate_is_decided],
        custom=asks(NoteForm, MAIN))
    def close(self, **values: Any) -> None:
        self.put(is_live=False)

    @do(S.REQUESTED, S.CANCELLED, _("No longer needed"),
        permission=gates.is_manager | has_role(HEAD), conditions=[rules.no_finding_is_open],
        custom=asks(ReasonForm, GRAVE))
    def withdraw(self, **values: Any) -> None:
        self.put(is_live=False)

    @do([S.REQUESTED, *UNDER_WAY], S.CANCELLED, _("Cancelled with its project"),
        permission=is_automation)
    def cancel(self) -> None:
        self.put(is_live=False)

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """File what was found; hand what is open to whoever supervises now, or cancel it."""
        project = self.case.parent
        if name == "raise_finding":
            clause = values.get("clause")
            open_case(
                "finding", actor=self.actor, requester=project.requester, at=self.at, raised=True,
                **{**values, "clause": clause and clause.pk}, parent=project.pk,
                raised_in=self.case.pk, filed_by=self.actor.pk,
            )
        then = {"take_on": "pass_on", "step_aside": "pass_on", "cancel": "cancel"}.get(name, "")
        for finding in rules.open_findings(self.case) if then else ():
            perform(finding, then, actor=automation(), at=self.at)

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_supervision(self, who)
# fmt: on
