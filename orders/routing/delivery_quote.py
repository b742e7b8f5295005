"""Delivery quote: hold the price and arrival of each planned parcel, sum them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orders.routing.engine import Plan, PlannedLine, PlannedParcel, by_variant
from storefront.lib.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedParcel:
    """One planned parcel on one route; ``carrier_service`` is the supplier's name of the route.

    ``accepts`` are values of ``Variant.Lithium`` that the route takes, stored with the order
    because the hold rules check them again.
    """

    parcel: PlannedParcel
    service_code: str
    carrier_service: str
    price: Money
    arrives_from: date
    arrives_to: date
    accepts: tuple[str, ...]
    max_cell_wh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingQuote:
    """One shipping option for the whole cart; the customer selects it by ``code``.

    ``is_split``: lines ship as if ordered alone, not in the fewest parcels. ``plan`` is stored with
    the order to explain the sources.
    """

    tier: str
    parcels: tuple[QuotedParcel, ...]
    plan: Plan | None = None
    is_split: bool = False

    @property
    def code(self) -> str:
        return f"{self.tier}-split" if self.is_split else self.tier

    @property
    def arrivals(self) -> Mapping[int, tuple[date, date]]:
        """Arrival window by variant; of a split line, the window of the last part."""
        spans: dict[int, tuple[date, date]] = {}
        for quoted in self.parcels:
            for line in quoted.parcel.lines:
                window = (quoted.arrives_from, quoted.arrives_to)
                spans[line.variant_id] = max(window, spans.get(line.variant_id, window))
        return spans

    @property
    def origins(self) -> Mapping[int, str]:
        """Country of origin by variant; of a split line, the origin of the largest part."""
        return {
            variant_id: max(parts, key=lambda part: part.quantity).candidate.country
            for variant_id, parts in self.planned.items()
        }

    @property
    def planned(self) -> Mapping[int, Sequence[PlannedLine]]:
        """Planned lines by variant; several if the line is split."""
        return by_variant(line for quoted in self.parcels for line in quoted.parcel.lines)

    @property
    def price(self) -> Money:
        currency = self.parcels[0].price.currency
        return Money.total((parcel.price.rounded() for parcel in self.parcels), currency)

    @property
    def arrives_from(self) -> date:
        return min(parcel.arrives_from for parcel in self.parcels)

    @property
    def arrives_to(self) -> date:
        return max(parcel.arrives_to for parcel in self.parcels)
