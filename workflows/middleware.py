"""Around every page: the reader's language, and refusals said as pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext

from people.models import User
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
        return self.get_response(request)

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
        if length.isdigit() and int(length) <= settings.REQUEST_MAX_BYTES:
            return self.get_response(request)
        if request.path.startswith("/api/"):
            sentence = gettext("This is too much at once.")
            return JsonResponse({"message": sentence, "errors": {}}, status=413)
        return render(request, "400.html", status=413)


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
    """Answer 400 to addresses and forms with a NUL character, which no text has (PostgreSQL)."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
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
