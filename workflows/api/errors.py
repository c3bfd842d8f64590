"""Every refusal in one shape: `{"message": sentence, "errors": {field: [sentences]}}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.http import Http404, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.response import Response

from workflows.refusals import BadData, Refusal

UNREADABLE = (SuspiciousOperation, BadRequest, MultiPartParserError, UnreadablePostError)

logger = logging.getLogger(__name__)


def answer(error: Exception, context: Mapping[str, Any]) -> Response:
    """Return the answer to a request that ended in `error`; what nobody expected is logged."""
    if isinstance(error, BadData):
        return problem(422, error.sentence, error.errors)
    if isinstance(error, Refusal):
        return problem(error.status, error.sentence)
    if isinstance(error, exceptions.ValidationError):
        return problem(422, _("Please correct what is marked."), by_field(error.detail))
    if isinstance(error, exceptions.APIException):
        response = problem(error.status_code, _sentence(error))
        _add_headers(response, error)
        return response
    return _of_django(error) or _unexpected(error, context)


def plain(error: Exception | None) -> JsonResponse:
    """Return the same answer where no view is there to write it; None: an error of ours."""
    said = (error and _of_django(error)) or broken()
    return JsonResponse(said.data, status=said.status_code)


def broken() -> Response:
    return problem(500, _("Something broke on our side. It was written down; please try later."))


def problem(status_code: int, message: str, errors: Mapping[str, Any] | None = None) -> Response:
    found = {field: [_writable(one) for one in said] for field, said in (errors or {}).items()}
    return Response({"message": _writable(message), "errors": found}, status=status_code)


def _writable(sentence: object) -> str:
    """Return the sentence without half characters: some sentences repeat what was sent."""
    return str(sentence).encode("utf-8", "replace").decode()


def by_field(detail: Any) -> dict[str, list[str]]:
    """Return what a serializer or filter found wrong, by field; `__all__` is for the whole."""
    if not isinstance(detail, dict):
        return {"__all__": [str(one) for one in detail]}
    return {
        "__all__" if field == "non_field_errors" else str(field): [str(one) for one in said]
        for field, said in detail.items()
    }


def _sentence(error: exceptions.APIException) -> str:
    detail = error.detail
    return str(detail) if isinstance(detail, str) else str(error.default_detail)


def _add_headers(response: Response, error: exceptions.APIException) -> None:
    """Keep what the status asks for: how to sign in, and how long to wait."""
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait) + 1)


def _of_django(error: Exception) -> Response | None:
    if isinstance(error, Http404):
        return problem(404, _("There is nothing here, or it is not yours to see."))
    if isinstance(error, PermissionDenied):
        return problem(403, _("This is not yours to do."))
    if isinstance(error, RequestDataTooBig):
        return problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, _("This is too much at once."))
    if isinstance(error, UNREADABLE):
        return problem(400, _("This request cannot be read."))
    return None


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """Tell the operators what Django would have told them, and the caller in the usual shape."""
    request = context["request"]
    logger.error("API: %s %s", request.method, request.path, exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return broken()
