"""Payloads: state what an event tells of each kind of object. Pure.

Names and formats are those of the API: amounts are strings with a currency, times are UTC. No
payload holds a name, address, e-mail, phone number or cost: payloads are stored for 30 days and sent
to other companies. A program that needs them reads the order by the API, with the scope customers:read.
"""

from datetime import datetime

import msgspec

VERSION = 1  # raised if a field is removed or changes its meaning; new fields do not raise it
MAX_LINES = 25  # a payload stays below 20 kB, as Standard Webhooks recommends


class Amount(msgspec.Struct, frozen=True):
    """An amount in one currency, such as "39.99" and "EUR"."""

    amount: str
    currency: str


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """One order line; ``amount`` is before discounts."""

    sku: str
    title: str
    quantity: int
    canceled: int
    shipped: int
    delivered: int
    unit_price: Amount
    amount: Amount
    discount: Amount


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order. Its statuses are those of the API; ``lines`` are the first 25 of ``line_count``."""

    number: str
    channel: str
    status: str
    payment_status: str
    fulfillment_status: str
    placed_at: datetime
    country: str
    locale: str
    line_count: int
    lines: list[OrderLine]
    subtotal: Amount
    delivery: Amount
    discount: Amount
    tax: Amount
    total: Amount
    refunded: Amount


class ParcelLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    title: str
    quantity: int


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """One parcel; ``number`` is empty while the supplier reports no tracking number."""

    id: int
    purchase_order: str
    carrier: str
    number: str
    tracking_url: str
    last_mile_carrier: str
    last_mile_number: str
    status: str
    carrier_status: str
    lines: list[ParcelLine]


class PurchaseLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    supplier_sku: str
    quantity: int


class PurchaseOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A purchase order: ``status`` is ours, ``supplier_status`` what the supplier answered."""

    number: str
    order: str
    supplier: str
    location: str
    status: str
    supplier_status: str
    supplier_reference: str
    lines: list[PurchaseLine]


class ReturnLine(msgspec.Struct, frozen=True, kw_only=True):
    sku: str
    title: str
    quantity: int
    received: int
    accepted: int


class Return(msgspec.Struct, frozen=True, kw_only=True):
    """A return; ``refund`` is null until it is refunded."""

    number: str
    order: str
    purchase_order: str
    kind: str
    status: str
    opened_at: datetime
    carrier: str
    tracking_number: str
    lines: list[ReturnLine]
    refund: Amount | None


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A variant on one channel; ``slug`` is the URL handle of its product."""

    sku: str
    title: str
    channel: str
    slug: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case in the inbox of staff: ``cause`` is its kind, ``url`` the page of the record."""

    cause: str
    title: str
    url: str
    since: datetime


# The data of each type


class OrderData(msgspec.Struct, frozen=True):
    order: Order


class OrderParcelData(msgspec.Struct, frozen=True):
    order: Order
    parcel: Parcel


class OrderRefundData(msgspec.Struct, frozen=True):
    """``refund`` is the amount of this refund, ``order.refunded`` the sum of all."""

    order: Order
    refund: Amount


class ReturnData(msgspec.Struct, frozen=True):
    # ``return`` is reserved in many languages
    return_authorization: Return


class PurchaseOrderData(msgspec.Struct, frozen=True):
    purchase_order: PurchaseOrder


class StockData(msgspec.Struct, frozen=True):
    """``available`` are the units that one order can contain now, ``previous`` those before."""

    listing: Listing
    available: int
    previous: int


class PriceData(msgspec.Struct, frozen=True):
    listing: Listing
    price: Amount
    previous: Amount


class CaseData(msgspec.Struct, frozen=True):
    case: Case


class WebhookTestData(msgspec.Struct, frozen=True):
    message: str


type EventData = (
    OrderData
    | OrderParcelData
    | OrderRefundData
    | ReturnData
    | PurchaseOrderData
    | StockData
    | PriceData
    | CaseData
    | WebhookTestData
)

DATA_TYPES: dict[str, type[msgspec.Struct]] = {
    "order.placed": OrderData,
    "order.paid": OrderData,
    "order.shipped": OrderParcelData,
    "order.delivered": OrderParcelData,
    "order.canceled": OrderData,
    "order.refunded": OrderRefundData,
    "return.opened": ReturnData,
    "return.received": ReturnData,
    "purchase_order.submitted": PurchaseOrderData,
    "purchase_order.confirmed": PurchaseOrderData,
    "purchase_order.rejected": PurchaseOrderData,
    "stock.low": StockData,
    "stock.out": StockData,
    "stock.back": StockData,
    "price.changed": PriceData,
    "attention.needed": CaseData,
    "webhook.test": WebhookTestData,
}
