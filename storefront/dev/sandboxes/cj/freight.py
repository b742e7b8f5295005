"""CJ freight: list carrier services, quote prices, check battery limits, number parcels. Pure.

Tracking numbers have each carrier's own format, check digit included.

Source: lithium cells in or with a light are UN3481 (small ones up to 20 Wh a cell, 100 Wh a
battery); cells alone are UN3480, and fly on cargo aircraft only
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

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
    home_days: tuple[int, int]
    far_days: tuple[int, int]
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

    def days(self, end: str) -> tuple[int, int]:
        return self.home_days if end in NEAR or end == self.start else self.far_days

    def price(self, parcel: Parcel, *, end: str) -> Decimal:
        steps = -(-parcel.weight_g // 100)
        far = Decimal(1) if end in NEAR or end == self.start else Decimal("1.35")
        amount = (self.base_usd + self.per_100_g_usd * steps) * far
        return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


SERVICES = (
    ShippingService(
        name="CJPacket Ordinary", carrier="CJPacket", start="CN", ends=COUNTRIES,
        home_days=(12, 20), far_days=(14, 28), base_usd=Decimal("1.90"),
        per_100_g_usd=Decimal("0.85"), most_g=2_000, takes_lithium=False,
    ),
    ShippingService(
        name="CJPacket Sensitive", carrier="CJPacket", start="CN", ends=COUNTRIES,
        home_days=(8, 15), far_days=(12, 22), base_usd=Decimal("2.60"),
        per_100_g_usd=Decimal("1.05"), most_g=2_000, most_battery_wh=20,
    ),
    ShippingService(
        name="YunExpress Battery Line", carrier="YunExpress", start="CN",
        ends=NEAR | {"US", "CA", "AU", "TR", "AZ", "GE"}, home_days=(7, 12), far_days=(9, 16),
        base_usd=Decimal("3.40"), per_100_g_usd=Decimal("1.30"), most_g=5_000,
    ),
    ShippingService(
        name="DHL Express Worldwide", carrier="DHL", start="CN", ends=COUNTRIES,
        home_days=(3, 6), far_days=(4, 8), base_usd=Decimal("17.50"),
        per_100_g_usd=Decimal("1.90"),
    ),
    ShippingService(
        name="Rail and Road Europe", carrier="DPD", start="CN", ends=NEAR, home_days=(28, 40),
        far_days=(28, 40), base_usd=Decimal("2.20"), per_100_g_usd=Decimal("0.70"),
        takes_loose_cells=True, most_cell_wh=25,
    ),
    ShippingService(
        name="DHL Paket", carrier="DHL", start="DE", ends=EU, home_days=(2, 4), far_days=(2, 4),
        base_usd=Decimal("4.10"), per_100_g_usd=Decimal("0.12"), takes_loose_cells=True,
        most_cell_wh=25,
    ),
    ShippingService(
        name="DPD Classic", carrier="DPD", start="DE", ends=NEAR, home_days=(3, 6),
        far_days=(3, 6), base_usd=Decimal("4.90"), per_100_g_usd=Decimal("0.15"),
    ),
    ShippingService(
        name="DHL International", carrier="DHL", start="DE", ends=COUNTRIES - EU,
        home_days=(5, 9), far_days=(8, 16), base_usd=Decimal("9.80"),
        per_100_g_usd=Decimal("0.55"),
    ),
    ShippingService(
        name="USPS Ground Advantage", carrier="USPS", start="US", ends=frozenset({"US"}),
        home_days=(3, 6), far_days=(3, 6), base_usd=Decimal("4.30"),
        per_100_g_usd=Decimal("0.35"), most_g=9_000,
    ),
    ShippingService(
        name="UPS Ground", carrier="UPS", start="US", ends=frozenset({"US", "CA", "MX"}),
        home_days=(2, 5), far_days=(5, 9), base_usd=Decimal("6.90"),
        per_100_g_usd=Decimal("0.30"), takes_loose_cells=True, most_cell_wh=25,
    ),
)  # fmt: skip
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
