"""Fulfillment: move parcels between statuses, update lines, purchase order and order."""

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from orders.addresses import pending_changes
from orders.backorders import backorders
from orders.inventory import allocations
from orders.models import Backorder, Order, OrderLine, PurchaseOrder
from shipping.models import Parcel, ParcelLine
from shipping.shipments import contents, events
from storefront.lib.db.transactions import requires_transaction

PurchaseStatus = PurchaseOrder.Status


@requires_transaction
def mark_shipped(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Mark a parcel shipped with its units; notify the customer once.

    A voided label that the carrier scans is restored first. Without a tracking number, the customer
    is notified when the parcel gets one.
    Locks:  the caller holds the order and the purchase order; the allocations, the stock rows
    """
    if parcel.status == Parcel.Status.VOIDED:
        restore_label(parcel=parcel, purchase_order=purchase_order, now=now)
    if parcel.status != Parcel.Status.LABEL_CREATED:
        return
    _leave(parcel, purchase_order, now=now)
    notify_once(parcel=parcel, purchase_order=purchase_order, now=now)


@requires_transaction
def restore_label(
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    now: datetime,
    actor: str = "",
    reason: str = "the carrier scanned it",
) -> None:
    """Restore a voided label, with those of its units that are in no other parcel."""
    units = contents.get_contents(parcel) & contents.remaining_units(purchase_order)
    contents.replace_contents(parcel, units)
    parcel.move(Parcel.Status.LABEL_CREATED, at=now, actor=actor, reason=reason)


@requires_transaction
def notify_once(*, parcel: Parcel, purchase_order: PurchaseOrder, now: datetime) -> None:
    """Notify the customer once of a shipped parcel, as soon as it has a tracking number."""
    if parcel.number and parcel.status == Parcel.Status.SHIPPED:
        events.record_shipped(parcel, purchase_order=purchase_order, at=now)


@requires_transaction
def add_contents(
    *, parcel: Parcel, purchase_order: PurchaseOrder, units: Counter[int], now: datetime
) -> None:
    """Save contents learned later; the parcel may have shipped or arrived already.

    Locks:  as ``mark_shipped``
    """
    contents.replace_contents(parcel, contents.get_contents(parcel) + units)
    if parcel.has_left:
        _ship_units(parcel, purchase_order, units, now)
    if parcel.status == Parcel.Status.DELIVERED:
        _increase("delivered_quantity", units)
        close_purchase_order(purchase_order, now=now)


@requires_transaction
def move_units(
    *,
    giver: Parcel,
    taker: Parcel,
    purchase_order: PurchaseOrder,
    units: Counter[int],
    now: datetime,
) -> None:
    """Move units between two parcels; both have left, or the giver has not.

    Locks:  as ``mark_shipped``
    """
    contents.replace_contents(giver, contents.get_contents(giver) - units)
    contents.replace_contents(taker, contents.get_contents(taker) + units)
    if taker.has_left and not giver.has_left:
        _ship_units(taker, purchase_order, units, now)
    if giver.status == Parcel.Status.DELIVERED:
        _decrease_delivered(units)
    if taker.status == Parcel.Status.DELIVERED:
        _increase("delivered_quantity", units)
    close_purchase_order(purchase_order, now=now)


@requires_transaction
def mark_delivered(
    *,
    parcel: Parcel,
    purchase_order: PurchaseOrder,
    now: datetime,
    actor: str = "",
    reason: str = "",
) -> None:
    """Mark a parcel delivered; the last one completes the order. Locks as ``mark_shipped``."""
    mark_shipped(parcel=parcel, purchase_order=purchase_order, now=now)
    if parcel.status == Parcel.Status.DELIVERED:
        return
    parcel.move(Parcel.Status.DELIVERED, at=now, actor=actor or parcel.carrier, reason=reason)
    events.record_delivered(parcel, purchase_order=purchase_order, at=now)
    _increase("delivered_quantity", contents.get_contents(parcel))
    close_purchase_order(purchase_order, now=now)


@requires_transaction
def mark_undelivered(  # noqa: PLR0913 - the parts of one transition
    *,
    parcel: Parcel,
    to: Parcel.Status,
    purchase_order: PurchaseOrder,
    now: datetime,
    actor: str,
    reason: str,
) -> None:
    """Mark a parcel lost, returned, or shipped again after a wrong delivery report.

    A purchase order or an order that has ended stays so. Locks as ``mark_shipped``.
    """
    if parcel.status == Parcel.Status.LABEL_CREATED:
        _leave(parcel, purchase_order, now=now)
    was_delivered = parcel.status == Parcel.Status.DELIVERED
    parcel.move(to, at=now, actor=actor, reason=reason)
    if was_delivered:
        _decrease_delivered(contents.get_contents(parcel))


@requires_transaction
def close_purchase_order(purchase_order: PurchaseOrder, *, now: datetime) -> None:
    """Close a purchase order if each of its parcels has arrived or is resolved.

    Its order is completed with the last purchase order. The caller holds both.
    """
    if purchase_order.status != PurchaseStatus.SHIPPED:
        return
    parcels = Parcel.objects.filter(shipment__purchase_order=purchase_order)
    open_parcels = (
        parcels.filter(Q(is_content_unknown=True) | Exists(_lines_of_parcel()))
        .exclude(status__in=[Parcel.Status.DELIVERED, Parcel.Status.VOIDED])
        .exclude(~Q(resolution=Parcel.Resolution.OPEN), status__in=[*Parcel.UNDELIVERABLE])
    )
    if not open_parcels.exists():
        purchase_order.move(
            PurchaseStatus.CLOSED, at=now, reason="everything arrived or was settled"
        )
        complete_order(order=purchase_order.order, now=now)


@requires_transaction
def complete_order(*, order: Order, now: datetime) -> bool:
    """Complete an order if everything arrived or was canceled; return whether it did so now.

    Locks:  the caller holds the order
    """
    open_ones = order.purchase_orders.exclude(
        status__in=[PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    )
    if order.status != Order.Status.PROCESSING or open_ones.exists():
        return False
    if backorders.open_backorders(order).exists():  # another source may still fill a part of it
        return False
    order.move(Order.Status.COMPLETED, at=now, reason="everything arrived or was settled")
    return True


@transaction.atomic(durable=True)
def complete_released_order(*, order: Order, now: datetime) -> bool:
    """Complete an order whose parcels all arrived while it was on hold. Locks the order."""
    order = Order.objects.select_for_update(of=["self"]).get(pk=order.pk)
    return complete_order(order=order, now=now)


def orders_to_complete() -> QuerySet[Order]:
    """Return orders in processing whose purchase orders have all ended."""
    ended = [PurchaseStatus.CLOSED, PurchaseStatus.CANCELED]
    mine = PurchaseOrder.objects.filter(order=OuterRef("pk"))
    return Order.objects.filter(
        Exists(mine.filter(status=PurchaseStatus.CLOSED)),
        ~Exists(mine.exclude(status__in=ended)),
        ~Exists(Backorder.objects.filter(order=OuterRef("pk"), status__in=backorders.OPEN_STATES)),
        status=Order.Status.PROCESSING,
    )


def _ship_units(
    parcel: Parcel, purchase_order: PurchaseOrder, units: Counter[int], now: datetime
) -> None:
    _increase("shipped_quantity", units)
    shipped_lines = OrderLine.objects.filter(_is_complete("shipped_quantity"), pk__in=units)
    allocations.mark_shipped(
        lines=shipped_lines, cause=f"parcel:{parcel.number or parcel.pk}", now=now
    )
    backorders.close_delays(purchase_order, reason="it shipped", now=now)
    pending_changes.reject(purchase_order, reason="it shipped", notify_customer=True, now=now)
    to = PurchaseStatus.PARTIALLY_SHIPPED
    if not _lines(purchase_order).exclude(_is_complete("shipped_quantity")).exists():
        to = PurchaseStatus.SHIPPED
    if to in PurchaseOrder.TRANSITIONS[PurchaseStatus(purchase_order.status)]:
        purchase_order.move(to, at=now, actor=_actor(purchase_order), reason=f"{parcel} left")


def _leave(parcel: Parcel, purchase_order: PurchaseOrder, *, now: datetime) -> None:
    parcel.move(Parcel.Status.SHIPPED, at=now, actor=_actor(purchase_order))
    _ship_units(parcel, purchase_order, contents.get_contents(parcel), now)


def _lines_of_parcel() -> QuerySet[ParcelLine]:
    return ParcelLine.objects.filter(parcel=OuterRef("pk"))


def _increase(counter: str, units: Counter[int]) -> None:
    for line_id, quantity in sorted(units.items()):
        OrderLine.objects.filter(pk=line_id).update(**{counter: F(counter) + quantity})


def _decrease_delivered(units: Counter[int]) -> None:
    for line_id, quantity in sorted(units.items()):
        OrderLine.objects.filter(pk=line_id).update(
            delivered_quantity=F("delivered_quantity") - quantity
        )


def _lines(purchase_order: PurchaseOrder) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(
        purchase_lines__purchase_order=purchase_order, purchase_lines__is_active=True
    )


def _is_complete(counter: str) -> Q:
    return Q(**{f"{counter}__gte": F("quantity") - F("canceled_quantity")})


def _actor(purchase_order: PurchaseOrder) -> str:
    return f"supplier {purchase_order.supplier.code}"
