"""For the web server."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from storefront import checks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
checks.insist()
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - reads all pages now, not while the first shopper waits
# What is here now stays for the life of the process: the collector need not look through it.
gc.collect()
gc.freeze()
