"""Line splits: divide an order line between suppliers into two order lines.

Each part then follows the rules of a whole line: one purchase order or backorder, one stock row,
its own charge, refunded to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models

from orders.models import Allocation, BackorderLine, OrderLine, PurchaseLine, Reservation
from orders.pricing.proration import prorate
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from storefront.lib.state_machine import Stateful, copy_history

PRORATED_FIELDS = (
    "line_amount",
    "discount_amount",
    "tax_amount",
    "additional_tax_amount",
    "landed_amount",
    "fees_amount",
)
NO_VALUES: Mapping[str, Any] = {}


@requires_transaction
def split(line: PurchaseLine, *, keep: int) -> PurchaseLine:
    """Leave ``keep`` units in a purchase line; return a new line of the same order with the others.

    Nothing of it may have shipped. Reservations and allocations are split too, so stock counts
    stay.

    Locks:  the caller holds the order; the allocations of the line
    """
    sold, other = _split_line(line.order_line_id, keep=keep)
    apart = _split_row(line, keep=keep, quantity=other.quantity, order_line=other)
    line.order_line = sold
    return apart


@requires_transaction
def split_backorder_line(line: BackorderLine, *, keep: int) -> BackorderLine:
    """Leave ``keep`` units in a backorder line; return a new line of it with the others.

    Earlier purchase lines keep what suppliers were asked for and rejected.

    Locks:  the caller holds the order; the allocations of the line
    """
    sold, other = _split_line(line.order_line_id, keep=keep)
    line.order_line = sold
    return BackorderLine.objects.create(
        backorder_id=line.backorder_id, order_line=other, code=line.code
    )


def _split_line(line_id: int, *, keep: int) -> tuple[OrderLine, OrderLine]:
    sold = OrderLine.objects.select_related("order").get(pk=line_id)
    rest = sold.quantity - keep
    other = _split_order_line(sold, keep=keep, rest=rest)
    live = Allocation.objects.filter(line=sold).exclude(status=Allocation.Status.RELEASED)
    for each in (
        *Reservation.objects.filter(line=sold),
        *live.select_for_update(of=["self"]),
    ):
        _split_row(each, keep=keep, quantity=rest, line=other)
    return sold, other


def split_amount(whole: Money, *, keep: int, of: int) -> tuple[Money, Money]:
    """Split an amount between the kept units and the others, to the cent."""
    mine = prorate(whole, quantity=of, before=0, units=keep)
    return mine, whole - mine


def _split_order_line(sold: OrderLine, *, keep: int, rest: int) -> OrderLine:
    """Split prices and costs of an order line by units."""
    kept: dict[str, Decimal | None] = dict.fromkeys(PRORATED_FIELDS)
    others = dict(kept)
    for name in PRORATED_FIELDS:
        if (whole := getattr(sold, name)) is not None:
            parts = split_amount(Money(whole, sold.order.currency), keep=keep, of=keep + rest)
            kept[name], others[name] = (one.amount for one in parts)
    root = sold.split_from_id or sold.pk
    return _split_row(sold, keep=keep, kept=kept, quantity=rest, split_from_id=root, **others)


def _split_row[Row: models.Model](
    row: Row, *, keep: int, kept: Mapping[str, Any] = NO_VALUES, **others: Any
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
        copy_history(row, to=other)
    return other
