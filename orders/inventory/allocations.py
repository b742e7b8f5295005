"""Allocations: allocate the stock of a paid order, release it, mark it shipped.

An allocation is subtracted from the supplier's reported stock until that figure contains the sale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from orders.models import Allocation, Order, OrderLine, PurchaseOrder
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import needs_transaction
from suppliers.inventory import ledger

Status = Allocation.Status
# One line of a status that is drawn in ``Reservation.TRANSITIONS``, for all rows at once, with
# the trace that ``move`` keeps of each.
SELL = """
WITH held AS (
  SELECT row.id, row.line_id, row.level_id, row.quantity
  FROM orders_reservation row JOIN orders_orderline line ON line.id = row.line_id
  WHERE line.order_id = %(order)s AND row.status = 'active'
  ORDER BY row.id FOR UPDATE OF row
), moved AS (
  UPDATE orders_reservation row SET status = 'converted', status_since = %(now)s
  FROM held WHERE row.id = held.id
), traced AS (
  INSERT INTO lib_statuschange
    (subject, subject_id, axis, from_status, to_status, at, actor, reason)
  SELECT 'orders.Reservation', id, 'status', 'active', 'converted', %(now)s, '', 'paid' FROM held
), sold AS (
  INSERT INTO orders_allocation
    (line_id, level_id, quantity, status, status_since, doubt, seen_by)
  SELECT line_id, level_id, quantity, 'unseen', %(now)s, '', '' FROM held
)
SELECT level_id, quantity FROM held
"""


@needs_transaction
def sell(*, order: Order, now: datetime) -> None:
    """Turn the reservations of a paid order into allocations.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    with planned_cursor(connection) as cursor:
        cursor.execute(SELL, {"order": order.pk, "now": now})
        for level_id, quantity in cursor.fetchall():
            units[level_id] += quantity
    ledger.sell(units=units, cause=f"order:{order.number}", now=now)


@needs_transaction
def take(*, levels: Mapping[int, int], cause: str, now: datetime) -> None:
    """Sell lines of a paid order from other shelves than they were sold on.

    Shape:  ``levels`` maps order lines to stock rows
    Locks:  the stock rows in id order
    Raises: ledger.NotEnoughStockError  the caller's transaction must end
    """
    lines = OrderLine.objects.in_bulk(list(levels))
    units: Counter[int] = Counter()
    for line_id, level_id in levels.items():
        units[level_id] += lines[line_id].quantity
    ledger.hold(units=units, cause=cause, now=now)
    ledger.sell(units=units, cause=cause, now=now)
    Allocation.objects.bulk_create(
        Allocation(
            line_id=line_id,
            level_id=level_id,
            quantity=lines[line_id].quantity,
            status_since=now,
        )
        for line_id, level_id in levels.items()
    )


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
    ledger.unsell(units=units, cause=cause, now=now)


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
