"""Market links: URLs of the same page in another language or another market."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils.encoding import escape_uri_path
from django.utils.translation import get_language

from catalog.markets.registry import Market, load_markets
from catalog.models import ProductCard

LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)
# Pages that each market has under the same path; a product page only if the market sells it.
SHARED_PAGES = frozenset({"home", "category", "search", "page", "contact", "product"})


class MarketLink(NamedTuple):
    """A link to a page of another market, or in another language."""

    url: str
    code: str = ""
    country: str = ""
    currency: str = ""


def in_language(path: str, code: str, *, prefix: str = "/") -> str:
    """Return the path of the same page in another language; the home page if it has none.

    Shape:  ``prefix`` is the start of all paths of the market
    """
    rest = path.removeprefix(prefix)
    language, _slash, page = rest.partition("/")
    return f"{prefix}{code}/{page if language in LANGUAGES else ''}"


def other_markets(request: HttpRequest, market: Market | None) -> list[MarketLink]:
    """Return a link to each other market: to the same page if all markets have it, else home."""
    shared = _page(request) in SHARED_PAGES - {"product"}
    return [_link(request, other, keeps_path=shared) for other in load_markets() if other != market]


def markets_with(request: HttpRequest, market: Market, *, slug: str) -> list[MarketLink]:
    """Return links to the page of a product on the other markets that sell it."""
    others = _selling([other for other in load_markets() if other != market], slug)
    return [_link(request, other, keeps_path=True) for other in others]


def alternates(request: HttpRequest, market: Market | None, query: str) -> Iterator[MarketLink]:
    """Yield the URLs of a page in all languages and markets, for search engines.

    Shape:  ``query`` with its question mark, if any; ``code`` is a language for the main market,
            such as "az"; others name the country as well, such as "az-AZ"; the last is "x-default"
    """
    if market is None:
        return
    page = _page(request)
    others = [other for other in load_markets() if other != market] if page in SHARED_PAGES else []
    if page == "product":
        others = _selling(others, _arguments(request)["slug"])
    shown = [market, *others]
    for each in shown:
        for language in each.languages:
            code = language if each.is_main else f"{language}-{each.country}"
            yield MarketLink(_url(request, each, language) + query, code)
    main = next((each for each in shown if each.is_main), market)
    yield MarketLink(_url(request, main, main.languages[0]) + query, "x-default")


def _selling(markets: Sequence[Market], slug: str) -> list[Market]:
    if not markets:
        return []
    cards = ProductCard.objects.filter(slug=slug, channel__in=[each.channel_id for each in markets])
    selling = set(cards.values_list("channel_id", flat=True))
    return [each for each in markets if each.channel_id in selling]


def _link(request: HttpRequest, market: Market, *, keeps_path: bool) -> MarketLink:
    current = get_language() or settings.LANGUAGE_CODE
    language = current if current in market.languages else market.languages[0]
    url = (
        _url(request, market, language)
        if keeps_path
        else f"{market.origin}{market.prefix}{language}/"
    )
    return MarketLink(url, country=market.country, currency=market.currency)


def _url(request: HttpRequest, market: Market, language: str) -> str:
    path = in_language(escape_uri_path(request.path_info), language)
    return f"{market.origin}{market.prefix.rstrip('/')}{path}"


def _page(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name or "") if match else ""


def _arguments(request: HttpRequest) -> dict[str, Any]:
    return request.resolver_match.kwargs if request.resolver_match else {}
