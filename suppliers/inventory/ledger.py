"""Stock ledger: reserve, allocate and release units, record when a figure contains a sale.

The only writer of the reserved and allocated counters. Each function locks the stock rows in id
order.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import requires_transaction
from suppliers.models import StockLevel, StockMovement

Kind = StockMovement.Kind
# The same statement inserts the movement and queues the variant for publication, so that the row
# lock is held briefly.
_RECORD = """
), unpublished AS (
    INSERT INTO suppliers_pendingpublication (variant_id)
    SELECT variant_id FROM changed WHERE variant_id IS NOT NULL
)
INSERT INTO suppliers_stockmovement
    (level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
SELECT id, %(kind)s, 0, %(reserved)s, %(allocated)s, %(cause)s, %(now)s FROM changed
"""
# Note [Waited for a merge]: if the UPDATE waited for a stock merge, PostgreSQL re-reads this row
# but not ``StockLocation``, so it sees the new quantity with the old confirmation time. A second
# statement has a new snapshot and sees both.
MAX_TRIES = 2
# Decay is part of the condition: after waiting for the row lock it is evaluated again. An expired
# figure or cost has no units.
RESERVE = f"""
WITH changed AS (
UPDATE suppliers_stocklevel l SET reserved = l.reserved + %(reserved)s
FROM suppliers_supplieroffer o, suppliers_supplier s, suppliers_stocklocation p
WHERE l.id = %(level)s AND o.id = l.offer_id AND s.id = o.supplier_id AND p.id = l.location_id
  AND %(reserved)s >= o.min_order_units AND %(reserved)s %% o.pack_size = 0
  AND CASE WHEN o.is_cost_unconfirmed THEN o.cost_reported_at
    ELSE GREATEST(o.cost_reported_at, s.costs_confirmed_at) END
    >= %(now)s - make_interval(mins => s.cost_expires_after_min)
  AND l.reported_quantity >= %(reserved)s + l.safety_stock + l.allocated_outstanding + l.reserved
    + stock_decay(
        l.reported_quantity,
        %(now)s - CASE WHEN l.is_unconfirmed THEN l.as_of ELSE GREATEST(l.as_of, p.stock_confirmed_at) END,
        s.stock_fresh_for_min, s.stock_expires_after_min, s.stock_decay_units_per_hour, s.stock_decay_percent_per_hour,
        s.stock_accuracy)
RETURNING l.id, o.variant_id
{_RECORD}"""  # noqa: S608 - only constants
MOVE = f"""
WITH changed AS (
UPDATE suppliers_stocklevel l
SET reserved = l.reserved + %(reserved)s, allocated_outstanding = l.allocated_outstanding + %(allocated)s
FROM suppliers_supplieroffer o WHERE l.id = %(level)s AND o.id = l.offer_id
RETURNING l.id, o.variant_id
{_RECORD}"""  # noqa: S608 - only constants


class NotEnoughStockError(Exception):
    """A stock row has fewer available units than requested."""

    def __init__(self, level_id: int, wanted: int) -> None:
        super().__init__(f"stock level {level_id} has fewer than {wanted} units available")
        self.level_id = level_id
        self.wanted = wanted


@requires_transaction
def reserve(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Reserve units, all or none; ``units`` maps stock rows to quantities.

    The condition is part of the UPDATE, so that it is false for the second of two buyers of the
    last unit. See Note [Waited for a merge].

    Locks: the stock rows, in id order
    Raises: NotEnoughStockError  the caller must roll back
    """
    for level_id, quantity in sorted(units.items()):
        for _ in range(MAX_TRIES):
            if _change(RESERVE, level_id, Kind.RESERVED, cause=cause, now=now, reserved=quantity):
                break
        else:
            raise NotEnoughStockError(level_id, quantity)


@requires_transaction
def allocate(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Turn reserved units into sold ones that the supplier's figure does not contain yet."""
    _move(units, Kind.ALLOCATED, cause=cause, now=now, reserved=-1, allocated=1)


@requires_transaction
def release(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Release reserved units."""
    _move(units, Kind.RELEASED, cause=cause, now=now, reserved=-1)


@requires_transaction
def deallocate(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Return sold units that the supplier rejected, or that we canceled in time."""
    _move(units, Kind.RELEASED, cause=cause, now=now, allocated=-1)


@requires_transaction
def mark_absorbed(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Stop subtracting sold units: the supplier's figure contains the sale now."""
    _move(units, Kind.ABSORBED, cause=cause, now=now, allocated=-1)


@requires_transaction
def undo_absorbed(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Subtract sold units again, because the figure that contained the sale was rolled back."""
    _move(units, Kind.ADJUSTED, cause=cause, now=now, allocated=1)


def _move(  # noqa: PLR0913 - one movement has two counters and a cause
    units: Mapping[int, int],
    kind: StockMovement.Kind,
    *,
    cause: str,
    now: datetime,
    reserved: int = 0,
    allocated: int = 0,
) -> None:
    """Change the counters by the units times ``reserved`` and ``allocated``: 1, -1 or 0."""
    for level_id, quantity in sorted(units.items()):
        counters = {"reserved": reserved * quantity, "allocated": allocated * quantity}
        _change(MOVE, level_id, kind, cause=cause, now=now, **counters)


def _change(  # noqa: PLR0913 - one movement has two counters and a cause
    statement: str,
    level_id: int,
    kind: StockMovement.Kind,
    *,
    cause: str,
    now: datetime,
    reserved: int = 0,
    allocated: int = 0,
) -> bool:
    """Change the counters of one row with its movement; return whether the condition held.

    Raises: StockLevel.DoesNotExist  there is no such row to release from
    """
    with planned_cursor(connection) as cursor:
        cursor.execute(
            statement,
            {
                "level": level_id,
                "kind": kind.value,
                "reserved": reserved,
                "allocated": allocated,
                "cause": cause,
                "now": now,
            },
        )
        is_changed = bool(cursor.rowcount)
    if not is_changed and statement is MOVE:
        raise StockLevel.DoesNotExist(f"stock level {level_id}")
    return is_changed
