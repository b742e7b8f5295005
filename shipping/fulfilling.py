"""Move what is ours when a parcel moves: the parcel, its lines, the purchase order, the order."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from orders import allocations
from orders.models import Order, OrderLine, PurchaseOrder
from shipping import facts
from shipping.models import Parcel
from storefront.lib.transactions import needs_transaction

PurchaseStatus = PurchaseOrder.Status


@needs_transaction
def hand_over(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Note that the carrier has a parcel: its units are shipped, and the shopper is told once.

    Locks:  the caller holds the order and the purchase order; the allocations, the stock rows
    """
    if parcel.status != Parcel.Status.ANNOUNCED:
        return
    who = _who(purchase_order)
    parcel.move(Parcel.Status.HANDED_OVER, at=now, actor=who)
    for line in parcel.lines.order_by("order_line_id"):
        OrderLine.objects.filter(pk=line.order_line_id).update(
            shipped_quantity=F("shipped_quantity") + line.quantity
        )
    gone = OrderLine.objects.filter(
        parcel_lines__parcel=parcel,
        shipped_quantity__gte=F("quantity") - F("canceled_quantity"),
    )
    allocations.ship(lines=gone.distinct(), cause=f"parcel:{parcel.number}", now=now)
    to = PurchaseStatus.PARTIALLY_SHIPPED
    if not _lines(purchase_order).exclude(_all("shipped_quantity")).exists():
        to = PurchaseStatus.SHIPPED
    if to in PurchaseOrder.TRANSITIONS[PurchaseStatus(purchase_order.status)]:
        purchase_order.move(to, at=now, actor=who, reason=f"{parcel} left")
    facts.parcel_shipped(parcel, purchase_order=purchase_order, at=now)


@needs_transaction
def deliver(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Note that a parcel has arrived; the last one of an order completes it.

    Locks:  as ``hand_over``
    """
    hand_over(parcel=parcel, purchase_order=purchase_order, now=now)
    if parcel.status != Parcel.Status.HANDED_OVER:
        return
    parcel.move(Parcel.Status.DELIVERED, at=now, actor=parcel.carrier)
    for line in parcel.lines.order_by("order_line_id"):
        OrderLine.objects.filter(pk=line.order_line_id).update(
            delivered_quantity=F("delivered_quantity") + line.quantity
        )
    facts.parcel_delivered(parcel, purchase_order=purchase_order, at=now)
    if purchase_order.status != PurchaseStatus.SHIPPED:
        return
    if not _lines(purchase_order).exclude(_all("delivered_quantity")).exists():
        purchase_order.move(PurchaseStatus.CLOSED, at=now, reason="everything arrived")
        complete(order=purchase_order.order, now=now)


@needs_transaction
def complete(*, order: Order, now: datetime) -> bool:
    """End an order of which everything arrived or was canceled.

    Locks:  the caller holds the order
    """
    open_ones = order.purchase_orders.exclude(
        status__in=[PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    )
    if order.status != Order.Status.PROCESSING or open_ones.exists():
        return False
    order.move(Order.Status.COMPLETED, at=now, reason="everything arrived")
    return True


@transaction.atomic(durable=True)
def finish(*, order: Order, now: datetime) -> bool:
    """Complete an order whose parcels all arrived while staff held it.

    Locks:  the order
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    return complete(order=order, now=now)


def arrived() -> QuerySet[Order]:
    """Find orders in processing of which nothing is on its way any more."""
    ended = [PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    mine = PurchaseOrder.objects.filter(order=OuterRef("pk"))
    return Order.objects.filter(
        Exists(mine.filter(status=PurchaseStatus.CLOSED)),
        ~Exists(mine.exclude(status__in=ended)),
        status=Order.Status.PROCESSING,
    )


def _lines(purchase_order: PurchaseOrder) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(
        purchase_lines__purchase_order=purchase_order, purchase_lines__is_live=True
    )


def _all(counter: str) -> Q:
    return Q(**{f"{counter}__gte": F("quantity") - F("canceled_quantity")})


def _who(purchase_order: PurchaseOrder) -> str:
    return f"supplier {purchase_order.supplier.code}"
