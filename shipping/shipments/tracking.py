"""Tracking: store carrier updates of a parcel, in any order, and apply the latest."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from orders.inventory import allocations
from orders.models import Order, PurchaseOrder
from shipping.models import Parcel, TrackingEvent
from shipping.shipments import events, fulfillment
from shipping.shipments.event_sources import counted
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
    now: datetime,
) -> int:
    """Store new updates, set the carrier status, and mark the parcel shipped or delivered.

    Return how many updates were new.

    Locks:  the caller holds the order and the purchase order
    """
    stored = sum([_store(parcel, update, now) for update in updates])
    if not stored:
        return 0
    recorded = [
        (event.happened_at, event.carrier_status)
        for event in counted(parcel.tracking_events.only("source", "happened_at", "carrier_status"))
    ]
    happened_at, status = latest(recorded)
    if status != Parcel.CarrierStatus.UNKNOWN:
        Parcel.objects.filter(pk=parcel.pk).update(
            carrier_status=status, carrier_status_at=happened_at
        )
        parcel.carrier_status = status
        parcel.carrier_status_at = happened_at
    if status in {Parcel.CarrierStatus.LOST, Parcel.CarrierStatus.RETURN_TO_SENDER}:
        events.record_failed(parcel, purchase_order=purchase_order, at=now)
    if any(word in WITH_CARRIER for _, word in recorded):
        fulfillment.mark_shipped(parcel=parcel, purchase_order=purchase_order, now=now)
    events.record_news(parcel, purchase_order=purchase_order, at=now)
    if status == FINAL:
        fulfillment.mark_delivered(parcel=parcel, purchase_order=purchase_order, now=now)
    return stored


def _store(parcel: Parcel, update: TrackingUpdate, now: datetime) -> bool:
    happened_at = update.happened_at
    if happened_at is not None and happened_at > now + MAX_CLOCK_SKEW:
        happened_at = None
    _, is_new = TrackingEvent.objects.get_or_create(
        parcel=parcel,
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
