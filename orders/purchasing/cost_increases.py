"""Cost increases: accept a higher cost if the parcel makes no loss, else reject the lines."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from orders.models import PurchaseLine, PurchaseOrder
from orders.purchasing import purchase_margin
from orders.purchasing.holds.rules import COST_TOLERANCE_RATE
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money
from suppliers.connectors.records import RejectedLine, RejectionReason

REJECTION_CODE = RejectionReason.REJECTED_OTHER


@requires_transaction
def accept_or_reject(
    purchase_order: PurchaseOrder,
    lines: QuerySet[PurchaseLine],
    requested: Mapping[str, Money],
    *,
    now: datetime,
) -> tuple[RejectedLine, ...]:
    """Accept the unit costs the supplier asks for, or return the increased lines as refused.

    An increase within ``COST_TOLERANCE_RATE`` needs no decision. A cost is refused if it makes a
    loss or cannot be converted: another supplier may ship for the agreed cost.

    Shape:  ``lines`` are those the supplier ships; ``requested`` by order line id
    Locks:  the caller holds the purchase order
    """
    lines_shipped = list(lines.select_related("order_line", "offer", "level"))
    increased = [
        line
        for line in lines_shipped
        if _is_increased(line, requested.get(str(line.order_line_id)))
    ]
    if not increased:
        return ()
    items_cost = _items_cost(lines_shipped, requested)
    if items_cost is None or not _is_profitable(purchase_order, lines_shipped, items_cost, now):
        return tuple(
            RejectedLine(reference=str(line.order_line_id), code=REJECTION_CODE)
            for line in increased
        )
    for line in increased:
        cost = requested[str(line.order_line_id)].rounded()
        line.agreed_cost_amount, line.cost_currency = cost.amount, cost.currency
        line.save(update_fields=["agreed_cost_amount", "cost_currency"])
    return ()


def _is_increased(line: PurchaseLine, requested: Money | None) -> bool:
    if requested is None:
        return False
    agreed = line.agreed_cost_amount * (1 + COST_TOLERANCE_RATE)
    return requested.currency != line.cost_currency or requested.amount > agreed


def _items_cost(lines: list[PurchaseLine], requested: Mapping[str, Money]) -> Money | None:
    """Return the cost of all lines at the requested unit costs; None if currencies differ."""
    costs = [
        requested.get(str(line.order_line_id), Money(line.agreed_cost_amount, line.cost_currency))
        for line in lines
    ]
    if len({cost.currency for cost in costs}) != 1:
        return None
    sums = (cost.amount * line.quantity for cost, line in zip(costs, lines, strict=True))
    return Money(sum(sums, Decimal(0)), costs[0].currency)


def _is_profitable(
    purchase_order: PurchaseOrder, lines: list[PurchaseLine], items_cost: Money, now: datetime
) -> bool:
    freight = None
    if purchase_order.freight_amount is not None:
        freight = Money(purchase_order.freight_amount, purchase_order.freight_currency)
    active = purchase_order.lines.filter(is_active=True).select_related("order_line")
    other_lines = active.exclude(pk__in=[line.pk for line in lines])
    margin = purchase_margin.calculate(
        purchase_order=purchase_order,
        lines=lines,
        freight=freight,
        items_cost=items_cost,
        now=now,
        other_charges=sum(
            (line.order_line.customer_charge_amount for line in other_lines), Decimal(0)
        ),
    )
    return margin.parcel is not None and margin.parcel.loss.amount <= 0
