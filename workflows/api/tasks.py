"""Tasks: the lists people work from; take, put back, hand over."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from people.models import User
from workflows import actions
from workflows.api.endpoint import Endpoint
from workflows.api.looks import claimable
from workflows.api.serializers import AssignmentSent, TaskOfCase
from workflows.inbox import tasks_of
from workflows.models import Case, Task
from workflows.refusals import BadData

VIEWS = ("mine", "queue", "watching", "done")


class Tasks(Endpoint):
    @extend_schema(
        operation_id="list_tasks", summary="Your work, most urgent first",
        parameters=[OpenApiParameter("view", str, enum=VIEWS, default="mine")],
        responses=TaskOfCase(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        view = request.query_params.get("view", "mine")
        if view not in VIEWS:
            raise BadData({"view": [_("Choose one of: %(views)s.") % {"views": ", ".join(VIEWS)}]})
        page = self.paginate_queryset(tasks_of(self.who, view)) or []
        context = {"claimable": claimable(page, self.who)}
        return self.get_paginated_response(TaskOfCase(page, many=True, context=context).data)


class OneTask(Endpoint):
    """Base of what is done to one task of a case the caller may see."""

    def task(self, pk: int) -> Task:
        tasks = Task.objects.select_related("case__service", "case__requester", "unit", "assignee")
        return get_object_or_404(tasks, pk=pk, case__in=Case.objects.visible_to(self.who))

    def shown(self, task: Task) -> Response:
        context = {"claimable": claimable([task], self.who)}
        return Response(TaskOfCase(task, context=context).data)


class Claim(OneTask):
    @extend_schema(
        operation_id="claim_task", summary="Take a task", request=None, responses=TaskOfCase
    )
    def post(self, request: Request, pk: int) -> Response:
        task = actions.claim_task(task=self.task(pk), actor=self.who.user, at=self.at)
        return self.shown(task)


class Release(OneTask):
    @extend_schema(
        operation_id="release_task", summary="Put a task back", request=None, responses=TaskOfCase
    )
    def post(self, request: Request, pk: int) -> Response:
        task = actions.release_task(task=self.task(pk), actor=self.who.user, at=self.at)
        return self.shown(task)


class Assign(OneTask):
    @extend_schema(
        operation_id="assign_task", summary="Hand a task to somebody",
        request=AssignmentSent, responses=TaskOfCase,
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        task, sent = self.task(pk), AssignmentSent(data=request.data)
        sent.is_valid(raise_exception=True)
        person = User.objects.filter(username=sent.validated_data["to"], is_active=True).first()
        if person is None:
            raise BadData({"to": [_("There is no such person.")]})
        given = actions.assign_task(task=task, to=person, actor=self.who.user, at=self.at)
        return self.shown(given)
