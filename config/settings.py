"""Django's settings, from the environment; README.md lists every variable."""

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from django_guid.integrations import CeleryIntegration

from config import environment

django_stubs_ext.monkeypatch()  # Django itself does not take ModelAdmin[Unit]
env = environment.read_environment()
BASE_DIR = environment.BASE_DIR

DEBUG = env.debug
SECRET_KEY = env.secret_key
ALLOWED_HOSTS = env.allowed_hosts
CSRF_TRUSTED_ORIGINS = env.csrf_trusted_origins
SITE_URL = env.site_url
HOST, PORT = env.host, env.port  # where serve listens
TRUSTED_PROXIES = env.trusted_proxies
VAR_DIR = env.var_dir

# ─── What the product is made of ───
INSTALLED_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "config.apps.Administration",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.apps.StaticFiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_guid",
    "django_htmx",
    "django_prometheus",
    "viewflow",
    "auditlog",
    "axes",
    "csp",
    "people",
    "agreements",
    "workflows",
    "changes",
    "change_control",
    "projects",
    *env.extra_apps,  # process packages of the house
]

MIDDLEWARE = [
    "config.probes.ProbeMiddleware",  # first: probes carry no host name, no session, no HTTPS
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django_guid.middleware.guid_middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "workflows.middleware.PrivateMiddleware",  # static files, above, are for everybody
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "workflows.middleware.BodyLimitMiddleware",  # before anybody reads the body
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "workflows.middleware.ProfileLanguageMiddleware",
    "people.middleware.ProfileTimeZoneMiddleware",
    "workflows.middleware.NoNulMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "people.middleware.LandingMiddleware",
    "workflows.middleware.RefusalMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workflows.shell.shell",
                "people.demo_switch.see_as",
            ],
        },
    },
]
FORM_RENDERER = "config.forms.OpsgateRenderer"

# ─── Data ───
DATABASES: dict[str, dict[str, Any]] = {"default": env.database}
DATABASE_OPTIONS: dict[str, Any] = env.database.setdefault("OPTIONS", {})
if env.is_sqlite:
    DATABASE_OPTIONS |= {
        "transaction_mode": "IMMEDIATE",  # a write waits its turn instead of failing half-way
        "timeout": 20,  # seconds
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        ),
    }
else:
    env.database |= {
        "ENGINE": "rows.postgresql",
        "ATOMIC_REQUESTS": False,  # the door opens its own transaction, and keeps it short
        "CONN_MAX_AGE": 600,  # seconds
        "CONN_HEALTH_CHECKS": True,  # a restarted server costs no request
    }
    DATABASE_OPTIONS |= {
        "options": (
            f"-c statement_timeout={env.statement_timeout}s -c lock_timeout=10s"
            " -c idle_in_transaction_session_timeout=60s"
        ),
        "server_side_binding": True,
        # The third time, for what may be planned once; not where a pooler mixes sessions.
        "prepare_threshold": 3 if env.prepared_statements else None,
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if env.redis_url:
    CACHES["default"] = {
        "BACKEND": "config.cache.ForgetfulRedisCache",  # no Redis, no count of requests: no 500
        "LOCATION": env.redis_url,
    }

# ─── Who comes in ───
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "people.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # one person at one place, not everybody
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "config.probes.client_address"
AXES_LOCKOUT_CALLABLE = "people.views.locked_out"
# The second step, passkeys and the company account: django-allauth, behind pages of ours. Nobody
# signs up here, and nobody keeps e-mail addresses here: people are made in the back office.
ACCOUNT_ADAPTER = "people.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_RATE_LIMITS = {
    # Beside the lock of django-axes, which is per address: guesses from many addresses.
    "login_failed": "30/h/key",
    "reauthenticate": "20/15m/user",
}
MFA_ADAPTER = "people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "people.second_factor_forms.CodeForm",
    "reauthenticate": "people.second_factor_forms.CodeAgainForm",
    "activate_totp": "people.second_factor_forms.AppForm",
    "add_webauthn": "people.second_factor_forms.PasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Opsgate"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not env.https  # a browser itself allows only localhost then
SOCIALACCOUNT_ADAPTER = "people.adapters.CompanyAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5  # seconds
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
if env.oidc_issuer:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"] = [
        {
            "provider_id": "company",
            "name": env.oidc_name,
            "client_id": env.oidc_client_id,
            "secret": env.oidc_client_secret,
            "settings": {"server_url": env.oidc_issuer},
        }
    ]
OIDC_TRUST_USERNAMES = env.oidc_trust_usernames
OIDC_NEW_PEOPLE = env.oidc_new_people

AXES_VERBOSE = False  # its start-up banner says nothing an operator needs

# ─── What a browser may do ───
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = env.https
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True  # no script of ours reads either
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = env.https
if env.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = [
    "security.W021",  # HSTS preload lists public sites; this one lives inside a company
]

# ─── Language and time ───
LANGUAGE_CODE = env.language_code
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.time_zone
USE_TZ = True

# ─── Files ───
STATIC_URL = "static/"
STATIC_ROOT = env.static_root
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "attachments"  # outside the web root: served through the case's permission
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the days of a calendar over several years are one form
ATTACHMENT_MAX_BYTES = env.attachment_max_mb * 1024 * 1024
REQUEST_MAX_BYTES = 4 * ATTACHMENT_MAX_BYTES  # files of one form together

# ─── Mail: into files under VAR_DIR until a server is named ───
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.default_from_email
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if env.email_host:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = env.email_host, env.email_port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.email_user, env.email_password
    EMAIL_USE_TLS = env.email_security == "starttls"
    EMAIL_USE_SSL = env.email_security == "tls"
    EMAIL_TIMEOUT = 20  # seconds

# ─── Webhooks: to the public internet, and to these networks of the house ───
WEBHOOK_ALLOWED_NETWORKS = [ip_network(network) for network in env.webhook_allowed_networks]
CHATS = env.chats  # kind → where its robots are

# ─── API ───
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Opsgate",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",  # own files, no other server is asked
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# ─── Work in the background, when grown up ───
CELERY_BROKER_URL = env.redis_url or None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for ever
CELERY_TASK_IGNORE_RESULT = True  # results are rows in the database
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
# Taken is done: tasks only wake, and the next wake-up finds the same work. Acknowledged late, a
# task that outlives its connection to Redis ends the whole worker (measured with kombu 5.7).
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below holds for workers too
CELERY_TASK_SOFT_TIME_LIMIT = 240  # seconds
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # far above the longest task, else Redis hands it out twice
    "socket_timeout": 10,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SYNC_EVERY = 1  # writes its file at each task; the health check reads the file's age

# ─── What operators see ───
METRICS_TOKEN = env.metrics_token
DJANGO_GUID = {
    "GUID_HEADER_NAME": "X-Request-ID",
    "EXPOSE_HEADER": False,
    "VALIDATE_GUID": True,  # what a client sends is used only when it is a UUID
    "INTEGRATIONS": [CeleryIntegration(use_django_logging=True)],  # one id per task, too
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "django_guid.log_filters.CorrelationId"}},
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} [{correlation_id}] {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["console"], "level": env.log_level},
    "loggers": {
        "django": {"handlers": [], "propagate": True},  # once, through the root
        "django_guid": {"level": "WARNING"},
        "axes": {"level": "WARNING"},  # a lockout is news, its housekeeping is not
        # A wake-up every few seconds is no news; one that fails is, and is an error.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
