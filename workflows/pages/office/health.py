"""How the house is doing: the figures of monitoring, in words."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from workflows import health, metrics
from workflows.pages import Request
from workflows.pages.office import office_page


@office_page("workflows.view_beat", methods=["GET", "HEAD"])
def show_health(request: Request) -> HttpResponse:
    at = timezone.now()
    found = metrics.measure(at)
    checks = health.checks(found, at)
    order = [health.BAD, health.CARE, health.GOOD]
    worst = min((check.level for check in checks), key=order.index)
    context = {"figures": found, "checks": checks, "worst": worst, "now": at,
               "worst_word": health.WORDS[worst]}  # fmt: skip
    return render(request, "office/health.html", context)
