"""BigCommerce schemas: define the answers of the V2 and V3 APIs that we read. Pure.

V3 sends amounts as numbers, V2 as texts with four digits. Times of V2 are those of e-mail.
"""

from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec


class Image(msgspec.Struct, frozen=True):
    id: int


class CustomField(msgspec.Struct, frozen=True):
    name: str
    value: str
    id: int = 0


class OptionValue(msgspec.Struct, frozen=True):
    id: int = 0
    option_id: int = 0
    option_display_name: str = ""
    label: str = ""


class Variant(msgspec.Struct, frozen=True):
    id: int
    product_id: int = 0
    sku: str = ""
    price: Decimal | None = None
    sale_price: Decimal | None = None
    inventory_level: int = 0
    purchasing_disabled: bool = False


class Product(msgspec.Struct, frozen=True):
    """A product; ``base_variant_id`` is set if it has no options."""

    id: int
    sku: str = ""
    price: Decimal = Decimal(0)
    sale_price: Decimal | None = None
    inventory_level: int = 0
    inventory_tracking: str = "none"
    is_visible: bool = False
    availability: str = ""
    search_keywords: str = ""
    base_variant_id: int | None = None
    variants: list[Variant] = msgspec.field(default_factory=list)
    custom_fields: list[CustomField] = msgspec.field(default_factory=list)
    images: list[Image] = msgspec.field(default_factory=list)


class Option(msgspec.Struct, frozen=True):
    id: int
    display_name: str = ""
    option_values: list[OptionValue] = msgspec.field(default_factory=list)


class Category(msgspec.Struct, frozen=True):
    id: int
    name: str = ""
    parent_id: int = 0


class Location(msgspec.Struct, frozen=True):
    id: int
    label: str = ""


class Hook(msgspec.Struct, frozen=True):
    id: int
    scope: str
    destination: str
    is_active: bool = True


class Pagination(msgspec.Struct, frozen=True):
    total_pages: int = 1


class Meta(msgspec.Struct, frozen=True):
    pagination: Pagination = Pagination()


class Envelope[T](msgspec.Struct, frozen=True):
    """The answer of V3."""

    data: T
    meta: Meta = Meta()


class Transaction(msgspec.Struct, frozen=True):
    """The answer to an adjustment of stock, which is made a moment later."""

    transaction_id: str


class Problem(msgspec.Struct, frozen=True):
    """An error of V3, or the first of a list of V2."""

    title: str = ""
    message: str = ""
    errors: dict[str, str] = msgspec.field(default_factory=dict)

    def __str__(self) -> str:
        details = ", ".join(f"{name}: {text}" for name, text in self.errors.items())
        return f"{self.title or self.message} {details}".strip()[:300]


class Store(msgspec.Struct, frozen=True):
    id: str = ""
    name: str = ""
    currency: str = ""
    is_price_entered_with_tax: bool = False


# Orders


class Line(msgspec.Struct, frozen=True):
    """A line; ``discounted_total_inc_tax`` is what was paid for it, after all discounts."""

    id: int
    product_id: int = 0
    variant_id: int = 0
    sku: str = ""
    name: str = ""
    quantity: int = 0
    price_inc_tax: Decimal = Decimal(0)
    price_ex_tax: Decimal = Decimal(0)
    total_inc_tax: Decimal = Decimal(0)
    total_tax: Decimal = Decimal(0)
    discounted_total_inc_tax: Decimal | None = None


class Consignment(msgspec.Struct, frozen=True):
    """A destination of an order with its lines."""

    id: int
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country_iso2: str = ""
    phone: str = ""
    line_items: list[Line] = msgspec.field(default_factory=list)


class Consignments(msgspec.Struct, frozen=True):
    shipping: list[Consignment] = msgspec.field(default_factory=list)


class BillingAddress(msgspec.Struct, frozen=True):
    email: str = ""
    phone: str = ""


class Order(msgspec.Struct, frozen=True):
    id: int
    status_id: int
    date_created: str
    date_modified: str
    currency_code: str
    payment_status: str = ""
    payment_method: str = ""
    shipping_cost_inc_tax: Decimal = Decimal(0)
    shipping_cost_tax: Decimal = Decimal(0)
    handling_cost_inc_tax: Decimal = Decimal(0)
    handling_cost_tax: Decimal = Decimal(0)
    wrapping_cost_inc_tax: Decimal = Decimal(0)
    wrapping_cost_tax: Decimal = Decimal(0)
    total_inc_tax: Decimal = Decimal(0)
    refunded_amount: Decimal = Decimal(0)
    staff_notes: str | None = ""
    customer_locale: str = ""
    billing_address: BillingAddress = BillingAddress()
    consignments: Consignments = Consignments()


class RefundItem(msgspec.Struct, frozen=True):
    item_type: str
    item_id: int | str = 0
    quantity: int | None = None
    reason: str | None = ""


class RefundPayment(msgspec.Struct, frozen=True):
    is_declined: bool = False


class Refund(msgspec.Struct, frozen=True):
    id: int
    created: str
    total_amount: Decimal
    reason: str | None = ""
    items: list[RefundItem] = msgspec.field(default_factory=list)
    payments: list[RefundPayment] = msgspec.field(default_factory=list)


class PaymentOption(msgspec.Struct, frozen=True):
    provider_id: str
    amount: Decimal
    offline: bool = False


class Quote(msgspec.Struct, frozen=True):
    """What a refund of some items is worth, and the ways to pay it."""

    total_refund_amount: Decimal
    total_refund_tax_amount: Decimal = Decimal(0)
    refund_methods: list[list[PaymentOption]] = msgspec.field(default_factory=list)


class Shipment(msgspec.Struct, frozen=True):
    id: int
    comments: str = ""


class HookData(msgspec.Struct, frozen=True):
    type: str = ""
    id: int | str = ""


class HookPayload(msgspec.Struct, frozen=True):
    scope: str
    data: HookData = HookData()


def moment(text: str) -> datetime:
    """Parse a time as V2 (e-mail) or V3 (ISO 8601) writes it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = parsedate_to_datetime(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
