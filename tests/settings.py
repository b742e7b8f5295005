"""Test settings: those of the shop, with separate files and fast password hashing."""

import atexit
import shutil
import tempfile
from pathlib import Path

from storefront.settings import *  # noqa: F403
from storefront.settings import STORAGES

# One folder for each test process; ``tests.conftest`` empties it after each test.
VAR_DIR = Path(tempfile.mkdtemp(prefix="fara-tests-"))
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
MEDIA_ROOT = VAR_DIR / "media"
FEEDS_ROOT = VAR_DIR / "feeds"
PRIVATE_ROOT = VAR_DIR / "private"
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir()
MAILBOX_DIR = VAR_DIR / "mail"
STORAGES = {**STORAGES, "private": {**STORAGES["private"], "OPTIONS": {"location": PRIVATE_ROOT}}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PAGE_CACHE_S = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
PAYMENT_GATEWAY = "fake"
RATES_MAX_AGE_H = 24 * 365 * 100  # rates do not expire, unless a test sets this
# No certificates are required, unless a test sets these.
CERTIFICATES_FOR_LITHIUM: list[str] = []
CERTIFICATES_FOR_EU: list[str] = []
