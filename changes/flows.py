"""The procedure for optimization requests, to be read from top to bottom."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from changes import forms, rules
from changes.models import Optimization
from changes.states import OptimizationState as S
from people.roles import Role
from workflows.forms import NoteForm, ReasonForm
from workflows.lifecycles import (
    CUSTOMER,
    GRAVE,
    MAIN,
    VENDOR,
    Clock,
    Decision,
    Either,
    Known,
    Lifecycle,
    Work,
    asks,
    case_state,
)
from workflows.models import CaseLink
from workflows.permissions import has_role, holds_task, is_automation, is_requester, worked_on
from workflows.quorums import Seat, all_of

DESK = [S.SUBMITTED, S.TRIAGE]
CHECKED = [S.AWAITING_APPROVAL, S.OVER_LIMIT]
DECIDED = [*CHECKED, S.ARBITRATING]
BUILT = [S.IN_DEVELOPMENT, S.OUTSOURCED]
AT_WORK = [S.ASSESSING, *CHECKED, *BUILT, S.TESTING]


# fmt: off
class OptimizationLifecycle(Lifecycle):
    """An optimization or small development of at most 10 person-days, from filing to rating (M7).

    The desk triages, an analyst proposes, the business approves, it is built, tested by somebody
    else, goes live, and whoever asked accepts it. Above the limit the work stops.
    """

    kind, prefix, icon = "optimization", "REQ", "adjustments"
    label = _("Optimization request")
    description = _("Improve a system, or have something small built: up to 10 person-days.")
    model, State, initial, form = Optimization, S, S.SUBMITTED, forms.FilingForm
    state = case_state(S)
    do = state.transition
    closed = (S.CLOSED, S.REJECTED, S.WITHDRAWN, S.CONVERTED)
    path = (
        S.SUBMITTED, S.ASSESSING, S.AWAITING_APPROVAL, S.IN_DEVELOPMENT, S.TESTING, S.ACCEPTING,
        S.CLOSED,
    )
    readers = (
        Role.SERVICE_DESK, Role.ANALYST, Role.SERVICE_MANAGER, Role.HEAD_OF_OPS, Role.AUDITOR,
    )
    details = (
        "reason", "desired_on", "urgency", "size", "solution", "risk", "effort", "effort_analysis",
        "effort_development", "effort_testing", "booked_effort", "due_on", "requirement_document",
        "development_document", "supplier", "change_reference", "went_live_on", "rating",
        "rating_comment",
    )
    warnings = rules.warnings

    work = {
        S.SUBMITTED: Work(_("Triage"), Role.SERVICE_DESK),
        S.TRIAGE: Work(_("Triage"), Role.SERVICE_DESK, same_as=S.SUBMITTED),
        S.RETURNED: Work(_("Answer the question"), person=rules.beneficiary, party=CUSTOMER),
        S.ASSESSING: Work(_("Assess and propose"), Role.ANALYST),
        S.OVER_LIMIT: Work(_("Split, convert or reject"), Role.HEAD_OF_OPS, barred=is_requester),
        S.AWAITING_APPROVAL: Decision(
            _("Approve"),
            all_of(
                Seat(Role.SYSTEM_OWNER, person=rules.system_owner, when=rules.owner_decides),
                Seat(Role.HEAD_OF_OPS, when=rules.head_decides),
            ),
            carried="approve", lost="decline", barred=is_requester | worked_on(S.ASSESSING),
            party=CUSTOMER,
        ),
        S.IN_DEVELOPMENT: Work(_("Build"), Role.DEVELOPER),
        S.OUTSOURCED: Work(_("Manage the supplier"), Role.ANALYST, party=VENDOR),
        S.TESTING: Work(_("Test"), Role.TESTER, barred=forms.BUILT_IT),
        S.ACCEPTING: Work(_("Accept the result"), person=rules.beneficiary, party=CUSTOMER),
        S.ARBITRATING: Work(_("Decide the dispute"), Role.SERVICE_MANAGER, barred=is_requester),
    }

    clocks = (
        Clock("response", _("First response"), starts=[S.SUBMITTED], answered=True,
              stops=[S.ASSESSING, S.RETURNED, S.REJECTED]),
        Clock("proposal", _("Proposal"), starts=[S.ASSESSING], repeats=True, pauses=[S.RETURNED],
              stops=[S.AWAITING_APPROVAL, S.OVER_LIMIT, S.REJECTED]),
        Clock("decision", _("Decision"), starts=DECIDED, repeats=True, is_ours=False,
              stops=[S.ASSESSING, S.IN_DEVELOPMENT, S.CLOSED, S.REJECTED, S.CONVERTED]),
        Clock("delivery", _("Delivery"), starts=[S.IN_DEVELOPMENT], until=rules.end_of_agreed_day,
              pauses=[S.RETURNED, S.AWAITING_APPROVAL, S.OUTSOURCED, S.ACCEPTING],
              stops=[S.CLOSED]),
        Clock("answer", _("Answer"), starts=[S.RETURNED], repeats=True, is_ours=False,
              stops=[*DESK, S.ASSESSING, S.IN_DEVELOPMENT]),
        Clock("acceptance", _("Acceptance"), starts=[S.ACCEPTING], repeats=True, is_ours=False,
              stops=[S.CLOSED, S.IN_DEVELOPMENT, S.ARBITRATING], on_breach="close_unanswered"),
    )

    # -- the service desk ------------------------------------------------------------------------
    @do(S.SUBMITTED, S.TRIAGE, _("Begin triage"), permission=holds_task)
    def start_triage(self) -> None: ...

    @do(DESK, S.ASSESSING, _("Pass to assessment"), permission=holds_task,
        custom=asks(forms.TriageForm, MAIN))
    def pass_to_assessment(self, **values: Any) -> None:
        self.put(**values)

    @do([*DESK, S.ASSESSING, S.IN_DEVELOPMENT], S.RETURNED, _("Ask the requester"),
        permission=holds_task, custom=asks(forms.QuestionForm))
    def ask_requester(self, **values: Any) -> None:
        self.put(returned_from=self.source)

    @do(S.RETURNED, Known(rules.where_it_was, [*DESK, S.ASSESSING, S.IN_DEVELOPMENT]), _("Answer"),
        permission=holds_task, custom=asks(forms.AnswerForm, MAIN))
    def answer(self, **values: Any) -> None: ...

    @do([*DESK, S.ASSESSING, S.OVER_LIMIT], S.REJECTED, _("Reject"), permission=holds_task,
        custom=asks(ReasonForm, GRAVE))
    def reject(self, **values: Any) -> None: ...

    # -- assessment, the effort limit, approval --------------------------------------------------
    @do(S.ASSESSING, Either(rules.after_proposal, [S.AWAITING_APPROVAL, S.OVER_LIMIT]),
        _("Propose"), permission=holds_task, custom=asks(forms.ProposalForm, MAIN))
    def propose(self, **values: Any) -> None:
        self.put(effort=rules.total(values), **values)

    @do(S.OVER_LIMIT, S.AWAITING_APPROVAL, _("Split off a part"), permission=holds_task,
        conditions=[rules.rest_can_fit],
        custom=asks(forms.SplitForm, MAIN, raises=rules.rest_of_the_request))
    def split_off(self, **values: Any) -> None:
        self.put(effort=rules.total(values), **{name: values[name] for name in forms.EFFORTS})

    @do(S.OVER_LIMIT, S.CONVERTED, _("Turn into a project"), permission=holds_task,
        custom=asks(ReasonForm))
    def convert(self, **values: Any) -> None: ...

    @do(S.AWAITING_APPROVAL, S.IN_DEVELOPMENT, _("Approve"), permission=holds_task,
        custom=asks(NoteForm, MAIN))
    def approve(self, **values: Any) -> None:
        self.put(approved_effort=self.case.effort)

    @do(S.AWAITING_APPROVAL, S.ASSESSING, _("Send back to assessment"), permission=holds_task,
        custom=asks(ReasonForm))
    def send_back(self, **values: Any) -> None: ...

    @do(S.AWAITING_APPROVAL, S.REJECTED, _("Decline"), permission=holds_task,
        custom=asks(forms.DeclineForm, GRAVE))
    def decline(self, **values: Any) -> None: ...

    # -- building and testing --------------------------------------------------------------------
    @do(S.IN_DEVELOPMENT, S.TESTING, _("Hand to test"), permission=holds_task,
        custom=asks(forms.HandToTestForm, MAIN))
    def hand_to_test(self, **values: Any) -> None:
        self.put(**values)

    @do(S.TESTING, Either(rules.after_booking, [S.TESTING, S.OVER_LIMIT]),
        _("Book effort"), permission=holds_task, custom=asks(forms.BookingForm))
    @do(S.IN_DEVELOPMENT, Either(rules.after_booking, [S.IN_DEVELOPMENT, S.OVER_LIMIT]),
        _("Book effort"), permission=holds_task, custom=asks(forms.BookingForm))
    def book_effort(self, *, effort: Decimal, **values: Any) -> None:
        self.case.bookings.create(person=self.actor, effort=effort, **values)
        self.put(booked_effort=self.case.booked_effort + effort)

    @do(S.IN_DEVELOPMENT, Either(rules.after_re_estimate, [S.IN_DEVELOPMENT, *CHECKED]),
        _("Estimate again"), permission=holds_task, custom=asks(forms.ReEstimateForm))
    def re_estimate(self, **values: Any) -> None:
        due_on = values["due_on"] or self.case.due_on
        efforts = {name: values[name] for name in forms.EFFORTS}
        self.put(effort=rules.total(values), due_on=due_on, **efforts)

    @do(S.IN_DEVELOPMENT, S.OUTSOURCED, _("Give to a supplier"),
        permission=holds_task | has_role(Role.ANALYST), custom=asks(forms.OutsourceForm))
    def outsource(self, *, supplier: str, **values: Any) -> None:
        self.put(supplier=supplier)

    @do(S.OUTSOURCED, S.TESTING, _("Take delivery"), permission=holds_task,
        custom=asks(forms.HandToTestForm, MAIN))
    def take_delivery(self, **values: Any) -> None:
        self.put(**values)

    @do(S.OUTSOURCED, S.IN_DEVELOPMENT, _("Take back in house"), permission=holds_task,
        custom=asks(ReasonForm))
    def take_back(self, **values: Any) -> None: ...

    @do(S.TESTING, S.ACCEPTING, _("Passed and live"), permission=holds_task,
        custom=asks(forms.GoLiveForm, MAIN))
    def pass_test(self, **values: Any) -> None:
        self.put(**values)

    @do(S.TESTING, S.IN_DEVELOPMENT, _("Failed"), permission=holds_task, custom=asks(ReasonForm))
    def fail_test(self, **values: Any) -> None: ...

    # -- acceptance ------------------------------------------------------------------------------
    @do(S.ACCEPTING, S.CLOSED, _("Accept"), permission=holds_task,
        custom=asks(forms.AcceptForm, MAIN))
    def accept(self, **values: Any) -> None:
        self.put(**values)

    @do(S.ACCEPTING, S.IN_DEVELOPMENT, _("Send back"), permission=holds_task,
        conditions=[rules.may_refuse_again], custom=asks(ReasonForm))
    def refuse(self, **values: Any) -> None:
        self.put(refusals=self.case.refusals + 1)

    @do(S.ACCEPTING, S.ARBITRATING, _("Ask the service manager"), permission=holds_task,
        conditions=[rules.refused_often_enough], custom=asks(ReasonForm))
    def dispute(self, **values: Any) -> None: ...

    @do(S.ARBITRATING, S.IN_DEVELOPMENT, _("Have it reworked"), permission=holds_task,
        custom=asks(ReasonForm, MAIN))
    def order_rework(self, **values: Any) -> None: ...

    @do(S.ARBITRATING, S.CLOSED, _("Close as delivered"), permission=holds_task,
        custom=asks(ReasonForm))
    def close_anyway(self, **values: Any) -> None: ...

    @do(S.ACCEPTING, S.CLOSED, _("Close: not answered in time"), permission=is_automation)
    def close_unanswered(self) -> None: ...

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Link the change by which a request went live, where its reference is a case here."""
        if name == "pass_test":
            self.link_to(values["change_reference"], CaseLink.Relation.RELATES)

    # -- the requester ---------------------------------------------------------------------------
    @do([*DESK, S.RETURNED, *AT_WORK], S.WITHDRAWN, _("Withdraw"), permission=is_requester,
        custom=asks(ReasonForm, GRAVE))
    def withdraw(self, **values: Any) -> None: ...

    @do(S.CLOSED, S.IN_DEVELOPMENT, _("Reopen"), permission=is_requester,
        conditions=[rules.recently_closed], custom=asks(ReasonForm))
    def reopen(self, **values: Any) -> None: ...

    @do(S.CLOSED, label=_("Rate"), permission=is_requester & ~forms.WORKED_ON_IT,
        conditions=[rules.not_yet_rated], custom=asks(forms.RatingForm, MAIN))
    def rate(self, **values: Any) -> None:
        self.put(**values)
# fmt: on
