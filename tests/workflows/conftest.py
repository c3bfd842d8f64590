"""Fixtures of the engine's tests."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from workflows import addresses, webhooks
from workflows.models import Webhook

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Return a check of a text against the file kept for it; UPDATE_GOLDEN=1 writes the file."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.exists(), f"{name} is missing: UPDATE_GOLDEN=1 writes it"
        assert file.read_text(encoding="utf-8") == text

    return check


# -- webhooks ------------------------------------------------------------------------------------
@pytest.fixture
def fresh_memory():
    """Remember no absence of webhooks from the test before."""
    webhooks.forget_absence()
    yield
    webhooks.forget_absence()


@pytest.fixture
def make_webhook(world, fresh_memory):
    def make(**values):
        given = {"name": "Monitoring", "address": "https://public.example/hook", **values}
        return Webhook.objects.create(owner=world["service_manager"], **given)

    return make


@pytest.fixture
def resolver(monkeypatch):
    """Answer for names as a resolver would; `names` may be changed, `asked` says who was."""
    names: dict[str, list[str]] = {
        "public.example": ["93.184.216.34"],
        "localhost": ["127.0.0.1", "::1"],
    }
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host, port, *args, **kwargs):
        asked.append(host)
        if host in names:
            if not names[host]:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in names[host]]
        return real(host, port, *args, flags=socket.AI_NUMERICHOST, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    answer.names, answer.asked = names, asked
    return answer


@pytest.fixture
def allowed(settings):
    def allow(*networks):
        settings.WEBHOOK_ALLOWED_NETWORKS = [addresses.ip_network(one) for one in networks]

    allow("127.0.0.1/32")
    return allow
