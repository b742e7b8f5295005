"""What a delivery costs and when it arrives: for a planned cart, and for one light on a page."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from catalog.models import Channel, Variant
from orders.delivery import QuotedParcel, ShippingQuote
from orders.routing import Plan, PlannedParcel, distance
from shipping.batteries import Cells, Limits
from shipping.models import Service
from shipping.rates import ASSUMED_WEIGHT_G, Load, Route, best
from shipping.refusing import Reason, reason_for
from storefront.lib.money import Money

TIERS = ("economy", "express")
# Routes change when staff edit them; every page asks for them.
KEPT_FOR = timedelta(seconds=60)
PROMISES_KEPT = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """When one light would arrive by the cheapest route that may carry it, and for how much."""

    arrives_from: date
    arrives_to: date
    price: Money
    country_from: str


class Piece(Protocol):
    """What a route asks of one variant, read as a row or as a page shows it."""

    @property
    def packed_weight_g(self) -> int | None: ...
    @property
    def lithium(self) -> str: ...
    @property
    def cell_wh(self) -> Decimal | None: ...
    @property
    def cell_count(self) -> int: ...


def for_plan(
    *, plan: Plan, country: str, now: datetime, by: date | None = None
) -> list[ShippingQuote]:
    """Quote every way to deliver a plan (in time): per tier, the cheapest route of each parcel.

    A parcel that no route of a tier may carry takes the best of the others, so that one spare
    cell does not take the choice from the whole cart. Nothing is quoted when a parcel cannot
    travel at all; ``reasons`` says why.
    """
    if not plan.parcels:
        return []
    loads = _loads(plan)
    quotes = []
    for tier in TIERS:
        chosen = []
        for parcel in plan.parcels:
            routes = [
                route
                for route in _routes(parcel, country, now)
                if by is None or days(route, parcel.lead_days, now)[1] <= by
            ]
            load = loads[parcel.location_id]
            of_tier = best([route for route in routes if route.tier == tier], load)
            chosen.append((parcel, of_tier or best(routes, load)))
        parcels = tuple(
            _quoted(parcel, route, loads[parcel.location_id], now)
            for parcel, route in chosen
            if route is not None
        )
        is_whole = len(parcels) == len(plan.parcels)
        if is_whole and any(route and route.tier == tier for _, route in chosen):
            quotes.append(ShippingQuote(tier=tier, parcels=parcels))
    return quotes


def reasons(*, plan: Plan, country: str, now: datetime) -> list[Reason]:
    """Say in the shopper's language what keeps parcels of a plan from travelling.

    Shape:  one for each parcel that no route may carry; for the others, one for each tier
            that may not
    """
    loads = _loads(plan)
    found = []
    for parcel in plan.parcels:
        routes = _routes(parcel, country, now)
        load = loads[parcel.location_id]
        if best(routes, load) is None:
            missing = {"": routes}
        else:
            by_tier = {tier: [one for one in routes if one.tier == tier] for tier in TIERS}
            missing = {tier: able for tier, able in by_tier.items() if best(able, load) is None}
        found += [
            reason_for(
                routes=able,
                load=load,
                country_from=parcel.country,
                country_to=country,
                tier=tier,
            )
            for tier, able in missing.items()
        ]
    return found


def promise(  # noqa: PLR0913 - one light is told whole: where it lies, what it is, who asks
    *,
    ships_from: Iterable[str],
    packed_weight_g: int | None,
    lithium: str,
    cell_wh: Decimal | None,
    cell_count: int,
    country: str,
    channel: Channel,
    now: datetime,
) -> Promise | None:
    """Promise one light from the nearest country that has it; None when nobody may carry it."""
    load = Load(
        weight_g=packed_weight_g or ASSUMED_WEIGHT_G,
        cells=(Cells(lithium=lithium, cell_wh=cell_wh, cell_count=cell_count),),
    )
    places = tuple(sorted(ships_from, key=lambda code: (distance(code, country), code)))
    return _KEPT.promise(places, load, country, channel.currency, now)


def forget() -> None:
    """Read the routes anew at the next question."""
    _KEPT.forget()


class _Kept:
    """The routes as this process last read them, and what they promised since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._read_at: datetime | None = None
        self._routes: tuple[Route, ...] = ()
        self._promises: dict[Hashable, Promise | None] = {}

    def routes(self, now: datetime) -> tuple[Route, ...]:
        return self._current(now)[0]

    def promise(
        self, places: tuple[str, ...], load: Load, country: str, currency: str, now: datetime
    ) -> Promise | None:
        """Answer as long as the routes stand: a list asks the same of many lights, every time."""
        routes, promises = self._current(now)
        asked = (places, load, country, currency, now.date())
        try:
            return promises[asked]
        except KeyError:
            able = [
                route
                for route in routes
                if route.base.currency == currency and route.goes_to(country)
            ]
            found = _soonest(places, load, able, now)
        if len(promises) < PROMISES_KEPT:
            promises[asked] = found
        return found

    def _current(self, now: datetime) -> tuple[tuple[Route, ...], dict[Hashable, Promise | None]]:
        with self._lock:
            if self._read_at is None or not timedelta(0) <= now - self._read_at < KEPT_FOR:
                services = Service.objects.filter(is_active=True).order_by("pk")
                self._routes = tuple(
                    _route(service) for service in services.select_related("location__supplier")
                )
                self._promises = {}
                self._read_at = now
            return self._routes, self._promises


_KEPT = _Kept()


def _soonest(
    places: Iterable[str], load: Load, routes: Sequence[Route], now: datetime
) -> Promise | None:
    for country_from in places:
        route = best([route for route in routes if route.country_from == country_from], load)
        if route is not None:
            arrives_from, arrives_to = days(route, route.lead_days, now)
            return Promise(
                arrives_from=arrives_from,
                arrives_to=arrives_to,
                price=route.price(load.weight_g),
                country_from=country_from,
            )
    return None


def _route(service: Service) -> Route:
    ways = {
        "inside": service.accepts_inside,
        "with": service.accepts_with,
        "alone": service.accepts_alone,
    }
    return Route(
        code=service.code,
        tier=service.tier,
        carrier_service=service.carrier_service,
        location_id=service.location_id,
        country_from=service.location.country,
        countries=frozenset(service.countries),
        base=Money(service.base_amount, service.currency),
        per_kg=Money(service.per_kg_amount, service.currency),
        lead_days=service.location.supplier.lead_days,
        min_days=service.min_days,
        max_days=service.max_days,
        max_weight_g=service.max_weight_g,
        limits=Limits(
            accepts=frozenset(way for way, is_accepted in ways.items() if is_accepted),
            max_cell_wh=service.max_cell_wh,
            max_battery_wh=service.max_battery_wh,
            max_cells=service.max_cells,
        ),
    )


def _routes(parcel: PlannedParcel, country: str, now: datetime) -> Sequence[Route]:
    currency = parcel.lines[0].candidate.cost.currency
    return routes_from(parcel.location_id, country=country, currency=currency, now=now)


def routes_from(location_id: int, *, country: str, currency: str, now: datetime) -> list[Route]:
    """Return the routes from a location to a country, as they were known within a minute."""
    return [
        route
        for route in _KEPT.routes(now)
        if route.location_id == location_id
        and route.base.currency == currency
        and route.goes_to(country)
    ]


def load_of(variant: Piece, pieces: int = 1) -> Load:
    """Return what so many of one variant weigh, and the lithium in them."""
    return Load(
        weight_g=(variant.packed_weight_g or ASSUMED_WEIGHT_G) * pieces,
        cells=(
            Cells(
                lithium=variant.lithium,
                cell_wh=variant.cell_wh,
                cell_count=variant.cell_count,
                pieces=pieces,
            ),
        ),
    )


def _loads(plan: Plan) -> dict[int, Load]:
    """Map locations to what their parcels weigh and hold, in one query."""
    ids = [line.variant_id for parcel in plan.parcels for line in parcel.lines]
    variants = Variant.objects.in_bulk(ids)
    loads = {}
    for parcel in plan.parcels:
        parts = [load_of(variants[line.variant_id], line.quantity) for line in parcel.lines]
        loads[parcel.location_id] = Load(
            weight_g=sum(part.weight_g for part in parts),
            cells=tuple(cells for part in parts for cells in part.cells),
        )
    return loads


def _quoted(parcel: PlannedParcel, route: Route, load: Load, now: datetime) -> QuotedParcel:
    arrives_from, arrives_to = days(route, parcel.lead_days, now)
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


def days(route: Route, lead_days: int, now: datetime) -> tuple[date, date]:
    """Return from when to when it arrives by a route; ``lead_days`` pass before it leaves."""
    leaves_on = now.date() + timedelta(days=lead_days)
    return leaves_on + timedelta(days=route.min_days), leaves_on + timedelta(days=route.max_days)
