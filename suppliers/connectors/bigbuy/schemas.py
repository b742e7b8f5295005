"""The answers of BigBuy as far as we read them. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec


class Service(msgspec.Struct, kw_only=True):
    """One way a carrier takes a parcel."""

    id: str | int
    name: str | None = None
    delay: str | None = None


class Carrier(msgspec.Struct, kw_only=True, rename="camel"):
    id: str | int
    name: str
    shipping_services: list[Service] | None = None


class Quote(msgspec.Struct, kw_only=True, rename="camel"):
    shipping_service: Service
    cost: Decimal


class Quotes(msgspec.Struct, kw_only=True, rename="camel"):
    shipping_options: list[Quote] | None = None


class Totals(msgspec.Struct, kw_only=True, rename="camel"):
    """What an order would cost."""

    total_without_taxes_and_without_shipping_cost: Decimal | None = None


class Named(msgspec.Struct, kw_only=True):
    """An order, as the look-up by our number tells it."""

    id: str | int


class OrderLine(msgspec.Struct, kw_only=True, rename="camel"):
    reference: str
    quantity: int = 0
    price_tax_excl: Decimal | None = None


class Order(msgspec.Struct, kw_only=True, rename="camel"):
    id: str | int
    internal_reference: str
    status: str | None = None
    products: list[OrderLine] | None = None
    carriers: list[dict[str, Any]] | None = None


class TrackedCarrier(msgspec.Struct, kw_only=True):
    id: str | int | None = None
    name: str | None = None


class Parcel(msgspec.Struct, kw_only=True, rename="camel"):
    tracking_number: str | None = None
    status_description: str | None = None
    status_date: str | None = None
    carrier: TrackedCarrier | None = None


class Tracked(msgspec.Struct, kw_only=True):
    """One order and its parcels."""

    id: str | int
    trackings: list[Parcel] | None = None


class Status(msgspec.Struct, kw_only=True):
    id: str | int
    name: str
