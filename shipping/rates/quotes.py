"""Delivery quotes: compute price and arrival of a plan by route, explain what cannot be sent.

Each process caches the routes for a minute.
"""

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from catalog.models import Channel
from orders.routing import rules
from orders.routing.delivery_quote import QuotedParcel, ShippingQuote
from orders.routing.engine import Plan, PlannedParcel
from orders.routing.ranking import Rules
from shipping.models import LiveRateLocation
from shipping.rates.refusal_reasons import RefusalReason, explain_refusal
from storefront.lib.money import Money
from suppliers.scorecards import scorecards
from suppliers.shipping_services import queries
from suppliers.shipping_services.selection import (
    ParcelItem,
    ParcelLoad,
    ServiceTerms,
    cheapest,
    parcel_load,
)

TIERS = ("economy", "express")
# Routes change only when staff edit them, and every page needs them.
CACHE_TTL = timedelta(seconds=60)
ROUTES = "routes"  # cache key of all routes, which are grouped by location and currency


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRate:
    """One live rate of a parcel: the price that the customer pays, and the days."""

    price: Money
    min_days: int
    max_days: int


# By location, then by the supplier's name of the method. Only locations that answered.
type LiveRates = Mapping[int, Mapping[str, LiveRate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedPromise:
    """Arrival and price by the cheapest route that may carry the items."""

    leaves_on: date
    arrives_from: date
    arrives_to: date
    price: Money
    country_from: str


def quote_plan(  # noqa: PLR0913 - what, where to, by when, and the live rates
    *,
    plan: Plan,
    country: str,
    now: datetime,
    pieces: Mapping[int, ParcelItem],
    by: date | None = None,
    live_rates: LiveRates | None = None,
) -> list[ShippingQuote]:
    """Return a quote per tier: the cheapest route of each parcel, arriving by a date if given.

    A parcel that no route of a tier may carry takes the cheapest route of any tier, so that one
    spare battery does not remove a tier from the whole cart. No quotes if a parcel cannot be sent
    at all; ``refusal_reasons`` says why.
    Shape:  ``pieces`` maps variants to weight and cells; ``live_rates`` replace the prices of
            the routes
    """
    if not plan.parcels:
        return []
    loads = _parcel_loads(plan, pieces)
    quotes = []
    for tier in TIERS:
        chosen = []
        for parcel in plan.parcels:
            routes = [
                route
                for route in _routes(parcel, country, now, live_rates)
                if by is None or transit_dates(route, parcel.lead_days, now)[1] <= by
            ]
            load = loads[parcel.location_id]
            of_tier = cheapest([route for route in routes if route.tier == tier], load)
            chosen.append((parcel, of_tier or cheapest(routes, load)))
        parcels = tuple(
            _quote_parcel(parcel, route, loads[parcel.location_id], now)
            for parcel, route in chosen
            if route is not None
        )
        is_complete = len(parcels) == len(plan.parcels)
        if is_complete and any(route and route.tier == tier for _, route in chosen):
            quotes.append(ShippingQuote(tier=tier, parcels=parcels, plan=plan))
    return quotes


def refusal_reasons(
    *,
    plan: Plan,
    country: str,
    now: datetime,
    pieces: Mapping[int, ParcelItem],
    live_rates: LiveRates | None = None,
) -> list[RefusalReason]:
    """Return why parcels of a plan cannot be sent, in the customer's language.

    Shape:  one reason for a parcel that no route may carry; for other parcels, one for each tier
            without a route; ``pieces`` and ``live_rates`` as in ``quote_plan``
    """
    loads = _parcel_loads(plan, pieces)
    reasons = []
    for parcel in plan.parcels:
        routes = _routes(parcel, country, now, live_rates)
        load = loads[parcel.location_id]
        if cheapest(routes, load) is None:
            missing = {"": routes}
        else:
            by_tier = {tier: [one for one in routes if one.tier == tier] for tier in TIERS}
            missing = {tier: able for tier, able in by_tier.items() if cheapest(able, load) is None}
        reasons += [
            explain_refusal(
                routes=able,
                load=load,
                country_from=parcel.country,
                country_to=country,
                tier=tier,
                is_restricted=is_restricted(parcel, country),
            )
            for tier, able in missing.items()
        ]
    return reasons


def is_restricted(parcel: PlannedParcel, country: str) -> bool:
    """Return whether an item of a parcel may not be sent to a country, by any carrier."""
    return any(country in line.candidate.restricted_countries for line in parcel.lines)


def sort_key(quote: ShippingQuote) -> tuple[Decimal, date]:
    return quote.price.amount, quote.arrives_to


def clear_cache() -> None:
    _CACHE.forget()


def live_rate_locations(now: datetime) -> frozenset[int]:
    """Return the locations whose suppliers are asked for live rates."""

    def read() -> frozenset[int]:
        active = LiveRateLocation.objects.filter(is_active=True)
        return frozenset(active.values_list("location", flat=True))

    return cached("live_rate_locations", now, read)


def routing_rules(channel: Channel, now: datetime) -> Rules:
    key = ("rules", channel.pk)
    return cached(key, now, lambda: rules.current_rules(channel=channel, now=now))


def supplier_score(supplier_id: int, now: datetime) -> int | None:
    """Return the score of a supplier, out of 100."""
    scores = cached("scores", now, lambda: scorecards.fill_rate_scores(on=now.date()))
    return scores.get(supplier_id)


def cached[T](key: Hashable, now: datetime, load: Callable[[], T]) -> T:
    """Return what ``load`` returned within the last minute in this process."""
    cache = process_cache(now)
    if key not in cache:
        cache[key] = load()
    value: T = cache[key]
    return value


def process_cache(now: datetime) -> dict[Hashable, Any]:
    """Return the cache of this process; it expires together with the routes in it."""
    return _CACHE.current(now)


class _RouteCache:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._known: tuple[datetime, dict[Hashable, Any]] | None = None

    def current(self, now: datetime) -> dict[Hashable, Any]:
        with self._lock:
            if self._known is None or not timedelta(0) <= now - self._known[0] < CACHE_TTL:
                self._known = now, {ROUTES: queries.services_by_location()}
            return self._known[1]


_CACHE = _RouteCache()


def _routes(
    parcel: PlannedParcel, country: str, now: datetime, live_rates: LiveRates | None
) -> Sequence[ServiceTerms]:
    if is_restricted(parcel, country):
        return []
    currency = parcel.lines[0].candidate.cost.currency
    routes = routes_from(parcel.location_id, country=country, currency=currency, now=now)
    rates = (live_rates or {}).get(parcel.location_id)
    if rates is None:
        return routes
    return [
        _with_live_rate(route, rate)
        for route in routes
        if (rate := rates.get(route.carrier_service))
    ]


def _with_live_rate(route: ServiceTerms, rate: LiveRate) -> ServiceTerms:
    """Return a route with the live price and the longer of both transit times."""
    return replace(
        route,
        base=rate.price,
        per_kg=Money.zero(rate.price.currency),
        min_days=max(route.min_days, rate.min_days),
        max_days=max(route.max_days, rate.max_days),
    )


def routes_from(
    location_id: int, *, country: str, currency: str, now: datetime
) -> list[ServiceTerms]:
    """Return the routes from a location to a country, cached for a minute."""
    routes = process_cache(now)[ROUTES].get((location_id, currency), ())
    return [route for route in routes if route.goes_to(country)]


def _parcel_loads(plan: Plan, pieces: Mapping[int, ParcelItem]) -> dict[int, ParcelLoad]:
    loads = {}
    for parcel in plan.parcels:
        parts = [parcel_load(pieces[line.variant_id], line.quantity) for line in parcel.lines]
        loads[parcel.location_id] = ParcelLoad(
            weight_g=sum(part.weight_g for part in parts),
            cells=tuple(cells for part in parts for cells in part.cells),
        )
    return loads


def _quote_parcel(
    parcel: PlannedParcel, route: ServiceTerms, load: ParcelLoad, now: datetime
) -> QuotedParcel:
    arrives_from, arrives_to = transit_dates(route, parcel.lead_days, now)
    return QuotedParcel(
        parcel=parcel,
        service_code=route.code,
        carrier_service=route.carrier_service,
        price=route.price(load.weight_g),
        arrives_from=arrives_from,
        arrives_to=arrives_to,
        accepts=tuple(sorted(route.limits.accepts)),
        max_cell_wh=route.limits.max_cell_wh,
    )


def transit_dates(route: ServiceTerms, lead_days: int, now: datetime) -> tuple[date, date]:
    """Return the first and last arrival day by a route; ``lead_days`` pass before it leaves."""
    leaves_on = now.date() + timedelta(days=lead_days)
    return leaves_on + timedelta(days=route.min_days), leaves_on + timedelta(days=route.max_days)
