"""The peer: the same process as a `viewflow.workflow` Flow, driven as its views drive it.

Filing and six human steps, on viewflow's own tables; what a step enters goes into `process.data`.
Each task is its person's from the start, so that nobody needs to assign it first.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.db import transaction
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Task

from people.models import User


def nothing(request: Any) -> None:
    """Stand in for the view of a node, which is not driven by HTTP here."""


def owner_of(step: str) -> Any:
    """Assign to whoever `process.data` names for this step."""
    return lambda activation: User(pk=activation.process.data["people"][step])


class OptimizationFlow(flow.Flow):
    """An optimization request, from filing to acceptance."""

    lock_impl = lock.select_for_update_lock

    file = flow.Start(nothing).Next(this.triage)
    triage = flow.View(nothing).Assign(owner_of("triage")).Next(this.assess)
    assess = flow.View(nothing).Assign(owner_of("assess")).Next(this.approve)
    approve = flow.View(nothing).Assign(owner_of("approve")).Next(this.develop)
    develop = flow.View(nothing).Assign(owner_of("develop")).Next(this.test)
    test = flow.View(nothing).Assign(owner_of("test")).Next(this.accept)
    accept = flow.View(nothing).Assign(owner_of("accept")).Next(this.end)
    end = flow.End()


STEPS = ("triage", "assess", "approve", "develop", "test", "accept")


def start(requester: User, people: dict[str, User], **data: Any) -> Any:
    """File a request; `people` says who owes each step."""
    node = OptimizationFlow.instance.node("file")
    with transaction.atomic():
        activation = node.activation_class.create(node, None, None)
        activation.start(SimpleNamespace(user=requester))
        activation.process.data = data | {"people": {step: one.pk for step, one in people.items()}}
        activation.execute()
    return activation.process


def step(process: Any, name: str, actor: User, **data: Any) -> None:
    """Do one human step: find the task, lock, check, enter the data, complete, go on."""
    node = OptimizationFlow.instance.node(name)
    task = Task.objects.select_related("process").get(process=process, flow_task=node, owner=actor)
    with task.activation() as activation:
        if not activation.start.has_perm(actor):
            raise PermissionError(name)
        activation.start(SimpleNamespace(user=actor))
        activation.process.data.update(data)
        activation.process.save()
        activation.execute()
