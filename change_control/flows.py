"""The procedure for changes and for the board, to be read from top to bottom."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from change_control import cab, cab_forms, forms, parts, rules
from change_control.models import EMERGENCY, CabMeeting, Change, Risk
from change_control.states import BEFORE_WORK, DRAFTS
from change_control.states import ChangeState as S
from change_control.states import MeetingState as M
from people.actors import Actor
from people.roles import Role
from workflows.forms import NoteForm, ReasonForm
from workflows.lifecycles import (
    CUSTOMER,
    GRAVE,
    MAIN,
    Clock,
    Decision,
    Either,
    Known,
    Lifecycle,
    Part,
    Place,
    Work,
    asks,
    case_state,
)
from workflows.models import CaseLink
from workflows.permissions import has_role, holds_task, is_automation, is_requester
from workflows.quorums import ByCase, Seat, all_of

REVIEWED = [S.BACKED_OUT, S.FAILED, S.REVIEW]
ASKED_AGAIN = _("Whoever approved what you edit here is asked again; other approvals stand.")
MANAGER, HEAD, CAB = Role.CHANGE_MANAGER, Role.HEAD_OF_OPS, Role.CAB_MEMBER


# fmt: off
class ChangeLifecycle(Lifecycle):
    """A change to systems, from the draft to the review (M7, M20).

    Its risk says who decides; it begins only inside its window, somebody else verifies it, and
    what went wrong is reviewed. A template is approved once for all; an emergency by two at once.
    """

    kind, prefix, icon = "change", "CHG", "git-branch"
    label = _("Change")
    description = _("Change a system: planned, judged by its risk, approved, in its window.")
    model, State, initial, form = Change, S, S.DRAFT, forms.FilingForm
    state = case_state(S)
    do = state.transition
    closed = (S.CLOSED, S.REJECTED, S.WITHDRAWN)
    asked = _("What is changed")
    path = (
        S.DRAFT, S.ASSESSING, S.AWAITING_APPROVAL, S.SCHEDULED, S.IMPLEMENTING, S.VERIFYING,
        S.CLOSED,
    )
    filers = (
        Role.SERVICE_DESK, Role.ANALYST, Role.DEVELOPER, Role.TESTER, Role.SYSTEM_OWNER, MANAGER,
        HEAD, Role.SERVICE_MANAGER, Role.PROJECT_MANAGER,
    )
    readers = (
        Role.SERVICE_DESK, Role.ANALYST, Role.DEVELOPER, Role.TESTER, Role.SYSTEM_OWNER, MANAGER,
        CAB, HEAD, Role.SERVICE_MANAGER, Role.AUDITOR,
    )
    details = (
        "type", "template", "reason", "systems", "starts_at", "ends_at", "time_zone",
        "outage_minutes", "plan", "test_evidence", "backout_plan", "backout_minutes",
        "return_until", "implementer", "verifier", "informed", "short_notice", "risk",
        "risk_score", "risk_reason", "goes_live", "live_override",
        "freeze_override", "began_at", "finished_at", "late_start",
        "outcome", "has_overrun", "cause", "lessons",
    )
    places = (Place("change_calendar", _("Change calendar"), "calendar-event", "k"),)
    warnings = rules.warnings

    work = {
        S.DRAFT: Work(_("Complete and submit"), person=rules.requester),
        S.RETURNED: Work(_("Correct and submit"), person=rules.requester),
        S.ASSESSING: Work(_("Assess the risk"), MANAGER, barred=rules.is_involved),
        S.AWAITING_APPROVAL: Decision(
            _("Approve"),
            ByCase(lambda case: case.decided_by, {
                Risk.LOW: all_of(Seat(MANAGER)),
                Risk.MEDIUM: all_of(Seat(MANAGER), rules.OwnersOfSystems()),
                Risk.HIGH: all_of(Seat(MANAGER, veto=True), Seat(HEAD, veto=True),
                                  rules.Cab(CAB, beside=(MANAGER, HEAD))),
                EMERGENCY: all_of(Seat(MANAGER), Seat(HEAD)),
            }),
            carried="approve", lost="decline", barred=rules.is_involved, party=CUSTOMER,
            binds=rules.what_is_approved,
        ),
        S.SCHEDULED: Work(_("Begin in the window"), person=rules.implementer),
        S.ON_HOLD: Work(_("Resume or withdraw"), MANAGER),
        S.IMPLEMENTING: Work(_("Carry out"), person=rules.implementer),
        S.VERIFYING: Work(_("Verify"), person=rules.verifier, barred=rules.is_implementer),
        S.BACKING_OUT: Work(_("Back out"), person=rules.implementer),
        **{state: Work(_("Review"), MANAGER, barred=rules.is_implementer) for state in REVIEWED},
    }

    clocks = (
        Clock("lead", _("Decided before the window"), starts=[S.ASSESSING, S.AWAITING_APPROVAL],
              until=rules.approve_by, pauses=[S.ON_HOLD], stops=[S.SCHEDULED, S.REVIEW]),
        Clock("decision", _("Decision"), starts=[S.AWAITING_APPROVAL], repeats=True,
              pauses=[S.ON_HOLD], stops=[S.SCHEDULED, S.REVIEW, S.RETURNED, S.REJECTED],
              on_breach="escalate"),
        Clock("emergency_record", _("Recorded afterwards"), starts=[S.DRAFT], until=rules.record_by,
              when=rules.may_be_recorded_later, stops=[S.AWAITING_APPROVAL]),
        Clock("review", _("Review"), starts=REVIEWED, stops=[S.CLOSED]),
    )

    # -- the plan --------------------------------------------------------------------------------
    @do(DRAFTS, label=_("Edit"), permission=is_requester, custom=asks(forms.EditForm))
    @do(S.ASSESSING, label=_("Edit"), permission=is_requester, custom=asks(forms.EditForm))
    @do(S.AWAITING_APPROVAL, Either(rules.after_edit, [S.SCHEDULED, S.AWAITING_APPROVAL]),
        _("Edit"), permission=is_requester,
        custom=asks(forms.EditForm, anew=True, help=ASKED_AGAIN))
    @do(S.SCHEDULED, Either(rules.after_edit, [S.SCHEDULED, S.AWAITING_APPROVAL]), _("Edit"),
        permission=is_requester, custom=asks(forms.EditForm, help=ASKED_AGAIN))
    def edit(self, **values: Any) -> None:
        self.put(**values)

    @do(DRAFTS, Known(rules.after_submission, [S.ASSESSING, S.AWAITING_APPROVAL, S.SCHEDULED]),
        _("Submit"), permission=holds_task, custom=asks(NoteForm, MAIN),
        conditions=[rules.is_complete, rules.template_holds, rules.window_is_ahead,
                    rules.submitted_in_time])
    def submit(self, **values: Any) -> None: ...

    # -- risk and approval -----------------------------------------------------------------------
    @do(S.ASSESSING, Either(rules.after_edit, [S.SCHEDULED, S.AWAITING_APPROVAL]),
        _("Pass to approval"), permission=holds_task, custom=asks(forms.AssessForm, MAIN))
    def assess(self, **values: Any) -> None:
        self.put(**values)

    @do([S.ASSESSING, S.AWAITING_APPROVAL], S.RETURNED, _("Send back"), permission=holds_task,
        custom=asks(ReasonForm))
    def send_back(self, **values: Any) -> None: ...

    @do(S.ASSESSING, S.REJECTED, _("Reject"), permission=holds_task, custom=asks(ReasonForm, GRAVE))
    def reject(self, **values: Any) -> None: ...

    @do(S.AWAITING_APPROVAL, Known(rules.after_approval, [S.SCHEDULED, S.REVIEW]), _("Approve"),
        permission=holds_task, conditions=[rules.no_hard_freeze], custom=asks(NoteForm, MAIN))
    def approve(self, **values: Any) -> None: ...

    @do(S.AWAITING_APPROVAL, S.REJECTED, _("Decline"), permission=holds_task,
        custom=asks(ReasonForm, GRAVE))
    def decline(self, **values: Any) -> None: ...

    @do(S.AWAITING_APPROVAL, S.AWAITING_APPROVAL, _("Pass to the next level: not decided in time"),
        permission=is_automation, conditions=[rules.may_go_higher], custom={"anew": True})
    def escalate(self) -> None:
        self.put(level=rules.next_level(self.case))

    @do([*BEFORE_WORK, S.ON_HOLD], label=_("Except from the freeze"),
        permission=has_role(HEAD) & ~rules.is_involved, conditions=[rules.is_frozen],
        custom=asks(forms.OverrideForm))
    def except_from_freeze(self, **values: Any) -> None:
        self.put(**values)

    @do([*BEFORE_WORK, S.ON_HOLD], label=_("Let it go live before acceptance"),
        permission=has_role(HEAD) & ~rules.is_involved, conditions=[rules.is_kept_from_going_live],
        custom=asks(forms.GoLiveForm, GRAVE))
    def let_go_live(self, **values: Any) -> None:
        self.put(**values)

    # -- waiting ---------------------------------------------------------------------------------
    @do(BEFORE_WORK, S.ON_HOLD, _("Put on hold"), permission=is_requester | has_role(MANAGER),
        custom=asks(ReasonForm))
    def hold(self, **values: Any) -> None:
        self.put(held_from=self.source)

    @do(S.ON_HOLD, Known(rules.where_it_was, BEFORE_WORK), _("Resume"),
        permission=holds_task | is_requester, custom=asks(NoteForm, MAIN))
    def resume(self, **values: Any) -> None: ...

    @do([*DRAFTS, *BEFORE_WORK, S.ON_HOLD], S.WITHDRAWN, _("Withdraw"),
        permission=is_requester | has_role(MANAGER), custom=asks(ReasonForm, GRAVE))
    def withdraw(self, **values: Any) -> None: ...

    # -- in the window ---------------------------------------------------------------------------
    @do(S.SCHEDULED, S.IMPLEMENTING, _("Begin"), permission=holds_task,
        conditions=[rules.window_is_open, rules.no_hard_freeze, rules.may_go_live,
                    rules.is_as_approved],
        custom=asks(forms.BeginForm, MAIN))
    def begin(self, **values: Any) -> None:
        self.put(began_at=self.at, **values)
        self.case.write_steps()

    @do(S.IMPLEMENTING, label=_("Tick a step"), permission=rules.is_implementer,
        conditions=[rules.has_open_steps], custom=asks(forms.TickForm))
    def tick(self, *, step: Any, **values: Any) -> None:
        self.case.tick(step, by=self.actor, at=self.at)

    @do(S.IMPLEMENTING, S.VERIFYING, _("Done"), permission=holds_task,
        custom=asks(forms.FinishForm, MAIN))
    def finish(self, *, outcome: str, **values: Any) -> None:
        self.end(outcome)

    @do([S.IMPLEMENTING, S.VERIFYING], S.BACKING_OUT, _("Back out"), permission=holds_task,
        custom=asks(ReasonForm, GRAVE))
    def back_out(self, **values: Any) -> None: ...

    @do(S.BACKING_OUT, S.BACKED_OUT, _("Backed out"), permission=holds_task,
        custom=asks(NoteForm, MAIN))
    def confirm_back_out(self, **values: Any) -> None:
        self.end(Change.Outcome.BACKED_OUT)

    @do([S.IMPLEMENTING, S.VERIFYING, S.BACKING_OUT], S.FAILED, _("The change failed"),
        permission=holds_task, custom=asks(ReasonForm, GRAVE))
    def fail(self, **values: Any) -> None:
        self.end(Change.Outcome.FAILED)

    @do(S.VERIFYING, Known(rules.after_verification, [S.CLOSED, S.REVIEW]), _("Verified"),
        permission=holds_task, custom=asks(NoteForm, MAIN))
    def verify(self, **values: Any) -> None: ...

    # -- the review ------------------------------------------------------------------------------
    @do(REVIEWED, label=_("Note what has to be done"), permission=has_role(MANAGER),
        custom=asks(forms.ReviewActionForm))
    def add_review_action(self, **values: Any) -> None:
        self.case.review_actions.create(**values)

    @do(REVIEWED, S.CLOSED, _("Close the review"), permission=holds_task,
        custom=asks(forms.ReviewForm, MAIN))
    def close_review(self, **values: Any) -> None:
        self.put(**values)

    # -- kept besides ----------------------------------------------------------------------------
    def end(self, outcome: str) -> None:
        """Write down how and when the work ended, and whether that was within its window."""
        overran = rules.is_over(self.case, self.at)
        self.put(outcome=outcome, finished_at=self.at, has_overrun=overran)

    def parts(self, who: Actor) -> list[Part]:
        return parts.of(self, who)

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Link a change to what it comes from."""
        if name == "open":
            self.link_to(values.get("origin", ""), CaseLink.Relation.RAISED_FROM)
            if self.case.goes_live is not None:
                self.link_to(self.case.goes_live.number, CaseLink.Relation.RELATES)


class MeetingLifecycle(Lifecycle):
    """A meeting of the CAB: called, held by its agenda, and kept in minutes (M7)."""

    kind, prefix, icon = "cab", "CAB", "users"
    label = _("CAB meeting")
    description = _("Call the change advisory board together over what awaits its decision.")
    model, State, initial, form = CabMeeting, M, M.CALLED, cab_forms.CallMeetingForm
    state = case_state(M)
    do = state.transition
    closed = (M.HELD, M.CANCELLED)
    asked = _("What the meeting is about")
    path = (M.CALLED, M.IN_SESSION, M.HELD)
    filers = (MANAGER,)
    readers = ChangeLifecycle.readers
    details = ("meets_at", "place", "began_at")
    work = {
        M.CALLED: Work(_("Open the meeting"), MANAGER),
        M.IN_SESSION: Work(_("Lead the meeting"), MANAGER, same_as=M.CALLED),
    }
    clocks = (
        Clock("meeting", _("Meeting"), starts=[M.CALLED], until=cab.held_by,
              stops=[M.IN_SESSION]),
        Clock("minutes", _("Minutes"), starts=[M.IN_SESSION], until=cab.minutes_by,
              stops=[M.HELD]),
    )

    @do(M.CALLED, label=_("Move the meeting"), permission=has_role(MANAGER),
        custom=asks(cab_forms.MoveMeetingForm))
    def move(self, **values: Any) -> None:
        self.put(**values)

    @do(M.CALLED, M.IN_SESSION, _("Open the meeting"), permission=holds_task,
        custom=asks(cab_forms.AttendanceForm, MAIN))
    def begin(self, *, present: list[str], **values: Any) -> None:
        self.put(began_at=self.at)
        cab.open_session(self.case, present, self.at)

    @do(M.IN_SESSION, label=_("Note what was said"), permission=holds_task,
        custom=asks(cab_forms.DiscussForm))
    def note(self, *, item: Any, said: str, **values: Any) -> None:
        item.said = said
        item.save(update_fields=["said"])

    @do(M.IN_SESSION, M.HELD, _("Close the meeting"), permission=holds_task,
        custom=asks(NoteForm, MAIN))
    def close(self, **values: Any) -> None:
        cab.keep_minutes(self.case)

    @do(M.CALLED, M.CANCELLED, _("Cancel the meeting"), permission=has_role(MANAGER),
        custom=asks(ReasonForm, GRAVE))
    def cancel(self, **values: Any) -> None: ...

    def parts(self, who: Actor) -> list[Part]:
        return cab.parts(self, who)
# fmt: on
