"""The settings an installation gets, asked of a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.celery import app
from config.environment import BASE_DIR

DATABASE = "settings.DATABASES['default']"


def setting(expression: str, **environment: str) -> Any:
    """Return what `expression` over Django's settings gives under `environment`."""
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import json; from django.conf import settings; print(json.dumps({expression}))",
        ],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": "",
            "SECRET_KEY": "a secret for this test alone",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(asked.stdout)


def test_sqlite_waits_its_turn_and_keeps_foreign_keys() -> None:
    options = setting(f"{DATABASE}['OPTIONS']")
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "journal_mode=WAL" in options["init_command"]
    assert "foreign_keys=ON" in options["init_command"]


def test_postgresql_has_timeouts_and_health_checks() -> None:
    database = setting(
        DATABASE,
        DATABASE_URL="postgres://u@h/n?sslmode=require",
        STATEMENT_TIMEOUT_SECONDS="7",
    )
    assert database["ATOMIC_REQUESTS"] is False
    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["OPTIONS"]["sslmode"] == "require"
    assert "statement_timeout=7s" in database["OPTIONS"]["options"]
    assert "idle_in_transaction_session_timeout=60s" in database["OPTIONS"]["options"]
    assert database["OPTIONS"]["prepare_threshold"] == 3


def test_a_pooler_gets_no_prepared_statements() -> None:
    url = "postgres://u@h/n"
    database = setting(DATABASE, DATABASE_URL=url, PREPARED_STATEMENTS="false")
    assert database["OPTIONS"]["prepare_threshold"] is None


@pytest.mark.parametrize("https", ["true", "false"])
def test_https_decides_cookies_and_redirect(https: str) -> None:
    names = ["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"]
    found = setting(f"[getattr(settings, name) for name in {names}]", HTTPS=https)
    assert found == [https == "true"] * 3


def test_celery_hands_no_task_out_twice() -> None:
    limit, visible = setting(
        "[settings.CELERY_TASK_TIME_LIMIT,"
        " settings.CELERY_BROKER_TRANSPORT_OPTIONS['visibility_timeout']]"
    )
    assert visible > 2 * limit


def test_beat_without_broker_refuses_to_start(tmp_path: Path) -> None:
    schedule = str(tmp_path / "beat")
    started = subprocess.run(
        [sys.executable, "-m", "celery", "--app", "config", "beat", "--schedule", schedule],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "REDIS_URL": "",
            "DATABASE_URL": "",
            "SECRET_KEY": "a secret for this test alone",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode == 1
    assert "Opsgate cannot start: a worker or beat needs REDIS_URL." in started.stderr
    assert "Traceback" not in started.stderr


def test_extra_apps_are_installed() -> None:
    assert setting("settings.INSTALLED_APPS", EXTRA_APPS="django.contrib.sites")[-1] == (
        "django.contrib.sites"
    )


def test_beat_wakes_every_task_of_the_engine() -> None:
    app.loader.import_default_modules()
    tasks = {name for name in app.tasks if name.startswith("workflows.tasks.")}
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == tasks
