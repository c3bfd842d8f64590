"""The yardstick: a plain Django view that takes JSON, does one INSERT, and answers JSON."""

from __future__ import annotations

import json

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.bench.models import Line


@csrf_exempt
def write(request: HttpRequest) -> JsonResponse:
    line = Line.objects.create(text=json.loads(request.body)["text"])
    return JsonResponse({"id": line.pk, "text": line.text, "at": line.at}, status=201)


urlpatterns = [path("", write)]
