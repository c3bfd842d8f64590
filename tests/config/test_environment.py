"""What is read from the environment: right values arrive, wrong ones end with one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import BASE_DIR, read_environment

NAMES = sorted(
    set(
        re.findall(
            r'env\.\w+\(\s*"([A-Z_]+)"', (BASE_DIR / "config" / "environment.py").read_text()
        )
    )
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))


def refusal() -> str:
    with pytest.raises(SystemExit) as refused:
        read_environment()
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEBUG", "maybe", "DEBUG is not a valid boolean."),
        ("HTTPS", "2", "HTTPS is not a valid boolean."),
        ("PORT", "http", "PORT is not a valid integer."),
        ("PORT", "70000", "PORT must be a number from 1 to 65535, not 70000."),
        ("ATTACHMENT_MAX_MB", "0", "ATTACHMENT_MAX_MB must be a number from 1 to 1024, not 0."),
        ("TIME_ZONE", "Mars", "TIME_ZONE must be a time zone such as Asia/Shanghai, not 'Mars'."),
        ("LANGUAGE_CODE", "fr", "LANGUAGE_CODE must be one of en, zh-hans, not 'fr'."),
        ("DATABASE_URL", "mysql://a/b", "DATABASE_URL must begin with sqlite:/// or postgres://."),
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not a valid database URL."),
        ("REDIS_URL", "http://a", "REDIS_URL must begin with redis://, rediss:// or unix://."),
        ("EMAIL_SECURITY", "ssl", "EMAIL_SECURITY must be one of starttls, tls, none, not 'ssl'."),
        (
            "CSRF_TRUSTED_ORIGINS",
            "https://a.example,b.example",
            "CSRF_TRUSTED_ORIGINS must begin with http:// or https:// and name a host, "
            "not 'b.example'.",
        ),
        (
            "EXTRA_APPS",
            "no_such_package",
            "EXTRA_APPS names 'no_such_package', and no such package can be imported.",
        ),
        (
            "SECRET_KEY_FILE",
            "/no/file",
            "The value of SECRET_KEY_FILE must be a readable file path.",
        ),
    ],
)
def test_wrong_value_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    assert refusal() == f"Opsgate cannot start: {sentence}"


def test_refusal_shows_no_traceback() -> None:
    started = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=BASE_DIR,
        env={**os.environ, "PORT": "none", "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 1
    assert started.stderr == "Opsgate cannot start: PORT is not a valid integer.\n"


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("DATABASE_URL", "")
    env = read_environment()
    assert (env.port, env.is_sqlite) == (8000, True)


def test_secret_is_read_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from the file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert read_environment().secret_key == "from the file"


def test_secret_and_its_file_together_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("from the file")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SECRET_KEY", "from the variable")
    assert "SECRET_KEY and SECRET_KEY_FILE are both set" in refusal()


def test_sqlite_keeps_the_secret_it_made_to_the_owner(tmp_path: Path) -> None:
    first, second = read_environment().secret_key, read_environment().secret_key
    kept = tmp_path / "var" / "secret_key"
    assert first == second == kept.read_text()
    assert len(first) > 80
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


def test_postgresql_demands_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://opsgate@db/opsgate")
    assert "SECRET_KEY must be set" in refusal()


def test_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAR_DIR", "/proc/opsgate")
    assert refusal().startswith("Opsgate cannot start: The folder /proc/opsgate cannot be used")


def test_site_address_decides_hosts_and_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://ops.example.com:8443/")
    env = read_environment()
    assert env.site_url == "https://ops.example.com:8443"
    assert "ops.example.com" in env.allowed_hosts
    assert env.csrf_trusted_origins == ["https://ops.example.com:8443"]


def test_every_variable_is_in_the_configuration_table() -> None:
    table = (BASE_DIR / "README.md").read_text()
    documented = re.findall(r"^\| `([A-Z_]+)` \|.*\|.*\|$", table, flags=re.MULTILINE)
    assert sorted(documented) == NAMES
