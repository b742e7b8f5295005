"""Carriers: normalize carrier names and tracking numbers, build the tracking URL. Pure.

Source: the carriers' public tracking pages.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

ANY_CARRIER = "https://t.17track.net/en#nums={number}"
MAX_URL = 300
MAX_NAME = 40
MAX_NUMBER = 40
HTTPS_PORT = 443


class BadNumberError(ValueError):
    """Nobody could type this into a carrier's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One carrier: how suppliers spell its name, how its numbers look, where its page is."""

    name: str
    spelled: str
    number: str
    page: str


# Tried in this order: a number says more than a name when it looks like nobody else's.
CARRIERS = (
    Carrier(
        name="CJPacket",
        spelled=r"cj ?packet|cjpk",
        number=r"CJ[A-Z]{2,4}[0-9]{8,16}[A-Z]{0,2}",
        page="https://www.cjpacket.com/?trackingNumber={number}",
    ),
    Carrier(
        name="YunExpress",
        spelled=r"yun ?express|yuntu",
        number=r"YT[0-9]{16}",
        page="https://www.yuntrack.com/parcelTracking?id={number}",
    ),
    Carrier(
        name="4PX",
        spelled=r"4 ?px",
        number=r"4PX[0-9A-Z]{10,16}",
        page="https://track.4px.com/#/result/0/{number}",
    ),
    Carrier(
        name="UPS",
        spelled=r"\bups\b",
        number=r"1Z[0-9A-Z]{16}",
        page="https://www.ups.com/track?tracknum={number}",
    ),
    Carrier(
        name="USPS",
        spelled=r"\busps\b|united states postal",
        number=r"9[2-5][0-9]{20}",
        page="https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    ),
    Carrier(
        name="FedEx",
        spelled=r"fed ?ex",
        number=r"",
        page="https://www.fedex.com/fedextrack/?trknbr={number}",
    ),
    Carrier(
        name="DHL",
        spelled=r"\bdhl\b",
        number=r"JJD[0-9]{16,18}|JVGL[0-9]{12,16}",
        page="https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    ),
    Carrier(
        name="GLS",
        spelled=r"\bgls\b",
        number=r"",
        page="https://gls-group.com/EU/en/parcel-tracking?match={number}",
    ),
    Carrier(
        name="DPD",
        spelled=r"\bdpd\b",
        number=r"",
        page="https://tracking.dpd.de/status/en_US/parcel/{number}",
    ),
    Carrier(
        name="Royal Mail",
        spelled=r"royal ?mail",
        number=r"[A-Z]{2}[0-9]{9}GB",
        page="https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    ),
    Carrier(
        name="China Post",
        spelled=r"china ?post|\bems\b|e-?packet",
        number=r"[A-Z]{2}[0-9]{9}CN",
        page=ANY_CARRIER,
    ),
)
_NUMBER = re.compile(rf"[A-Z0-9][A-Z0-9-]{{4,{MAX_NUMBER - 1}}}")
_NAME = re.compile(r"[^\w .&+/()-]+")
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid", ".home")
# A backslash, a space or a control character makes two readers see two different addresses.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f<>\"']")


def number_of(raw: str) -> str:
    """Write a tracking number the one way it is stored.

    Raises: BadNumberError
    """
    number = re.sub(r"\s+", "", raw[:200]).upper()
    if not _NUMBER.fullmatch(number):
        raise BadNumberError(f"{raw[:60]!r} is no tracking number")
    return number


def name_of(raw: str, number: str) -> str:
    """Name the carrier as its own people do; suppliers call it by their routes and by nicknames.

    A name we do not know is kept, without what no name contains.
    """
    if known := _known(raw, number):
        return known.name
    return " ".join(_NAME.sub(" ", raw).split())[:MAX_NAME].strip() or "Carrier"


def tracking_url(carrier: str, number: str, *, offered: str = "") -> str:
    """Return the page where a person can follow the parcel; always https.

    The page of a carrier we know comes first; then the address that the supplier offers, if
    it is one that can be shown to a shopper; else a page that reads many carriers.
    """
    known = _known(carrier, number)
    if known is None and is_sane(offered):
        return offered
    page = known.page if known else ANY_CARRIER
    return page.format(number=quote(number, safe=""))


def is_sane(url: str) -> bool:
    """Test whether an address from outside may become a link: https, a public name, no tricks."""
    if not url or len(url) > MAX_URL or _UNSAFE.search(url):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").casefold()
    if parts.scheme != "https" or parts.username is not None or parts.password is not None:
        return False
    if port not in {None, HTTPS_PORT} or host.endswith(_LOCAL_ENDINGS) or _is_address(host):
        return False
    return bool(_HOST.fullmatch(host))


def _known(carrier: str, number: str) -> Carrier | None:
    spelled = carrier[:200].casefold()
    for one in CARRIERS:
        if re.search(one.spelled, spelled):
            return one
    for one in CARRIERS:
        if one.number and re.fullmatch(one.number, number):
            return one
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
