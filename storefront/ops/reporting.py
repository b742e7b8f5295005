"""Reporting: send errors to Sentry and traces to an OpenTelemetry collector, if they are set.

The modules are imported only then: each takes memory in every process.
"""

from importlib import import_module
from typing import Any
from wsgiref.types import WSGIApplication

from django.conf import settings


def start_in_web(application: WSGIApplication) -> WSGIApplication:
    """Start reporting in this web process; return the application, traced if there is a collector."""
    _report_errors()
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        return application
    traced: WSGIApplication = import_module("storefront.ops.tracing").traced(application)
    return traced


def start_in_worker(**_: Any) -> None:
    """Start reporting in this process of a Celery worker."""
    _report_errors()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        import_module("storefront.ops.tracing").trace_tasks()


def _report_errors() -> None:
    if settings.SENTRY_DSN:
        import_module("storefront.ops.sentry").start()
