"""The settings of the product, as the tests run them."""

import os
import tempfile

os.environ.setdefault(
    "SECRET_KEY", "a key that only the tests of the product ever see, and nobody else"
)
os.environ.setdefault("VAR_DIR", os.path.join(tempfile.gettempdir(), "opsgate-tests"))

from config.settings import *  # noqa: F403 - all of them

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; nothing to protect
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    # collectstatic is not run before tests
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # finds files without STATIC_ROOT
