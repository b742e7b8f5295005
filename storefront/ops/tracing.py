"""Tracing: record a span for each request, task and outbound call, without keys and addresses."""

from typing import Any
from urllib.parse import urlsplit
from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from storefront.lib.log_format import sanitized
from storefront.ops.metrics.requests import front_of

# Attributes of a request that hold a path, a query or a visitor; of these only the path is kept.
PATHS = ("http.target", "http.url", "url.path")
VISITOR = ("url.query", "net.peer.ip", "client.address", "http.user_agent", "user_agent.original")


def traced(application: WSGIApplication) -> WSGIApplication:
    """Return the application with a span for each request."""
    _start()
    wrapped: WSGIApplication = OpenTelemetryMiddleware(application, request_hook=_hide_visitor)
    return wrapped


def trace_tasks() -> None:
    """Record a span for each task of this worker process."""
    _start()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]


def _start() -> None:
    resource = Resource.create(
        {"service.name": "fara", "deployment.environment.name": settings.ENVIRONMENT}
    )
    provider = TracerProvider(resource=resource)
    endpoint = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    HTTPXClientInstrumentor().instrument(request_hook=_hide_query)


def _hide_visitor(span: trace.Span, environ: dict[str, Any]) -> None:
    path = get_path_info(environ)
    span.update_name(f"{environ.get('REQUEST_METHOD', '')} {front_of(path)}")
    span.set_attributes(dict.fromkeys(PATHS, sanitized(path)) | dict.fromkeys(VISITOR, ""))


def _hide_query(span: trace.Span, request: Any) -> None:
    url = urlsplit(str(request.url))
    shown = sanitized(f"{url.scheme}://{url.hostname}:{url.port or ''}{url.path}")
    span.set_attributes({"http.url": shown, "url.full": shown})
