"""Allocations: allocate the stock of a paid order, release it, mark it shipped."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection

from orders.inventory import reservations
from orders.models import Allocation, BackorderLine, Order, OrderLine, PurchaseOrder
from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction
from suppliers.inventory import ledger

Status = Allocation.Status
# ``Reservation`` active -> converted for all rows at once, with the history that ``move`` writes.
CONVERT_RESERVATIONS = """
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
    (subject, subject_id, status_field, from_status, to_status, at, actor, reason)
  SELECT 'orders.Reservation', id, 'status', 'active', 'converted', %(now)s, '', 'paid' FROM held
), sold AS (
  INSERT INTO orders_allocation
    (line_id, level_id, quantity, status, status_since, doubt, absorbed_by)
  SELECT line_id, level_id, quantity, 'unseen', %(now)s, '', '' FROM held
)
SELECT level_id, quantity FROM held
"""


@requires_transaction
def allocate(*, order: Order, now: datetime) -> None:
    """Turn the active reservations of a paid order into allocations.

    Locks:  the reservations of the order, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    with planned_cursor(connection) as cursor:
        cursor.execute(CONVERT_RESERVATIONS, {"order": order.pk, "now": now})
        for level_id, quantity in cursor.fetchall():
            units[level_id] += quantity
    ledger.allocate(units=units, cause=f"order:{order.number}", now=now)


@requires_transaction
def allocate_from(*, levels: Mapping[int, int], cause: str, now: datetime) -> None:
    """Allocate lines of a paid order from other stock levels than they were sold from.

    Shape:  ``levels`` maps order line ids to stock level ids
    Locks:  the stock rows in id order
    Raises: ledger.NotEnoughStockError  the caller's transaction must roll back
    """
    lines = OrderLine.objects.in_bulk(list(levels))
    units: Counter[int] = Counter()
    for line_id, level_id in levels.items():
        units[level_id] += lines[line_id].quantity
    ledger.reserve(units=units, cause=cause, now=now)
    substitutes = BackorderLine.objects.filter(
        order_line__in=levels, is_open=True, substitute__isnull=False
    )
    instead = dict(substitutes.values_list("order_line", "substitute"))
    sold = {
        level_id: {(line := lines[line_id]).variant_id, instead.get(line_id, line.variant_id)}
        for line_id, level_id in levels.items()
    }
    reservations.require_same_variants(sold, units)
    ledger.allocate(units=units, cause=cause, now=now)
    Allocation.objects.bulk_create(
        Allocation(
            line_id=line_id, level_id=level_id, quantity=lines[line_id].quantity, status_since=now
        )
        for line_id, level_id in levels.items()
    )


@requires_transaction
def release(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Release the allocations of lines that will not ship.

    Units the supplier has decremented become available only when its next figure shows them.

    Locks:  the allocations, then the stock rows in id order
    """
    units: Counter[int] = Counter()
    for allocation in _lock_open_of(lines):
        if allocation.status == Status.UNSEEN:
            units[allocation.level_id] += allocation.quantity
        allocation.move(Status.RELEASED, at=now, reason=cause)
    ledger.deallocate(units=units, cause=cause, now=now)


@requires_transaction
def mark_shipped(*, lines: Iterable[OrderLine], cause: str, now: datetime) -> None:
    """Record that lines shipped; close allocations that the supplier's figure contains.

    The others stay ``unseen``: the last figure may still include the shipped units.

    Locks:  the allocations
    """
    for allocation in _lock_open_of(lines):
        if allocation.status == Status.SEEN:
            allocation.move(Status.SHIPPED, at=now, reason=cause, shipped_at=now)
        elif allocation.shipped_at is None:
            Allocation.objects.filter(pk=allocation.pk).update(shipped_at=now)


@requires_transaction
def lock_open(*, purchase_order: PurchaseOrder) -> None:
    """Lock all allocations that parcels of a purchase order may close, in id order."""
    lines = purchase_order.lines.filter(is_active=True).values("order_line")
    _lock_open_of(OrderLine.objects.filter(pk__in=lines))


def _lock_open_of(lines: Iterable[OrderLine]) -> list[Allocation]:
    open_ones = Allocation.objects.filter(line__in=list(lines)).exclude(
        status__in=[Status.SHIPPED, Status.RELEASED]
    )
    return list(open_ones.select_for_update(of=["self"]).order_by("pk"))
