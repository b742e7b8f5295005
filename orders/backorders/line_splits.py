"""Line splits: divide an order line between suppliers into two order lines.

Each part then follows the rules of an undivided line: one purchase order or backorder, one stock
row, its own charge, refunded to the cent.
"""

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
    """Leave ``keep`` units in a purchase line; return a new line with the others.

    No unit may have shipped. Reservations and allocations are split too, so stock counts stay.

    Locks:  the caller holds the order; the allocations of the line
    """
    order_line, new_order_line = _split_line(line.order_line_id, keep=keep)
    new_line = _split_row(
        line, keep=keep, quantity=new_order_line.quantity, order_line=new_order_line
    )
    line.order_line = order_line
    return new_line


@requires_transaction
def split_backorder_line(line: BackorderLine, *, keep: int) -> BackorderLine:
    """Leave ``keep`` units in a backorder line; return a new line with the others.

    Earlier purchase lines keep the quantities that suppliers received and rejected.

    Locks:  the caller holds the order; the allocations of the line
    """
    order_line, new_order_line = _split_line(line.order_line_id, keep=keep)
    line.order_line = order_line
    return BackorderLine.objects.create(
        backorder_id=line.backorder_id, order_line=new_order_line, code=line.code
    )


def _split_line(line_id: int, *, keep: int) -> tuple[OrderLine, OrderLine]:
    order_line = OrderLine.objects.select_related("order").get(pk=line_id)
    other_quantity = order_line.quantity - keep
    new_order_line = _split_order_line(order_line, keep=keep, other_quantity=other_quantity)
    open_allocations = Allocation.objects.filter(line=order_line).exclude(
        status=Allocation.Status.RELEASED
    )
    for row in (
        *Reservation.objects.filter(line=order_line),
        *open_allocations.select_for_update(of=["self"]),
    ):
        _split_row(row, keep=keep, quantity=other_quantity, line=new_order_line)
    return order_line, new_order_line


def split_amount(amount: Money, *, keep: int, of: int) -> tuple[Money, Money]:
    """Split an amount between the kept units and the others, to the cent."""
    kept_amount = prorate(amount, quantity=of, before=0, units=keep)
    return kept_amount, amount - kept_amount


def _split_order_line(order_line: OrderLine, *, keep: int, other_quantity: int) -> OrderLine:
    """Split prices and costs of an order line by units."""
    kept_values: dict[str, Decimal | None] = dict.fromkeys(PRORATED_FIELDS)
    other_values = dict(kept_values)
    for name in PRORATED_FIELDS:
        if (value := getattr(order_line, name)) is not None:
            parts = split_amount(
                Money(value, order_line.order.currency), keep=keep, of=keep + other_quantity
            )
            kept_values[name], other_values[name] = (part.amount for part in parts)
    root = order_line.split_from_id or order_line.pk
    return _split_row(
        order_line,
        keep=keep,
        kept_values=kept_values,
        quantity=other_quantity,
        split_from_id=root,
        **other_values,
    )


def _split_row[Row: models.Model](
    row: Row, *, keep: int, kept_values: Mapping[str, Any] = NO_VALUES, **other_values: Any
) -> Row:
    """Leave ``keep`` units in a row; return a copy with the other values."""
    copy = type(row)._base_manager.get(pk=row.pk)  # noqa: SLF001 - any model's own
    for name, value in {**kept_values, "quantity": keep}.items():
        setattr(row, name, value)
    row.save(update_fields=[*kept_values, "quantity"])
    copy.pk, copy._state.adding = None, True  # noqa: SLF001 - copies a row, as Django documents it
    for name, value in other_values.items():
        setattr(copy, name, value)
    copy.save()
    if isinstance(row, Stateful) and isinstance(copy, Stateful):
        copy_history(row, to=copy)
    return copy
