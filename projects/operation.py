"""A service in operation, to be read from top to bottom: what comes up, and its hand-back (M8)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from people.actors import Actor, automation
from people.house_time import house_date
from people.roles import Role
from projects import pages, takeover
from projects import takeover_forms as forms
from projects.models import Operation
from projects.states import OperationState as S
from workflows.door import perform
from workflows.forms import ReasonForm
from workflows.lifecycles import (
    GRAVE,
    MAIN,
    Clock,
    Either,
    Lifecycle,
    Part,
    Work,
    asks,
    case_state,
)
from workflows.models import CaseLink
from workflows.permissions import has_role, holds_task, is_automation

REVIEWER, HEAD, DESK = Role.OPS_REVIEWER, Role.HEAD_OF_OPS, Role.SERVICE_DESK
LIVE = [S.RUNNING, S.ATTENTION]


# fmt: off
class OperationLifecycle(Lifecycle):
    """A service in operation: it comes from the last gate of a project, in the mode decided there.

    What falls due while it runs becomes a finding: a waiver that ran out, the review of the mode.
    Ops may ask to hand it back; the head of operations decides, and not whoever asked.
    """

    kind, prefix, icon = "operation", "OPR", "server"
    label = _("Service in operation")
    description = _("A service that ops took over from a project.")
    model, State, initial, form = Operation, S, S.REGISTERED, forms.OperationForm
    state = case_state(S)
    do = state.transition
    closed = (S.HANDED_BACK, S.RETIRED)
    path = (S.REGISTERED, S.RUNNING, S.RETIRED)
    beside = {S.ATTENTION: S.RUNNING, S.HANDED_BACK: S.RETIRED}
    asked = _("Why it runs this way")
    idle = {S.REGISTERED: _("Its mode says where it goes."),
            S.RUNNING: _("It runs; nothing is to be decided.")}
    readers = (
        Role.PROJECT_MANAGER, REVIEWER, Role.SUPERVISOR, HEAD, DESK, Role.SERVICE_MANAGER,
        Role.SYSTEM_OWNER, Role.AUDITOR,
    )
    details = ("parent", "mode", "systems", "effort_days", "skills", "yearly_cost",
               "budget_line", "contract_ends_on", "review_on", "hand_back_by")
    work = {
        S.ATTENTION: Work(_("See to the findings"), REVIEWER),
        S.WITH_PROJECT: Work(_("Decide who maintains it"), HEAD, barred=takeover.is_of_its_project),
        S.HAND_BACK: Work(_("Decide on the hand-back"), HEAD, barred=takeover.asked_hand_back),
    }
    clocks = (
        Clock("upkeep", _("Next review or end of a waiver"), starts=[S.RUNNING], is_ours=False,
              until=takeover.next_due, repeats=True, on_breach="fall_due",
              stops=[S.ATTENTION, S.WITH_PROJECT, S.HAND_BACK]),
        Clock("review", _("Day of review"), starts=[S.WITH_PROJECT], until=takeover.review_by,
              stops=[S.RUNNING, S.ATTENTION], repeats=True, is_ours=False),
        Clock("hand_back", _("Decision on the hand-back"), starts=[S.HAND_BACK], repeats=True,
              until=takeover.decide_by, stops=[S.HANDED_BACK, S.RUNNING, S.ATTENTION]),
    )

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        """It comes from the last gate of a project."""
        return False

    @do(S.REGISTERED, Either(takeover.where_it_runs, [*LIVE, S.WITH_PROJECT]), _("Begin"),
        permission=is_automation)
    def begin(self) -> None: ...

    # -- while it runs ---------------------------------------------------------------------------
    @do(S.RUNNING, S.ATTENTION, _("Something fell due"), permission=is_automation)
    def fall_due(self) -> None: ...

    @do(LIVE, S.ATTENTION, _("Note a finding"),
        permission=has_role(REVIEWER, DESK, Role.SERVICE_MANAGER), custom=asks(forms.FindingForm))
    def note_finding(self, *, what: str, **values: Any) -> None:
        self.case.findings.create(what=what, found_at=self.at)

    @do(S.ATTENTION, Either(takeover.where_it_runs, LIVE), _("A finding is settled"),
        permission=holds_task, custom=asks(forms.SettleForm, MAIN))
    def settle(self, *, finding: Any, note: str, **values: Any) -> None:
        takeover.settle(finding, by=self.actor, at=self.at, how=note)

    @do([*LIVE, S.WITH_PROJECT], Either(takeover.where_it_runs, [*LIVE, S.WITH_PROJECT]),
        _("Decide the mode anew"), permission=has_role(HEAD) & ~takeover.is_of_its_project,
        custom=asks(forms.ModeForm))
    def decide_mode(self, **values: Any) -> None:
        self.put(**values)
        takeover.settle_reviews(self.case, by=self.actor, at=self.at, how=values["mode_reason"])

    # -- its end ---------------------------------------------------------------------------------
    @do(LIVE, S.HAND_BACK, _("Ask to hand it back"),
        permission=has_role(REVIEWER, DESK, Role.SERVICE_MANAGER), custom=asks(ReasonForm, GRAVE))
    def ask_hand_back(self, **values: Any) -> None:
        self.put(hand_back_by=self.actor,
                 decide_until=house_date(self.at) + takeover.DECIDED_WITHIN)

    @do(S.HAND_BACK, S.HANDED_BACK, _("Hand it back"), permission=holds_task,
        custom=asks(ReasonForm, GRAVE))
    def hand_back(self, **values: Any) -> None: ...

    @do(S.HAND_BACK, Either(takeover.where_it_runs, LIVE), _("Keep it"), permission=holds_task,
        custom=asks(ReasonForm, MAIN))
    def keep(self, **values: Any) -> None:
        self.put(hand_back_by=None, decide_until=None)

    @do(LIVE, S.RETIRED, _("Take it out of service"), permission=has_role(HEAD),
        custom=asks(ReasonForm, GRAVE))
    def retire(self, **values: Any) -> None: ...

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Go where the mode leads as soon as it is registered; note what fell due."""
        if name == "open":
            self.link_to(self.case.parent.number, CaseLink.Relation.RAISED_FROM)
            perform(self.case, "begin", actor=automation(), at=self.at)
        if self.case.state == S.ATTENTION:
            takeover.note_what_fell_due(self.case, self.at)

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_operation(self, who)
# fmt: on
