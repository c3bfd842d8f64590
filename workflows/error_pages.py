"""What is answered where no view could: a page, or below the API the shape of its refusals."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults
from django_guid import get_guid

from workflows.api import errors

logger = logging.getLogger(__name__)

LAST_RESORT = """<!DOCTYPE html>
<html lang="zh-Hans"><meta charset="utf-8"><title>Opsgate</title>
<h1>运维关口 Opsgate</h1>
<p>系统暂时无法使用，错误已记录，请稍后重试。编号：{0}</p>
<p lang="en">Opsgate cannot be used at the moment. The error has been recorded; please try again
in a minute. Reference: {0}</p></html>
"""
"""What is left to say where not even a template can be rendered."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return errors.plain(exception) if _is_api(request) else bare_page("400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _is_api(request):
        return errors.plain(exception)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return (
        errors.plain(exception) if _is_api(request) else defaults.page_not_found(request, exception)
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Say so with the id of the request, under which the log has what happened."""
    if _is_api(request):
        return errors.plain(None)
    reference = get_guid() or ""
    try:
        return bare_page("500.html", 500, reference=reference)
    except Exception:
        logger.exception("The page that tells of an error cannot be shown either")
        return HttpResponse(LAST_RESORT.format(reference), status=500)


def too_large(request: HttpRequest) -> HttpResponse:
    return errors.plain(RequestDataTooBig()) if _is_api(request) else bare_page("400.html", 413)


def wrong_method(refusal: HttpResponse) -> HttpResponse:
    """Return the refusal, which says nothing, with a sentence."""
    page = bare_page("405.html", 405)
    page["Allow"] = refusal["Allow"]
    return page


def bare_page(template: str, status: int, **context: str) -> HttpResponse:
    """Render without the shell, which asks who reads: that may not be known, or be what fails."""
    return HttpResponse(loader.render_to_string(template, context), status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
