"""Everything read from the environment; README.md explains each variable."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from environs import EnvError, EnvValidationError, FileAwareEnv, ValidationError

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class Reader(FileAwareEnv):
    """Read variables; `NAME_FILE` names a file that holds the value, an empty one is not set."""

    def _get_value(self, env_key: str, default: Any) -> Any:
        if os.environ.get(env_key) and os.environ.get(f"{env_key}_FILE"):
            raise EnvError(f"{env_key} and {env_key}_FILE are both set; set one of them.")
        value = super()._get_value(env_key, default)
        return default if value == "" else value


def _one_of(*allowed: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in allowed:
            raise ValidationError(f"must be one of {', '.join(allowed)}, not {value!r}.")

    return check


def _between(least: int, most: int) -> Callable[[int], None]:
    def check(value: int) -> None:
        if not least <= value <= most:
            raise ValidationError(f"must be a number from {least} to {most}, not {value}.")

    return check


def _web_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValidationError(
            f"must begin with http:// or https:// and name a host, not {value!r}."
        )


def _web_address_or_nothing(value: str) -> None:
    if value:
        _web_address(value)


def _each(check: Callable[[str], None]) -> Callable[[list[str]], None]:
    def check_all(values: list[str]) -> None:
        for value in values:
            check(value)

    return check_all


def _time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"must be a time zone such as Asia/Shanghai, not {value!r}.")


def _importable(value: str) -> None:
    if find_spec(value.partition(".")[0]) is None:
        raise ValidationError(f"names {value!r}, and no such package can be imported.")


def _network(value: str) -> None:
    try:
        ip_network(value)
    except ValueError:
        raise ValidationError(f"must name networks such as 10.0.0.0/8, not {value!r}.") from None


def _redis(value: str) -> None:
    if value and urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
        raise ValidationError("must begin with redis://, rediss:// or unix://.")


class Environment:
    """The environment, read once and checked; settings.py turns it into Django's settings."""

    def __init__(self) -> None:
        env = Reader(eager=True, strip_whitespace=True)
        self.debug: bool = env.bool("DEBUG", False)
        self.var_dir = Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).absolute()
        self.static_root = Path(env.str("STATIC_ROOT", str(self.var_dir / "static")))
        self._read_addresses(env)
        self._read_servers(env)
        self._read_mail(env)
        self._read_company_sign_in(env)
        self.language_code: str = env.str("LANGUAGE_CODE", "en", validate=_one_of("en", "zh-hans"))
        self.time_zone: str = env.str("TIME_ZONE", "Asia/Shanghai", validate=_time_zone)
        self.log_level: str = env.str("LOG_LEVEL", "INFO", validate=_one_of(*LOG_LEVELS))
        self.extra_apps: list[str] = env.list("EXTRA_APPS", [], validate=_each(_importable))
        self.attachment_max_mb: int = env.int("ATTACHMENT_MAX_MB", 25, validate=_between(1, 1024))
        self.metrics_token: str = env.str("METRICS_TOKEN", "")
        self.secret_key: str = env.str("SECRET_KEY", "") or self._kept_secret_key()

    def _read_addresses(self, env: Reader) -> None:
        self.host: str = env.str("HOST", "127.0.0.1")
        self.port: int = env.int("PORT", 8000, validate=_between(1, 65535))
        self.web_workers: int = env.int("WEB_WORKERS", 1, validate=_between(1, 64))
        self.web_threads: int = env.int("WEB_THREADS", 8, validate=_between(1, 64))
        self.https: bool = env.bool("HTTPS", False)
        proxies = 1 if self.https else 0
        self.trusted_proxies: int = env.int("TRUSTED_PROXIES", proxies, validate=_between(0, 9))
        site_url = f"http://127.0.0.1:{self.port}"
        self.site_url: str = env.str("SITE_URL", site_url, validate=_web_address).rstrip("/")
        site = urlsplit(self.site_url)
        hosts = [*LOCAL_HOSTS, site.hostname or ""]
        self.allowed_hosts: list[str] = env.list("ALLOWED_HOSTS", hosts)
        origins = [f"{site.scheme}://{site.netloc}"]
        self.csrf_trusted_origins: list[str] = env.list(
            "CSRF_TRUSTED_ORIGINS", origins, validate=_each(_web_address)
        )

    def _read_servers(self, env: Reader) -> None:
        sqlite = f"sqlite:///{self.var_dir / 'opsgate.sqlite3'}"
        self.database: dict[str, Any] = dict(env.dj_db_url("DATABASE_URL", sqlite))
        if self.database["ENGINE"] not in ENGINES:
            raise EnvError("DATABASE_URL must begin with sqlite:/// or postgres://.")
        self.is_sqlite = self.database["ENGINE"].endswith("sqlite3")
        self.statement_timeout: int = env.int(
            "STATEMENT_TIMEOUT_SECONDS", 30, validate=_between(0, 86400)
        )
        self.prepared_statements: bool = env.bool("PREPARED_STATEMENTS", True)
        self.webhook_allowed_networks: list[str] = env.list(
            "WEBHOOK_ALLOWED_NETWORKS", [], validate=_each(_network)
        )
        self.chats: dict[str, str] = {
            "wecom": env.str("WECOM_URL", "https://qyapi.weixin.qq.com", validate=_web_address),
            "dingtalk": env.str("DINGTALK_URL", "https://oapi.dingtalk.com", validate=_web_address),
            "feishu": env.str("FEISHU_URL", "https://open.feishu.cn", validate=_web_address),
        }
        self.redis_url: str = env.str("REDIS_URL", "", validate=_redis)

    def _read_mail(self, env: Reader) -> None:
        self.email_host: str = env.str("EMAIL_HOST", "")
        self.email_port: int = env.int("EMAIL_PORT", 587, validate=_between(1, 65535))
        self.email_user: str = env.str("EMAIL_HOST_USER", "")
        self.email_password: str = env.str("EMAIL_HOST_PASSWORD", "")
        self.email_security: str = env.str(
            "EMAIL_SECURITY", "starttls", validate=_one_of("starttls", "tls", "none")
        )
        self.default_from_email: str = env.str("DEFAULT_FROM_EMAIL", "opsgate@localhost")

    def _read_company_sign_in(self, env: Reader) -> None:
        issuer: str = env.str("OIDC_ISSUER", "", validate=_web_address_or_nothing)
        self.oidc_issuer = issuer.rstrip("/")
        self.oidc_client_id: str = env.str("OIDC_CLIENT_ID", "")
        self.oidc_client_secret: str = env.str("OIDC_CLIENT_SECRET", "")
        self.oidc_name: str = env.str("OIDC_NAME", "")
        self.oidc_trust_usernames: bool = env.bool("OIDC_TRUST_USERNAMES", False)
        self.oidc_new_people: bool = env.bool("OIDC_NEW_PEOPLE", False)
        needed = {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_CLIENT_ID": self.oidc_client_id,
            "OIDC_CLIENT_SECRET": self.oidc_client_secret,
        }
        missing = [name for name, value in needed.items() if not value]
        if missing and len(missing) < len(needed):
            raise EnvError(
                f"the company account needs {', '.join(missing)} as well; "
                "set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET, or none of them."
            )

    def _kept_secret_key(self) -> str:
        """Return the key kept in VAR_DIR/secret_key, made at the first start, for SQLite only."""
        if not self.is_sqlite and not self.debug:
            raise EnvError("SECRET_KEY must be set when DATABASE_URL names a PostgreSQL server.")
        path = self.var_dir / "secret_key"
        try:
            self.var_dir.mkdir(parents=True, exist_ok=True)
            return path.read_text() if path.exists() else _new_secret(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise EnvError(
                f"The folder {self.var_dir} cannot be used ({reason}); "
                "make it writable or name another one in VAR_DIR."
            ) from error


def _new_secret(path: Path) -> str:
    """Keep a new secret at `path`, readable by the owner alone; the first of two starters wins."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(draft, path)  # unlike a rename, refuses to replace what another process wrote
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()


def read_environment() -> Environment:
    """Read the environment, or end the process with one sentence that names the variable."""
    try:
        return Environment()
    except (EnvError, ValueError) as refusal:
        raise SystemExit(f"Opsgate cannot start: {_sentence(refusal)}") from None


def _sentence(refusal: Exception) -> str:
    """Turn `Environment variable "PORT" invalid: ['must …']` into `PORT must …`."""
    if isinstance(refusal, EnvValidationError) and isinstance(refusal.error_messages, list):
        name = str(refusal).split('"')[1]
        said = " ".join(refusal.error_messages).replace("Not a valid", "is not a valid")
        return f"{name} {said}"
    return str(refusal)
