"""Markets: find the channel of our own shop by host and path, build its public URLs.

A market is a channel that is sold on our own site. Each process keeps all markets for ten seconds,
so that a cached page needs no query.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from catalog.models import Channel

CACHE_S = 10.0
# First parts of paths that belong to the whole site; no market may have them.
RESERVED_PATHS = frozenset(
    {"admin", "api", "beam", "brand", "dev", "feeds", "guarantee", "healthz", "hooks", "media"}
    | {"metrics", "readyz", "static"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market: its channel, host, path and languages.

    Shape:  ``languages`` begins with the default language
    """

    channel_id: int
    code: str
    currency: str
    country: str
    languages: tuple[str, ...]
    host: str = ""
    path: str = ""

    @property
    def is_main(self) -> bool:
        """Return whether the market has the main address of the shop."""
        return not self.host and not self.path

    @property
    def prefix(self) -> str:
        """Return the first part of all its paths: "/" or "/az-market/"."""
        return f"/{self.path}/" if self.path else "/"

    @property
    def origin(self) -> str:
        """Return scheme and host of its pages, with the port of ``PUBLIC_URL``."""
        if not self.host:
            return settings.PUBLIC_URL
        main = urlsplit(settings.PUBLIC_URL)
        return f"{main.scheme}://{self.host}{f':{main.port}' if main.port else ''}"

    @property
    def url(self) -> str:
        """Return the start of its URLs, without the final slash."""
        return f"{self.origin}{self.prefix}".rstrip("/")


_cached: tuple[float, tuple[Market, ...]] | None = None  # expiry by the monotonic clock


def load_markets() -> Sequence[Market]:
    """Return all markets, the main one first. While the database is down, those known before."""
    global _cached  # noqa: PLW0603 - one copy per process
    if _cached is None or _cached[0] < time.monotonic():
        try:
            markets = tuple(map(_market, Channel.objects.filter(is_storefront=True)))
        except DatabaseError:
            return _cached[1] if _cached else ()
        by_address = sorted(markets, key=lambda market: (not market.is_main, market.channel_id))
        _cached = (time.monotonic() + CACHE_S, tuple(by_address))
    return _cached[1]


def find_market(*, host: str, path: str) -> Market | None:
    """Return the market of a request by its host name, without port, and path.

    The markets of a host share it by their paths. A host without markets is one of the main
    address. None: the shop has no main market.
    """
    markets = load_markets()
    here = [market for market in markets if host and market.host == host]
    here = here or [market for market in markets if not market.host]
    first = path[1:].partition("/")[0]
    by_path = {market.path: market for market in here}
    return by_path.get(first) or by_path.get("")


def market_of(channel_id: int) -> Market | None:
    """Return the market of a channel, else the main one: other platforms have no pages of ours."""
    markets = load_markets()
    own = next((market for market in markets if market.channel_id == channel_id), None)
    return own or next((market for market in markets if market.is_main), None)


def url_of(channel_id: int) -> str:
    """Return the start of the URLs for customers of a channel, without the final slash."""
    market = market_of(channel_id)
    return market.url if market else settings.PUBLIC_URL


def _market(channel: Channel) -> Market:
    offered = [code for code, _ in settings.LANGUAGES]
    chosen = [code for code in offered if code in channel.languages] or offered
    default = channel.default_language
    first = default if default in chosen else chosen[0]
    return Market(
        channel_id=channel.pk,
        code=channel.code,
        currency=channel.currency,
        country=channel.default_country,
        languages=(first, *(code for code in chosen if code != first)),
        host=channel.host,
        path=channel.path,
    )
