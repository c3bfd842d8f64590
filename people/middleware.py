"""Around every page: the reader's time zone, and where a change of roles lands."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from people.demo_switch import LANDING
from people.models import User

View = Callable[[HttpRequest], HttpResponse]


class ProfileTimeZoneMiddleware:
    """Show and read times in the zone a person chose; those of the house where none was."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        chosen = user.time_zone if isinstance(user, User) else ""
        if chosen not in available_timezones():
            return self.get_response(request)
        with timezone.override(ZoneInfo(chosen)):
            return self.get_response(request)


class LandingMiddleware:
    """Lead somebody who just became another person of the demo world home, where the page they
    were on is not for that person."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.COOKIES.get(LANDING) and request.method == "GET":
            if response.status_code in (403, 404, 405):
                response = redirect("home")
            response.delete_cookie(LANDING)
        return response
