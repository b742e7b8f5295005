"""Channel supply: summarize the offers of one variant for one channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from catalog.listings.refresh import Supply
from catalog.pricing.landed_cost import Costing
from storefront.lib.money import Money
from suppliers.inventory import sellable_units
from suppliers.shipping_services.selection import Load, Route, allowed, most_of, reached


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The stock of one offer at one location, before the channel's safety stock."""

    country: str
    free: int
    known_at: datetime
    location_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSupply:
    """One live offer with its stock per location, and the prices its supplier prescribes.

    It is sold in multiples of ``pack``, at least ``minimum`` units; ``load`` is one unit. It is
    not shipped to ``not_sent_to``. ``restock_on`` is not past.
    """

    cost: Money
    shelves: tuple[Shelf, ...]
    load: Load
    supplier_code: str = ""
    map_amount: Decimal | None = None
    msrp_amount: Decimal | None = None
    minimum: int = 1
    pack: int = 1
    not_sent_to: frozenset[str] = frozenset()
    restock_on: date | None = None

    def sold(self, *, kept: int) -> OfferedSupply:
        """Return a copy with the units for sale on a channel with this safety stock."""
        shelves = (replace(shelf, free=self._most(shelf.free, kept)) for shelf in self.shelves)
        return replace(self, shelves=tuple(shelves))

    def _most(self, free: int, kept: int) -> int:
        units = sellable_units.left(free, kept=kept)
        return sellable_units.at_most(units, minimum=self.minimum, pack=self.pack)

    @property
    def fewest(self) -> int:
        return sellable_units.at_least(1, minimum=self.minimum, pack=self.pack)

    @property
    def origins(self) -> tuple[str, ...]:
        """The countries it may ship from: those with stock, else all its locations."""
        full = {shelf.country for shelf in self.shelves if shelf.free}
        return tuple(sorted(full or {shelf.country for shelf in self.shelves}))


def best(  # noqa: PLR0913 - the offers and the channel's terms
    variant_id: int,
    offers: Sequence[OfferedSupply],
    costing: Costing,
    *,
    routes: Mapping[int, Sequence[Route]],
    kept: int = 0,
    places: int = 1,
) -> Supply:
    """Summarize the offers of one variant.

    An offer without a current exchange rate is not sold. If there is no other, its cost is
    still published with the last known rate, so that the price is there as soon as the rate is.

    ``available`` is the most that ``places`` locations can ship together, each of another
    supplier, as routing splits a line. ``reaches`` are the countries to which a service can
    ship the smallest order, as ``shipping.availability.reach`` computes for one country, less
    forbidden ones. ``reaches_from`` is the same for each origin with stock.

    Shape: ``kept`` is the channel's safety stock, per stock row; ``routes`` maps locations to
        the services priced in the channel's currency
    """
    usable = [offer.sold(kept=kept) for offer in offers if offer.cost.currency in costing.rates]
    shelves = [shelf for offer in usable for shelf in offer.shelves]
    full = [shelf for shelf in shelves if shelf.free]
    ships_from: dict[str, int] = {}
    for shelf in full:
        ships_from[shelf.country] = max(ships_from.get(shelf.country, 0), shelf.free)
    faded = [offer for offer in offers if costing.rate(offer.cost.currency) is not None]
    chosen = _taken_first(usable or faded, costing)
    bound = _highest_map(usable, chosen, costing)
    able: dict[str, list[Route]] = defaultdict(list)
    for shelf, route in _able(usable, routes):
        able[shelf.country].append(route)
    forbidden = _forbidden(usable)
    restocks = [] if full else [offer.restock_on for offer in usable if offer.restock_on]
    return Supply(
        variant_id=variant_id,
        cost=chosen.cost if chosen else None,
        supplier_code=chosen.supplier_code if chosen else "",
        origins=chosen.origins if chosen else (),
        map_amount=bound.map_amount if bound else None,
        map_currency=bound.cost.currency if bound and chosen and bound is not chosen else "",
        msrp_amount=chosen.msrp_amount if chosen else None,
        available=_together(usable, places),
        ships_from=dict(sorted(ships_from.items())),
        reaches=allowed(reached(chain(*able.values())), not_sent_to=forbidden),
        reaches_from={
            country: reaches
            for country, ways in sorted(able.items())
            if (reaches := allowed(reached(ways), not_sent_to=forbidden)) is not None
        },
        as_of=min((shelf.known_at for shelf in full), default=None)
        or max((shelf.known_at for shelf in shelves), default=None),
        restock_on=min(restocks, default=None),
    )


def _together(offers: Sequence[OfferedSupply], places: int) -> int:
    """Return the units of the fullest location of each of up to ``places`` suppliers."""
    fullest: dict[str, int] = {}
    for offer in offers:
        units = max((shelf.free for shelf in offer.shelves), default=0)
        fullest[offer.supplier_code] = max(units, fullest.get(offer.supplier_code, 0))
    return sum(sorted(fullest.values(), reverse=True)[:places])


def _forbidden(offers: Sequence[OfferedSupply]) -> frozenset[str]:
    return frozenset(code for offer in offers for code in offer.not_sent_to)


def _able(
    offers: Sequence[OfferedSupply], routes: Mapping[int, Sequence[Route]]
) -> Iterator[tuple[Shelf, Route]]:
    """Yield the services that can ship the smallest order from each location with stock."""
    for offer in offers:
        for shelf in offer.shelves:
            for route in routes.get(shelf.location_id, ()) if shelf.free else ():
                if most_of(route, offer.load) >= offer.fewest:
                    yield shelf, route


def _taken_first(offers: Sequence[OfferedSupply], costing: Costing) -> OfferedSupply | None:
    """Return the offer whose cost sets the price: the cheapest with the smallest order.

    An offer sold by the dozen must not set the price of one unit. Without any stock, offers
    with a known origin come first: without an origin there is no price.
    """
    stocked = [offer for offer in offers if any(shelf.free for shelf in offer.shelves)]
    fewest = min((offer.fewest for offer in stocked), default=1)
    able = [offer for offer in stocked if offer.fewest == fewest]
    located = [offer for offer in offers if offer.shelves]
    return min(
        able or located or offers, key=lambda offer: _dearness(offer, fewest, costing), default=None
    )


def _highest_map(
    offers: Sequence[OfferedSupply], chosen: OfferedSupply | None, costing: Costing
) -> OfferedSupply | None:
    """Return the offer with the highest MAP: any offer with stock may be the one that ships.

    Without any stock, it is the offer whose cost sets the price.
    """
    able = [offer for offer in offers if any(shelf.free for shelf in offer.shelves)]
    bounds = [
        (offer.map_amount * (costing.dearest(offer.cost.currency) or 0), offer is chosen, offer)
        for offer in able or filter(None, [chosen])
        if offer.map_amount is not None
    ]
    return max(bounds, key=lambda bound: bound[:2])[2] if bounds else None


def _dearness(offer: OfferedSupply, quantity: int, costing: Costing) -> tuple[bool, Decimal]:
    """Return the sort key: the landed cost from the cheapest origin; unknown costs last."""
    landed = [
        one.of(quantity)
        for origin in offer.origins or ("",)
        if (one := costing.landed(offer.cost, origins=(origin,), supplier_code=offer.supplier_code))
    ]
    rate = costing.rate(offer.cost.currency) or Decimal(0)
    return (False, min(landed)) if landed else (True, offer.cost.amount * quantity * rate)
