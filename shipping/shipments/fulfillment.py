"""Fulfillment: mark parcels shipped or delivered, update lines, purchase order and order."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from orders.addresses import pending_changes
from orders.backorders import backorders
from orders.inventory import allocations
from orders.models import Order, OrderLine, PurchaseOrder, Setback
from shipping.models import Parcel
from shipping.shipments import contents, events
from storefront.lib.db.transactions import needs_transaction

PurchaseStatus = PurchaseOrder.Status


@needs_transaction
def hand_over(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Mark a parcel shipped with its units; notify the customer once.

    Without a tracking number, the customer is notified when it gets one.
    Locks:  the caller holds the order and the purchase order; the allocations, the stock rows
    """
    if parcel.status != Parcel.Status.ANNOUNCED:
        return
    parcel.move(Parcel.Status.HANDED_OVER, at=now, actor=_who(purchase_order))
    _ship(parcel, purchase_order, contents.contents(parcel), now)
    tell(parcel=parcel, purchase_order=purchase_order, now=now)


@needs_transaction
def tell(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Notify the customer once of a shipped parcel, as soon as it has a tracking number."""
    if parcel.number and parcel.status == Parcel.Status.HANDED_OVER:
        events.parcel_shipped(parcel, purchase_order=purchase_order, at=now)


@needs_transaction
def fill(
    *, parcel: Parcel, purchase_order: PurchaseOrder, units: Counter[int], now: datetime
) -> None:
    """Save contents learned later; the parcel may have shipped or arrived already.

    Locks:  as ``hand_over``
    """
    contents.put(parcel, units)
    if parcel.status in {Parcel.Status.HANDED_OVER, Parcel.Status.DELIVERED}:
        _ship(parcel, purchase_order, units, now)
    if parcel.status == Parcel.Status.DELIVERED:
        _arrive(purchase_order, units, now)


@needs_transaction
def deliver(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Mark a parcel delivered; the last one completes the order.

    Locks:  as ``hand_over``
    """
    hand_over(parcel=parcel, purchase_order=purchase_order, now=now)
    if parcel.status != Parcel.Status.HANDED_OVER:
        return
    parcel.move(Parcel.Status.DELIVERED, at=now, actor=parcel.carrier)
    events.parcel_delivered(parcel, purchase_order=purchase_order, at=now)
    _arrive(purchase_order, contents.contents(parcel), now)


@needs_transaction
def complete(*, order: Order, now: datetime) -> bool:
    """Complete an order if everything arrived or was canceled; return whether it did.

    Locks:  the caller holds the order
    """
    open_ones = order.purchase_orders.exclude(
        status__in=[PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    )
    if order.status != Order.Status.PROCESSING or open_ones.exists():
        return False
    if backorders.waiting(order).exists():  # another source may still fill a part of it
        return False
    order.move(Order.Status.COMPLETED, at=now, reason="everything arrived")
    return True


@transaction.atomic(durable=True)
def finish(*, order: Order, now: datetime) -> bool:
    """Complete an order whose parcels all arrived while it was on hold.

    Locks:  the order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    return complete(order=order, now=now)


def arrived() -> QuerySet[Order]:
    """Return orders in processing whose purchase orders have all ended."""
    ended = [PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    mine = PurchaseOrder.objects.filter(order=OuterRef("pk"))
    return Order.objects.filter(
        Exists(mine.filter(status=PurchaseStatus.CLOSED)),
        ~Exists(mine.exclude(status__in=ended)),
        ~Exists(Setback.objects.filter(order=OuterRef("pk"), status__in=backorders.WAITING)),
        status=Order.Status.PROCESSING,
    )


def _ship(
    parcel: Parcel, purchase_order: PurchaseOrder, units: Counter[int], now: datetime
) -> None:
    _count("shipped_quantity", units)
    gone = OrderLine.objects.filter(_all("shipped_quantity"), pk__in=units)
    allocations.ship(lines=gone, cause=f"parcel:{parcel.number or parcel.pk}", now=now)
    backorders.settle_delays(purchase_order, reason="it shipped", now=now)
    pending_changes.drop(purchase_order, reason="it shipped", is_told=True, now=now)
    to = PurchaseStatus.PARTIALLY_SHIPPED
    if not _lines(purchase_order).exclude(_all("shipped_quantity")).exists():
        to = PurchaseStatus.SHIPPED
    if to in PurchaseOrder.TRANSITIONS[PurchaseStatus(purchase_order.status)]:
        purchase_order.move(to, at=now, actor=_who(purchase_order), reason=f"{parcel} left")


def _arrive(purchase_order: PurchaseOrder, units: Counter[int], now: datetime) -> None:
    _count("delivered_quantity", units)
    if purchase_order.status != PurchaseStatus.SHIPPED:
        return
    under_way = [Parcel.Status.ANNOUNCED, Parcel.Status.HANDED_OVER]
    might_hold_some = Parcel.objects.filter(
        shipment__purchase_order=purchase_order, is_content_unknown=True, status__in=under_way
    )
    is_all_here = not _lines(purchase_order).exclude(_all("delivered_quantity")).exists()
    if is_all_here and not might_hold_some.exists():
        purchase_order.move(PurchaseStatus.CLOSED, at=now, reason="everything arrived")
        complete(order=purchase_order.order, now=now)


def _count(counter: str, units: Counter[int]) -> None:
    for line_id, quantity in sorted(units.items()):
        OrderLine.objects.filter(pk=line_id).update(**{counter: F(counter) + quantity})


def _lines(purchase_order: PurchaseOrder) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(
        purchase_lines__purchase_order=purchase_order, purchase_lines__is_live=True
    )


def _all(counter: str) -> Q:
    return Q(**{f"{counter}__gte": F("quantity") - F("canceled_quantity")})


def _who(purchase_order: PurchaseOrder) -> str:
    return f"supplier {purchase_order.supplier.code}"
