"""Webhook handlers: parse a stored webhook, apply it to payments, orders, parcels, offers, messages."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from notifications import sms_webhooks
from orders.gateways import gateway_for
from orders.models import PurchaseOrder
from orders.payments import updates as payment_updates
from orders.purchasing import acknowledgements
from shipping.shipments import shipments
from shipping.shipments.statuses import WITH_CARRIER, from_text
from shipping.trackers import provider_state
from shipping.trackers import updates as tracking_provider_updates
from shipping.trackers.base import Tracker
from storefront.lib.http.errors import PermanentError, TemporaryError
from storefront.sales_channels.models import Connection as StoreConnection
from storefront.sales_channels.orders import webhooks as store_webhooks
from storefront.sales_channels.orders.intake import UnknownRemoteOrderError
from storefront.webhooks.sources import GATEWAYS, TWILIO, Source, is_mail_provider
from storefront.webhooks.supplier_system import payloads
from storefront.webhooks.supplier_system.payloads import (
    PricePayload,
    ProductStatusPayload,
    StockPayload,
    TestPayload,
    TrackingPayload,
)
from suppliers.connections.factory import open_connector
from suppliers.connectors.capabilities import OrderReading, require
from suppliers.connectors.records import (
    Acknowledgement,
    EventType,
    PurchaseOrderReport,
    SupplierEvent,
)
from suppliers.models import Supplier
from suppliers.pushes import prices, statuses, stock
from suppliers.pushes.rows import RefusedRow
from suppliers.resilience.bulkheads import LockedElsewhereError
from suppliers.runs.runs import QuarantinedError
from suppliers.sync import webhooks

# A rejection irreversibly releases units and refunds money. The tracking payload has no event time,
# so a rejection waits for a shipment webhook that was sent before it and may arrive later.
REJECTION_DELAY = timedelta(minutes=5)


class UnknownOrderError(Exception):
    """The webhook names an order that does not exist, or not yet."""


class EarlyRejectionError(Exception):
    """The supplier rejects an order, but a shipment webhook sent earlier may still arrive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlingResult:
    """Result of a webhook. ``reason`` says what was not done, and why."""

    is_applied: bool
    reason: str = ""
    refused_rows: tuple[RefusedRow, ...] = ()


def apply_webhook(  # noqa: PLR0911 - one for each kind of source
    *, source: Source, external_id: str, body: bytes, received_at: datetime, now: datetime
) -> HandlingResult:
    """Apply a webhook. Idempotent.

    Raises: UnknownOrderError, updates.UnknownPaymentError, updates.TooEarlyError,
    shipments.NotShippableError, EarlyRejectionError, TemporaryError: a retry may succeed.
    PermanentError: malformed, or not permitted to this source.
    """
    if source.name in GATEWAYS:
        return _gateway(source.name, body, now)
    if source.name == TWILIO:
        return HandlingResult(is_applied=sms_webhooks.apply(body=body, now=now))
    if is_mail_provider(source.name):
        return _mail_provider(body, received_at, now)
    if source.tracker is not None:
        return _tracking_provider(source.tracker, body, now)
    if source.store is not None:
        return _store(source.store, external_id, now)
    if source.connector is None:
        return _apply_system_call(source, external_id, body, received_at, now)
    return _apply_events(source, source.connector.parse_event(body, received_at=received_at), now)


def _gateway(gateway: str, body: bytes, now: datetime) -> HandlingResult:
    updates = gateway_for(gateway).updates_of_event(body=body)
    for update in updates:
        payment_updates.apply(update=update, gateway=gateway, now=now)
    if not updates:
        return HandlingResult(is_applied=False, reason="unknown event type")
    return HandlingResult(is_applied=True)


def _mail_provider(body: bytes, received_at: datetime, now: datetime) -> HandlingResult:
    # Anymail imports an HTTP client, which would take memory in each worker.
    from notifications.deliverability import mail_webhooks  # noqa: PLC0415

    if mail_webhooks.apply(body=body, received_at=received_at, now=now):
        return HandlingResult(is_applied=True)
    return HandlingResult(is_applied=False, reason="no e-mail of this shop, or unknown event type")


def _tracking_provider(tracker: Tracker, body: bytes, now: datetime) -> HandlingResult:
    provider_state.record_webhook(tracker.code, now=now)
    report = tracker.parse_webhook(body)
    if report is None:
        return HandlingResult(is_applied=False, reason="unknown event type")
    if not tracking_provider_updates.apply_report(report, is_poll=False, now=now):
        return HandlingResult(is_applied=False, reason="no registered parcel has this number")
    return HandlingResult(is_applied=True)


def _store(connection: StoreConnection, external_id: str, now: datetime) -> HandlingResult:
    try:
        is_applied = store_webhooks.apply(connection, external_id=external_id, now=now)
    except UnknownRemoteOrderError as error:
        raise UnknownOrderError(str(error)) from error
    except LockedElsewhereError as error:  # a poll takes it in: read it again after that
        raise TemporaryError(str(error)) from error
    return HandlingResult(is_applied=is_applied, reason="" if is_applied else "unknown event type")


def _apply_system_call(
    source: Source, external_id: str, body: bytes, received_at: datetime, now: datetime
) -> HandlingResult:
    """Apply a call of a supplier's system in the shop's own payload."""
    supplier = source.supplier
    assert supplier is not None  # noqa: S101 - ``sources.find`` sets it
    payload = payloads.parse(body, received_at=received_at, currency=supplier.currency)
    match payload:
        case TestPayload():
            return HandlingResult(is_applied=True)
        case TrackingPayload():
            return _apply_tracking(source, payload, received_at, now)
        case _:
            return _apply_push(supplier, payload, external_id, received_at, now)


def _apply_push(
    supplier: Supplier,
    payload: StockPayload | PricePayload | ProductStatusPayload,
    external_id: str,
    received_at: datetime,
    now: datetime,
) -> HandlingResult:
    """Apply stock, costs or statuses; refused rows do not stop the others."""
    push: dict[str, Any] = {
        "supplier": supplier,
        "external_id": external_id,
        "as_of": payloads.effective_as_of(payload, received_at),
        "now": now,
    }
    try:
        match payload:
            case StockPayload():
                refused = stock.apply_stock(rows=payload.records, **push)
            case PricePayload():
                refused = prices.apply_prices(rows=payload.records, **push)
            case ProductStatusPayload():
                refused = statuses.apply_statuses(rows=payload.records, **push)
    except QuarantinedError as error:
        return HandlingResult(is_applied=False, reason=f"quarantined: {error}")
    count = len(payload.rows)
    return HandlingResult(
        is_applied=len(refused) < count,
        reason=_describe_refused(refused, count),
        refused_rows=tuple(refused),
    )


def _describe_refused(refused: Sequence[RefusedRow], count: int) -> str:
    if not refused:
        return ""
    named = "; ".join(f"{row.sku}: {row.reason}" for row in refused[:3])
    return f"{len(refused)} of {count} rows refused: {named}{'; …' if len(refused) > 3 else ''}"  # noqa: PLR2004 - as many as fit


def _apply_tracking(
    source: Source, payload: TrackingPayload, received_at: datetime, now: datetime
) -> HandlingResult:
    state = payload.report
    purchase_order = _order_of(source, number=state.number)
    if state.answer in acknowledgements.NEGATIVE and now < received_at + REJECTION_DELAY:
        raise EarlyRejectionError(
            f"{state.answer}: waits, because a shipment sent earlier may still arrive"
        )
    return _apply_states(purchase_order, [state], now)


def _apply_events(source: Source, events: Sequence[SupplierEvent], now: datetime) -> HandlingResult:
    """Apply the events of a webhook of a supplier's API."""
    if not events:
        return HandlingResult(is_applied=False, reason="unknown event type")
    outcomes = [_apply_event(source, event, now) for event in events]
    reasons = dict.fromkeys(outcome.reason for outcome in outcomes if outcome.reason)
    is_applied = any(outcome.is_applied for outcome in outcomes)
    return HandlingResult(is_applied=is_applied, reason="; ".join(reasons))


def _apply_event(source: Source, event: SupplierEvent, now: datetime) -> HandlingResult:
    if event.kind in {EventType.STOCK, EventType.PRODUCT}:
        return _apply_catalog_event(source, event, now)
    purchase_order = _order_of(
        source, number=event.number, supplier_reference=event.supplier_reference
    )
    if event.kind is EventType.CHARGE:
        acknowledgements.record_charge_notice(
            purchase_order=purchase_order, reason=event.reason, amount=event.charge, now=now
        )
        return HandlingResult(is_applied=True)
    if states := _states(purchase_order, event):
        return _apply_states(purchase_order, states, now)
    return HandlingResult(is_applied=False, reason="the event has no order status")


def _apply_catalog_event(source: Source, event: SupplierEvent, now: datetime) -> HandlingResult:
    """Apply a stock or product event: it triggers a sync, now or with the next one."""
    try:
        if source.supplier and webhooks.handle_event(
            supplier=source.supplier, event=event, now=now
        ):
            return HandlingResult(is_applied=True)
    except QuarantinedError as error:
        return HandlingResult(is_applied=False, reason=f"quarantined: {error}")
    return HandlingResult(is_applied=False, reason="unknown product")


def _states(purchase_order: PurchaseOrder, event: SupplierEvent) -> list[PurchaseOrderReport]:
    """Return the states that the event reports for the purchase order.

    Webhooks may arrive in another sequence than they were sent. So an order event only makes the
    shop look up the order; the content of the event counts only if the supplier does not answer.
    A parcel event carries the carrier's time and is used as it is.
    """
    reported = event.state(number=purchase_order.number)
    if event.kind is EventType.PARCEL:
        return [_carrier_state(reported)] if reported else []
    try:
        return _read_states(purchase_order, event)
    except TemporaryError:
        if reported is None:
            raise
        return [reported]


def _read_states(purchase_order: PurchaseOrder, event: SupplierEvent) -> list[PurchaseOrderReport]:
    states = []
    with open_connector(purchase_order.supplier) as connector:
        for reference in event.split_into or (purchase_order.number,):
            state = require(connector, OrderReading).find(number=reference)
            if state is None:
                raise UnknownOrderError(f"the supplier has no order {reference}")
            states.append(state)
    if event.split_into:
        return [_partial_state(state, purchase_order.number) for state in states]
    return states


def _partial_state(state: PurchaseOrderReport, number: str) -> PurchaseOrderReport:
    """Return the state of one of several supplier orders that the purchase order was split into.

    A status of one part is not the status of the whole.
    """
    part = replace(state, number=number, supplier_reference="")
    if state.answer == Acknowledgement.DELIVERED:
        parcels = tuple(
            replace(parcel, carrier_text=parcel.carrier_text or "Delivered")
            for parcel in state.parcels
        )
        part = replace(part, parcels=parcels)
    if state.answer in {Acknowledgement.SHIPPED, Acknowledgement.DELIVERED}:
        part = replace(part, answer=Acknowledgement.PARTIALLY_SHIPPED)
    return part


def _carrier_state(state: PurchaseOrderReport) -> PurchaseOrderReport:
    """Return the state as partially shipped if a carrier has a parcel, else as accepted.

    A label alone is no shipment, and one parcel is not the whole order.
    """
    is_with_carrier = any(
        from_text(parcel.carrier_text) in WITH_CARRIER for parcel in state.parcels
    )
    return replace(
        state,
        answer=Acknowledgement.PARTIALLY_SHIPPED if is_with_carrier else Acknowledgement.ACCEPTED,
    )


def _apply_states(
    purchase_order: PurchaseOrder, states: list[PurchaseOrderReport], now: datetime
) -> HandlingResult:
    parcels = 0
    problems: list[str] = []
    for state in states:
        acknowledgements.apply(purchase_order=purchase_order, state=state, now=now)
        # a canceled order expects no parcel
        if purchase_order.status == PurchaseOrder.Status.CANCELED:
            continue
        imported = shipments.import_parcels(purchase_order=purchase_order, state=state, now=now)
        parcels += len(imported.parcels)
        problems += imported.problems
    if problems and not parcels:
        raise PermanentError("; ".join(problems))
    return HandlingResult(is_applied=True, reason="; ".join(problems))


def _order_of(source: Source, *, number: str, supplier_reference: str = "") -> PurchaseOrder:
    """Return a purchase order of the source's supplier. Raises UnknownOrderError."""
    orders = PurchaseOrder.objects.filter(supplier=source.supplier)
    orders = orders.select_related("order", "supplier")
    purchase_order = orders.filter(number=number).first() if number else None
    if purchase_order is None and supplier_reference:
        purchase_order = orders.filter(supplier_reference=supplier_reference).first()
    if purchase_order is None:
        raise UnknownOrderError(f"no order {number or supplier_reference!r} of this supplier"[:200])
    return purchase_order
