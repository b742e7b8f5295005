"""Bare WSGI application: serve the bare Django."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "storefront.dev.bench.harness.bare.settings"
application = get_wsgi_application()
