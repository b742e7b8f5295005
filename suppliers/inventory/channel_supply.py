"""Channel supply: summarize the offers of one variant for one channel."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import Self

from catalog.listings.refresh import ListingSupply
from catalog.pricing.landed_cost import Costing
from storefront.lib.money import Money
from suppliers.inventory import sellable_units
from suppliers.shipping_services.selection import (
    ParcelLoad,
    ServiceTerms,
    destinations,
    max_units,
    without_restricted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationStock:
    """The stock of one offer at one location, before the channel's safety stock."""

    country: str
    free: int
    known_at: datetime
    location_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSupply:
    """One live offer with its stock per location, and the prices its supplier prescribes.

    It is sold in multiples of ``pack``, at least ``minimum`` units; ``load`` is that of one unit.
    It is not shipped to ``restricted_countries``. ``restock_on`` is not past.
    """

    cost: Money
    locations: tuple[LocationStock, ...]
    load: ParcelLoad
    supplier_code: str = ""
    map_amount: Decimal | None = None
    msrp_amount: Decimal | None = None
    minimum: int = 1
    pack: int = 1
    restricted_countries: frozenset[str] = frozenset()
    restock_on: date | None = None

    def for_channel(self, *, safety_stock: int) -> Self:
        """Return a copy with the units for sale on a channel with this safety stock."""
        locations = (
            replace(location, free=self._largest_order(location.free, safety_stock))
            for location in self.locations
        )
        return replace(self, locations=tuple(locations))

    def _largest_order(self, free: int, safety_stock: int) -> int:
        units = sellable_units.units_above(free, safety_stock=safety_stock)
        return sellable_units.largest_order(units, minimum=self.minimum, pack=self.pack)

    @property
    def smallest_order(self) -> int:
        return sellable_units.smallest_order(1, minimum=self.minimum, pack=self.pack)

    @property
    def origins(self) -> tuple[str, ...]:
        """The countries that it may ship from: those with stock, else those of all locations."""
        stocked = {location.country for location in self.locations if location.free}
        return tuple(sorted(stocked or {location.country for location in self.locations}))


def summarize(  # noqa: PLR0913 - the offers and the channel's terms
    variant_id: int,
    offers: Sequence[OfferSupply],
    costing: Costing,
    *,
    services: Mapping[int, Sequence[ServiceTerms]],
    safety_stock: int = 0,
    max_splits: int = 1,
) -> ListingSupply:
    """Summarize the offers of one variant.

    An offer without a current exchange rate is not sold. If there is no other offer, its cost is
    still published with the last known rate, so that the listing has a price once the rate is
    current again.

    ``available`` is the most that ``max_splits`` locations can ship together, each of another
    supplier, as routing splits a line. ``reaches`` are the countries to which a service can
    ship the smallest order, without restricted ones; ``shipping.availability.reach`` computes the
    same for one country. ``reaches_from`` has these countries for each origin with stock.

    Shape: ``safety_stock`` is the channel's, per stock row; ``services`` maps locations to the
        services priced in the channel's currency
    """
    usable = [
        offer.for_channel(safety_stock=safety_stock)
        for offer in offers
        if offer.cost.currency in costing.rates
    ]
    locations = [location for offer in usable for location in offer.locations]
    stocked = [location for location in locations if location.free]
    ships_from: dict[str, int] = {}
    for location in stocked:
        ships_from[location.country] = max(ships_from.get(location.country, 0), location.free)
    without_current_rate = [
        offer for offer in offers if costing.rate(offer.cost.currency) is not None
    ]
    chosen = _pricing_offer(usable or without_current_rate, costing)
    bound = _highest_map(usable, chosen, costing)
    services_by_country: dict[str, list[ServiceTerms]] = defaultdict(list)
    for location, service in _usable_services(usable, services):
        services_by_country[location.country].append(service)
    forbidden = frozenset(code for offer in usable for code in offer.restricted_countries)
    restocks = [] if stocked else [offer.restock_on for offer in usable if offer.restock_on]
    return ListingSupply(
        variant_id=variant_id,
        cost=chosen.cost if chosen else None,
        supplier_code=chosen.supplier_code if chosen else "",
        origins=chosen.origins if chosen else (),
        map_amount=bound.map_amount if bound else None,
        map_currency=bound.cost.currency if bound and chosen and bound is not chosen else "",
        msrp_amount=chosen.msrp_amount if chosen else None,
        available=_max_combined_units(usable, max_splits),
        ships_from=dict(sorted(ships_from.items())),
        reaches=without_restricted(
            destinations(chain(*services_by_country.values())), restricted_countries=forbidden
        ),
        reaches_from={
            country: reaches
            for country, country_services in sorted(services_by_country.items())
            if (
                reaches := without_restricted(
                    destinations(country_services), restricted_countries=forbidden
                )
            )
            is not None
        },
        as_of=min((location.known_at for location in stocked), default=None)
        or max((location.known_at for location in locations), default=None),
        restock_on=min(restocks, default=None),
    )


def _max_combined_units(offers: Sequence[OfferSupply], max_splits: int) -> int:
    """Return the units of the fullest location of each of up to ``max_splits`` suppliers."""
    fullest: dict[str, int] = {}
    for offer in offers:
        units = max((location.free for location in offer.locations), default=0)
        fullest[offer.supplier_code] = max(units, fullest.get(offer.supplier_code, 0))
    return sum(sorted(fullest.values(), reverse=True)[:max_splits])


def _usable_services(
    offers: Sequence[OfferSupply], services: Mapping[int, Sequence[ServiceTerms]]
) -> Iterator[tuple[LocationStock, ServiceTerms]]:
    """Yield the services that can ship the smallest order from each location with stock."""
    for offer in offers:
        for location in offer.locations:
            for service in services.get(location.location_id, ()) if location.free else ():
                if max_units(service, offer.load) >= offer.smallest_order:
                    yield location, service


def _pricing_offer(offers: Sequence[OfferSupply], costing: Costing) -> OfferSupply | None:
    """Return the offer whose cost sets the price: the cheapest of those with the smallest order.

    An offer sold by the dozen must not set the price of one unit. If no offer has stock, those with
    a known origin come first: without an origin there is no price.
    """
    stocked = [offer for offer in offers if any(location.free for location in offer.locations)]
    smallest_order = min((offer.smallest_order for offer in stocked), default=1)
    smallest_order_offers = [offer for offer in stocked if offer.smallest_order == smallest_order]
    located = [offer for offer in offers if offer.locations]
    return min(
        smallest_order_offers or located or offers,
        key=lambda offer: _landed_cost_key(offer, smallest_order, costing),
        default=None,
    )


def _highest_map(
    offers: Sequence[OfferSupply], chosen: OfferSupply | None, costing: Costing
) -> OfferSupply | None:
    """Return the offer with the highest MAP of those with stock; without stock, the pricing one."""
    stocked = [offer for offer in offers if any(location.free for location in offer.locations)]
    bounds = [
        (
            offer.map_amount * (costing.worst_case_rate(offer.cost.currency) or 0),
            offer is chosen,
            offer,
        )
        for offer in stocked or filter(None, [chosen])
        if offer.map_amount is not None
    ]
    return max(bounds, key=lambda bound: bound[:2])[2] if bounds else None


def _landed_cost_key(offer: OfferSupply, quantity: int, costing: Costing) -> tuple[bool, Decimal]:
    """Return the sort key: the landed cost from the cheapest origin; unknown costs last."""
    landed = [
        landed_cost.of(quantity)
        for origin in offer.origins or ("",)
        if (
            landed_cost := costing.landed(
                offer.cost, origins=(origin,), supplier_code=offer.supplier_code
            )
        )
    ]
    rate = costing.rate(offer.cost.currency) or Decimal(0)
    return (False, min(landed)) if landed else (True, offer.cost.amount * quantity * rate)
