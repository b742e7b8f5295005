"""Line splits: divide an order line between suppliers into two order lines.

Each part then follows the rules of a whole line: one purchase order or backorder, one stock row,
its own charge, refunded to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models

from orders.models import Allocation, OrderLine, PurchaseLine, Reservation, SetbackLine
from orders.pricing.proration import share
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful, copy_trace

SHARED = (
    "line_amount",
    "discount_amount",
    "tax_amount",
    "added_tax_amount",
    "landed_amount",
    "fees_amount",
)
NOTHING: Mapping[str, Any] = {}


@needs_transaction
def part(line: PurchaseLine, *, keep: int) -> PurchaseLine:
    """Leave ``keep`` units in a purchase line; return a new line of the same order with the others.

    Nothing of it may have shipped. Reservations and allocations are split too, so stock counts
    stay.

    Locks:  the caller holds the order; the allocations of the line
    """
    sold, other = _part_line(line.order_line_id, keep=keep)
    apart = _part(line, keep=keep, quantity=other.quantity, order_line=other)
    line.order_line = sold
    return apart


@needs_transaction
def part_refused(line: SetbackLine, *, keep: int) -> SetbackLine:
    """Leave ``keep`` units in a backorder line; return a new line of it with the others.

    Earlier purchase lines keep what suppliers were asked for and rejected.

    Locks:  the caller holds the order; the allocations of the line
    """
    sold, other = _part_line(line.order_line_id, keep=keep)
    line.order_line = sold
    return SetbackLine.objects.create(setback_id=line.setback_id, order_line=other, code=line.code)


def _part_line(line_id: int, *, keep: int) -> tuple[OrderLine, OrderLine]:
    sold = OrderLine.objects.select_related("order").get(pk=line_id)
    rest = sold.quantity - keep
    other = _part_sold(sold, keep=keep, rest=rest)
    live = Allocation.objects.filter(line=sold).exclude(status=Allocation.Status.RELEASED)
    for each in (
        *Reservation.objects.filter(line=sold),
        *live.select_for_update(of=["self"]),
    ):
        _part(each, keep=keep, quantity=rest, line=other)
    return sold, other


def apart(whole: Money, *, keep: int, of: int) -> tuple[Money, Money]:
    """Split an amount between the kept units and the others, to the cent."""
    mine = share(whole, quantity=of, before=0, units=keep)
    return mine, whole - mine


def _part_sold(sold: OrderLine, *, keep: int, rest: int) -> OrderLine:
    """Split prices and costs of an order line by units."""
    kept: dict[str, Decimal | None] = dict.fromkeys(SHARED)
    others = dict(kept)
    for name in SHARED:
        if (whole := getattr(sold, name)) is not None:
            parts = apart(Money(whole, sold.order.currency), keep=keep, of=keep + rest)
            kept[name], others[name] = (one.amount for one in parts)
    root = sold.parted_from_id or sold.pk
    return _part(sold, keep=keep, kept=kept, quantity=rest, parted_from_id=root, **others)


def _part[Row: models.Model](
    row: Row, *, keep: int, kept: Mapping[str, Any] = NOTHING, **others: Any
) -> Row:
    """Leave ``keep`` units in a row; return a copy with the other values."""
    other = type(row)._base_manager.get(pk=row.pk)  # noqa: SLF001 - any model's own
    for name, value in {**kept, "quantity": keep}.items():
        setattr(row, name, value)
    row.save(update_fields=[*kept, "quantity"])
    other.pk, other._state.adding = None, True  # noqa: SLF001 - copies a row, as Django documents it
    for name, value in others.items():
        setattr(other, name, value)
    other.save()
    if isinstance(row, Stateful) and isinstance(other, Stateful):
        copy_trace(row, to=other)
    return other
