"""Shipping service selection: find services for a parcel, choose by price, then by speed. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from storefront.lib.address import COUNTRIES
from storefront.lib.money import Money
from suppliers.shipping_services.dangerous_goods import (
    NO_LITHIUM,
    LithiumCells,
    LithiumLimits,
    restrictions,
)

G_PER_KG = 1000
# For items of unknown weight: high, so that shipping is not undercharged.
ASSUMED_WEIGHT_G = 500
TOO_HEAVY = "weight"


class ParcelItem(Protocol):
    """The data of one variant that a service needs."""

    @property
    def packed_weight_g(self) -> int | None: ...
    @property
    def lithium(self) -> str: ...
    @property
    def cell_wh(self) -> Decimal | None: ...
    @property
    def cell_count(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTerms:
    """The terms of a shipping service from one location. ``countries`` empty: worldwide.

    Units: amounts as the customer pays them; days in transit, after ``lead_days`` of handling
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
    limits: LithiumLimits

    def price(self, weight_g: int) -> Money:
        return (self.base + self.per_kg * (Decimal(weight_g) / G_PER_KG)).rounded()

    def goes_to(self, country: str) -> bool:
        return not self.countries or country in self.countries


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelLoad:
    weight_g: int
    cells: tuple[LithiumCells, ...]


def parcel_load(piece: ParcelItem, pieces: int = 1) -> ParcelLoad:
    return ParcelLoad(
        weight_g=(piece.packed_weight_g or ASSUMED_WEIGHT_G) * pieces,
        cells=(
            LithiumCells(
                lithium=piece.lithium,
                cell_wh=piece.cell_wh,
                cell_count=piece.cell_count,
                pieces=pieces,
            ),
        ),
    )


def reasons_against(service: ServiceTerms, load: ParcelLoad) -> frozenset[str]:
    """Return the reasons against this service, apart from its destinations."""
    reasons = {reason.value for reason in restrictions(cells=load.cells, limits=service.limits)}
    if load.weight_g > service.max_weight_g:
        reasons.add(TOO_HEAVY)
    return frozenset(reasons)


def max_units(service: ServiceTerms, load: ParcelLoad) -> int:
    if reasons_against(service, load):
        return 0
    most = service.max_weight_g // max(1, load.weight_g)
    cells = sum(piece.cells_per_unit for piece in load.cells if piece.lithium != NO_LITHIUM)
    if cells and service.limits.max_cells is not None:
        most = min(most, service.limits.max_cells // cells)
    return most


def destinations(services: Iterable[ServiceTerms]) -> frozenset[str] | None:
    """Return the destinations of these services; empty: worldwide, None: none."""
    countries: frozenset[str] | None = None
    for service in services:
        if not service.countries:
            return service.countries
        countries = service.countries | (countries or frozenset())
    return countries


def without_restricted(
    reaches: frozenset[str] | None, *, restricted_countries: frozenset[str]
) -> frozenset[str] | None:
    """Return the destinations without ``restricted_countries``, in the same form."""
    if reaches is None or not restricted_countries:
        return reaches
    return ((reaches or COUNTRIES) - restricted_countries) or None


def cheapest(services: Iterable[ServiceTerms], load: ParcelLoad) -> ServiceTerms | None:
    """Return the cheapest service for the load, then the fastest."""
    able = [service for service in services if not reasons_against(service, load)]
    return min(able, key=lambda service: _cost(service, load), default=None)


def _cost(service: ServiceTerms, load: ParcelLoad) -> tuple[Decimal, int, int, str]:
    return (
        service.price(load.weight_g).amount,
        service.lead_days + service.max_days,
        service.location_id,
        service.code,
    )
