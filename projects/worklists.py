"""What gates add to the inbox: what one reviews, and where the other side has the next move."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from people.actors import Actor
from people.roles import Role
from projects.states import GateState as S
from workflows.models import Task

WITH_OPS = (S.IN_REVIEW, S.AWAITING_VERDICT, S.CONDITIONS)
REVIEWERS = (Role.OPS_REVIEWER, Role.SUPERVISOR, Role.HEAD_OF_OPS)


def reviews(who: Actor) -> QuerySet[Task]:
    """Return the opinions, verdicts and conditions that are with `who` or in their queues."""
    own = Task.objects.mine(who) | Task.objects.up_for_grabs(who)
    return own.filter(case__kind="gate", step__in=WITH_OPS)


def awaited(who: Actor) -> QuerySet[Task]:
    """Return what ops owes the projects `who` leads, and what projects owe those who review."""
    rule = Q(case__gate__parent__manager__in=who.identities, step__in=WITH_OPS)
    for hold in who.holds:
        if hold.role in REVIEWERS:
            rule |= Q(case__kind="gate", step=S.OPEN, unit__path__contains=f"/{hold.unit_id}/")
    return Task.objects.open().filter(rule).exclude(assignee__in=who.identities)
