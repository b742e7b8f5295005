"""Proxy check: detect that all visitors seem to share the address of one proxy.

Sign-in limits and rate limits count by the visitor's address. If TRUSTED_PROXIES does not fit the
proxies in front of the shop, all visitors share one address, and a few of them block everyone.
"""

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from storefront.lib.security.client_ip import client_address

HEALTH_CHECKS = ("/healthz", "/readyz", "/metrics")  # these really come from private addresses
MIN_RUN = 200  # requests in a row
RECORD_TTL_S = 3600
_KEY = "proxy-check:address"


class ProxyCheckMiddleware:
    """Counts proxied requests in a row from a private address, per process, without a query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._address = ""
        self._count = 0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in HEALTH_CHECKS and (
            "X-Forwarded-For" in request.headers or "X-Forwarded-Proto" in request.headers
        ):
            self._count_run(client_address(request))
        return self.get_response(request)

    def _count_run(self, address: str) -> None:
        self._count = self._count + 1 if address == self._address else 1
        self._address = address
        if self._count % MIN_RUN == 0 and _is_private(address):
            with suppress(RedisError, OSError):
                cache.set(_KEY, address, RECORD_TTL_S)


def shared_address() -> str:
    """Return the private address that all visitors seemed to share within the last hour, or ""."""
    try:
        return str(cache.get(_KEY, ""))
    except (RedisError, OSError):
        return ""


def _is_private(address: str) -> bool:
    try:
        return ip_address(address).is_private
    except ValueError:
        return False
