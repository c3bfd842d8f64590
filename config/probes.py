"""What machines ask the web process: is it up, is it ready, how is it doing."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_prometheus.exports import ExportToDjangoView

from workflows.metrics import exposition


class ProbeMiddleware:
    """Answer /healthz, /readyz and /metrics without login, host check, session or redirect."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200: the process is up. Asks nobody else, so a dead database restarts nothing."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when the database answers and has every migration, else 503 with the reason."""
    reason = _reason_not_ready()
    return HttpResponse(
        f"{reason or 'ready'}\n", content_type="text/plain", status=503 if reason else 200
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus: to who sends METRICS_TOKEN, or without one to this machine alone."""
    if not _may_read_metrics(request):
        return HttpResponse("forbidden\n", content_type="text/plain", status=403)
    response: HttpResponse = ExportToDjangoView(request)
    response.content += exposition()
    return response


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from, past as many proxies as TRUSTED_PROXIES says.

    Each proxy appends who called it to X-Forwarded-For; what stands further left was written
    by the client and proves nothing.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    proxies: int = settings.TRUSTED_PROXIES
    if 0 < proxies <= len(forwarded) and (address := forwarded[-proxies].strip()):
        return address
    remote: str = request.META.get("REMOTE_ADDR", "")
    return remote


def _reason_not_ready() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return None if _has_every_migration() else "migrations are missing"
    except DatabaseError:
        return "the database does not answer"


def _has_every_migration() -> bool:
    return _newest_migrations() <= set(MigrationRecorder(connection).applied_migrations())


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    """Return the last migration of each app; they change only with the code."""
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    try:
        return ip_address(client_address(request)).is_loopback
    except ValueError:
        return False
