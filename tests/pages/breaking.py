"""Addresses with one that breaks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def break_down(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("as if something were wrong")


urlpatterns = [*urlpatterns, path("breaks/", break_down)]
