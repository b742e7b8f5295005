"""Carriers: normalize carrier names and tracking numbers, build the tracking URL. Pure.

Source: the carriers' public tracking pages.
"""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

GENERIC_TRACKING_URL = "https://t.17track.net/en#nums={number}"
MAX_URL_LENGTH = 300
MAX_NAME_LENGTH = 40
MAX_NUMBER_LENGTH = 40
HTTPS_PORT = 443


class InvalidTrackingNumberError(ValueError):
    """Not a tracking number that a carrier's page would accept."""


class Carrier(NamedTuple):
    name: str
    name_pattern: str
    number_pattern: str
    page: str


# A parcel's carrier is the first whose name fits, otherwise the first whose number format fits.
CARRIERS = (
    Carrier(
        "CJPacket",
        r"cj ?packet|cjpk",
        r"CJ[A-Z]{2,4}[0-9]{8,16}[A-Z]{0,2}",
        "https://www.cjpacket.com/?trackingNumber={number}",
    ),
    Carrier(
        "YunExpress",
        r"yun ?express|yuntu",
        r"YT[0-9]{16}",
        "https://www.yuntrack.com/parcelTracking?id={number}",
    ),
    Carrier("4PX", r"4 ?px", r"4PX[0-9A-Z]{10,16}", "https://track.4px.com/#/result/0/{number}"),
    Carrier("UPS", r"\bups\b", r"1Z[0-9A-Z]{16}", "https://www.ups.com/track?tracknum={number}"),
    Carrier(
        "USPS",
        r"\busps\b|united states postal",
        r"9[2-5][0-9]{20}",
        "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    ),
    Carrier("FedEx", r"fed ?ex", "", "https://www.fedex.com/fedextrack/?trknbr={number}"),
    Carrier(
        "DHL",
        r"\bdhl\b",
        r"JJD[0-9]{16,18}|JVGL[0-9]{12,16}",
        "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    ),
    Carrier("GLS", r"\bgls\b", "", "https://gls-group.com/EU/en/parcel-tracking?match={number}"),
    Carrier("DPD", r"\bdpd\b", "", "https://tracking.dpd.de/status/en_US/parcel/{number}"),
    Carrier(
        "Royal Mail",
        r"royal ?mail",
        r"[A-Z]{2}[0-9]{9}GB",
        "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    ),
    Carrier(
        "China Post", r"china ?post|\bems\b|e-?packet", r"[A-Z]{2}[0-9]{9}CN", GENERIC_TRACKING_URL
    ),
)
_NUMBER = re.compile(rf"[A-Z0-9][A-Z0-9-]{{4,{MAX_NUMBER_LENGTH - 1}}}")
_NAME = re.compile(r"[^\w .&+/()-]+")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid", ".home")
# URL parsers disagree about backslashes, spaces and control characters.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f<>\"']")


def normalize_number(raw: str) -> str:
    """Return a tracking number in its stored form. Raises InvalidTrackingNumberError."""
    number = re.sub(r"\s+", "", raw[:200]).upper()
    if not _NUMBER.fullmatch(number):
        raise InvalidTrackingNumberError(f"{raw[:60]!r} is not a tracking number")
    return number


def normalize_name(raw: str, number: str) -> str:
    """Return the standard name of a known carrier; an unknown name is only cleaned."""
    if known := _find_carrier(raw, number):
        return known.name
    return " ".join(_NAME.sub(" ", raw).split())[:MAX_NAME_LENGTH].strip() or "Carrier"


def tracking_url(carrier: str, number: str, *, offered: str = "") -> str:
    """Return the https tracking page of a parcel.

    A known carrier's page comes first, then the URL offered by the supplier if it is safe to show
    to customers, then a page that covers many carriers.
    """
    known = _find_carrier(carrier, number)
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


def _find_carrier(carrier: str, number: str) -> Carrier | None:
    name = carrier[:200].casefold()
    for candidate in CARRIERS:
        if re.search(candidate.name_pattern, name):
            return candidate
    for candidate in CARRIERS:
        if candidate.number_pattern and re.fullmatch(candidate.number_pattern, number):
            return candidate
    return None


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
