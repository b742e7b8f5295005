"""Shopify orders: parse orders and refunds into records of the protocol. Pure.

All amounts are those of the shop's currency (``shopMoney``).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from storefront.lib.address import Address
from storefront.lib.money import Money
from storefront.sales_channels.platforms import own_keys
from storefront.sales_channels.platforms.base import (
    PaymentState,
    RemoteLine,
    RemoteOrder,
    RemoteRefund,
)

# An authorization is not yet money: the store captures it, or it expires.
PAYMENTS = {
    "PENDING": PaymentState.PENDING,
    "AUTHORIZED": PaymentState.PENDING,
    "PARTIALLY_PAID": PaymentState.PENDING,
    "PAID": PaymentState.PAID,
    "PARTIALLY_REFUNDED": PaymentState.PARTIALLY_REFUNDED,
    "REFUNDED": PaymentState.REFUNDED,
    "VOIDED": PaymentState.VOIDED,
    "EXPIRED": PaymentState.VOIDED,
}
SUCCESS = "SUCCESS"
MAX_NOTE = 255


class _Amount(msgspec.Struct, kw_only=True, rename="camel"):
    amount: Decimal
    currency_code: str

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency_code)


class _Bag(msgspec.Struct, kw_only=True, rename="camel"):
    shop_money: _Amount


class _Node(msgspec.Struct, kw_only=True):
    id: str


class _Tax(msgspec.Struct, kw_only=True, rename="camel"):
    price_set: _Bag
    rate: Decimal | None = None


class _Discount(msgspec.Struct, kw_only=True, rename="camel"):
    allocated_amount_set: _Bag


class _Line(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    title: str
    quantity: int
    unfulfilled_quantity: int
    original_unit_price_set: _Bag
    discount_allocations: list[_Discount]
    tax_lines: list[_Tax]
    sku: str | None = None
    variant: _Node | None = None


class _Lines(msgspec.Struct, kw_only=True):
    nodes: list[_Line]


class _Units(msgspec.Struct, kw_only=True, rename="camel"):
    quantity: int | None
    line_item: _Node


class _UnitList(msgspec.Struct, kw_only=True):
    nodes: list[_Units]

    @property
    def by_line(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for each in self.nodes:
            found[each.line_item.id] += each.quantity or 0
        return found


class Fulfillment(msgspec.Struct, kw_only=True, rename="camel"):
    status: str
    fulfillment_line_items: _UnitList


class Refund(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    processed_at: datetime
    total_refunded_set: _Bag
    refund_line_items: _UnitList
    note: str | None = None
    created_at: datetime | None = None


class _ShippingLine(msgspec.Struct, kw_only=True, rename="camel"):
    discounted_price_set: _Bag
    tax_lines: list[_Tax]


class _ShippingLines(msgspec.Struct, kw_only=True):
    nodes: list[_ShippingLine]


class _Address(msgspec.Struct, kw_only=True, rename="camel"):
    name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    zip: str | None = None
    city: str | None = None
    province_code: str | None = None
    country_code_v2: str | None = msgspec.field(default=None, name="countryCodeV2")
    phone: str | None = None


class Order(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    name: str
    created_at: datetime
    processed_at: datetime
    updated_at: datetime
    test: bool
    taxes_included: bool
    currency_code: str
    total_price_set: _Bag
    shipping_lines: _ShippingLines
    line_items: _Lines
    fulfillments: list[Fulfillment]
    refunds: list[Refund]
    cancelled_at: datetime | None = None
    display_financial_status: str | None = None
    email: str | None = None
    customer_locale: str | None = None
    shipping_address: _Address | None = None


def has_more_parts(said: Mapping[str, Any], size: int) -> bool:
    """Return whether a list in an order is as long as what was asked for, so perhaps cut."""
    lists = [said["fulfillments"], said["refunds"]]
    lists += [each["fulfillmentLineItems"]["nodes"] for each in said["fulfillments"]]
    lists += [each["refundLineItems"]["nodes"] for each in said["refunds"]]
    return any(len(each) >= size for each in lists)


def parse_order(
    said: Mapping[str, Any], more_lines: Sequence[Mapping[str, Any]] = ()
) -> RemoteOrder:
    """Return one order; ``more_lines`` are the nodes of further pages of lines.

    Raises: msgspec.ValidationError
    """
    order = msgspec.convert(said, Order, strict=False)
    lines = order.line_items.nodes + msgspec.convert(list(more_lines), list[_Line], strict=False)
    shipped: Counter[str] = Counter()
    for fulfillment in order.fulfillments:
        if fulfillment.status == SUCCESS:
            shipped += fulfillment.fulfillment_line_items.by_line
    currency = order.currency_code
    delivery = order.shipping_lines.nodes
    return RemoteOrder(
        external_id=order.id,
        name=order.name,
        placed_at=order.processed_at,
        updated_at=order.updated_at,
        payment=PAYMENTS.get(order.display_financial_status or "", PaymentState.PENDING),
        is_canceled=order.cancelled_at is not None,
        is_test=order.test,
        email=order.email or "",
        locale=order.customer_locale or "",
        ship_to=_ship_to(order.shipping_address or _Address()),
        currency=currency,
        prices_include_tax=order.taxes_included,
        lines=tuple(_parse_line(line, currency, shipped[line.id]) for line in lines),
        delivery=Money.total(
            (each.discounted_price_set.shop_money.money for each in delivery), currency
        ),
        delivery_tax=Money.total(
            (_tax_sum(each.tax_lines, currency) for each in delivery), currency
        ),
        total=order.total_price_set.shop_money.money,
        refunds=tuple(
            parse_refund(each)
            for each in order.refunds
            if each.total_refunded_set.shop_money.amount
        ),
        raw=said,
    )


def _parse_line(line: _Line, currency: str, shipped: int) -> RemoteLine:
    """Return one line. Units that are neither shipped nor to be shipped were removed."""
    rates = [tax.rate for tax in line.tax_lines if tax.rate is not None]
    return RemoteLine(
        external_id=line.id,
        sku=line.sku or "",
        variant_id=line.variant.id if line.variant else "",
        title=line.title,
        quantity=line.quantity,
        unit=line.original_unit_price_set.shop_money.money,
        discount=Money.total(
            (each.allocated_amount_set.shop_money.money for each in line.discount_allocations),
            currency,
        ),
        tax=_tax_sum(line.tax_lines, currency),
        tax_rate=sum(rates, Decimal(0)) if rates else None,
        canceled=max(line.quantity - line.unfulfilled_quantity - shipped, 0),
    )


def _tax_sum(taxes: Sequence[_Tax], currency: str) -> Money:
    return Money.total((tax.price_set.shop_money.money for tax in taxes), currency)


def _ship_to(address: _Address) -> Address:
    line1, line2 = address.address1 or "", address.address2 or ""
    if address.company:
        line2 = ", ".join(filter(None, (address.company, line2)))
    return Address(
        name=address.name or "",
        line1=line1,
        line2=line2,
        postcode=address.zip or "",
        city=address.city or "",
        region=address.province_code or "",
        country=address.country_code_v2 or "",
        phone=address.phone or "",
    )


# Refunds


def parse_refund(refund: Refund) -> RemoteRefund:
    """Return one refund; its key is at the end of the note if we made it."""
    reason, key = own_keys.split_key(refund.note or "")
    return RemoteRefund(
        external_id=refund.id,
        amount=refund.total_refunded_set.shop_money.money,
        units={line: count for line, count in refund.refund_line_items.by_line.items() if count},
        reason=reason,
        made_at=refund.created_at or refund.processed_at,
        key=key,
    )


# Payments


class _Transaction(msgspec.Struct, kw_only=True, rename="camel"):
    id: str
    kind: str
    status: str
    amount_set: _Bag
    gateway: str | None = None
    parent_transaction: _Node | None = None


class Payments(msgspec.Struct, kw_only=True, rename="camel"):
    currency_code: str
    presentment_currency_code: str
    refunds: list[Refund]
    transactions: list[_Transaction]


class Refundable(msgspec.Struct, kw_only=True):
    """What one payment can still return."""

    id: str
    gateway: str
    amount: Money


def refundable_payments(payments: Payments) -> list[Refundable]:
    """Return the successful payments with what is left of each."""
    done = [each for each in payments.transactions if each.status == SUCCESS]
    returned: Counter[str] = Counter()
    for each in done:
        if each.kind == "REFUND" and each.parent_transaction:
            returned[each.parent_transaction.id] += each.amount_set.shop_money.money.minor
    found = []
    for each in done:
        if each.kind in {"SALE", "CAPTURE"}:
            paid = each.amount_set.shop_money.money
            left = Money.from_minor(paid.minor - returned[each.id], paid.currency)
            if left.minor > 0:
                found.append(Refundable(id=each.id, gateway=each.gateway or "", amount=left))
    return found
