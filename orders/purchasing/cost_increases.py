"""Cost increases: accept a higher cost if the parcel still earns, else reject the lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from orders.models import PurchaseLine, PurchaseOrder
from orders.purchasing import purchase_margin
from orders.purchasing.holds.rules import COST_DRIFT_RATE
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money
from suppliers.connectors.records import Refusal, RefusedLine

CODE = Refusal.REJECTED_OTHER


@needs_transaction
def settle(
    purchase_order: PurchaseOrder,
    lines: QuerySet[PurchaseLine],
    asked: Mapping[str, Money],
    *,
    now: datetime,
) -> tuple[RefusedLine, ...]:
    """Accept the unit costs the supplier asks for, or return the dearer lines as refused.

    An increase within ``COST_DRIFT_RATE`` needs no decision. A loss, and a cost that cannot be
    computed (no exchange rate), is refused: another supplier may ship for the agreed cost.

    Shape:  ``lines`` are those the supplier ships; ``asked`` by order line id
    Locks:  the caller holds the purchase order
    """
    live = list(lines.select_related("order_line", "offer", "level"))
    dearer = [line for line in live if _is_dearer(line, asked.get(str(line.order_line_id)))]
    if not dearer:
        return ()
    goods = _goods(live, asked)
    if goods is None or not _earns(purchase_order, live, goods, now):
        return tuple(RefusedLine(reference=str(line.order_line_id), code=CODE) for line in dearer)
    for line in dearer:
        cost = asked[str(line.order_line_id)].rounded()
        line.agreed_cost_amount, line.cost_currency = cost.amount, cost.currency
        line.save(update_fields=["agreed_cost_amount", "cost_currency"])
    return ()


def _is_dearer(line: PurchaseLine, asked: Money | None) -> bool:
    if asked is None:
        return False
    agreed = line.agreed_cost_amount * (1 + COST_DRIFT_RATE)
    return asked.currency != line.cost_currency or asked.amount > agreed


def _goods(lines: list[PurchaseLine], asked: Mapping[str, Money]) -> Money | None:
    """Return the cost of all lines at the asked unit costs; None if currencies differ."""
    costs = [
        asked.get(str(line.order_line_id), Money(line.agreed_cost_amount, line.cost_currency))
        for line in lines
    ]
    if len({cost.currency for cost in costs}) != 1:
        return None
    sums = (cost.amount * line.quantity for cost, line in zip(costs, lines, strict=True))
    return Money(sum(sums, Decimal(0)), costs[0].currency)


def _earns(
    purchase_order: PurchaseOrder, lines: list[PurchaseLine], goods: Money, now: datetime
) -> bool:
    freight = None
    if purchase_order.freight_amount is not None:
        freight = Money(purchase_order.freight_amount, purchase_order.freight_currency)
    live = purchase_order.lines.filter(is_live=True).select_related("order_line")
    others = live.exclude(pk__in=[line.pk for line in lines])
    accounts = purchase_margin.read(
        purchase_order=purchase_order,
        lines=lines,
        freight=freight,
        goods=goods,
        now=now,
        apart=sum((line.order_line.charge_amount for line in others), Decimal(0)),
    )
    return accounts.parcel is not None and accounts.parcel.loss.amount <= 0
