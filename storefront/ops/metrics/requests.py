"""Request metrics: count and time the requests of each front in all web processes.

Each process counts in a file of the folder ``PROMETHEUS_MULTIPROC_DIR``, which ``storefront.server``
creates before it forks; without it, a process knows only its own requests.
"""

import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})  # not counted
FRONTS = (
    ("admin", re.compile(re.escape(settings.STAFF_PREFIX))),
    ("api", re.compile(r"/api/")),
    ("webhooks", re.compile(r"/hooks/")),
    ("feeds", re.compile(r"/feeds/")),
    ("files", re.compile(r"/(?:static|media)/")),
    ("supplier portal", re.compile(r"/[a-z-]+/suppliers?/")),
)
SHOP = "shop"  # all other paths

REQUESTS = Counter(
    "fara_http_requests",
    "Answered requests, by front, method and status class.",
    ["front", "method", "status"],
)
DURATION = Histogram(
    "fara_http_request_duration_seconds",
    "Time until the answer began, by front.",
    ["front"],
    buckets=BUCKETS_S,
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class RequestMetricsMiddleware:
    """Counts and times each request; first in ``MIDDLEWARE``, so that cached pages count too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            return self.get_response(request)
        began = time.perf_counter()
        response = self.get_response(request)
        front = front_of(request.path_info)
        DURATION.labels(front).observe(time.perf_counter() - began)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(front, method, f"{response.status_code // 100}xx").inc()
        return response


def front_of(path: str) -> str:
    """Return the front that answers a path; a label never contains the path itself."""
    return next((front for front, pattern in FRONTS if pattern.match(path)), SHOP)
