"""Units that are sold: until the supplier's own figure shows it, until they ship."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from orders.models import Allocation, Order, OrderLine, PurchaseOrder, Reservation
from storefront.lib.inserting import insert
from storefront.lib.prepared import Prepared
from storefront.lib.transactions import needs_transaction
from suppliers import stock

Status = Allocation.Status


@needs_transaction
def sell(*, order: Order, now: datetime) -> None:
    """Turn the reservations of a paid order into allocations.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    sold = []
    for reservation in _HELD(order_id=order.pk):
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
    insert(sold)


def _held(*, order_id: int) -> QuerySet[Reservation]:
    active = Reservation.objects.filter(line__order=order_id, status=Reservation.Status.ACTIVE)
    return active.select_for_update(of=["self"]).order_by("pk")


_HELD = Prepared(_held)


@needs_transaction
def release(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Give sold units back that nobody will ship.

    What his figure counted down already comes back only when it shows that.

    Locks:  the allocations, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    for allocation in _of(lines):
        if allocation.status == Status.UNSEEN:
            units[allocation.level_id] += allocation.quantity
        allocation.move(Status.RELEASED, at=now, reason=cause)
    stock.unsell(units=units, cause=cause, now=now)


@needs_transaction
def ship(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Note that lines shipped; close the allocations that the supplier's figure shows.

    The others stay ``unseen``: his last figure may still count what has left his shelf.

    Locks:  the allocations
    """
    for allocation in _of(lines):
        if allocation.status == Status.SEEN:
            allocation.move(Status.SHIPPED, at=now, reason=cause, shipped_at=now)
        elif allocation.shipped_at is None:
            Allocation.objects.filter(pk=allocation.pk).update(shipped_at=now)


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
