"""Metrics page: show request and shop metrics to Prometheus."""

import os
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from storefront.ops.metrics.shop import ShopCollector


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Show all metrics in Prometheus' text format.

    The scraper sends ``METRICS_TOKEN`` as bearer token. Without that setting the page exists only
    on a local shop; elsewhere the answer is 404.
    """
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    is_allowed = (
        secrets.compare_digest(sent.encode(), wanted.encode())
        if wanted
        else settings.ENVIRONMENT == "local"
    )
    if not is_allowed:
        return HttpResponseNotFound()
    of_shop = CollectorRegistry()
    of_shop.register(ShopCollector())
    return HttpResponse(
        generate_latest(_of_requests()) + generate_latest(of_shop),
        content_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )


def _of_requests() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
