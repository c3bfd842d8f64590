"""The contract, and the pages on which it can be read and tried."""

from __future__ import annotations

from collections.abc import Callable

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response

from workflows.api import errors


class Schema(SpectacularAPIView):
    def get_exception_handler(self) -> Callable[..., Response]:
        return errors.answer


class Docs(SpectacularSwaggerSplitView):
    """Swagger UI with its script at an address of its own: the policy allows none in a page."""

    url_name = "api:schema"
