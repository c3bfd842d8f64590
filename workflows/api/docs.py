"""The contract, and the pages on which it can be read and tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpResponse, JsonResponse
from drf_spectacular.renderers import (
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response

from workflows.api import errors
from workflows.api.endpoint import AlwaysFirst


class Schema(SpectacularAPIView):
    """JSON unless YAML is asked for; then a refusal is JSON too."""

    metadata_class = None  # OPTIONS is refused, as everywhere in the API
    renderer_classes = [OpenApiJsonRenderer2, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI with its script at an address of its own: the policy allows none in a page.

    A page whatever `Accept` says; refused as everywhere in the API.
    """

    metadata_class = None
    content_negotiation_class = AlwaysFirst
    url_name = "api:schema"
    template_name = "workflows/api_docs.html"

    def get_exception_handler(self) -> Callable[..., HttpResponse]:
        return refused


def refused(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the refusal as JSON, though the renderer of the page is another."""
    said = errors.answer(error, context)
    return JsonResponse(said.data, status=said.status_code)
