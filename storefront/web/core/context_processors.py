"""Context processors: give templates the visit, language links, theme and clock."""

from typing import Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.encoding import escape_uri_path

from catalog.markets.middleware import request_market
from storefront.web.core import market_links
from storefront.web.core.page_cache import cache_query
from storefront.web.core.visit import count_cookie, theme_of, unpaid_cookie, visit

LANGUAGE_NAMES = dict(settings.LANGUAGES)


def _query(request: HttpRequest) -> str:
    """Return the query of a page with known parameters only: cached pages contain it."""
    try:
        query = cache_query(request)
    except TooManyFieldsSent:  # the error page of this request has language links too
        return ""
    return f"?{query}" if query else ""


def shop(request: HttpRequest) -> dict[str, Any]:
    """Return the context of all templates; the shop is loaded lazily."""
    here = visit(request)
    market = request_market(request)
    codes = market.languages if market else LANGUAGE_NAMES
    prefix, query = get_script_prefix(), _query(request)
    path = escape_uri_path(request.path)
    return {
        "visit": here,
        "language": here.language,
        "theme": theme_of(request),
        "languages": [
            {
                "code": code,
                "name": name,
                "path": market_links.in_language(path, code, prefix=prefix) + query,
            }
            for code, name in settings.LANGUAGES
            if code in codes
        ],
        "markets": market_links.other_markets(request, market),
        "alternates": lambda: market_links.alternates(request, market, query),
        "public_url": market.origin if market else settings.PUBLIC_URL,
        "cart_count_cookie": count_cookie(request),
        "unpaid_cookie": unpaid_cookie(request),
        "path": request.path,
        "viewed_customer": getattr(request, "viewed_customer", None),
        "now": timezone.now(),
        "is_local": not settings.IS_PRODUCTION,
    }
