"""The procedure of a finding of technical supervision, to be read from top to bottom (M9)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from people.actors import Actor
from people.roles import Role
from projects import rules as gates
from projects.models import Finding
from projects.supervision import forms, pages, proposals, rules
from projects.supervision.states import FindingState as F
from workflows.forms import ReasonForm
from workflows.lifecycles import (
    CUSTOMER,
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
from workflows.models import Watch
from workflows.permissions import holds_task, is_automation

SUPERVISOR, HEAD = Role.SUPERVISOR, Role.HEAD_OF_OPS
OPEN = (F.RAISED, F.ACCEPTED, F.REPORTED, F.DISPUTED, F.INSISTED, F.DEFERRED)


# fmt: off
class FindingLifecycle(Lifecycle):
    """A finding is answered by the project, put right, and verified by the supervisor.

    Where the project rejects it and the supervisor insists, the head of operations rules in
    writing. An advice ends with the reply, whatever it is.
    """

    kind, prefix, icon = "finding", "FND", "flag"
    label = _("Finding")
    description = _("What technical supervision found in a project.")
    model, State, initial, form = Finding, F, F.RAISED, forms.FiledFindingForm
    state = case_state(F)
    do = state.transition
    closed = (F.CLOSED, F.WITHDRAWN, F.OVERRULED, F.CANCELLED)
    beside = {F.DISPUTED: F.RAISED, F.INSISTED: F.RAISED, F.DEFERRED: F.ACCEPTED}
    asked = _("What was found")
    path = (F.RAISED, F.ACCEPTED, F.REPORTED, F.CLOSED)
    idle = {F.DEFERRED: _("It is asked again on the day that was set.")}
    readers = gates.READERS
    details = ("severity", "area", "clause", "pattern", "due_on", "reply", "replied_by",
               "deferred_until", "verified_by", "overruled_by", "answer", "overruling")
    work = {
        F.RAISED: Work(_("Reply to the finding"), person=gates.manager, party=CUSTOMER),
        F.ACCEPTED: Work(_("Put it right"), person=gates.manager, party=CUSTOMER),
        F.REPORTED: Work(_("Verify it"), SUPERVISOR, rules.supervisor,
                         barred=gates.is_of_the_project),
        F.DISPUTED: Work(_("Insist or withdraw"), SUPERVISOR, rules.supervisor,
                         barred=gates.is_of_the_project),
        F.INSISTED: Work(_("Rule on the finding"), HEAD, barred=gates.is_of_the_project),
    }
    clocks = (
        Clock("reply", _("Reply"), starts=[F.RAISED], is_ours=False, repeats=True,
              stops=[F.ACCEPTED, F.DISPUTED, F.DEFERRED, F.CLOSED]),
        Clock("remedy", _("Put right"), starts=[F.ACCEPTED], stops=[F.REPORTED], is_ours=False,
              until=rules.put_right_by, repeats=True),
        Clock("verification", _("Verification"), starts=[F.REPORTED],
              stops=[F.ACCEPTED, F.CLOSED], repeats=True),
        Clock("position", _("Answer to the rejection"), starts=[F.DISPUTED],
              stops=[F.INSISTED, F.WITHDRAWN]),
        Clock("ruling", _("Ruling"), starts=[F.INSISTED], stops=[F.ACCEPTED, F.OVERRULED]),
        Clock("deferral", _("Deferred"), starts=[F.DEFERRED], stops=[F.RAISED], is_ours=False,
              until=rules.asked_again_at, repeats=True, on_breach="ask_again"),
    )

    @classmethod
    def may_be_filed_by(cls, who: Actor) -> bool:
        """Findings are raised in their supervision."""
        return False

    # -- the project replies ----------------------------------------------------------------------
    @do(F.RAISED, Either(rules.after_acceptance, [F.ACCEPTED, F.CLOSED]), _("Accept it"),
        permission=holds_task, custom=asks(forms.ReplyForm, MAIN))
    def accept(self, *, note: str, **values: Any) -> None:
        self.reply(Finding.Reply.ACCEPTED, note)

    @do(F.RAISED, Either(rules.after_rejection, [F.DISPUTED, F.CLOSED]), _("Reject it"),
        permission=holds_task, custom=asks(forms.RejectionForm, GRAVE))
    def reject(self, *, reason: str, **values: Any) -> None:
        self.reply(Finding.Reply.REJECTED, reason)

    @do(F.RAISED, F.DEFERRED, _("Defer it"), permission=holds_task,
        custom=asks(forms.DeferralForm))
    def defer(self, *, deferred_until: Any, reason: str, **values: Any) -> None:
        self.reply(Finding.Reply.DEFERRED, reason)
        self.put(deferred_until=deferred_until)

    @do(F.ACCEPTED, F.REPORTED, _("Report it done"), permission=holds_task,
        custom=asks(forms.DoneForm, MAIN))
    def report(self, **values: Any) -> None: ...

    @do([F.DISPUTED, F.INSISTED], F.ACCEPTED, _("Accept it after all"),
        permission=gates.is_manager, custom=asks(forms.ReplyForm))
    def give_in(self, *, note: str, **values: Any) -> None:
        self.reply(Finding.Reply.ACCEPTED, note)

    # -- the supervisor follows it ----------------------------------------------------------------
    @do(F.REPORTED, F.CLOSED, _("Verified"), permission=holds_task,
        custom=asks(forms.VerificationForm, MAIN))
    def verify(self, **values: Any) -> None:
        self.put(verified_by=self.actor)

    @do(F.REPORTED, F.ACCEPTED, _("Not put right yet"), permission=holds_task,
        custom=asks(ReasonForm))
    def send_back(self, **values: Any) -> None: ...

    @do(F.DISPUTED, F.INSISTED, _("Insist"), permission=holds_task, custom=asks(ReasonForm, MAIN))
    def insist(self, **values: Any) -> None: ...

    @do([F.RAISED, F.ACCEPTED], label=_("Set another day"), permission=rules.is_supervisor,
        custom=asks(forms.DayForm))
    def plan(self, **values: Any) -> None:
        self.put(**values)

    @do(OPEN, F.WITHDRAWN, _("Withdraw it"), permission=rules.is_supervisor,
        custom=asks(ReasonForm, GRAVE))
    def withdraw(self, **values: Any) -> None: ...

    @do(F.DEFERRED, F.RAISED, _("Ask again"), permission=is_automation | rules.is_supervisor)
    def ask_again(self) -> None: ...

    # -- the head rules ---------------------------------------------------------------------------
    @do(F.INSISTED, F.ACCEPTED, _("Uphold it"), permission=holds_task,
        custom=asks(forms.DayForm, MAIN))
    def uphold(self, **values: Any) -> None:
        self.put(**values)

    @do(F.INSISTED, F.OVERRULED, _("Overrule it"), permission=holds_task,
        custom=asks(forms.OverruleForm, GRAVE))
    def overrule(self, *, reason: str, **values: Any) -> None:
        self.put(overruled_by=self.actor, overruling=reason)

    # -- by the supervision -----------------------------------------------------------------------
    @do(OPEN, label=_("Passed on with its supervision"), permission=is_automation)
    def pass_on(self) -> None: ...

    @do(OPEN, F.CANCELLED, _("Cancelled with its project"), permission=is_automation)
    def cancel(self) -> None: ...

    def reply(self, said: str, answer: str) -> None:
        self.put(reply=said, answer=answer, replied_by=self.actor, replied_at=self.at)

    def follow_up(self, name: str, values: dict[str, Any]) -> None:
        """Whoever supervises follows it in their inbox; its like in three projects proposes."""
        supervisor = rules.supervisor(self.case)
        if name in ("open", "pass_on") and supervisor is not None:
            Watch.objects.get_or_create(
                case=self.case, user=supervisor, defaults={"created_at": self.at}
            )
        if name == "open":
            proposals.propose(self.case, actor=self.actor, at=self.at)

    def parts(self, who: Actor) -> list[Part]:
        return pages.parts_of_finding(self, who)
# fmt: on
