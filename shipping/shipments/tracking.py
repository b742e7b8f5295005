"""Follow the carrier's news of a parcel, in whatever order it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from orders.inventory import allocations
from orders.models import Order, PurchaseOrder
from shipping.models import Parcel, TrackingEvent
from shipping.shipments import carriers, events, fulfillment
from shipping.shipments.statuses import FINAL, ON_ITS_WAY, CarrierNews, latest
from storefront.lib.db.transactions import needs_transaction

# News from further ahead carries a wrong date: it is heard, and its date is not believed.
CLOCKS_DIFFER_BY = timedelta(days=1)


class UnknownParcelError(LookupError):
    """Nobody told us of this parcel yet: the news may be told again later."""


@transaction.atomic(durable=True)
def apply(*, carrier: str, number: str, news: Sequence[CarrierNews], now: datetime) -> Parcel:
    """Take in what a carrier says of one parcel.

    Locks:  the order, then its purchase order, the allocations and the stock rows
    Raises: UnknownParcelError
            carriers.BadNumberError  this is no tracking number
    """
    plain = carriers.number_of(number)
    parcel = (
        Parcel.objects.filter(carrier=carriers.name_of(carrier, plain), number=plain)
        .select_related("shipment")
        .first()
    )
    if parcel is None:
        raise UnknownParcelError(f"{carrier} {plain}"[:100])
    purchase_order = lock(parcel.shipment.purchase_order_id)
    parcel.refresh_from_db()
    hear(parcel=parcel, purchase_order=purchase_order, news=news, now=now)
    return parcel


@needs_transaction
def lock(purchase_order_id: int) -> PurchaseOrder:
    """Lock the order, then its purchase order: everybody who moves parcels meets here.

    Locks:  the order, the purchase order, then all its allocations in id order: parcels close
            them one by one in whatever order they are told
    """
    order_id = PurchaseOrder.objects.values_list("order_id", flat=True).get(pk=purchase_order_id)
    Order.objects.select_for_update(of=["self"]).get(pk=order_id)
    found = PurchaseOrder.objects.select_related("order", "supplier")
    purchase_order = found.select_for_update(of=["self"]).get(pk=purchase_order_id)
    allocations.lock(purchase_order=purchase_order)
    return purchase_order


@needs_transaction
def hear(
    *, parcel: Parcel, purchase_order: PurchaseOrder, news: Sequence[CarrierNews], now: datetime
) -> None:
    """Keep the news, fold all of it into where the parcel is, and move what is ours.

    Locks:  the caller holds the order and the purchase order
    """
    if not [one for one in news if _keep(parcel, one, now)]:
        return
    heard = list(parcel.tracking_events.values_list("happened_at", "carrier_status"))
    happened_at, status = latest(heard)
    if status != Parcel.Carrier.UNKNOWN:
        Parcel.objects.filter(pk=parcel.pk).update(
            carrier_status=status, carrier_status_at=happened_at
        )
        parcel.carrier_status = status
        parcel.carrier_status_at = happened_at
    if status in {Parcel.Carrier.LOST, Parcel.Carrier.RETURN_TO_SENDER}:
        events.parcel_failed(parcel, purchase_order=purchase_order, at=now)
    if any(word in ON_ITS_WAY for _, word in heard):
        fulfillment.hand_over(parcel=parcel, purchase_order=purchase_order, now=now)
    if status == FINAL:
        fulfillment.deliver(parcel=parcel, purchase_order=purchase_order, now=now)


def _keep(parcel: Parcel, news: CarrierNews, now: datetime) -> bool:
    happened_at = news.happened_at
    if happened_at is not None and happened_at > now + CLOCKS_DIFFER_BY:
        happened_at = None
    _, is_new = TrackingEvent.objects.get_or_create(
        parcel=parcel,
        external_id=news.external_id[:120] or _digest(news),
        defaults={
            "carrier_status": news.status,
            "description": news.text[:300].replace("\x00", ""),
            "place": news.place[:120].replace("\x00", ""),
            "happened_at": happened_at,
            "received_at": now,
        },
    )
    return is_new


def _digest(news: CarrierNews) -> str:
    """Name news that the carrier does not name: the same words at the same time are the same."""
    when = news.happened_at.isoformat() if news.happened_at else ""
    told = f"{news.status}\n{when}\n{news.text}\n{news.place}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:40]
