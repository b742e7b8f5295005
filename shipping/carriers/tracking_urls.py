"""Tracking URLs: build the link to a carrier's tracking page, check links of suppliers. Pure."""

import ipaddress
import re
from collections import defaultdict
from urllib.parse import quote, urlsplit

from shipping.carriers.registry import TRACKING_PAGES, Carrier, TrackingPage

GENERIC_TRACKING_URL = "https://t.17track.net/en#nums={number}"
MAX_URL_LENGTH = 300
HTTPS_PORT = 443
_KNOWN = frozenset("*")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid", ".home")
# URL parsers disagree about backslashes, spaces and control characters.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f<>\"']")

_PAGES: dict[str, list[TrackingPage]] = defaultdict(list)
for _page in TRACKING_PAGES:
    _PAGES[_page.carrier.code].append(_page)


def tracking_url(
    carrier: Carrier | None,
    number: str,
    *,
    country: str = "",
    language: str = "",
    offered: str = "",
) -> str:
    """Return the https tracking page of a parcel, for its country of delivery and the reader.

    The page of a certain carrier comes first, then the URL offered by the supplier if it is safe to
    show to customers, then a page that covers many carriers. A page in the reader's language comes
    before one in English, a page for the country before one for all.
    """
    pages = _PAGES.get(carrier.code, ()) if carrier else ()
    fitting = [page for page in pages if _fits(page, country, language)]
    if not fitting and is_safe_url(offered):
        return offered
    best = max(fitting, key=_precision, default=None)
    return (best.url if best else GENERIC_TRACKING_URL).format(
        number=quote(number, safe=""),
        country=country.lower(),
        COUNTRY=country,
        language=language,
    )


def _fits(page: TrackingPage, country: str, language: str) -> bool:
    return (
        not page.countries
        or country in page.countries
        or (page.countries == _KNOWN and country != "")
    ) and (not page.languages or language in page.languages)


def _precision(page: TrackingPage) -> tuple[bool, bool]:
    return bool(page.languages), bool(page.countries)


def is_safe_url(url: str) -> bool:
    """Return whether an external URL may become a link: https and a public host name."""
    if not url or len(url) > MAX_URL_LENGTH or _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").casefold()
    if parts.scheme != "https" or parts.username is not None or parts.password is not None:
        return False
    if port not in {None, HTTPS_PORT} or host.endswith(_LOCAL_ENDINGS) or _is_ip_address(host):
        return False
    return bool(_HOST.fullmatch(host))


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
