"""Carriers: know them by name and by number format. Pure.

Source: the carriers' public tracking pages.
"""

import re
from typing import NamedTuple

GENERIC_TRACKING_URL = "https://t.17track.net/en#nums={number}"
MAX_NAME_LENGTH = 40


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
_NAME = re.compile(r"[^\w .&+/()-]+")


def normalize_name(raw: str, number: str) -> str:
    """Return the standard name of a known carrier; an unknown name is only cleaned."""
    if known := find_carrier(raw, number):
        return known.name
    return " ".join(_NAME.sub(" ", raw).split())[:MAX_NAME_LENGTH].strip() or "Carrier"


def find_carrier(carrier: str, number: str) -> Carrier | None:
    name = carrier[:200].casefold()
    for candidate in CARRIERS:
        if re.search(candidate.name_pattern, name):
            return candidate
    for candidate in CARRIERS:
        if candidate.number_pattern and re.fullmatch(candidate.number_pattern, number):
            return candidate
    return None
