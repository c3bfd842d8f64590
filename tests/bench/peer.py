"""The peer: the same process as `viewflow.workflow` Flows, driven as their own views drive them.

`OptimizationFlow` is the process as declared in `changes/flows.py`: who does a step is found in
the same way (a role's queue, the owner of the system, whoever asked), and after each step a gate
leads to what may follow. `LineFlow` is the least a Flow can be: the six steps in a line, nothing to
decide, no rights asked. Both write viewflow's own tables; what a step enters goes into
`process.data`. Neither has clocks, history, custody or messages.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

from django.db import transaction
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Task

from agreements.models import Service
from people.models import User

STEPS = ("triage", "assess", "approve", "develop", "test", "accept")


def nothing(request: Any) -> None:
    """Stand in for the view of a node, which is not driven by HTTP here."""


def queue(role: str, then: Any) -> Any:
    return flow.View(nothing).Permission(f"bench.{role}").Next(then)


def gate(**branches: Any) -> Any:
    """Lead to the branch that `process.data` names as the outcome of the step."""
    found = flow.Switch()
    for outcome, node in branches.items():
        found.Case(node, lambda one, outcome=outcome: one.process.data["outcome"] == outcome)
    return found


def system_owner(activation: Any) -> User | None:
    code = activation.process.data["service"]
    return Service.objects.select_related("owner").get(code=code).owner


class OptimizationFlow(flow.Flow):
    """An optimization request, from filing to acceptance."""

    lock_impl = lock.select_for_update_lock

    file = flow.Start(nothing).Next(this.triage)
    triage = queue("desk", this.triaged)
    triaged = gate(done=this.assess, ask=this.answer, reject=this.rejected)
    answer = flow.View(nothing).Assign(this.file.owner).Next(this.triage)
    assess = queue("analyst", this.assessed)
    assessed = gate(done=this.approve, over=this.rejected, ask=this.answer, reject=this.rejected)
    approve = flow.View(nothing).Assign(system_owner).Next(this.approved)
    approved = gate(done=this.develop, send_back=this.assess, decline=this.rejected)
    develop = queue("developer", this.developed)
    developed = gate(done=this.test, ask=this.answer, over=this.rejected)
    test = queue("tester", this.tested)
    tested = gate(done=this.accept, fail=this.develop, over=this.rejected)
    accept = flow.View(nothing).Assign(this.file.owner).Next(this.accepted)
    accepted = gate(done=this.closed, refuse=this.develop)
    closed = flow.End()
    rejected = flow.End()


class LineFlow(flow.Flow):
    """Six steps in a line, open to everybody."""

    lock_impl = lock.select_for_update_lock

    file = flow.Start(nothing).Next(this.triage)
    triage = flow.View(nothing).Next(this.assess)
    assess = flow.View(nothing).Next(this.approve)
    approve = flow.View(nothing).Next(this.develop)
    develop = flow.View(nothing).Next(this.test)
    test = flow.View(nothing).Next(this.accept)
    accept = flow.View(nothing).Next(this.closed)
    closed = flow.End()


def start(kind: type[flow.Flow], requester: User, **data: Any) -> Any:
    node = kind.instance.node("file")
    with transaction.atomic():
        activation = node.activation_class.create(node, None, None)
        activation.start(SimpleNamespace(user=requester))
        activation.process.data = data
        activation.execute()
    return activation.process


def step(kind: type[flow.Flow], process: Any, name: str, actor: User, **data: Any) -> None:
    """Do one human step: find the task, lock, take it, enter the data, complete, go on."""
    person = copy.copy(actor)
    for kept in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        person.__dict__.pop(kept, None)  # each request asks for rights anew
    task = Task.objects.get(process=process, flow_task=kind.instance.node(name), finished=None)
    with task.activation() as activation:
        if activation.assign.can_proceed():
            if not activation.assign.has_perm(person):
                raise PermissionError(f"{person} may not take {name}")
            activation.assign(person)
        if not activation.start.has_perm(person):
            raise PermissionError(f"{name} is not {person}'s")
        activation.start(SimpleNamespace(user=person))
        activation.process.data = activation.process.data | data | {"outcome": "done"}
        activation.process.save()
        activation.execute()
