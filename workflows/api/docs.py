"""The contract, and the pages on which it can be read and tried."""

from __future__ import annotations

from collections.abc import Callable

from drf_spectacular.renderers import (
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response

from workflows.api import errors


class Schema(SpectacularAPIView):
    """JSON unless YAML is asked for; then a refusal is JSON too."""

    metadata_class = None  # OPTIONS is refused, as everywhere in the API
    renderer_classes = [OpenApiJsonRenderer2, OpenApiYamlRenderer, OpenApiYamlRenderer2]

    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI with its script at an address of its own: the policy allows none in a page."""

    metadata_class = None
    url_name = "api:schema"
    template_name = "workflows/api_docs.html"
