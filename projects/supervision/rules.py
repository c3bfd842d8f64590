"""Who may supervise, where a finding goes, and what keeps a supervision from being closed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from people.models import User
from projects import rules
from projects.models import Finding, Project, Supervision
from projects.states import GateState
from projects.supervision.states import FindingState as F
from projects.supervision.states import SupervisionState as S
from workflows.lifecycles import Condition
from workflows.models import Task
from workflows.permissions import Permission, worked_on
from workflows.words import listing

if TYPE_CHECKING:
    from people.actors import Actor
    from projects.flows import ProjectLifecycle
    from projects.supervision.finding_flow import FindingLifecycle
    from projects.supervision.flows import SupervisionLifecycle


# -- who ------------------------------------------------------------------------------------------
def supervisor(case: Any) -> User | None:
    """Return who supervises, of a supervision or of one of its findings; nobody in between."""
    found: Supervision = case.raised_in if isinstance(case, Finding) else case
    return found.supervisor


def _decided(flow: Any, who: Actor) -> bool:
    verdicts = Task.objects.filter(
        case__gate__parent=flow.case.parent_id, step=GateState.AWAITING_VERDICT
    )
    of_them = Q(done_by__in=who.identities) | Q(on_behalf_of__in=who.identities)
    return verdicts.filter(of_them).exists()


decided_on_it = Permission("decided on the project", _decided)
is_tied = rules.is_of_the_project | decided_on_it
"""Who is not independent: of the project, or gave a verdict on one of its gates."""
gave_it_up = worked_on(S.REQUESTED)
"""Who took it on before, now that it is to be taken on again."""
is_supervisor = (
    Permission(
        "its supervisor",
        lambda flow, who: (
            (person := supervisor(flow.case)) is not None and person.pk in who.identities
        ),
    )
    & ~rules.is_of_the_project
)


# -- the supervision ------------------------------------------------------------------------------
def live_supervision(project: Project) -> Supervision | None:
    """Return the supervision of a project that is not closed (1 query)."""
    supervisions: Any = project.supervisions  # to mypy these are cases
    live: Supervision | None = (
        supervisions.select_related("supervisor").filter(is_live=True).first()
    )
    return live


def nobody_supervises_it(flow: ProjectLifecycle) -> Condition:
    return Condition(
        live_supervision(flow.case) is None, unmet=_("This project is supervised already.")
    )


def where_it_stands(flow: SupervisionLifecycle, **values: Any) -> str:
    """Return the first review that is not concluded: where the one before stopped."""
    if not flow.case.selection:
        return str(S.SELECTION)
    return str(S.ADVISING if flow.case.architecture else S.ARCHITECTURE)


def open_findings(case: Supervision) -> list[Finding]:
    found: Any = case.findings  # to mypy these are cases
    return list(found.open().order_by("number"))


def no_finding_is_open(flow: SupervisionLifecycle) -> Condition:
    codes = [one.number for one in open_findings(flow.case)]
    return Condition(
        not codes, unmet=_("These findings are still open: %(codes)s.") % {"codes": listing(codes)}
    )


def every_gate_is_decided(flow: SupervisionLifecycle) -> Condition:
    return rules.gates_are_decided(flow.case.parent)


# -- the finding ----------------------------------------------------------------------------------
def after_acceptance(flow: FindingLifecycle, **values: Any) -> str:
    """An advice ends with the reply; a finding is put right first."""
    return str(F.CLOSED if flow.case.is_advice else F.ACCEPTED)


def after_rejection(flow: FindingLifecycle, **values: Any) -> str:
    return str(F.CLOSED if flow.case.is_advice else F.DISPUTED)


def put_right_by(case: Finding) -> datetime | None:
    return rules.end_of(case.due_on)


def asked_again_at(case: Finding) -> datetime | None:
    return rules.begin_of(case.deferred_until)
