"""WSGI application: run the checks, load Django and all URLs before the first request."""

import os
from functools import partial

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from storefront import checks
from storefront.celery import publish_fast
from storefront.lib import log_format
from storefront.ops import reporting
from storefront.workers.warmup import gc_frozen, preload_pages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "storefront.settings")
checks.require_safe_settings()
with gc_frozen():
    application = reporting.start_in_web(log_format.with_request_id(get_wsgi_application()))
    publish_fast()
    get_resolver().url_patterns  # noqa: B018 - load all views before the first request
before_fork = partial(preload_pages, application)  # called by storefront.server
