"""Demo routes: create shipping services for the sandbox warehouses, keep what staff changed."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from orders.routing.ranking import CUSTOMS_UNION
from suppliers.models import ShippingService, StockLocation

SANDBOX_LOCATIONS = (
    ("CN", "CN", "China Warehouse"),
    ("DE", "DE", "Germany Warehouse"),
    ("US", "US", "US Warehouse"),
)
# The BigBuy sandbox ships from two warehouses in Spain.
BIGBUY_LOCATIONS = (("1", "ES", "Main warehouse"), ("2", "ES", "Second warehouse"))
# The feed supplier has one warehouse in Germany and one in Poland.
FEED_LOCATIONS = (("DE1", "DE", "Warehouse in Germany"), ("PL1", "PL", "Warehouse in Poland"))
NEIGHBORS = frozenset({"CH", "GB", "LI", "NO"})
NEAR = CUSTOMS_UNION | NEIGHBORS
FAR = frozenset({
    "AD", "AE", "AL", "AM", "AR", "AU", "AZ", "BA", "BH", "BR", "BY", "CA", "CL", "CO",
    "CR", "DO", "EC", "EG", "GE", "HK", "ID", "IL", "IN", "IS", "JP", "KE", "KR", "KW", "KZ",
    "MA", "MC", "MD", "ME", "MK", "MX", "MY", "NG", "NZ", "OM", "PA", "PE", "PH", "PK", "QA",
    "RS", "SA", "SG", "TH", "TN", "TR", "TW", "UA", "US", "UY", "UZ", "VN", "ZA",
})  # fmt: skip
OVERLAND = frozenset({"AU", "AZ", "CA", "GE", "TR", "US"})

NO_CELLS: Mapping[str, Any] = {"accepts_cells_in_equipment": False}
WITH_LIGHTS: Mapping[str, Any] = {"accepts_cells_with_equipment": True}
SMALL: Mapping[str, Any] = {"accepts_cells_with_equipment": True, "max_battery_wh": Decimal(20)}
ALONE_TOO: Mapping[str, Any] = {
    "accepts_cells_with_equipment": True,
    "accepts_cells_alone": True,
    "max_cell_wh": Decimal(25),
}


COUNTRIES = {
    "near": NEAR,
    "far": FAR,
    "overland": OVERLAND,
    "union": CUSTOMS_UNION,
    "neighbors": NEIGHBORS,
    "home": frozenset({"US"}),
    "america": frozenset({"CA", "MX"}),
    "iberia": frozenset({"ES", "PT"}),
    "mainland": CUSTOMS_UNION - {"CY", "MT"},
}
CENT = Decimal("0.01")
CELLS = {"none": NO_CELLS, "small": SMALL, "lights": WITH_LIGHTS, "alone": ALONE_TOO}

# Prices cover the carriers' cost, with tax. The slow service for loose cells is expensive, so that
# it is used only for products that no faster service may carry.
# Columns: from, code, tier, to, base, per kg, days, grams at most, cells, the supplier's own name.
TABLE = """
CN  ordinary       economy  near        2.40   9.50  12-20   2000  none    CJPacket Ordinary
CN  ordinary-far   economy  far         3.30  12.90  14-28   2000  none    CJPacket Ordinary
CN  sensitive      economy  near        3.20  12.00   8-15   2000  small   CJPacket Sensitive
CN  sensitive-far  economy  far         4.40  16.00  12-22   2000  small   CJPacket Sensitive
CN  battery        economy  near        4.40  14.00   7-12   5000  lights  YunExpress Battery Line
CN  battery-far    economy  overland    5.90  19.00   9-16   5000  lights  YunExpress Battery Line
CN  air            express  near       19.90  21.00   3-6   20000  lights  DHL Express Worldwide
CN  air-far        express  far        26.90  28.00   4-8   20000  lights  DHL Express Worldwide
CN  rail           economy  near        5.90  15.00  28-40  20000  alone   Rail and Road Europe
DE  classic        economy  near        4.90   1.60   3-6   20000  lights  DPD Classic
DE  paket          express  union       6.90   1.50   2-4   20000  alone   DHL Paket
DE  world          economy  neighbors   9.90   6.00   5-9   20000  lights  DHL International
DE  world-far      economy  far        13.90   8.00   8-16  20000  lights  DHL International
US  ground         economy  home        4.90   4.00   3-6    9000  lights  USPS Ground Advantage
US  swift          express  home        7.50   3.50   2-5   20000  alone   UPS Ground
US  swift-far      economy  america     9.90   5.00   5-9   20000  alone   UPS Ground
PL  kurier       economy  union       5.90   1.70   3-6   20000  lights  DPD Polska
PL  express      express  union       9.90   2.60   2-4   20000  alone   DHL Parcel Polska
PL  world        economy  neighbors  11.90   6.00   5-9   20000  lights  DHL Parcel International
ES  correos        economy  iberia      5.90   0.80   2-3    9000  lights  correos
ES  seur           express  iberia      7.50   0.90   1-2    9000  lights  seur
ES  gls            economy  mainland   10.90   2.60   3-5    9000  lights  gls
ES  dhl            express  near       16.90   3.20   2-4   20000  lights  dhl
"""


def routes(
    *,
    location: StockLocation,
    currency: str,
    per_euro: Decimal = Decimal(1),
    countries: Collection[str] = (),
) -> list[ShippingService]:
    """Create the shipping services of a location in a currency; existing ones stay as they are.

    Shape:  ``per_euro`` is what one euro of the table costs; ``countries`` are all that the
            services deliver to, by default all of the table
    """
    suffix = f"-{currency.lower()}" if countries else ""
    made = []
    for row in TABLE.strip().splitlines():
        start, code, tier, to, base, per_kg, days, max_weight_g, cells, line = row.split(maxsplit=9)
        if start != location.country:
            continue
        reached = COUNTRIES[to].intersection(countries) if countries else COUNTRIES[to]
        if not reached:
            continue
        first, last = days.split("-")
        service, _ = ShippingService.objects.get_or_create(
            location=location,
            code=f"{start.lower()}-{code}{suffix}",
            defaults={
                "tier": tier,
                "carrier_service": line,
                "countries": sorted(reached),
                "currency": currency,
                "base_amount": (Decimal(base) * per_euro).quantize(CENT),
                "per_kg_amount": (Decimal(per_kg) * per_euro).quantize(CENT),
                "min_days": int(first),
                "max_days": int(last),
                "max_weight_g": int(max_weight_g),
                **CELLS[cells],
            },
        )
        made.append(service)
    return made
