"""Page cache: store whole pages that are equal for all visitors, serve them without SQL.

The key contains the market, the path (with the language), the filters of the query string, whether
htmx wants only a part, the country and the theme. It also contains the hour, since cut-off times
pass and days begin. A page is valid until a card changes, and is not stored while lists may lack the
last change. It contains no personal data: it sets no cookie and reads no cart.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis.exceptions import RedisError

from catalog.markets.middleware import request_market
from catalog.search import card_index, filters
from catalog.search.index import VERSION_KEY
from storefront.web.core import visit_counts
from storefront.web.core.visit import theme_of, wanted_country

log = logging.getLogger(__name__)

type View = Callable[..., HttpResponse]

# Parameters other than filters that change a page. All others (a campaign, a click id) are ignored.
EXTRA_PARAMETERS = frozenset({"v", "light", "listing"})
MAX_QUERY = 400  # longer queries are not worth caching
REDIS_PAUSE_S = 5.0  # pause after a Redis error


class PageCacheMiddleware:
    """Serves pages from the cache before other middleware, and stores pages of marked views.

    Counts both, as far as the view marked them (``visit_counts``).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._paused_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._respond(request)
        if request.method == "GET":
            visit_counts.count_page(request, response)
        return response

    def _respond(self, request: HttpRequest) -> HttpResponse:
        key = page_key(request) if settings.PAGE_CACHE_S and request.method == "GET" else ""
        if not key or time.monotonic() < self._paused_until:
            return self.get_response(request)
        try:
            cached = cache.get_many([VERSION_KEY, key])
        except (RedisError, OSError):
            self._pause("read")
            return self.get_response(request)
        generation = cached.get(VERSION_KEY, 0)
        if key in cached and cached[key][0] == generation:
            _generation, body, headers, counts_as = cached[key]
            return visit_counts.mark(HttpResponse(body, headers=headers), counts_as)
        began_at_ns = time.time_ns()
        response = self.get_response(request)
        if is_cacheable(response) and not _may_be_outdated(generation, began_at_ns):
            counts_as = visit_counts.mark_of(response)
            page = (generation, response.content, dict(response.headers), counts_as)
            try:
                cache.set(key, page, settings.PAGE_CACHE_S)
            except (RedisError, OSError):
                self._pause("write")
        return response

    def _pause(self, action: str) -> None:
        self._paused_until = time.monotonic() + REDIS_PAUSE_S
        log.warning(
            "page cache: Redis is unavailable, could not %s; pages are rendered without the cache",
            action,
        )


def _may_be_outdated(generation: int, now_ns: int) -> bool:
    """Return whether cards changed so recently that a list may not show the change yet."""
    return now_ns - generation < (card_index.REFRESH_AFTER_S + 1) * 1_000_000_000


def cache_page(view: View) -> View:
    """Mark a view whose pages are equal for all requests with the same key."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.is_same_for_all = True  # type: ignore[attr-defined]
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers.setdefault("Vary", "Cookie, HX-Request")
        return response

    return marked


def page_key(request: HttpRequest) -> str:
    """Return the cache key of a page, or "" if it is not worth caching."""
    query = cache_query(request)
    if len(query) > MAX_QUERY:
        return ""
    part = request.headers.get("HX-Request-Type", "") if "HX-Request" in request.headers else ""
    hour = f"{timezone.now():%d %H}"
    market = request_market(request)
    varies_by = (wanted_country(request), theme_of(request), hour, market.code if market else "")
    name = "\n".join((request.path_info, query, part, *varies_by))
    return f"page:{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"


def cache_query(request: HttpRequest) -> str:
    """Return the parameters that may change a page, sorted; a page may contain no others."""
    known = filters.parameter_names() | EXTRA_PARAMETERS
    pairs = sorted(
        (name, value)
        for name, values in request.GET.lists()
        if name in known or filters.is_custom(name)
        for value in values
    )
    return urlencode(pairs)


def is_cacheable(response: HttpResponse) -> bool:
    return (
        getattr(response, "is_same_for_all", False)
        and response.status_code == 200  # noqa: PLR2004 - HTTP
        and not response.cookies
    )
