"""Stock ledger: hold, sell and release units, record when a supplier's figure has the sale.

The only writer of the reserved and allocated counters.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from storefront.lib.db.prepared_queries import planned_cursor
from storefront.lib.db.transactions import needs_transaction
from suppliers.models import StockLevel, StockMovement

Kind = StockMovement.Kind
# What each statement does besides: the movement that explains the counter, and a note that the
# shop's pages show what is free now (the sweep does it). All at once, so that whoever waits for
# the row waits no longer than that.
_TOLD = """
), unpublished AS (
    INSERT INTO suppliers_unpublishedsupply (variant_id)
    SELECT variant_id FROM changed WHERE variant_id IS NOT NULL
)
INSERT INTO suppliers_stockmovement
    (level_id, kind, reported_delta, reserved_delta, allocated_delta, cause, at)
SELECT id, %(kind)s, 0, %(reserved)s, %(allocated)s, %(cause)s, %(now)s FROM changed
"""
# Note [Waited for a list]: who waited for a row while a list was applied meets the new figure, but
# the age of the old one: what confirms the place stands in another row, which was read before. A
# second statement sees both.
TRIES = 2
# The age counts in the statement that holds: who lost the race for a row meets the condition
# again, and a figure too old to promise from, or whose cost is, has no units at all.
HOLD = f"""
WITH changed AS (
UPDATE suppliers_stocklevel l SET reserved = l.reserved + %(reserved)s
FROM suppliers_supplieroffer o, suppliers_supplier s, suppliers_stocklocation p
WHERE l.id = %(level)s AND o.id = l.offer_id AND s.id = o.supplier_id AND p.id = l.location_id
  AND %(reserved)s >= o.minimum_quantity AND %(reserved)s %% o.pack_size = 0
  AND CASE WHEN o.is_cost_silent THEN o.cost_as_of ELSE GREATEST(o.cost_as_of, s.costs_as_of) END
    >= %(now)s - make_interval(mins => s.cost_hidden_min)
  AND l.reported_quantity >= %(reserved)s + l.buffer + l.allocated_unseen + l.reserved
    + aged_buffer(
        l.reported_quantity,
        %(now)s - CASE WHEN l.is_silent THEN l.as_of ELSE GREATEST(l.as_of, p.stock_as_of) END,
        s.stock_believed_min, s.stock_hidden_min, s.stock_grows_units, s.stock_grows_percent,
        s.stock_accuracy)
RETURNING l.id, o.variant_id
{_TOLD}"""  # noqa: S608 - our own words
MOVE = f"""
WITH changed AS (
UPDATE suppliers_stocklevel l
SET reserved = l.reserved + %(reserved)s, allocated_unseen = l.allocated_unseen + %(allocated)s
FROM suppliers_supplieroffer o WHERE l.id = %(level)s AND o.id = l.offer_id
RETURNING l.id, o.variant_id
{_TOLD}"""  # noqa: S608 - our own words


class NotEnoughStockError(Exception):
    """A stock row has fewer free units than were asked for."""

    def __init__(self, level_id: int, wanted: int) -> None:
        super().__init__(f"stock row {level_id} has not {wanted} free")
        self.level_id = level_id
        self.wanted = wanted


@needs_transaction
def hold(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Set units aside, all or nothing; ``units`` maps a stock row to how many.

    The guard stands in the UPDATE itself: two buyers of the last unit meet in the row, and
    the second finds the condition false. A figure counts for what it is worth at its age.

    See Note [Waited for a list].

    Locks:  the stock rows, in id order
    Raises: NotEnoughStockError  the caller's transaction must not be committed
    """
    for level_id, quantity in sorted(units.items()):
        for _ in range(TRIES):
            if _change(HOLD, level_id, Kind.RESERVED, cause=cause, now=now, reserved=quantity):
                break
        else:
            raise NotEnoughStockError(level_id, quantity)


@needs_transaction
def sell(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Turn held units into sold ones, which the supplier's figure does not contain yet.

    Locks:  the stock rows, in id order
    """
    for level_id, quantity in sorted(units.items()):
        _change(
            MOVE,
            level_id,
            Kind.ALLOCATED,
            cause=cause,
            now=now,
            reserved=-quantity,
            allocated=quantity,
        )


@needs_transaction
def let_go(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Give held units back to everybody.

    Locks:  the stock rows, in id order
    """
    for level_id, quantity in sorted(units.items()):
        _change(MOVE, level_id, Kind.RELEASED, cause=cause, now=now, reserved=-quantity)


@needs_transaction
def unsell(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Give sold units back that the supplier never took: he refused, or we canceled in time.

    Locks:  the stock rows, in id order
    """
    _shrink(units, Kind.RELEASED, cause=cause, now=now)


@needs_transaction
def see(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Stop subtracting sold units: the supplier's own figure contains the sale now.

    Locks:  the stock rows, in id order
    """
    _shrink(units, Kind.SEEN, cause=cause, now=now)


@needs_transaction
def unsee(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Subtract sold units again: the figure that contained the sale is no more.

    Locks:  the stock rows, in id order
    """
    for level_id, quantity in sorted(units.items()):
        _change(MOVE, level_id, Kind.ADJUSTED, cause=cause, now=now, allocated=quantity)


def _shrink(
    units: Mapping[int, int], kind: StockMovement.Kind, *, cause: str, now: datetime
) -> None:
    for level_id, quantity in sorted(units.items()):
        _change(MOVE, level_id, kind, cause=cause, now=now, allocated=-quantity)


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
    """Change the counters of one row and write down why; tell whether the row was as it must be.

    Raises: StockLevel.DoesNotExist  there is no such row, and nothing to be subtracted from
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
        raise StockLevel.DoesNotExist(f"stock row {level_id}")
    return is_changed
