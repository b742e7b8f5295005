"""Market of a request: find it by host and path, strip its path, keep its pages in its languages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import split_domain_port
from django.urls import get_script_prefix, set_script_prefix
from django.utils.cache import patch_vary_headers
from django.utils.encoding import escape_uri_path
from django.utils.translation.trans_real import parse_accept_lang_header

from catalog.markets.registry import Market, find_market

LANGUAGES = frozenset(code for code, _ in settings.LANGUAGES)
# First parts of the paths that a market with a path has; all others belong to the whole site.
OWN_PATHS = LANGUAGES | {"", "api", "sitemap.xml"}


class MarketMiddleware:
    """Finds the market of a request, before the page cache, whose key contains it.

    A market's path works as Django's script name: views see the rest of the path, and ``reverse``
    prepends it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        market = find_market(host=_host(request), path=request.path_info)
        request.market = market  # type: ignore[attr-defined]
        if market is None:
            return self.get_response(request)
        if market.path:
            rest = request.path_info[len(market.prefix) :]
            if rest.partition("/")[0] not in OWN_PATHS:
                return self.get_response(request)  # no page has this path
            request.path_info = f"/{rest}"
        if other := _other_path(request, market):
            return other
        with script_prefix(market.prefix):
            return self.get_response(request)


def request_market(request: HttpRequest) -> Market | None:
    """Return the market that the middleware found, else the main one; None if the shop has none."""
    found: Market | None = getattr(request, "market", None)
    return found or find_market(host="", path="")


@contextmanager
def script_prefix(prefix: str) -> Iterator[None]:
    """Let ``reverse`` prepend a path; "/" for pages of the whole site, such as those of staff."""
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


def _host(request: HttpRequest) -> str:
    try:
        return split_domain_port(request.get_host())[0]
    except DisallowedHost:  # answered later with 400
        return ""


def _other_path(request: HttpRequest, market: Market) -> HttpResponse | None:
    """Redirect from the root, and from a language that the market does not offer."""
    first, _slash, rest = request.path_info[1:].partition("/")
    if not first:
        if rest:
            return None
        response = HttpResponseRedirect(f"{market.prefix}{_preferred(request, market)}/")
        patch_vary_headers(response, ["Accept-Language"])
        return response
    if first not in LANGUAGES or first in market.languages:
        return None
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    return HttpResponseRedirect(
        f"{market.prefix}{market.languages[0]}/{escape_uri_path(rest)}{query}"
    )


def _preferred(request: HttpRequest, market: Market) -> str:
    accepted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    bases = (code.partition("-")[0] for code, _quality in accepted)
    return next((code for code in bases if code in market.languages), market.languages[0])
