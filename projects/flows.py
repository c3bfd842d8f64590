"""The procedure of projects and their gates, to be read from top to bottom (M8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from people.actors import Actor, automation
from people.house_time import house_date
from people.roles import Role
from projects import (
    forms,
    pages,
    planning,
    renewals,
    rules,
    takeover,
    takeover_forms,
    teams,
    trial,
    worklists,
)
from projects.models import Gate, GateCondition, Project, Waiver
from projects.operation import OperationLifecycle
from projects.sheet import NOTES
from projects.states import MOVABLE
from projects.states import GateState as S
from projects.states import ProjectState as P
from projects.supervision import (  # noqa: F401  # the processes are registered by their import
    finding_flow,
    proposal_flow,
)
from projects.supervision import flows as supervision_flow  # noqa: F401
from projects.supervision import rules as supervising
from projects.supervision.forms import FocusForm
from workflows.door import open_case, perform
from workflows.forms import NoteForm, ReasonForm
from workflows.lifecycles import (
    CUSTOMER,
    GRAVE,
    MAIN,
    Clock,
    Decision,
    Either,
    Lifecycle,
    Part,
    Place,
    Work,
    Worklist,
    asks,
    case_state,
)
from workflows.permissions import has_role, holds_task, is_automation
from workflows.quorums import ByCase, Seat, opinions_of

MANAGER, REVIEWER, SUPERVISOR = Role.PROJECT_MANAGER, Role.OPS_REVIEWER, Role.SUPERVISOR
HEAD, DESK = Role.HEAD_OF_OPS, Role.SERVICE_DESK
BUILDING = opinions_of(Seat(REVIEWER), Seat(SUPERVISOR))
TAKING_OVER = opinions_of(Seat(REVIEWER), Seat(DESK), Seat(SUPERVISOR))
SIGN_OFF = {
    **dict.fromkeys(("G1", "G2", "G3", "G4", "G5"), BUILDING), "G6": TAKING_OVER,
    "G7": opinions_of(Seat(REVIEWER), Seat(DESK)), "G8": TAKING_OVER,
    rules.LIGHT: opinions_of(Seat(REVIEWER)), rules.OTHER: TAKING_OVER,
}  # fmt: skip
"""Who gives an opinion at which gate; the head of operations gives the verdict."""
__all__ = ["SIGN_OFF", "GateLifecycle", "OperationLifecycle", "ProjectLifecycle"]
SHOWN = [S.OPEN, S.IN_REVIEW, S.AWAITING_VERDICT]


# fmt: off
class ProjectLifecycle(Lifecycle):
    """A project: its gates are planned when it is opened, and it ends when they are decided."""

    kind, prefix, icon = "project", "PRJ", "rocket"
    label = _("Project")
    description = _("Open a project that ops takes over, gate by gate.")
    model, State, initial, form = Project, P, P.RUNNING, forms.ProjectForm
    state = case_state(P)
    do = state.transition
    closed = (P.FINISHED, P.CANCELLED)
    path = (P.RUNNING, P.FINISHED)
    asked = _("What the project is for")
    filers = (MANAGER, REVIEWER, HEAD, Role.SERVICE_MANAGER)
    readers = rules.READERS
    details = ("project_kind", "track", "effort_days", "systems", "manager", "starts_on", "ends_on",
               "catalogue")
    places = (Place("projects", _("Projects"), "rocket", "b"),)
    goes_live = True
    work = {P.RUNNING: Work(_("Lead it to its handover"), person=rules.manager, party=CUSTOMER)}
    clocks = (
        Clock("handover", _("Handover"), starts=[P.RUNNING], stops=[P.FINISHED], is_ours=False,
              until=lambda case: rules.end_of(case.ends_on)),
    )

    @do(P.RUNNING, label=_("Ask for technical supervision"),
        permission=rules.is_manager | has_role(HEAD, SUPERVISOR),
        conditions=[supervising.nobody_supervises_it], custom=asks(FocusForm))
    def ask_supervision(self, **values: Any) -> None: ...

    @do(P.RUNNING, P.FINISHED, _("Finish"), permission=holds_task,
        conditions=[rules.every_gate_is_decided], custom=asks(NoteForm, MAIN))
    def finish(self, **values: Any) -> None: ...

    @do(P.RUNNING, label=_("Shift the dates"), permission=rules.is_manager,
        conditions=[rules.a_gate_may_be_moved], custom=asks(forms.ShiftForm))
    def shift_dates(self, *, gate: Gate, planned_on: Any, **values: Any) -> None:
        self.shift = planning.shifted(self.case, gate, planned_on, self.at)
        self.put(ends_on=self.shift.ends_on)

    @do(P.RUNNING, P.CANCELLED, _("Cancel the project"), permission=has_role(HEAD),
        custom=asks(ReasonForm, GRAVE))
    def cancel(self, **values: Any) -> None: ...

    @do(P.RUNNING, label=_("Write the handover agreement anew"), permission=rules.is_manager,
        conditions=[takeover.was_agreed], custom=asks(takeover_forms.AgreementForm))
    def write_agreement(self, **values: Any) -> None:
        takeover.write_agreement(self.case, values, by=self.actor, at=self.at)

    @do(P.RUNNING, label=_("Sign the handover agreement"),
        permission=has_role(HEAD) & ~rules.is_of_the_project & ~takeover.wrote_the_agreement,
        conditions=[takeover.waits_for_a_signature], custom=asks(NoteForm))
    def sign_agreement(self, **values: Any) -> None:
        takeover.sign_agreement(self.case, by=self.actor, at=self.at)

    @do(P.RUNNING, label=_("Change the team"), permission=rules.is_manager | has_role(HEAD),
        custom=asks(teams.TeamForm))
    def change_team(self, **values: Any) -> None:
        teams.change_team(project=self.case, at=self.at, **values)

    @do(P.RUNNING, label=_("Go on under newer criteria"),
        permission=has_role(Role.SERVICE_MANAGER, HEAD) & ~rules.is_of_the_project,
        conditions=[renewals.newer_criteria_are_in_force], custom=asks(renewals.RenewalForm))
    def change_criteria(self, **values: Any) -> None:
        self.put(**values)

    def keeps_from_going_live(self) -> str:
        return takeover.keeps_from_going_live(self.case)

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Plan its gates when it is opened; move or cancel what is open with it."""
        if name == "open":
            self.plan_gates()
        if name == "ask_supervision":
            open_case(
                "supervision", actor=self.actor, requester=self.case.requester, at=self.at,
                raised=True, title=self.case.title, parent=self.case.pk,
                filed_by=self.actor.pk, **values,
            )
        if name == "shift_dates":
            for move in self.shift.of_gates:
                perform(move.gate, "plan", actor=automation(), at=self.at, planned_on=move.after,
                        note=values["reason"])
        if name == "cancel":
            for gate in self.case.gates.filter(closed_at__isnull=True).order_by("place"):
                perform(gate, "cancel", actor=automation(), at=self.at)
            supervision = supervising.live_supervision(self.case)
            if supervision is not None:
                perform(supervision, "cancel", actor=automation(), at=self.at)
        if name == "change_criteria":
            for gate, kind in renewals.gates_to_renew(self.case, values["catalogue"]):
                perform(gate, "renew", actor=automation(), at=self.at, gate_kind=kind.pk)

    def plan_gates(self) -> None:
        project: Project = self.case
        kinds = list(project.catalogue.tracks.get(code=project.track).kinds)
        days = (project.ends_on - project.starts_on).days
        for place, kind in enumerate(kinds, start=1):
            gate = open_case(
                "gate", actor=self.actor, requester=project.requester, at=self.at, raised=True,
                title=project.title[:180] + f" · {kind.code}", parent=project.pk,
                gate_kind=kind.pk, place=place,
                planned_on=project.starts_on + timedelta(days=days * place // len(kinds)),
            ).case
            if place == 1:
                perform(gate, "open_gate", actor=automation(), at=self.at)
        teams.let_follow(project, project.manager, self.at)

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_project(self, who)


class GateLifecycle(Lifecycle):
    """A gate: shown by the project, reviewed by ops, decided by its head (M8).

    Those who review say what they think and do not decide; the head of operations decides and
    answers for it in writing where somebody objected. Who is of the project does neither.
    """

    kind, prefix, icon = "gate", "GAT", "flag"
    label = _("Gate")
    description = _("Acceptance of a project at the end of a phase.")
    model, State, initial, form = Gate, S, S.PLANNED, forms.GateForm
    state = case_state(S)
    do = state.transition
    closed = (S.ACCEPTED, S.SKIPPED, S.REJECTED, S.CANCELLED)
    path = (S.PLANNED, S.OPEN, S.IN_REVIEW, S.AWAITING_VERDICT, S.ACCEPTED)
    beside = {S.CONDITIONS: S.ACCEPTED, S.SKIPPED: S.ACCEPTED}
    asked = _("What this gate is for")
    idle = {S.PLANNED: _("The gate before it is not passed yet."),
            S.DEFERRED: _("It is taken up again on the day that was set.")}
    readers = rules.READERS
    details = ("parent", "gate_kind", "round", "planned_on", "trial_from", "trial_until",
               "deferred_until", "overruling")
    warnings = trial.warnings
    worklists = (
        Worklist("reviews", _("My reviews"), (REVIEWER, SUPERVISOR, DESK, HEAD),
                 worklists.reviews, is_own=True,
                 empty=_("Gates that need your opinion, your verdict or a condition seen to.")),
        Worklist("awaited", _("Waiting for others"), (MANAGER, REVIEWER, SUPERVISOR, HEAD),
                 worklists.awaited,
                 empty=_("Gates at which the other side has the next move, late ones first.")),
    )
    notes = NOTES
    work = {
        S.OPEN: Work(_("Show the evidence and submit"), person=rules.manager, party=CUSTOMER),
        S.IN_REVIEW: Decision(
            _("Give an opinion"), ByCase(rules.sign_off, SIGN_OFF), carried="agree", lost="object",
            also={"agree_on_conditions": rules.WITH_CONDITIONS}, one_vote_each=False,
            barred=rules.is_of_the_project,
        ),
        S.AWAITING_VERDICT: Work(_("Give the verdict"), HEAD, barred=rules.is_of_the_project),
        S.CONDITIONS: Work(_("See that the conditions are met"), REVIEWER,
                           barred=rules.is_of_the_project),
    }
    clocks = (
        Clock("submission", _("Submission"), starts=[S.OPEN], stops=[S.IN_REVIEW], is_ours=False,
              until=rules.submit_by, repeats=True),
        Clock("opinion", _("Opinions"), starts=[S.IN_REVIEW], stops=[S.AWAITING_VERDICT, S.OPEN],
              repeats=True),
        Clock("verdict", _("Verdict"), starts=[S.AWAITING_VERDICT], repeats=True,
              stops=[S.ACCEPTED, S.CONDITIONS, S.OPEN, S.REJECTED, S.DEFERRED]),
        Clock("conditions", _("Conditions"), starts=[S.CONDITIONS], stops=[S.ACCEPTED],
              until=rules.conditions_by, is_ours=False),
        Clock("deferral", _("Deferred"), starts=[S.DEFERRED], stops=[S.OPEN], is_ours=False,
              until=rules.reopens_at, repeats=True, on_breach="take_up"),
    )

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        """Gates come with their project."""
        return False

    # -- the project shows ------------------------------------------------------------------------
    @do(S.PLANNED, S.OPEN, _("Open the gate"),
        permission=is_automation | rules.is_manager | has_role(REVIEWER),
        conditions=[rules.the_way_is_free])
    def open_gate(self) -> None:
        if takeover.is_at(self.case, takeover.TRIAL):
            today = house_date(self.at)
            ends = takeover.trial_ends(self.case.parent, today)
            self.put(trial_from=today, **takeover.tried_until(self.case, ends))

    @do(S.OPEN, label=_("Write the handover agreement"), permission=rules.is_manager,
        conditions=[takeover.yields_the_agreement], custom=asks(takeover_forms.AgreementForm))
    def write_agreement(self, **values: Any) -> None:
        takeover.write_agreement(self.case.parent, values, by=self.actor, at=self.at)

    @do(S.OPEN, label=_("Extend the trial"),
        permission=has_role(REVIEWER, HEAD) & ~rules.is_of_the_project,
        conditions=[takeover.the_trial_may_be_extended],
        custom=asks(takeover_forms.ExtendTrialForm))
    def extend_trial(self, **values: Any) -> None:
        self.put(extensions=self.case.extensions + 1,
                 **takeover.tried_until(self.case, values["trial_until"]))

    @do(MOVABLE, label=_("Set another day"), permission=is_automation | rules.is_manager,
        custom=asks(forms.PlanForm))
    def plan(self, **values: Any) -> None:
        self.put(**values)

    @do(S.OPEN, S.IN_REVIEW, _("Submit"), permission=holds_task,
        conditions=[takeover.the_handover_is_agreed, takeover.the_trial_is_over,
                    rules.everything_is_shown], custom=asks(NoteForm, MAIN))
    def submit(self, **values: Any) -> None: ...

    @do([S.IN_REVIEW, S.AWAITING_VERDICT], S.OPEN, _("Take the submission back"),
        permission=rules.is_manager, custom=asks(ReasonForm))
    def take_back(self, **values: Any) -> None:
        self.put(round=self.case.round + 1)

    # -- skipped, or asked otherwise --------------------------------------------------------------
    @do([S.PLANNED, S.OPEN], S.SKIPPED, _("Skip this gate"),
        permission=has_role(HEAD) & ~rules.is_of_the_project,
        conditions=[rules.is_not_the_last], custom=asks(forms.SkipForm, GRAVE))
    def skip(self, **values: Any) -> None: ...

    @do([S.PLANNED, S.OPEN, S.SKIPPED], label=_("Take the newer criteria"),
        permission=is_automation, custom=asks(renewals.GateRenewalForm))
    def renew(self, *, gate_kind: Any) -> None:
        renewals.keep_answers(self.case, gate_kind)
        self.put(gate_kind=gate_kind)

    # -- waivers ----------------------------------------------------------------------------------
    @do(SHOWN, label=_("Ask for a waiver"), permission=rules.is_manager,
        conditions=[rules.something_may_be_waived], custom=asks(forms.AskWaiverForm))
    def ask_waiver(self, *, criterion: Any, reason: str, risk_owner: Any, measure: str,
                   expires_on: Any, **values: Any) -> None:
        Waiver.objects.create(
            gate=self.case, criterion=criterion, reason=reason, risk_owner=risk_owner,
            measure=measure, expires_on=expires_on, asked_by=self.actor,
        )

    @do(SHOWN, label=_("Grant a waiver"), permission=has_role(HEAD) & ~rules.is_of_the_project,
        conditions=[rules.a_waiver_is_asked_for], custom=asks(forms.GrantWaiverForm))
    def grant_waiver(self, *, waiver: Any, **values: Any) -> None:
        waiver.granted_by, waiver.granted_at = self.actor, self.at
        waiver.save(update_fields=["granted_by", "granted_at"])

    @do(SHOWN, label=_("Refuse or revoke a waiver"),
        permission=has_role(HEAD) & ~rules.is_of_the_project,
        conditions=[rules.a_waiver_is_live], custom=asks(forms.OneWaiverForm))
    def revoke_waiver(self, *, waiver: Any, **values: Any) -> None:
        waiver.revoked_at = self.at
        waiver.save(update_fields=["revoked_at"])

    # -- ops says what it thinks ------------------------------------------------------------------
    @do(S.IN_REVIEW, S.AWAITING_VERDICT, _("Agree"), permission=holds_task,
        custom=asks(NoteForm, MAIN))
    def agree(self, **values: Any) -> None: ...

    @do(S.IN_REVIEW, S.AWAITING_VERDICT, _("Agree on conditions"), permission=holds_task,
        custom=asks(forms.OpinionForm))
    def agree_on_conditions(self, **values: Any) -> None: ...

    @do(S.IN_REVIEW, S.AWAITING_VERDICT, _("Object"), permission=holds_task,
        custom=asks(forms.OpinionForm, GRAVE))
    def object(self, **values: Any) -> None: ...

    # -- the verdict ------------------------------------------------------------------------------
    @do(S.AWAITING_VERDICT, Either(rules.after_acceptance, [S.ACCEPTED, S.CONDITIONS]),
        _("Accept"), permission=holds_task & ~takeover.wrote_the_agreement,
        conditions=[rules.musts_are_satisfied, rules.no_must_fix_is_open],
        custom=asks(takeover_forms.AcceptForm, MAIN))
    def accept(self, **values: Any) -> None:
        self.put(**values)

    @do(S.AWAITING_VERDICT, label=_("Note a condition"), permission=holds_task,
        custom=asks(forms.ConditionForm))
    def note_condition(self, *, what: str, owner: Any, due_on: Any, **values: Any) -> None:
        GateCondition.objects.create(gate=self.case, what=what, owner=owner, due_on=due_on)

    @do(S.AWAITING_VERDICT, S.OPEN, _("Have it reworked"), permission=holds_task,
        custom=asks(ReasonForm))
    def rework(self, **values: Any) -> None:
        self.put(round=self.case.round + 1)

    @do(S.AWAITING_VERDICT, S.DEFERRED, _("Defer"), permission=holds_task,
        custom=asks(forms.DeferForm))
    def defer(self, **values: Any) -> None:
        self.put(**values)

    @do(S.AWAITING_VERDICT, S.REJECTED, _("Reject"), permission=holds_task,
        custom=asks(ReasonForm, GRAVE))
    def reject(self, **values: Any) -> None: ...

    @do(S.DEFERRED, S.OPEN, _("Take it up again"),
        permission=is_automation & rules.its_day_has_come | has_role(HEAD))
    def take_up(self) -> None:
        self.put(round=self.case.round + 1)

    # -- afterwards -------------------------------------------------------------------------------
    @do(S.CONDITIONS, Either(rules.after_acceptance, [S.ACCEPTED, S.CONDITIONS]),
        _("A condition is met"), permission=holds_task, custom=asks(forms.MeetForm, MAIN))
    def meet(self, *, condition: Any, **values: Any) -> None:
        condition.met_at, condition.met_by = self.at, self.actor
        condition.save(update_fields=["met_at", "met_by"])

    @do([S.PLANNED, S.OPEN, S.IN_REVIEW, S.AWAITING_VERDICT, S.CONDITIONS, S.DEFERRED],
        S.CANCELLED, _("Cancelled with its project"), permission=is_automation)
    def cancel(self) -> None: ...

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Sign what was agreed, hand over what is taken over, and open the next gate as soon as
        the way is free: also when the last overdue condition is met."""
        if name == "accept" and takeover.is_at(self.case, takeover.AGREES):
            takeover.sign_agreement(self.case.parent, by=self.actor, at=self.at)
        if name == "accept" and takeover.is_at(self.case, takeover.TAKES_OVER):
            self.take_over(values)
        if name in ("accept", "meet", "skip"):
            following = rules.next_gate(self.case)
            if following is not None and rules.the_way_is_free(type(self)(following, at=self.at)):
                perform(following, "open_gate", actor=automation(), at=self.at)

    def take_over(self, values: dict[str, Any]) -> None:
        """Enter the service in the catalogue and let it begin, in the mode decided."""
        project: Project = self.case.parent
        systems = takeover.take_into_catalogue(
            self.case, values.get("service_name", ""), values["business_owner"],
            values["criticality"],
        )
        decided = {name: values[name] for name in takeover_forms.MODE_FIELDS}
        open_case("operation", actor=self.actor, requester=project.requester, at=self.at,
                  raised=True, title=project.title, parent=project.pk, systems=systems, **decided)

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_gate(self, who)
# fmt: on
