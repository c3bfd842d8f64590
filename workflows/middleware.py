"""Around every page: the reader's language, and refusals said as pages."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from people.models import User
from workflows import error_pages
from workflows.refusals import Refusal

View = Callable[[HttpRequest], HttpResponse]


class ProfileLanguageMiddleware:
    """Speak the language a person chose once, on every machine they log in from."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.language in dict(settings.LANGUAGES):
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class RefusalMiddleware:
    """Turn what the door refuses on a page into a page with its status and sentence."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 405 and not response.content:  # Django leaves it blank
            return error_pages.wrong_method(response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        template = {404: "404.html", 403: "403.html"}.get(exception.status, "409.html")
        context = {"sentence": exception.sentence, "exception": exception.sentence}
        return render(request, template, context, status=exception.status)


class BodyLimitMiddleware:
    """Answer 413 to a body above REQUEST_MAX_BYTES before a byte of it is kept on disk."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if re.fullmatch("[0-9]{1,18}", length) and int(length) <= settings.REQUEST_MAX_BYTES:
            return self.get_response(request)
        return error_pages.too_large(request)


class PrivateMiddleware:
    """Keep what one person is shown out of shared caches, and out of pages of other sites."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-cache")  # going back keeps what was typed
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NoNulMiddleware:
    """Answer 400 to addresses and forms with a NUL character, which no text has (PostgreSQL).

    And to forms with files that are not in UTF-8; the others Django refuses itself.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8").lower()
        if request.content_type == "multipart/form-data" and charset not in ("utf-8", "utf8"):
            raise BadRequest("not UTF-8")
        if "\x00" in request.path or (not request.path.startswith("/api/") and self._sent(request)):
            raise BadRequest("NUL")
        return self.get_response(request)

    def _sent(self, request: HttpRequest) -> bool:
        """Tell whether a field of a page carries one; the API answers for its own fields."""
        return any(
            "\x00" in one
            for data in (request.GET, request.POST)
            for name in data
            for one in data.getlist(name)
        )
