"""Cases: what may be filed, file, find, read, act; and their story and clocks."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import timeline
from workflows.api import fields, looks
from workflows.api.bodies import (
    JSONParser,
    body_of,
    expected_version,
    idempotency_key,
    sent_fields,
    taken,
)
from workflows.api.endpoint import Endpoint
from workflows.api.filters import CaseFilter
from workflows.api.schema import FIELDS_OF_ACTION, FIELDS_OF_FILING, IDEMPOTENCY_KEY, PREFER
from workflows.api.serializers import (
    CaseDocument,
    CaseReceipt,
    CaseSummary,
    EventDocument,
    ExplanationDocument,
    KindDocument,
    whole_case,
)
from workflows.door import open_case, perform
from workflows.explain import explain
from workflows.lifecycles import Lifecycle, registered
from workflows.models import Case
from workflows.refusals import BadData


class Kinds(Endpoint):
    pagination_class = None

    @extend_schema(
        operation_id="list_kinds", summary="What you may file, and what each kind asks for",
        responses=KindDocument(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        found = [
            {
                "kind": kind.kind, "label": str(kind.label), "description": str(kind.description),
                "fields": fields.described(fields.asked(kind.form, self.who)),
            }
            for kind in registered()
            if kind.may_be_filed_by(self.who)
        ]  # fmt: skip
        return Response(KindDocument(found, many=True).data)


class Cases(Endpoint):
    parser_classes = [JSONParser, MultiPartParser]
    filter_backends = [DjangoFilterBackend]
    filterset_class = CaseFilter
    queryset = Case.objects.all()

    def get_queryset(self) -> QuerySet[Case]:
        cases = Case.objects.visible_to(self.who)
        return cases.select_related("requester", "on_behalf_of", "unit", "service")

    @extend_schema(
        operation_id="list_cases", summary="The cases you may see, newest first",
        responses=CaseSummary(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        return self.paged(self.filter_queryset(self.get_queryset()), CaseSummary)

    @extend_schema(
        operation_id="file_case", summary="File a case", parameters=[IDEMPOTENCY_KEY, PREFER],
        description="`kinds/` lists the kinds and the fields of each.",
        request=FIELDS_OF_FILING, responses={201: CaseReceipt},
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        body = body_of(request)
        lifecycle = kind_of(body)
        answer = open_case(
            lifecycle.kind, actor=self.user, at=self.at, idempotency_key=idempotency_key(request),
            render=self.rendered(201), fit=taken, **sent_fields(body),
        )  # fmt: skip
        return self.answered(answer, 201)


def kind_of(body: dict[str, Any]) -> type[Lifecycle]:
    kind = body.get("kind")
    found = next((one for one in registered() if one.kind == kind), None)
    if found is None:
        raise BadData({"kind": [_("There is no such kind of case.")]})
    return found


class OneCase(Endpoint):
    @extend_schema(operation_id="read_case", summary="One case", responses=CaseDocument)
    def get(self, request: Request, number: str) -> Response:
        case = self.case(number)
        return Response(whole_case(case.lifecycle(case, self.who, self.at)))


class Act(Endpoint):
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(
        operation_id="act_on_case", summary="Do something with a case",
        description="`actions` of the case lists what you may do now, and the fields of each.",
        parameters=[IDEMPOTENCY_KEY, PREFER], request=FIELDS_OF_ACTION, responses=CaseReceipt,
    )  # fmt: skip
    def post(self, request: Request, number: str, action: str) -> HttpResponse:
        body = body_of(request)
        answer = perform(
            number, action, actor=self.user, at=self.at, expected_version=expected_version(body),
            idempotency_key=idempotency_key(request), render=self.rendered(200), fit=taken,
            **sent_fields(body),
        )  # fmt: skip
        return self.answered(answer, 200)


class Events(Endpoint):
    @extend_schema(
        operation_id="list_events", summary="What happened to a case, oldest first",
        responses=EventDocument(many=True),
    )  # fmt: skip
    def get(self, request: Request, number: str) -> Response:
        case = self.case(number)
        page = self.paginate_queryset(timeline.readable_events(case, self.who)) or []
        context = {"case": case, "changes": looks.changes(case, page)}
        return self.get_paginated_response(EventDocument(page, many=True, context=context).data)


class ClockExplanation(Endpoint):
    @extend_schema(
        operation_id="explain_clock", summary="Why a clock is due when it is, line by line",
        responses=ExplanationDocument,
    )  # fmt: skip
    def get(self, request: Request, number: str, metric: str) -> Response:
        clocks = self.case(number).clocks.select_related("calendar", "standard")
        clock = get_object_or_404(clocks.order_by("-pk").filter(metric=metric)[:1])
        return Response(ExplanationDocument(explain(clock, self.at)).data)
