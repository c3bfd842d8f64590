"""Tasks: the lists people work from; take, put back, hand over."""

from __future__ import annotations

from django.db.models import BigAutoField
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from people.models import User
from rows import Reading
from workflows import actions
from workflows.api.endpoint import Endpoint
from workflows.api.looks import claimable, task_documents
from workflows.api.serializers import AssignmentSent, TaskOfCase
from workflows.inbox import COLUMNS, VIEWS, TaskRow, tasks_of, worklists
from workflows.models import Task
from workflows.refusals import BadData

LISTS = (*VIEWS, *worklists())


class Tasks(Endpoint):
    @extend_schema(
        operation_id="list_tasks", summary="Your work, most urgent first",
        parameters=[OpenApiParameter("view", str, enum=LISTS, default="mine")],
        responses=TaskOfCase(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        view = request.query_params.get("view", "mine")
        if view not in LISTS:
            raise BadData({"view": [_("Choose one of: %(views)s.") % {"views": ", ".join(LISTS)}]})
        page = self.paginate_queryset(tasks_of(self.who, view).values_list(*COLUMNS)) or []
        rows = [TaskRow(*columns) for columns in page]
        return self.get_paginated_response(task_documents(rows, self.who, view))


class OneTask(Endpoint):
    """Base of what is done to one task; the frame of the act asks whether the caller sees it."""

    def task(self, pk: int) -> Task:
        """Return the task with its case, whoever may see it (1 query)."""
        found = TASK.first(pk=pk) if pk <= BigAutoField.MAX_BIGINT else None
        if found is None:
            raise Http404
        return found

    def shown(self, task: Task) -> Response:
        """Answer with the task as the act left it: nobody can claim what somebody has."""
        context = {"claimable": set() if task.assignee_id else claimable([task], self.who)}
        return Response(TaskOfCase(task, context=context).data)


TASK = Reading(lambda pk: Task.objects.select_related("case").filter(pk=pk))


class Claim(OneTask):
    @extend_schema(
        operation_id="claim_task", summary="Take a task", request=None, responses=TaskOfCase
    )
    def post(self, request: Request, pk: int) -> Response:
        task = actions.claim_task(task=self.task(pk), actor=self.user, at=self.at)
        return self.shown(task)


class Release(OneTask):
    @extend_schema(
        operation_id="release_task", summary="Put a task back", request=None, responses=TaskOfCase
    )
    def post(self, request: Request, pk: int) -> Response:
        task = actions.release_task(task=self.task(pk), actor=self.user, at=self.at)
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
        given = actions.assign_task(task=task, to=person, actor=self.user, at=self.at)
        return self.shown(given)
