"""Bare Django settings: configure the server that the shop's pages are measured against.

It has no middleware and no apps.
"""

from storefront.settings import CACHES, DATABASES, SECRET_KEY, TIME_ZONE

__all__ = ["CACHES", "DATABASES", "SECRET_KEY", "TIME_ZONE"]

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "storefront.dev.bench.harness.bare.views"
MIDDLEWARE: list[str] = []
INSTALLED_APPS: list[str] = []
USE_TZ = True
USE_I18N = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "OPTIONS": {},
    }
]
