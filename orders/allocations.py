"""Units that are sold: until the supplier's own figure shows it, until they ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from orders.models import Allocation, Order, OrderLine, PurchaseOrder, Reservation
from storefront.lib.transactions import needs_transaction
from suppliers import stock
from suppliers.models import FeedRun, Supplier

Status = Allocation.Status


@needs_transaction
def sell(*, order: Order, now: datetime) -> None:
    """Turn the reservations of a paid order into allocations.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    active = Reservation.objects.filter(line__order=order, status=Reservation.Status.ACTIVE)
    units: Counter[int] = Counter()
    sold = []
    for reservation in active.select_for_update(of=["self"]).order_by("pk"):
        reservation.move(Reservation.Status.CONVERTED, at=now, reason="paid")
        units[reservation.level_id] += reservation.quantity
        sold.append(
            Allocation(
                line_id=reservation.line_id,
                level_id=reservation.level_id,
                quantity=reservation.quantity,
                status=Status.UNSEEN,
                status_since=now,
            )
        )
    stock.sell(units=units, cause=f"order:{order.number}", now=now)
    Allocation.objects.bulk_create(sold)


@needs_transaction
def release(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Give sold units back that nobody will ship.

    Locks:  the allocations, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    for allocation in _of(lines):
        if allocation.status == Status.UNSEEN:
            units[allocation.level_id] += allocation.quantity
        allocation.move(Status.RELEASED, at=now, reason=cause)
    stock.unsell(units=units, cause=cause, now=now)


def reconcile(*, supplier: Supplier, now: datetime) -> int:
    """Stop subtracting sales that the supplier's own figures must contain by now.

    A sale is contained when he counted it down (at the order or at the shipment, as he
    does) before we began to ask for the figures. Returns how many sales that were.

    Locks:  the allocations, then the stock rows in id order
    """
    asked_at = (
        supplier.runs.filter(kind=FeedRun.Kind.STOCK, status=FeedRun.Status.APPLIED)
        .order_by("-started_at")
        .values_list("started_at", flat=True)
        .first()
    )
    if asked_at is None:
        return 0
    if supplier.counts_down_at == Supplier.CountsDownAt.ORDER:
        counted = Q(line__purchase_lines__purchase_order__accepted_at__lt=asked_at)
    else:
        counted = Q(
            line__purchase_lines__purchase_order__status__in=["shipped", "closed"],
            line__purchase_lines__purchase_order__status_since__lt=asked_at,
        )
    with transaction.atomic(durable=True):
        contained = Allocation.objects.filter(
            counted,
            status=Status.UNSEEN,
            level__offer__supplier=supplier,
            level__is_silent=False,  # of a silent row that run did not speak
            line__purchase_lines__is_live=True,
        )
        rows = list(contained.select_for_update(of=["self"]).order_by("pk"))
        units: Counter[int] = Counter()
        for allocation in rows:
            allocation.move(Status.SEEN, at=now, reason="the supplier's figure is newer")
            units[allocation.level_id] += allocation.quantity
        stock.see(units=units, cause=f"supplier:{supplier.code}", now=now)
    return len(rows)


@needs_transaction
def ship(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Close the allocations of shipped lines, where the supplier's figure shows the sale.

    The others stay ``unseen``: his last figure may still count what has left his shelf.

    Locks:  the allocations
    """
    for allocation in _of(lines):
        if allocation.status == Status.SEEN:
            allocation.move(Status.SHIPPED, at=now, reason=cause)


@needs_transaction
def lock(*, purchase_order: PurchaseOrder) -> None:
    """Lock all allocations that parcels of a purchase order may close.

    Locks:  the allocations, in id order
    """
    lines = purchase_order.lines.filter(is_live=True).values("order_line")
    _of(OrderLine.objects.filter(pk__in=lines))


def _of(lines: Iterable[OrderLine]) -> list[Allocation]:
    open_ones = Allocation.objects.filter(line__in=list(lines)).exclude(
        status__in=[Status.SHIPPED, Status.RELEASED]
    )
    return list(open_ones.select_for_update(of=["self"]).order_by("pk"))
