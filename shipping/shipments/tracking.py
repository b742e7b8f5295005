"""Tracking: store carrier updates of a parcel, in any order, and apply the latest."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from orders.inventory import allocations
from orders.models import Order, PurchaseOrder
from shipping.models import Parcel, TrackingEvent
from shipping.shipments import events, fulfillment
from shipping.shipments.event_sources import drop_superseded
from shipping.shipments.statuses import FINAL, WITH_CARRIER, TrackingUpdate, latest
from storefront.lib.db.transactions import requires_transaction

# An update further in the future has a wrong date: it is stored without one.
MAX_CLOCK_SKEW = timedelta(days=1)


@requires_transaction
def lock_purchase_order(purchase_order_id: int) -> PurchaseOrder:
    """Lock the order, then its purchase order. Every change of parcels starts here.

    Locks:  the order, the purchase order, then its open allocations in id order, because parcels
            close them in any order
    """
    order_id = PurchaseOrder.objects.values_list("order_id", flat=True).get(pk=purchase_order_id)
    Order.objects.select_for_update(of=["self"]).get(pk=order_id)
    purchase_orders = PurchaseOrder.objects.select_related("order", "supplier")
    purchase_order = purchase_orders.select_for_update(of=["self"]).get(pk=purchase_order_id)
    allocations.lock_open(purchase_order=purchase_order)
    return purchase_order


@requires_transaction
def apply_locked(
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    updates: Sequence[TrackingUpdate],
    number: str = "",
    now: datetime,
) -> int:
    """Store new updates, then apply the latest; return how many updates were new.

    Shape:  ``number`` is the tracking number that the updates are about; empty: the parcel
    Locks:  the caller holds the order and the purchase order
    """
    stored = sum([_store(parcel, number, update, now) for update in updates])
    if stored:
        apply_latest(parcel=parcel, purchase_order=purchase_order, now=now)
    return stored


@requires_transaction
def apply_latest(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Set the carrier status from the updates about the current numbers, and what follows.

    A lost parcel that the carrier delivers later is delivered. If staff marked it lost although the
    carrier reports a delivery, or returned, only staff mark it delivered.

    Locks:  the caller holds the order and the purchase order
    """
    current = parcel.tracking_events.filter(number__in=parcel.current_numbers)
    recorded = [
        (event.happened_at, event.carrier_status)
        for event in drop_superseded(current.only("source", "happened_at", "carrier_status"))
    ]
    before = parcel.carrier_status
    happened_at, status = latest(recorded)
    if status == Parcel.CarrierStatus.UNKNOWN:  # nothing is known about the current number
        status = Parcel.CarrierStatus.PRE_TRANSIT
    parcel.update_columns(carrier_status=status, carrier_status_at=happened_at)
    if status in {Parcel.CarrierStatus.LOST, Parcel.CarrierStatus.RETURN_TO_SENDER}:
        events.record_failed(
            parcel,
            is_lost=status == Parcel.CarrierStatus.LOST,
            purchase_order=purchase_order,
            at=now,
        )
    if any(word in WITH_CARRIER for _, word in recorded):
        fulfillment.mark_shipped(parcel=parcel, purchase_order=purchase_order, now=now)
    events.record_status(parcel, purchase_order=purchase_order, at=now)
    is_found = parcel.status == Parcel.Status.LOST and before != FINAL
    if status == FINAL and (parcel.status == Parcel.Status.SHIPPED or is_found):
        fulfillment.mark_delivered(parcel=parcel, purchase_order=purchase_order, now=now)


def _store(parcel: Parcel, number: str, update: TrackingUpdate, now: datetime) -> bool:
    happened_at = update.happened_at
    if happened_at is not None and happened_at > now + MAX_CLOCK_SKEW:
        happened_at = None
    _, is_new = TrackingEvent.objects.get_or_create(
        parcel=parcel,
        number=number,
        external_id=update.external_id[:120] or _make_id(update),
        defaults={
            "source": update.source,
            "carrier_status": update.status,
            "description": update.text[:300].replace("\x00", ""),
            "place": update.place[:120].replace("\x00", ""),
            "happened_at": happened_at,
            "received_at": now,
        },
    )
    return is_new


def _make_id(update: TrackingUpdate) -> str:
    """Return an id for an update without one; equal updates get the same id."""
    when = update.happened_at.isoformat() if update.happened_at else ""
    content = f"{update.status}\n{when}\n{update.text}\n{update.place}"
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:40]
