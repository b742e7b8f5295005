"""Tracking URLs: build the link to a carrier's tracking page, check links of suppliers. Pure.

Source: the carriers' public tracking pages.
"""

import ipaddress
import re
from urllib.parse import quote, urlsplit

from shipping.carriers.registry import GENERIC_TRACKING_URL, find_carrier

MAX_URL_LENGTH = 300
HTTPS_PORT = 443
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid", ".home")
# URL parsers disagree about backslashes, spaces and control characters.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f<>\"']")


def tracking_url(carrier: str, number: str, *, offered: str = "") -> str:
    """Return the https tracking page of a parcel.

    A known carrier's page comes first, then the URL offered by the supplier if it is safe to show
    to customers, then a page that covers many carriers.
    """
    known = find_carrier(carrier, number)
    if known is None and is_safe_url(offered):
        return offered
    page = known.page if known else GENERIC_TRACKING_URL
    return page.format(number=quote(number, safe=""))


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
