"""WooCommerce schemas: define the answers of REST API v3 that we read. Pure.

Amounts are texts, and times are UTC without an offset.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec


class Meta(msgspec.Struct, frozen=True):
    key: str = ""
    value: Any = None
    id: int = 0


class Problem(msgspec.Struct, frozen=True):
    """An error, as the body of an answer or of one item of a batch."""

    code: str = ""
    message: str = ""


class Item(msgspec.Struct, frozen=True):
    """A product, or a variation of one; an item of a batch has an ``error`` instead."""

    id: int = 0
    parent_id: int = 0
    type: str = ""
    status: str = ""
    sku: str = ""
    regular_price: str = ""
    sale_price: str = ""
    manage_stock: bool | str = False  # "parent": the stock of the product
    stock_quantity: float | None = None
    stock_status: str = ""
    meta_data: list[Meta] = msgspec.field(default_factory=list)
    error: Problem | None = None


class Batch(msgspec.Struct, frozen=True):
    """The answer to a batch, in the order of the request."""

    create: list[Item] = msgspec.field(default_factory=list)
    update: list[Item] = msgspec.field(default_factory=list)
    delete: list[Item] = msgspec.field(default_factory=list)


class Term(msgspec.Struct, frozen=True):
    """A category or brand."""

    id: int
    name: str = ""
    parent: int = 0


class Index(msgspec.Struct, frozen=True):
    """The index of the site's API."""

    name: str = ""
    home: str = ""
    namespaces: list[str] = msgspec.field(default_factory=list)


class Currency(msgspec.Struct, frozen=True):
    code: str


class Setting(msgspec.Struct, frozen=True):
    value: str = ""


class Webhook(msgspec.Struct, frozen=True):
    id: int = 0
    topic: str = ""
    status: str = ""
    delivery_url: str = ""
    error: Problem | None = None


class WebhookBatch(msgspec.Struct, frozen=True):
    create: list[Webhook] = msgspec.field(default_factory=list)


class PostalAddress(msgspec.Struct, frozen=True):
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


class LineTax(msgspec.Struct, frozen=True):
    id: int = 0
    total: str = ""


class Line(msgspec.Struct, frozen=True):
    """A line; ``subtotal`` is before discounts, both amounts are without tax."""

    id: int
    name: str = ""
    product_id: int = 0
    variation_id: int = 0
    quantity: int = 0
    subtotal: str = "0"
    subtotal_tax: str = "0"
    total: str = "0"
    total_tax: str = "0"
    taxes: list[LineTax] = msgspec.field(default_factory=list)
    sku: str | None = ""
    meta_data: list[Meta] = msgspec.field(default_factory=list)


class TaxLine(msgspec.Struct, frozen=True):
    rate_id: int = 0
    rate_percent: float | str = 0


class ShippingLine(msgspec.Struct, frozen=True):
    id: int
    total: str = "0"
    total_tax: str = "0"
    taxes: list[LineTax] = msgspec.field(default_factory=list)


class Fee(msgspec.Struct, frozen=True):
    total: str = "0"
    total_tax: str = "0"


class RefundSummary(msgspec.Struct, frozen=True):
    """A refund as the order lists it; the amount is negative."""

    id: int
    total: str = "0"


class Order(msgspec.Struct, frozen=True):
    id: int
    status: str
    currency: str
    date_created_gmt: str
    date_modified_gmt: str
    number: str = ""
    prices_include_tax: bool = False
    date_paid_gmt: str | None = None
    shipping_total: str = "0"
    shipping_tax: str = "0"
    total: str = "0"
    billing: PostalAddress = PostalAddress()
    shipping: PostalAddress = PostalAddress()
    line_items: list[Line] = msgspec.field(default_factory=list)
    tax_lines: list[TaxLine] = msgspec.field(default_factory=list)
    shipping_lines: list[ShippingLine] = msgspec.field(default_factory=list)
    fee_lines: list[Fee] = msgspec.field(default_factory=list)
    refunds: list[RefundSummary] = msgspec.field(default_factory=list)
    meta_data: list[Meta] = msgspec.field(default_factory=list)


class Refund(msgspec.Struct, frozen=True):
    id: int
    amount: str
    date_created_gmt: str
    reason: str | None = ""
    line_items: list[Line] = msgspec.field(default_factory=list)


class Fulfillment(msgspec.Struct, frozen=True):
    """A fulfillment of WooCommerce itself."""

    id: int
    meta_data: list[Meta] = msgspec.field(default_factory=list)


class Tracking(msgspec.Struct, frozen=True):
    """A parcel of the Shipment Tracking extensions."""

    tracking_id: str
    tracking_number: str = ""


class Note(msgspec.Struct, frozen=True):
    id: int
    note: str = ""


def moment(text: str) -> datetime:
    """Parse a time of a field that ends in ``_gmt``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def amount(text: str) -> Decimal:
    """Parse an amount; an empty one is zero."""
    try:
        number = Decimal(text or "0")
    except InvalidOperation:
        raise msgspec.ValidationError(f"{text[:40]!r} is not an amount") from None
    if not number.is_finite():
        raise msgspec.ValidationError(f"{text[:40]!r} is not an amount")
    return number


def meta_value(meta: list[Meta], key: str) -> Any:
    """Return the value of a key; None without one."""
    return next((one.value for one in meta if one.key == key), None)
