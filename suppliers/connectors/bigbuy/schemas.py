"""BigBuy schemas: define the answers that we read, parse weights and delays. Pure.

BigBuy reports exactly one kilogram for products without a weight. Delays are in hours or days.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec

from suppliers.connectors import parsing

G_PER_KG = 1000
HOURS_PER_DAY = 24
# The weight of a product that was never weighed.
PLACEHOLDER_KG = Decimal(1)
DELAY = re.compile(
    r"(\d{1,3})(?:\s*[-–a/]\s*(\d{1,3}))?\s*(h\b|hour|hora|d|día|dia|day)?", re.IGNORECASE
)


def grams(kilograms: Any) -> int | None:
    """Parse a weight; exactly one kilogram is a placeholder, so None."""
    number = parsing.amount(kilograms)
    if number is None or number <= 0 or number == PLACEHOLDER_KG:
        return None
    return int((number * G_PER_KG).to_integral_value())


def days(delay: Any) -> tuple[int, int] | None:
    """Parse ``24 - 48 h`` or ``3-5 days`` as days; hours are rounded up."""
    match = DELAY.search(parsing.text(delay))
    if match is None:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    if (match[3] or "").lower().startswith("h"):
        first, last = -(-first // HOURS_PER_DAY), -(-last // HOURS_PER_DAY)
    return (first, last) if first <= last else None


class Service(msgspec.Struct, kw_only=True):
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


class OrderTotals(msgspec.Struct, kw_only=True, rename="camel"):
    total_without_taxes_and_without_shipping_cost: Decimal | None = None


class OrderId(msgspec.Struct, kw_only=True):
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


class TrackedOrder(msgspec.Struct, kw_only=True):
    id: str | int
    trackings: list[Parcel] | None = None


class OrderStatus(msgspec.Struct, kw_only=True):
    id: str | int
    name: str
