"""CJ freight: list carrier services, quote prices, check battery limits, number parcels. Pure.

Tracking numbers have each carrier's own format, check digit included.

Source: lithium cells in or with a light are UN3481 (small ones up to 20 Wh a cell, 100 Wh a
battery); cells alone are UN3480, and fly on cargo aircraft only
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from shipping.carriers.check_digits import RULES
from storefront.dev.sandboxes.goods.randomness import RandomDraws

_EU = """
AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK
"""
_SERVED = """
AD AE AL AM AR AT AU AZ BA BE BG BH BR BY CA CH CL CN CO CR CY CZ DE DK DO EC EE EG ES FI FR GB
GE GR HK HR HU ID IE IL IN IS IT JP KE KR KW KZ LI LT LU LV MA MC MD ME MK MT MX MY NG NL NO NZ
OM PA PE PH PK PL PT QA RO RS SA SE SG SI SK TH TN TR TW UA US UY UZ VN ZA
"""
EU = frozenset(_EU.split())
NEAR = EU | {"CH", "GB", "NO", "LI"}
COUNTRIES = frozenset(_SERVED.split())
SMALL_CELL_WH, SMALL_BATTERY_WH = 20, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a carrier needs to know of a parcel."""

    weight_g: int
    has_lithium: bool = False
    has_loose_cells: bool = False
    cell_wh: float = 0.0
    battery_wh: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingService:
    """One carrier's service from one country.

    Units:  dollars per parcel, and per started 100 g
    """

    name: str
    carrier: str
    start: str
    ends: frozenset[str]
    home_days: tuple[int, ...]
    far_days: tuple[int, ...]
    base_usd: Decimal
    per_100_g_usd: Decimal
    most_g: int = 20_000
    takes_lithium: bool = True
    takes_loose_cells: bool = False
    most_cell_wh: float = SMALL_CELL_WH
    most_battery_wh: float = SMALL_BATTERY_WH

    def refusal(self, parcel: Parcel, *, end: str) -> str:
        """Return why this service refuses the parcel; empty if it does not."""
        if end not in self.ends:
            return f"{self.name} does not go to {end}"
        if parcel.weight_g > self.most_g:
            return f"{self.name} takes up to {self.most_g} g"
        return self._battery_refusal(parcel) if parcel.has_lithium else ""

    def _battery_refusal(self, parcel: Parcel) -> str:
        if not self.takes_lithium:
            return f"{self.name} takes no lithium batteries"
        if parcel.has_loose_cells and not self.takes_loose_cells:
            return f"{self.name} takes no lithium cells outside a device"
        if parcel.cell_wh > self.most_cell_wh:
            return f"{self.name} takes cells up to {self.most_cell_wh:g} Wh"
        if parcel.battery_wh > self.most_battery_wh:
            return f"{self.name} takes batteries up to {self.most_battery_wh:g} Wh"
        return ""

    def days(self, end: str) -> tuple[int, ...]:
        return self.home_days if end in NEAR or end == self.start else self.far_days

    def price(self, parcel: Parcel, *, end: str) -> Decimal:
        steps = -(-parcel.weight_g // 100)
        far = Decimal(1) if end in NEAR or end == self.start else Decimal("1.35")
        amount = (self.base_usd + self.per_100_g_usd * steps) * far
        return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


# Destinations, and accepted lithium cells, by the word in ``TABLE``.
ENDS = {
    "all": COUNTRIES, "near": NEAR, "eu": EU, "far": COUNTRIES - EU, "us": frozenset({"US"}),
    "battery": NEAR | {"US", "CA", "AU", "TR", "AZ", "GE"}, "america": frozenset({"US", "CA", "MX"}),
}  # fmt: skip
CELLS: dict[str, dict[str, Any]] = {
    "none": {"takes_lithium": False}, "small": {"most_battery_wh": 20}, "lights": {},
    "loose": {"takes_loose_cells": True, "most_cell_wh": 25},
}  # fmt: skip
# carrier, from, to, days near, days far, base, per 100 g, grams at most, cells, name
TABLE = """
CJPacket    CN  all      12-20  14-28   1.90  0.85   2000  none    CJPacket Ordinary
CJPacket    CN  all       8-15  12-22   2.60  1.05   2000  small   CJPacket Sensitive
YunExpress  CN  battery   7-12   9-16   3.40  1.30   5000  lights  YunExpress Battery Line
DHL         CN  all       3-6    4-8   17.50  1.90  20000  lights  DHL Express Worldwide
DPD         CN  near     28-40  28-40   2.20  0.70  20000  loose   Rail and Road Europe
DHL         DE  eu        2-4    2-4    4.10  0.12  20000  loose   DHL Paket
DPD         DE  near      3-6    3-6    4.90  0.15  20000  lights  DPD Classic
DHL         DE  far       5-9    8-16   9.80  0.55  20000  lights  DHL International
USPS        US  us        3-6    3-6    4.30  0.35   9000  lights  USPS Ground Advantage
UPS         US  america   2-5    5-9    6.90  0.30  20000  loose   UPS Ground
"""


def _service(row: str) -> ShippingService:
    carrier, start, ends, near, far, base, per_100_g, most_g, cells, name = row.split(maxsplit=9)
    home_days, far_days = (tuple(map(int, days.split("-"))) for days in (near, far))
    return ShippingService(
        name=name,
        carrier=carrier,
        start=start,
        ends=ENDS[ends],
        home_days=home_days,
        far_days=far_days,
        base_usd=Decimal(base),
        per_100_g_usd=Decimal(per_100_g),
        most_g=int(most_g),
        **CELLS[cells],
    )


SERVICES = tuple(map(_service, TABLE.strip().splitlines()))
BY_NAME = {line.name: line for line in SERVICES}


def quotes(parcel: Parcel, *, start: str, end: str) -> list[ShippingService]:
    """Return the services that take the parcel, the cheapest first."""
    taken = [each for each in SERVICES if each.start == start and not each.refusal(parcel, end=end)]
    return sorted(taken, key=lambda line: line.price(parcel, end=end))


# Tracking numbers

PAGES = {
    "CJPacket": "https://www.cjpacket.com/?trackingNumber={number}",
    "YunExpress": "https://www.yuntrack.com/parcelTracking?id={number}",
    "DHL": "https://www.dhl.com/global-en/home/tracking.html?tracking-id={number}",
    "DPD": "https://tracking.dpd.de/status/en_US/parcel/{number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
}


def tracking_number(carrier: str, *, cj_id: str) -> str:
    draws = RandomDraws("track", carrier, cj_id)

    def digits(count: int) -> str:
        return f"{draws.whole(0, 10**count - 1):0{count}d}"

    if carrier == "CJPacket":
        return f"CJPKL{digits(13)}YQ"
    if carrier == "YunExpress":
        return f"YT{digits(16)}"
    if carrier == "DHL":
        body = f"00340434{digits(11)}"
        return body + RULES["gs1"](body)
    if carrier == "DPD":
        return f"0150{digits(10)}"
    if carrier == "USPS":
        body = f"92001902{digits(13)}"
        return body + RULES["gs1"](body)
    body = digits(15)
    return f"1Z{body}{RULES['ups'](body)}"


def carrier_of(logistic_name: str) -> str:
    line = BY_NAME.get(logistic_name)
    return line.carrier if line else ""
