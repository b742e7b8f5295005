"""API throttles: limit requests by network or by key; refuse nothing while Redis is down."""

import logging
import time
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from storefront.lib.security.client_ip import client_network

log = logging.getLogger(__name__)


class NetworkThrottle(SimpleRateThrottle):
    """Counts requests by the visitor's network, as reported by our proxies."""

    is_for_reads: bool

    def allow_request(self, request: Request, view: APIView) -> bool:
        if (request.method in SAFE_METHODS) is not self.is_for_reads:
            return True
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError):
            log.warning("requests are not counted: the cache is unavailable")
            return True

    def get_cache_key(self, request: Request, view: APIView) -> str:  # noqa: ARG002 - DRF's shape
        ident = client_network(request._request)  # noqa: SLF001 - DRF wraps the request
        return f"api:{self.scope}:{ident}"


class ReadThrottle(NetworkThrottle):
    scope = "read"
    rate = "600/min"
    is_for_reads = True


class BatchThrottle(NetworkThrottle):
    """Counts by API key: a batch is a thousand times the work of a change."""

    scope = "batch"
    rate = "20/min"
    is_for_reads = False

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"api:{self.scope}:{_ident(request, view)}"


class ChangeThrottle(NetworkThrottle):
    scope = "change"
    rate = "240/min"
    is_for_reads = False


class ClientThrottle(BaseThrottle):
    """Counts the requests of a key in windows of a minute; without a key, those of the network.

    Sets ``rate_limit_headers`` of the view, which sends them with every answer.
    """

    reads_per_window = 600
    changes_per_window = 240
    window_s = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        is_read = self.is_read(request)
        limit = self.reads_per_window if is_read else self.changes_per_window
        now = time.time()
        window, elapsed_s = divmod(now, self.window_s)
        self.wait_s = self.window_s - elapsed_s
        kind = "read" if is_read else "change"
        name = f"api:client:{kind}:{_ident(request, view)}:{int(window)}"
        try:
            cache.add(name, 0, timeout=self.window_s)
            count = cache.incr(name)
        except (RedisError, OSError, ValueError):
            log.warning("requests are not counted: the cache is unavailable")
            return True
        view.rate_limit_headers = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - count)),
            "RateLimit-Reset": str(max(1, round(self.wait_s))),
        }
        return count <= limit

    def is_read(self, request: Request) -> bool:
        return request.method in SAFE_METHODS

    def wait(self) -> float:
        return self.wait_s


def _ident(request: Request, view: Any) -> str:
    """Return the key of the client of a ``MerchantEndpoint``; without a key, its network."""
    client = view.found_client
    return str(client.key.pk if client else client_network(request._request))  # noqa: SLF001 - DRF wraps it
