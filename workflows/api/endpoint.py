"""What every address of the API has in common: who asks, when, and how answers look."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import now
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.settings import api_settings
from rest_framework.throttling import UserRateThrottle

from people.actors import Actor
from people.models import User
from workflows.api import errors
from workflows.api.authentication import TokenAuthentication
from workflows.api.bodies import JSONParser
from workflows.api.schema import ApiSchema
from workflows.api.serializers import receipt, whole_case
from workflows.counting import MOST, counted
from workflows.idempotency import Answer, Render
from workflows.models import Case
from workflows.refusals import BadData

REQUESTS = "1200/minute"


class AnyRate(UserRateThrottle):
    """So many requests of one person; `DEFAULT_THROTTLE_RATES["user"]` sets another number."""

    def get_rate(self) -> str:
        return str(api_settings.DEFAULT_THROTTLE_RATES.get("user") or REQUESTS)


class AlwaysFirst(BaseContentNegotiation):
    """Answer in JSON, the first renderer, whatever `Accept` says; a download is what it is."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser | None:
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return next((one for one in parsers if one.media_type == kind), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Pages(LimitOffsetPagination):
    """`count` ends at a thousand, and `is_counted` says when; `next` leads on all the same."""

    default_limit = 50
    max_limit = 200

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        self.counted, rows = counted(queryset)
        return super().paginate_queryset(rows, request, view)

    def get_count(self, queryset: Any) -> int:
        return self.counted if self.counted.is_all else FAR

    def get_limit(self, request: Request) -> int:
        sent = request.query_params.get(self.limit_query_param)
        return self.default_limit if sent is None else min(whole("limit", sent, 1), self.max_limit)

    def get_offset(self, request: Request) -> int:
        sent = request.query_params.get(self.offset_query_param)
        return 0 if sent is None else whole("offset", sent, 0)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit, offset = super().get_schema_operation_parameters(view)
        limit["schema"]["minimum"], offset["schema"]["minimum"] = 1, 0
        return [limit, offset]

    def get_paginated_response(self, data: Any) -> Response:
        found = {
            "count": min(self.counted, MOST), "is_counted": self.counted.is_all,
            "next": self.get_next_link(), "previous": self.get_previous_link(), "results": data,
        }  # fmt: skip
        if not data or len(data) < (self.limit or 0):
            found["next"] = None
        return Response(found)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        counted = {"type": "boolean", "description": f"False when there are more than {MOST}."}
        described["properties"]["is_counted"] = counted
        described["required"] = [*described["required"], "is_counted"]
        return described


def whole(name: str, sent: str, smallest: int) -> int:
    """Return the number that was sent as `name`, or raise `BadData`."""
    number = int(sent) if re.fullmatch("[0-9]{1,100}", sent) else -1
    if number < smallest:
        sentence = _("Send a whole number from %(smallest)s on.") % {"smallest": smallest}
        raise BadData({name: [sentence]})
    return number


FAR = 2**31
"""Where the end is taken to be when nobody counted so far."""


class Endpoint(GenericAPIView[Any]):
    """Base of every view: token first, so that a 401 says how to come in; then the session."""

    authentication_classes = [TokenAuthentication, SessionAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes = [AnyRate]
    parser_classes: Any = [JSONParser]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AlwaysFirst
    pagination_class: Any = Pages
    filter_backends: Any = []
    metadata_class = None
    schema = ApiSchema()

    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer

    def perform_authentication(self, request: Request) -> None:
        """Sign the caller in and speak their language, unless the request asks for another."""
        super().perform_authentication(request)
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES) and "Accept-Language" not in request.headers:
            translation.activate(language)

    @cached_property
    def at(self) -> datetime:
        return now()

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)  # IsAuthenticated let nobody else in
        return self.request.user

    @cached_property
    def who(self) -> Actor:
        """Return the caller with the roles of this moment (2 queries, once)."""
        return Actor.of(self.user, self.at)

    def case(self, number: str) -> Case:
        """Return the case with its kind's fields, or 404 where the caller may not see it."""
        found = get_object_or_404(Case.objects.visible_to(self.who), number=number)
        return found.concrete()

    def paged(
        self, rows: QuerySet[Any], serializer: type[BaseSerializer[Any]], **context: Any
    ) -> Response:
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(serializer(page, many=True, context=context).data)

    @property
    def wants_all(self) -> bool:
        """Tell whether the caller prefers the whole case as the answer to an action."""
        return "return=representation" in self.request.headers.get("Prefer", "")

    def rendered(self, status: int) -> Render:
        """Return what makes the answer to an action: status, and the case as its body."""

        def render(answer: Answer) -> dict[str, Any]:
            flow = answer.flow
            shown = whole_case(flow) if self.wants_all else receipt(flow)
            return {"status": status, "body": JSONRenderer().render(shown).decode()}

        return render

    def answered(self, answer: Answer, status: int) -> HttpResponse:
        """Answer with the case; to a key seen before, with what was answered then."""
        kept = answer.kept or self.rendered(status)(answer)
        response = HttpResponse(kept["body"], "application/json", kept["status"])
        if kept["status"] == 201:
            response["Location"] = reverse("api:case", args=[answer.case.number])
        if self.wants_all:
            response["Preference-Applied"] = "return=representation"
        return response


class Nowhere(Endpoint):
    """Every other address below the API, so that a 404 has the shape of all refusals."""

    schema = None  # type: ignore[assignment]  # not part of the contract

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
