"""API throttles: limit reads, changes and batches; refuse nothing while Redis is down."""

import logging

from redis.exceptions import RedisError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from storefront.api.core import api_keys
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

    def get_cache_key(self, request: Request, view: APIView) -> str:  # noqa: ARG002 - DRF's shape
        # Parsed as ``authenticate`` does, so that another spelling is not another key.
        return f"api:{self.scope}:{api_keys.digest_of(api_keys.bearer_token(request))}"


class ChangeThrottle(NetworkThrottle):
    scope = "change"
    rate = "240/min"
    is_for_reads = False
