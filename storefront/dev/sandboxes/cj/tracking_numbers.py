"""Tracking numbers as each carrier writes them, check digits and all. Pure."""

from __future__ import annotations

from storefront.dev.sandboxes.goods.randomness import Dice

from .freight import BY_NAME

PAGES = {
    "CJPacket": "https://www.cjpacket.com/?trackingNumber={number}",
    "YunExpress": "https://www.yuntrack.com/parcelTracking?id={number}",
    "DHL": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
}


def tracking_number(carrier: str, *, cj_id: str) -> str:
    dice = Dice("track", carrier, cj_id)

    def digits(count: int) -> str:
        return f"{dice.whole(0, 10**count - 1):0{count}d}"

    if carrier == "CJPacket":
        return f"CJPKL{digits(13)}YQ"
    if carrier == "YunExpress":
        return f"YT{digits(16)}"
    if carrier == "DHL":
        body = f"00340434{digits(11)}"
        return body + _mod10(body)
    if carrier == "DPD":
        return f"0150{digits(10)}"
    if carrier == "USPS":
        body = f"92001902{digits(13)}"
        return body + _mod10(body)
    return f"1Z{digits(16)}"


def _mod10(body: str) -> str:
    weighted = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body[::-1], 1)
    )
    return str(-weighted % 10)


def carrier_of(logistic_name: str) -> str:
    line = BY_NAME.get(logistic_name)
    return line.carrier if line else ""
