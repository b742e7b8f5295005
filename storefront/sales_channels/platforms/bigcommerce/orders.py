"""BigCommerce orders: translate orders and refunds, choose how a refund is paid. Pure.

All amounts are those with tax. An edited order has its new quantities, so no line has canceled
units.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from storefront.lib.address import Address
from storefront.lib.http.errors import PermanentError
from storefront.lib.money import Money
from storefront.sales_channels.platforms import own_keys
from storefront.sales_channels.platforms.base import (
    FulfillmentWrite,
    PaymentState,
    RefundWrite,
    RemoteLine,
    RemoteOrder,
    RemoteRefund,
)
from storefront.sales_channels.platforms.bigcommerce.payloads import amount_number
from storefront.sales_channels.platforms.bigcommerce.schemas import (
    Consignment,
    Line,
    Order,
    PaymentOption,
    Quote,
    Refund,
    moment,
)

INCOMPLETE, CANCELED, DECLINED = 0, 5, 6  # an incomplete order is an abandoned checkout
REFUNDED, PARTIALLY_REFUNDED = 4, 14
# To ship, being shipped, or done: the payment was accepted.
PAID_STATUSES = frozenset({2, 3, 8, 9, 10, 11, 13})
PAID_PAYMENTS = frozenset({"captured", "paid", "partially refunded", "refunded"})
VOIDED_PAYMENTS = frozenset({"void", "declined"})
TEST_GATEWAY = "test payment gateway"
CASH = "cash on delivery"
STORE_CREDIT = "storecredit"
RATE_STEP = Decimal("0.0001")
PARCEL = "Parcel {key}"


def read_order(raw: Mapping[str, Any], refunds: Sequence[Refund]) -> RemoteOrder:
    """Translate an order. Raises msgspec.ValidationError."""
    order = msgspec.convert(raw, Order, strict=False)
    currency = order.currency_code
    extras = (order.shipping_cost_inc_tax, order.handling_cost_inc_tax, order.wrapping_cost_inc_tax)
    taxes = (order.shipping_cost_tax, order.handling_cost_tax, order.wrapping_cost_tax)
    return RemoteOrder(
        external_id=str(order.id),
        name=f"#{order.id}",
        placed_at=moment(order.date_created),
        updated_at=moment(order.date_modified),
        payment=_payment(order),
        is_canceled=order.status_id == CANCELED,
        is_test=order.payment_method.casefold() == TEST_GATEWAY,
        email=order.billing_address.email,
        locale=order.customer_locale,
        ship_to=_address(order),
        currency=currency,
        prices_include_tax=True,
        lines=tuple(
            _line(line, currency)
            for consignment in order.consignments.shipping
            for line in consignment.line_items
        ),
        delivery=Money(sum(extras, Decimal(0)), currency),
        delivery_tax=Money(sum(taxes, Decimal(0)), currency).rounded(),
        total=Money(order.total_inc_tax, currency),
        refunds=tuple(
            read_refund(refund, currency)
            for refund in refunds
            if not any(payment.is_declined for payment in refund.payments)
        ),
        raw=raw,
    )


def read_refund(refund: Refund, currency: str) -> RemoteRefund:
    reasons = [refund.reason or "", *(item.reason or "" for item in refund.items)]
    reason = next((text.strip() for text in reasons if text.strip()), "")
    reason, key = own_keys.split_key(reason)
    return RemoteRefund(
        external_id=str(refund.id),
        amount=Money(refund.total_amount, currency),
        units={
            str(item.item_id): item.quantity
            for item in refund.items
            if item.item_type == "PRODUCT" and item.quantity
        },
        reason=reason,
        made_at=moment(refund.created),
        key=key,
    )


def refund_items(refund: RefundWrite, order: Order) -> list[dict[str, Any]]:
    """Return what is refunded: units and delivery, or an amount of the whole order."""
    reason = own_keys.add_key(refund.reason, refund.key)
    items: list[dict[str, Any]] = [
        {"item_type": "PRODUCT", "item_id": int(key), "quantity": units, "reason": reason}
        for key, units in refund.units.items()
    ]
    if not items:
        amount = amount_number(refund.amount)
        return [{"item_type": "ORDER", "item_id": order.id, "amount": amount, "reason": reason}]
    if refund.delivery.amount > 0:
        address = order.consignments.shipping[0].id
        items.append(
            {"item_type": "SHIPPING", "item_id": address, "amount": amount_number(refund.delivery)}
        )
    return items


def refund_body(
    refund: RefundWrite, items: Sequence[Mapping[str, Any]], quote: Quote
) -> dict[str, Any]:
    """Return the refund: our amount overrides the quoted one.

    Raises: PermanentError  no payment provider can return the amount
    """
    body: dict[str, Any] = {
        "items": list(items),
        "payments": [
            {
                "provider_id": _provider(quote).provider_id,
                "amount": amount_number(refund.amount),
                "offline": False,
            }
        ],
    }
    quoted = quote.total_refund_amount
    if quoted != refund.amount.amount:
        share = refund.amount.amount / quoted if quoted else Decimal(0)
        tax = Money(quote.total_refund_tax_amount * share, refund.amount.currency)
        body["merchant_calculated_override"] = {
            "total_amount": amount_number(refund.amount),
            "total_tax": amount_number(tax.rounded()),
        }
    return body


def _provider(quote: Quote) -> PaymentOption:
    """Return the one provider that returns money: not store credit, not only a record."""
    for method in quote.refund_methods:
        if len(method) == 1 and not method[0].offline and method[0].provider_id != STORE_CREDIT:
            return method[0]
    raise PermanentError(
        "no payment provider of the order can return money: refund it in BigCommerce",
        code="offline",
    )


def shipment_body(parcel: FulfillmentWrite, order: Order) -> dict[str, Any]:
    """Return a shipment of the consignment that holds the first of its lines."""
    holder = next(
        (
            one
            for one in order.consignments.shipping
            if any(str(line.id) in parcel.units for line in one.line_items)
        ),
        None,
    )
    if holder is None:
        raise PermanentError(f"order {order.id} has none of these lines", code="refused")
    return {
        "order_address_id": holder.id,
        "items": [
            {"order_product_id": int(key), "quantity": units} for key, units in parcel.units.items()
        ],
        "shipping_method": parcel.carrier,
        "shipping_provider": "",
        "comments": PARCEL.format(key=parcel.key),
        **tracking_body(parcel),
    }


def tracking_body(parcel: FulfillmentWrite) -> dict[str, str]:
    return {"tracking_number": parcel.tracking_number, "tracking_link": parcel.tracking_url}


def _line(line: Line, currency: str) -> RemoteLine:
    gross = line.price_inc_tax * line.quantity
    paid = line.discounted_total_inc_tax
    rate = line.price_inc_tax / line.price_ex_tax - 1 if line.price_ex_tax else None
    return RemoteLine(
        external_id=str(line.id),
        sku=line.sku,
        variant_id=str(line.variant_id),
        title=line.name,
        quantity=line.quantity,
        unit=Money(line.price_inc_tax, currency),
        discount=Money(gross - (line.total_inc_tax if paid is None else paid), currency),
        tax=Money(line.total_tax, currency).rounded(),
        # The order does not state the rate; four digits of both prices give it.
        tax_rate=rate.quantize(RATE_STEP) if rate is not None else None,
    )


def _payment(order: Order) -> PaymentState:
    """Return the state of the money. An authorized payment is pending until it is captured."""
    status = order.payment_status.casefold()
    if order.status_id == REFUNDED or (
        order.refunded_amount and order.refunded_amount >= order.total_inc_tax
    ):
        return PaymentState.REFUNDED
    if order.refunded_amount or order.status_id == PARTIALLY_REFUNDED:
        return PaymentState.PARTIALLY_REFUNDED
    is_confirmed = not status and order.status_id in PAID_STATUSES
    if status in PAID_PAYMENTS or (is_confirmed and order.payment_method.casefold() != CASH):
        return PaymentState.PAID
    if status in VOIDED_PAYMENTS or order.status_id in {CANCELED, DECLINED}:
        return PaymentState.VOIDED
    return PaymentState.PENDING


def _address(order: Order) -> Address:
    """Return the destination; an order with several is shipped to the first one."""
    found = order.consignments.shipping
    to = found[0] if found else Consignment(id=0)
    name = f"{to.first_name} {to.last_name}".strip()
    return Address(
        name=name or to.company,
        line1=to.street_1,
        line2=", ".join(filter(None, [to.company if name else "", to.street_2])),
        postcode=to.zip,
        city=to.city,
        region=to.state,
        country=to.country_iso2,
        phone=to.phone or order.billing_address.phone,
    )
