"""Webhook handlers: parse a stored webhook, apply it to payments, purchase orders or parcels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orders.gateways import gateway_for
from orders.models import PurchaseOrder
from orders.payments import updates as payment_updates
from orders.purchasing import acknowledgements
from shipping.shipments import shipments
from shipping.shipments.statuses import ON_ITS_WAY, from_words
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.webhooks import tracking_payload
from storefront.webhooks.sources import GATEWAYS, Source
from suppliers.connections.factory import adapter_for
from suppliers.connectors.capabilities import OrderReading, able
from suppliers.connectors.records import Answer, NewsKind, PurchaseState, SupplierNews
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks

# A rejection releases units and refunds money, irreversibly. In a payload without times, network
# order alone distinguishes "canceled, then shipped" from "shipped, then canceled".
REFUSAL_WAITS = timedelta(minutes=5)


class UnknownOrderError(Exception):
    """The webhook names an order that does not exist, or not yet."""


class EarlyRefusalError(Exception):
    """The supplier rejects an order, and a shipment webhook may still be on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """Result of a webhook. ``reason`` says why nothing was done, or what could not be done."""

    is_applied: bool
    reason: str = ""


def understand(*, source: Source, body: bytes, received_at: datetime, now: datetime) -> Understood:
    """Apply a webhook. Idempotent.

    Raises: UnknownOrderError, updates.UnknownPaymentError, updates.TooEarlyError,
    shipments.WrongOrderError, EarlyRefusalError, TemporaryError: a retry may succeed.
    PermanentError: malformed, or not permitted to this source.
    """
    if source.name in GATEWAYS:
        return _gateway(source.name, body, now)
    if source.speaks is None:
        return _tracking(source, body, received_at, now)
    return _heard(source, source.speaks.read_news(body, received_at=received_at), now)


def _gateway(gateway: str, body: bytes, now: datetime) -> Understood:
    updates = gateway_for(gateway).hear(body=body)
    for update in updates:
        payment_updates.apply(update=update, gateway=gateway, now=now)
    if not updates:
        return Understood(is_applied=False, reason="unknown event type")
    return Understood(is_applied=True)


def _tracking(source: Source, body: bytes, received_at: datetime, now: datetime) -> Understood:
    state = tracking_payload.read(body)
    purchase_order = _order_of(source, number=state.number)
    if state.answer in acknowledgements.SAYS_NO and now < received_at + REFUSAL_WAITS:
        raise EarlyRefusalError(f"{state.answer}: waits for an earlier event that may arrive later")
    return _follow(purchase_order, [state], now)


def _heard(source: Source, found: Sequence[SupplierNews], now: datetime) -> Understood:
    """Apply the events of a webhook of a supplier's API."""
    if not found:
        return Understood(is_applied=False, reason="unknown event type")
    outcomes = [_one(source, news, now) for news in found]
    reasons = dict.fromkeys(outcome.reason for outcome in outcomes if outcome.reason)
    is_applied = any(outcome.is_applied for outcome in outcomes)
    return Understood(is_applied=is_applied, reason="; ".join(reasons))


def _one(source: Source, news: SupplierNews, now: datetime) -> Understood:
    if news.kind in {NewsKind.STOCK, NewsKind.PRODUCT}:
        return _goods(source, news, now)
    purchase_order = _order_of(
        source, number=news.number, supplier_reference=news.supplier_reference
    )
    if news.kind is NewsKind.CHARGE:
        acknowledgements.hear(
            purchase_order=purchase_order, reason=news.reason, amount=news.charge, now=now
        )
        return Understood(is_applied=True)
    if states := _states(purchase_order, news):
        return _follow(purchase_order, states, now)
    return Understood(is_applied=False, reason="the event has no order status")


def _goods(source: Source, news: SupplierNews, now: datetime) -> Understood:
    """Apply a stock or product event: it triggers a sync, now or with the next one."""
    try:
        if source.supplier and webhooks.hear(supplier=source.supplier, news=news, now=now):
            return Understood(is_applied=True)
    except QuarantinedError as error:
        return Understood(is_applied=False, reason=f"quarantined: {error}")
    return Understood(is_applied=False, reason="unknown product")


def _states(purchase_order: PurchaseOrder, news: SupplierNews) -> list[PurchaseState]:
    """Return the states that the event reports for the purchase order.

    Suppliers do not deliver webhooks in order. So an order event only makes the shop read the
    order; its own content counts if the supplier cannot be read. A parcel event carries the
    carrier's own time and is used as it is.
    """
    told = news.state(number=purchase_order.number)
    if news.kind is NewsKind.PARCEL:
        return [_as_the_carrier_says(told)] if told else []
    try:
        return _asked(purchase_order, news)
    except TemporaryError:
        if told is None:
            raise
        return [told]


def _asked(purchase_order: PurchaseOrder, news: SupplierNews) -> list[PurchaseState]:
    states = []
    with adapter_for(purchase_order.supplier) as connector:
        for reference in news.split_into or (purchase_order.number,):
            state = able(connector, OrderReading).find(number=reference)
            if state is None:
                raise UnknownOrderError(f"the supplier has no order {reference}")
            states.append(state)
    if news.split_into:
        return [_as_a_part(state, purchase_order.number) for state in states]
    return states


def _as_a_part(state: PurchaseState, number: str) -> PurchaseState:
    """Return the state of one of several supplier orders that the purchase order was split into.

    A status of one part is not the status of the whole.
    """
    if state.answer not in {Answer.SHIPPED, Answer.DELIVERED}:
        return replace(state, number=number, supplier_reference="")
    if state.answer == Answer.SHIPPED:
        return replace(
            state,
            number=number,
            supplier_reference="",
            answer=Answer.PARTIALLY_SHIPPED,
        )
    parcels = tuple(
        replace(parcel, carrier_text=parcel.carrier_text or "Delivered") for parcel in state.parcels
    )
    return replace(
        state,
        number=number,
        supplier_reference="",
        answer=Answer.PARTIALLY_SHIPPED,
        parcels=parcels,
    )


def _as_the_carrier_says(state: PurchaseState) -> PurchaseState:
    """Return the state as partially shipped if a carrier has a parcel, else as accepted.

    A label alone is no shipment, and one parcel is not the whole order.
    """
    has_left = any(from_words(parcel.carrier_text) in ON_ITS_WAY for parcel in state.parcels)
    return replace(state, answer=Answer.PARTIALLY_SHIPPED if has_left else Answer.ACCEPTED)


def _follow(
    purchase_order: PurchaseOrder, states: list[PurchaseState], now: datetime
) -> Understood:
    parcels = 0
    problems: list[str] = []
    for state in states:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
        # a canceled order expects no parcel
        if purchase_order.status == PurchaseOrder.Status.CANCELED:
            continue
        taken = shipments.take_in(purchase_order=purchase_order, state=state, now=now)
        parcels += len(taken.parcels)
        problems += taken.problems
    if problems and not parcels:
        raise PermanentError("; ".join(problems))
    return Understood(is_applied=True, reason="; ".join(problems))


def _order_of(source: Source, *, number: str, supplier_reference: str = "") -> PurchaseOrder:
    """Return the purchase order by number or reference, among those of the source's supplier.

    Raises: UnknownOrderError.
    """
    orders = PurchaseOrder.objects.filter(supplier=source.supplier)
    orders = orders.select_related("order", "supplier")
    found = orders.filter(number=number).first() if number else None
    if found is None and supplier_reference:
        found = orders.filter(supplier_reference=supplier_reference).first()
    if found is None:
        raise UnknownOrderError(f"no order {number or supplier_reference!r} of this supplier"[:200])
    return found
