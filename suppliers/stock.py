"""Promise units, and give them back: the only writer of reserved and allocated counters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import F

from storefront.lib.transactions import needs_transaction
from suppliers.models import StockLevel, StockMovement, SupplierOffer, UnpublishedSupply

Kind = StockMovement.Kind
# The age counts in the statement that holds: who lost the race for a row meets the condition
# again, and a figure too old to promise from, or whose cost is, has no units at all.
HOLD = """
UPDATE suppliers_stocklevel l SET reserved = l.reserved + %(quantity)s
FROM suppliers_supplieroffer o, suppliers_supplier s, suppliers_stocklocation p
WHERE l.id = %(level)s AND o.id = l.offer_id AND s.id = o.supplier_id AND p.id = l.location_id
  AND %(quantity)s >= o.minimum_quantity AND %(quantity)s %% o.pack_size = 0
  AND CASE WHEN o.is_cost_silent THEN o.cost_as_of ELSE GREATEST(o.cost_as_of, s.costs_as_of) END
    >= %(now)s - make_interval(mins => s.cost_hidden_min)
  AND l.reported_quantity >= %(quantity)s + l.buffer + l.allocated_unseen + l.reserved
    + aged_buffer(
        l.reported_quantity,
        %(now)s - CASE WHEN l.is_silent THEN l.as_of ELSE GREATEST(l.as_of, p.stock_as_of) END,
        s.stock_believed_min, s.stock_hidden_min, s.stock_grows_units, s.stock_grows_percent,
        s.stock_accuracy)
"""


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

    Locks:  the stock rows, in id order
    Raises: NotEnoughStockError  the caller's transaction must not be committed
    """
    for level_id, quantity in sorted(units.items()):
        with connection.cursor() as cursor:
            cursor.execute(HOLD, {"level": level_id, "quantity": quantity, "now": now})
            is_held = bool(cursor.rowcount)
        if not is_held:
            raise NotEnoughStockError(level_id, quantity)
        _record(level_id, Kind.RESERVED, cause=cause, now=now, reserved=quantity)
    _unpublish(units)


@needs_transaction
def sell(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Turn held units into sold ones, which the supplier's figure does not contain yet.

    Locks:  the stock rows, in id order
    """
    for level_id, quantity in sorted(units.items()):
        StockLevel.objects.filter(pk=level_id).update(
            reserved=F("reserved") - quantity,
            allocated_unseen=F("allocated_unseen") + quantity,
        )
        _record(
            level_id,
            Kind.ALLOCATED,
            cause=cause,
            now=now,
            reserved=-quantity,
            allocated=quantity,
        )
    _unpublish(units)


@needs_transaction
def let_go(*, units: Mapping[int, int], cause: str, now: datetime) -> None:
    """Give held units back to everybody.

    Locks:  the stock rows, in id order
    """
    for level_id, quantity in sorted(units.items()):
        StockLevel.objects.filter(pk=level_id).update(reserved=F("reserved") - quantity)
        _record(level_id, Kind.RELEASED, cause=cause, now=now, reserved=-quantity)
    _unpublish(units)


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
        StockLevel.objects.filter(pk=level_id).update(
            allocated_unseen=F("allocated_unseen") + quantity
        )
        _record(level_id, Kind.ADJUSTED, cause=cause, now=now, allocated=quantity)
    _unpublish(units)


def _shrink(
    units: Mapping[int, int], kind: StockMovement.Kind, *, cause: str, now: datetime
) -> None:
    for level_id, quantity in sorted(units.items()):
        StockLevel.objects.filter(pk=level_id).update(
            allocated_unseen=F("allocated_unseen") - quantity
        )
        _record(level_id, kind, cause=cause, now=now, allocated=-quantity)
    _unpublish(units)


def _unpublish(level_ids: Iterable[int]) -> None:
    """Have the shop's pages show what is free now; the sweep does it."""
    offers = SupplierOffer.objects.filter(levels__in=list(level_ids), variant__isnull=False)
    variant_ids = offers.order_by("variant_id").values_list("variant_id", flat=True).distinct()
    UnpublishedSupply.objects.bulk_create(
        UnpublishedSupply(variant_id=variant_id) for variant_id in variant_ids
    )


def _record(  # noqa: PLR0913 - one movement has three counters and a cause
    level_id: int,
    kind: StockMovement.Kind,
    *,
    cause: str,
    now: datetime,
    reserved: int = 0,
    allocated: int = 0,
) -> None:
    StockMovement.objects.create(
        level_id=level_id,
        kind=kind,
        reserved_delta=reserved,
        allocated_delta=allocated,
        cause=cause,
        at=now,
    )
