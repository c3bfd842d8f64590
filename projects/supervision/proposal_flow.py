"""The procedure of a proposal to the standard, to be read from top to bottom (M9)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.roles import Role
from projects import rules as gates
from projects.models import Proposal
from projects.supervision import forms, pages, proposals
from projects.supervision.states import ProposalState as P
from workflows.lifecycles import GRAVE, MAIN, Clock, Lifecycle, Part, Work, asks, case_state
from workflows.permissions import has_role, holds_task

SERVICE_MANAGER, HEAD = Role.SERVICE_MANAGER, Role.HEAD_OF_OPS


# fmt: off
class ProposalLifecycle(Lifecycle):
    """A criterion that findings of three projects propose enters the next version, or does not."""

    kind, prefix, icon = "proposal", "PRP", "checks"
    label = _("Proposed criterion")
    description = _("What several projects were found wanting in, proposed to the standard.")
    model, State, initial, form = Proposal, P, P.PROPOSED, forms.ProposalForm
    state = case_state(P)
    do = state.transition
    closed = (P.ADOPTED, P.DECLINED)
    asked = _("What is proposed")
    path = (P.PROPOSED, P.ADOPTED)
    readers = gates.READERS
    details = ("ground", "key", "criterion", "refusal")
    work = {P.PROPOSED: Work(_("Adopt it into the draft, or decline it"), SERVICE_MANAGER)}
    clocks = (
        Clock("proposal", _("Decision"), starts=[P.PROPOSED], stops=[P.ADOPTED, P.DECLINED]),
    )

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        """Findings propose."""
        return False

    @do(P.PROPOSED, P.ADOPTED, _("Adopt it"), permission=holds_task | has_role(HEAD),
        custom=asks(forms.AdoptForm, MAIN))
    def adopt(self, **values: Any) -> None:
        criterion = proposals.adopt(self.case, values, actor=self.actor, at=self.at)
        self.put(criterion=criterion, is_live=False)

    @do(P.PROPOSED, P.DECLINED, _("Decline it"), permission=holds_task | has_role(HEAD),
        custom=asks(forms.DeclineForm, GRAVE))
    def decline(self, *, reason: str, **values: Any) -> None:
        self.put(refusal=reason, is_live=False)

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Keep the findings that propose it."""
        if name == "open":
            self.case.findings.set(proposals.alike(self.case.ground, self.case.key))

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_proposal(self, who)
# fmt: on
