"""Order events: record them in the outbox, with payloads that suffice for every message."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet

from catalog.enums import EU
from catalog.markets.registry import url_of
from catalog.models import Variant
from catalog.products import images
from catalog.texts.titles import full_title_in, title_in
from notifications.models import Event
from notifications.outbox import record_event
from orders import order_lines
from orders.links import choice_url, order_url, terms_url
from orders.models import (
    AddressChangeRequest,
    Backorder,
    BackorderLine,
    Order,
    OrderLine,
    OrderMessage,
    PaymentEvent,
    PurchaseLine,
    PurchaseOrder,
)
from orders.promotions import redemptions
from storefront.lib.address import Address
from storefront.lib.money import Money

PAYMENT_FAILED = "order.payment_failed"
PAYMENT_LINK = "order.payment_link"
MESSAGE_ANSWERED = "order.message_answered"


def line_payload(line: OrderLine, locale: str, quantity: int | None = None) -> dict[str, Any]:
    """Return the payload of a line, with its title in a language and absolute picture URLs."""
    count = line.quantity if quantity is None else quantity
    picture = ""
    if line.picture:
        picture = f"{settings.PUBLIC_URL}{images.url_of(line.picture, 240)}"
    return {
        "title": title_in(line, locale),
        "sku": line.sku,
        "quantity": count,
        "amount": str(line.unit_amount * count),
        "picture_url": picture,
        **_beam(line.variant),
    }


def shipped_payload(purchase_line: PurchaseLine, locale: str, quantity: int) -> dict[str, Any]:
    """Return the payload of a shipped line: what was sold, or the accepted substitute."""
    payload = line_payload(purchase_line.order_line, locale, quantity)
    if purchase_line.bought.pk == purchase_line.order_line.variant_id:
        return payload
    # A picture of another item would be worse than none.
    return {
        **payload,
        "title": full_title_in(purchase_line.bought, locale),
        "sku": purchase_line.sku,
        "picture_url": "",
        **_beam(purchase_line.bought),
    }


def _beam(variant: Variant) -> dict[str, Any]:
    """Return the URL of the beam picture and the beam distance; empty if they are unknown."""
    spec = getattr(variant.product, "spec", None)
    if not (spec and spec.intensity_cd and spec.output_lm):
        return {"beam_url": "", "beam_m": None}
    address = f"{settings.PUBLIC_URL}/beam/{spec.intensity_cd}-{spec.output_lm}.png"
    return {"beam_url": address, "beam_m": spec.beam_m}


def base_payload(order: Order) -> dict[str, Any]:
    """Return what every order message needs."""
    return {
        "number": order.number,
        "email": order.email if order.notifies_customer else [],
        "locale": order.locale,
        "url": order_url(order),
        "shop_url": url_of(order.channel_id),
        "currency": order.currency,
        "goes_to": order.ship_to["country"],
    }


def record_order_event(
    order: Order, name: str, part: str, /, *, at: datetime, **payload: Any
) -> None:
    """Record an event of an order once; ``part`` distinguishes events of one name."""
    record_event(
        name=name,
        key=f"{name}:{part}",
        subject=f"order:{order.number}",
        payload={**base_payload(order), **payload},
        at=at,
    )


def _lines(order: Order) -> list[dict[str, Any]]:
    return [line_payload(line, order.locale) for line in order_lines.read_order_lines(order)]


def order_placed(order: Order, *, at: datetime) -> None:
    lines = order_lines.read_order_lines(order)
    record_order_event(
        order,
        "order.placed",
        order.number,
        lines=[line_payload(line, order.locale) for line in lines],
        subtotal=str(order.subtotal_amount),
        delivery=str(order.delivery_amount),
        discounts=[
            {"name": name, "amount": str(amount)}
            for name, amount in redemptions.discount_lines(order)
        ],
        added_tax=str(order.additional_tax_amount) if order.additional_tax_amount else "",
        tax=str(order.tax_amount),
        tax_rate="" if order.additional_tax_amount else str(lines[0].tax_rate),
        total=str(order.total_amount),
        ship_to=order.ship_to,
        guarantees=_guarantees(order, lines),
        has_legal_guarantee=order.ship_to["country"] in EU,
        arrives_from=str(order.arrives_from),
        arrives_to=str(order.arrives_to),
        at=at,
    )


def _guarantees(order: Order, lines: Sequence[OrderLine]) -> list[dict[str, Any]]:
    return [
        {
            "title": title_in(line, order.locale),
            "has_label": terms.has_label,
            "months": terms.months,
            "years": terms.years_in(order.locale),
            "guarantor": terms.guarantor,
            "address": terms.address,
            "brand": terms.brand,
            "model": terms.model,
            "territory": terms.territory_in(order.locale),
            "claim": terms.claim_in(order.locale),
            "terms_url": terms_url(order, line),
        }
        for line, terms in order_lines.guarantees_of(lines)
    ]


def order_confirmed(order: Order, *, at: datetime) -> None:
    """Notify the customer, once, that all items that were not canceled are confirmed."""
    remaining = [
        (line, line.quantity - line.canceled_quantity)
        for line in order_lines.read_order_lines(order)
    ]
    record_order_event(
        order,
        "order.confirmed",
        order.number,
        lines=[line_payload(line, order.locale, count) for line, count in remaining if count],
        arrives_from=str(order.arrives_from),
        arrives_to=str(order.arrives_to),
        at=at,
    )


def order_unpaid(order: Order, *, at: datetime) -> None:
    """Send one reminder of an unpaid order."""
    _record_unpaid(order, "order.unpaid", at)


def payment_link(order: Order, *, at: datetime) -> None:
    """Send the customer, once, the payment link of an order that staff placed."""
    _record_unpaid(order, PAYMENT_LINK, at)


def payment_failed(order: Order, *, at: datetime) -> None:
    """Notify the customer, once, of a payment that ended while the order can still be paid."""
    _record_unpaid(order, PAYMENT_FAILED, at)


def _record_unpaid(order: Order, name: str, at: datetime) -> None:
    payload = {"total": str(order.total_amount), "lines": _lines(order)}
    due_at = order.payment_due_at.isoformat()
    record_order_event(order, name, order.number, **payload, payment_due_at=due_at, at=at)


def has_payment_request(order: Order) -> bool:
    """Return whether the customer was sent the payment link or notified of a failed payment."""
    keys = [f"{name}:{order.number}" for name in (PAYMENT_LINK, PAYMENT_FAILED)]
    return Event.objects.filter(key__in=keys).exists()


def link_requested(order: Order, *, at: datetime) -> None:
    """Send the customer the link of the order page."""
    record_order_event(order, "order.link_asked", secrets.token_hex(16), at=at)


def delivery_address_changed(
    order: Order, *, was: Address, correction_number: int, is_own: bool, at: datetime
) -> None:
    """Notify the customer of a new address.

    ``correction_number`` counts the order's address corrections. ``is_own``: requested by the
    customer.
    """
    record_order_event(
        order,
        "order.delivery_address_changed",
        f"{order.number}:{correction_number}",
        ship_to=order.ship_to,
        was=asdict(was),
        is_own=is_own,
        at=at,
    )


def delivery_address_change_result(
    purchase_order: PurchaseOrder,
    *,
    change_request: AddressChangeRequest,
    was: Address,
    at: datetime,
) -> None:
    """Notify the customer whether the address of one parcel was changed as requested."""
    order = purchase_order.order
    lines = OrderLine.objects.filter(
        purchase_lines__purchase_order=purchase_order, purchase_lines__is_active=True
    )
    record_order_event(
        order,
        "order.delivery_address_change_result",
        f"{purchase_order.number}:{change_request.pk}",
        lines=[
            line_payload(line, order.locale)
            for line in lines.select_related("variant__product__spec").order_by("pk")
        ],
        is_changed=change_request.status == AddressChangeRequest.Status.ACCEPTED,
        ship_to=purchase_order.goes_to,
        wished=change_request.ship_to,
        was=asdict(was),
        at=at,
    )


def order_canceled(
    order: Order, *, reason: str, is_charged: bool, at: datetime, was_paid: bool = True
) -> None:
    """Notify the customer; ``was_paid``: a payment was authorized, even if never captured."""
    record_order_event(
        order,
        "order.canceled",
        order.number,
        lines=_lines(order),
        reason=reason,
        refunded=is_charged,
        was_paid=was_paid,
        total=str(order.total_amount),
        at=at,
    )


def cancellation_answered(
    purchase_order: PurchaseOrder,
    *,
    is_stopped: bool,
    units: Mapping[int, int] | None = None,
    at: datetime,
) -> None:
    """Notify the customer whether one parcel, or some units of it, were canceled; the order goes on.

    ``units`` maps order line ids to units; the same answer about the same units is sent once.
    """
    order = purchase_order.order
    rows = purchase_order.lines.select_related(
        "offer__variant__product__spec", "order_line__variant__product__spec"
    ).order_by("pk")
    part = at.isoformat()
    if units is not None:
        rows = rows.filter(order_line__in=units)
        named = " ".join(f"{line_id}x{count}" for line_id, count in sorted(units.items()))
        part = sha256(f"{is_stopped} {named}".encode()).hexdigest()[:16]
    record_order_event(
        order,
        "order.cancellation_answered",
        f"{purchase_order.number}:{part}",
        lines=[
            shipped_payload(row, order.locale, units[row.order_line_id] if units else row.quantity)
            for row in rows
        ],
        is_stopped=is_stopped,
        at=at,
    )


def message_answered(order: Order, *, message: OrderMessage, is_answer: bool, at: datetime) -> None:
    """Send the customer a message of staff about an order."""
    content = {"text": message.text, "is_answer": is_answer}
    record_order_event(order, MESSAGE_ANSWERED, f"{order.number}:{message.pk}", at=at, **content)


def lines_canceled(  # noqa: PLR0913 - the parts of one record
    purchase_order: PurchaseOrder,
    *,
    lines: QuerySet[OrderLine],
    amount: Money,
    is_charged: bool,
    reason: str,
    at: datetime,
    part: str = "",
) -> None:
    """Notify the customer of canceled lines and their refund.

    ``part`` identifies the lines if the purchase order continues without them.
    """
    order = purchase_order.order
    remaining = order.lines.filter(quantity__gt=F("canceled_quantity"))
    record_order_event(
        order,
        "order.lines_canceled",
        f"{purchase_order.number}{part}",
        lines=[
            line_payload(line, order.locale)
            for line in lines.select_related("variant__product__spec").order_by("pk")
        ],
        is_all=not remaining.exclude(pk__in=lines.values("pk")).exists(),
        amount=str(amount.amount),
        is_charged=is_charged,
        reason=reason,
        at=at,
    )


def backorder_choice(backorder: Backorder, *, lines: Sequence[BackorderLine], at: datetime) -> None:
    """Ask the customer to choose what happens to backordered lines."""
    order = backorder.order
    value = sum((row.order_line.customer_charge_amount for row in lines), backorder.delivery_amount)
    record_order_event(
        order,
        "order.backorder_choice",
        f"{order.number}:{backorder.pk}",
        lines=[line_payload(row.order_line, order.locale) for row in lines],
        instead=[
            {
                "title": full_title_in(row.substitute, order.locale),
                "was": title_in(row.order_line, order.locale),
            }
            for row in lines
            if row.substitute is not None
        ],
        amount=str(value),
        is_delay=backorder.kind == Backorder.Kind.LATER,
        promised_by=str(backorder.promised_by),
        arrives_by=str(backorder.arrives_by),
        sms_number=order.sms_number,
        respond_by=backorder.respond_by.isoformat() if backorder.respond_by else "",
        answers={choice: choice_url(backorder, choice) for choice in backorder.choices},
        at=at,
    )


def order_refunded(order: Order, *, event: PaymentEvent, at: datetime) -> None:
    record_order_event(
        order,
        "order.refunded",
        f"{event.gateway}:{event.external_id}",
        amount=str(event.amount),
        reason=event.reason,
        at=at,
    )


def purchase_order_answered(purchase_order: PurchaseOrder, *, what: str, at: datetime) -> None:
    """Record a supplier's answer: ``accepted``, ``rejected``, ``canceled``."""
    record_event(
        name=f"purchase_order.{what}",
        key=f"purchase_order.{what}:{purchase_order.number}",
        subject=f"purchase_order:{purchase_order.number}",
        payload={
            "number": purchase_order.number,
            "order": purchase_order.order.number,
            "supplier": purchase_order.supplier.code,
            "reference": purchase_order.supplier_reference,
            "amount": str(purchase_order.customer_charge_amount),
            "currency": purchase_order.currency,
        },
        at=at,
    )
