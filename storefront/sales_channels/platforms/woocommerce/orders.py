"""WooCommerce orders: translate orders and refunds, divide a refund among lines and taxes. Pure.

WooCommerce keeps amounts without tax and the tax apart, whatever the shopper saw. An edited order
has its new quantities, so no line has canceled units.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from storefront.lib.address import Address
from storefront.lib.money import Money, allocate
from storefront.sales_channels.platforms import own_keys
from storefront.sales_channels.platforms.base import (
    PaymentState,
    RefundWrite,
    RemoteLine,
    RemoteOrder,
    RemoteRefund,
)
from storefront.sales_channels.platforms.woocommerce.payloads import amount_text
from storefront.sales_channels.platforms.woocommerce.schemas import (
    Line,
    LineTax,
    Order,
    PostalAddress,
    Refund,
    ShippingLine,
    amount,
    meta_value,
    moment,
)

CANCELED = frozenset({"cancelled", "trash"})
REFUNDED_ITEM = "_refunded_item_id"
PERCENT = Decimal(100)


def read_order(raw: Mapping[str, Any], refunds: Sequence[Refund]) -> RemoteOrder:
    """Translate an order. Raises msgspec.ValidationError."""
    order = msgspec.convert(raw, Order, strict=False)
    currency = order.currency
    with_tax = order.prices_include_tax
    fees = sum((amount(fee.total) for fee in order.fee_lines), Decimal(0))
    fee_tax = sum((amount(fee.total_tax) for fee in order.fee_lines), Decimal(0))
    delivery, delivery_tax = amount(order.shipping_total) + fees, amount(order.shipping_tax)
    delivery_tax += fee_tax
    rates = {line.rate_id: Decimal(str(line.rate_percent)) for line in order.tax_lines}
    return RemoteOrder(
        external_id=str(order.id),
        name=f"#{order.number or order.id}",
        placed_at=moment(order.date_created_gmt),
        updated_at=moment(order.date_modified_gmt),
        payment=_payment(order),
        is_canceled=order.status in CANCELED,
        is_test=False,
        email=order.billing.email,
        locale="",
        ship_to=_address(order),
        currency=currency,
        prices_include_tax=with_tax,
        lines=tuple(
            _line(line, currency, with_tax=with_tax, rates=rates) for line in order.line_items
        ),
        delivery=Money(delivery + delivery_tax if with_tax else delivery, currency).rounded(),
        delivery_tax=Money(delivery_tax, currency).rounded(),
        total=Money(amount(order.total), currency),
        refunds=tuple(read_refund(refund, currency) for refund in refunds),
        raw=raw,
    )


def read_refund(refund: Refund, currency: str) -> RemoteRefund:
    reason, key = own_keys.split_key(refund.reason or "")
    units: dict[str, int] = {}
    for line in refund.line_items:
        original = meta_value(line.meta_data, REFUNDED_ITEM)
        if original and line.quantity:
            units[str(original)] = units.get(str(original), 0) + abs(line.quantity)
    return RemoteRefund(
        external_id=str(refund.id),
        amount=Money(amount(refund.amount), currency),
        units=units,
        reason=reason,
        made_at=moment(refund.date_created_gmt),
        key=key,
    )


def refund_body(refund: RefundWrite, order: Order) -> dict[str, Any]:
    """Return the refund. Its amount is divided among the lines as they were paid.

    ``api_refund`` returns the money through the gateway. We set stock ourselves, so WooCommerce is
    not to restock.
    """
    lines = {str(line.id): line for line in order.line_items}
    weights: dict[int, Decimal | int] = {
        lines[key].id: _gross(lines[key]) * units / max(lines[key].quantity, 1)
        for key, units in refund.units.items()
        if key in lines
    }
    goods = refund.amount - refund.delivery
    shares = allocate(goods, weights) if weights and goods.amount > 0 else {}
    rows = [
        _refund_row(line, shares.get(line.id), units=refund.units[str(line.id)])
        for line in order.line_items
        if str(line.id) in refund.units
    ]
    delivery = order.shipping_lines[0] if order.shipping_lines else None
    if delivery is not None and refund.delivery.amount > 0:
        rows.append(_refund_row(delivery, refund.delivery, units=0))
    return {
        "amount": amount_text(refund.amount),
        "reason": own_keys.add_key(refund.reason, refund.key),
        "line_items": rows,
        "api_refund": True,
        "api_restock": False,
    }


def _refund_row(line: Line | ShippingLine, share: Money | None, *, units: int) -> dict[str, Any]:
    row: dict[str, Any] = {"id": line.id}
    if units:
        row["quantity"] = units
    if share is None:
        return row
    taxes = [tax for tax in line.taxes if amount(tax.total)]
    parts: dict[int, Decimal | int] = {-1: amount(line.total)}
    parts |= {place: amount(tax.total) for place, tax in enumerate(taxes)}
    divided = allocate(share, parts)
    row["refund_total"] = float(divided[-1].amount)
    row["refund_tax"] = [
        {"id": tax.id, "refund_total": float(divided[place].amount)}
        for place, tax in enumerate(taxes)
    ]
    return row


def _line(line: Line, currency: str, *, with_tax: bool, rates: Mapping[int, Decimal]) -> RemoteLine:
    subtotal, total = amount(line.subtotal), amount(line.total)
    if with_tax:
        subtotal, total = subtotal + amount(line.subtotal_tax), _gross(line)
    before_discount = Money(subtotal, currency).rounded()
    return RemoteLine(
        external_id=str(line.id),
        sku=line.sku or "",
        variant_id=str(line.variation_id or line.product_id),
        title=line.name,
        quantity=line.quantity,
        unit=Money(before_discount.amount / max(line.quantity, 1), currency),
        discount=before_discount - Money(total, currency).rounded(),
        tax=Money(amount(line.total_tax), currency).rounded(),
        tax_rate=_rate(line.taxes, rates),
    )


def _rate(taxes: Sequence[LineTax], rates: Mapping[int, Decimal]) -> Decimal | None:
    """Return the rate of all taxes of a line, such as 0.19; None if it is not stated."""
    own = [rates.get(tax.id) for tax in taxes if tax.total]
    if not own or None in own:
        return None
    return sum((rate for rate in own if rate is not None), Decimal(0)) / PERCENT


def _gross(line: Line) -> Decimal:
    return amount(line.total) + amount(line.total_tax)


def _payment(order: Order) -> PaymentState:
    """Return the state of the money: ``date_paid`` tells it, also for cash on delivery."""
    refunded = -sum((amount(refund.total) for refund in order.refunds), Decimal(0))
    if order.status == "refunded" or (refunded and refunded >= amount(order.total)):
        return PaymentState.REFUNDED
    if order.date_paid_gmt:
        return PaymentState.PARTIALLY_REFUNDED if refunded else PaymentState.PAID
    return PaymentState.VOIDED if order.status in CANCELED else PaymentState.PENDING


def _address(order: Order) -> Address:
    """Return the shipping address; the billing address if the shopper gave no other."""
    to: PostalAddress = order.shipping if order.shipping.address_1 else order.billing
    name = f"{to.first_name} {to.last_name}".strip()
    return Address(
        name=name or to.company,
        line1=to.address_1,
        line2=", ".join(filter(None, [to.company if name else "", to.address_2])),
        postcode=to.postcode,
        city=to.city,
        region=to.state,
        country=to.country,
        phone=to.phone or order.billing.phone,
    )
