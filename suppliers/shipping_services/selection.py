"""Shipping service selection: find services for a parcel, choose by price, then by speed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from storefront.lib.address import COUNTRIES
from storefront.lib.money import Money
from suppliers.shipping_services.dangerous_goods import NO_LITHIUM, Cells, Limits, refusals

G_PER_KG = 1000
# A light whose weight nobody states is charged as a heavy one, not as a light one.
ASSUMED_WEIGHT_G = 500
TOO_HEAVY = "weight"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route from one location. ``countries`` is empty where it goes everywhere.

    Units:  amounts as the shopper pays them; days on the road, after ``lead_days`` in the
            warehouse
    """

    code: str
    tier: str
    carrier_service: str
    location_id: int
    country_from: str
    countries: frozenset[str]
    base: Money
    per_kg: Money
    lead_days: int
    min_days: int
    max_days: int
    max_weight_g: int
    limits: Limits

    def price(self, weight_g: int) -> Money:
        return (self.base + self.per_kg * (Decimal(weight_g) / G_PER_KG)).rounded()

    def goes_to(self, country: str) -> bool:
        return not self.countries or country in self.countries


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a parcel weighs, and the lithium in it."""

    weight_g: int
    cells: tuple[Cells, ...]


def load_of(piece: Piece, pieces: int = 1) -> Load:
    """Return what so many of one variant weigh, and the lithium in them."""
    return Load(
        weight_g=(piece.packed_weight_g or ASSUMED_WEIGHT_G) * pieces,
        cells=(
            Cells(
                lithium=piece.lithium,
                cell_wh=piece.cell_wh,
                cell_count=piece.cell_count,
                pieces=pieces,
            ),
        ),
    )


def refused(route: Route, load: Load) -> frozenset[str]:
    """List what stands against this route, leaving aside where it goes."""
    found = {reason.value for reason in refusals(cells=load.cells, limits=route.limits)}
    if load.weight_g > route.max_weight_g:
        found.add(TOO_HEAVY)
    return frozenset(found)


def most_of(route: Route, one: Load) -> int:
    """Count how many of one piece the route takes in one parcel."""
    if refused(route, one):
        return 0
    most = route.max_weight_g // max(1, one.weight_g)
    cells = sum(piece.in_one_piece for piece in one.cells if piece.lithium != NO_LITHIUM)
    if cells and route.limits.max_cells is not None:
        most = min(most, route.limits.max_cells // cells)
    return most


def reached(routes: Iterable[Route]) -> frozenset[str] | None:
    """Name the countries to which some of these routes go: empty is everywhere, None nowhere."""
    found: frozenset[str] | None = None
    for route in routes:
        if not route.countries:
            return route.countries
        found = route.countries | (found or frozenset())
    return found


def allowed(
    reaches: frozenset[str] | None, *, not_sent_to: frozenset[str]
) -> frozenset[str] | None:
    """Take countries from those that are reached, as ``reached`` names them."""
    if reaches is None or not not_sent_to:
        return reaches
    return ((reaches or COUNTRIES) - not_sent_to) or None


def best(routes: Iterable[Route], load: Load) -> Route | None:
    """Choose the cheapest of those that may carry it, then the fastest."""
    able = [route for route in routes if not refused(route, load)]
    return min(able, key=lambda route: _cost(route, load), default=None)


def _cost(route: Route, load: Load) -> tuple[Decimal, int, int, str]:
    return (
        route.price(load.weight_g).amount,
        route.lead_days + route.max_days,
        route.location_id,
        route.code,
    )
