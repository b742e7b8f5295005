"""Rerouted purchases: reserve units for lines of a paid order, then create purchase orders."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Max

from orders.backorders import backorders, line_splits
from orders.checkout import snapshot
from orders.inventory import allocations
from orders.models import Backorder, BackorderLine, Order, OrderLine, PurchaseOrder
from orders.pricing.totals import included_tax
from orders.purchasing import creation
from orders.purchasing.creation import SourcedLine
from orders.routing import decision_log
from orders.routing.engine import by_variant
from shipping.rerouting.search import SourcingPlan
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

STOCK_ROWS = "shelves"  # key in a stored parcel entry; maps order lines to stock rows
PLAN_FIELDS = ("plan", "decision", "arrives_by")


@requires_transaction
def lock_backorder(backorder: Backorder) -> Backorder:
    """Return the backorder and its order, locked and read again.

    Locks:  the order, then the backorder
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=backorder.order_id)
    row = Backorder.objects.select_for_update(of=["self"]).get(pk=backorder.pk)
    row.order = order
    return row


def is_order_open(row: Backorder) -> bool:
    """Return whether the order is in processing, neither on hold nor ended."""
    return bool(row.order.status == Order.Status.PROCESSING)


@requires_transaction
def split_lines(sourcing: SourcingPlan) -> SourcingPlan:
    """Split each line that has several sources into one line per source.

    Locks:  the caller holds the order
    """
    parts: dict[int, BackorderLine] = {}
    for planned in by_variant(line for _, line in sourcing.planned).values():
        row = sourcing.wanted[planned[0].variant_id]
        for line in planned[:-1]:
            remainder = line_splits.split_backorder_line(row, keep=line.quantity)
            parts[line.candidate.level_id] = row
            row = remainder
        parts[planned[-1].candidate.level_id] = row
    return replace(sourcing, parts=parts)


@requires_transaction
def allocate(row: Backorder, sourcing_plans: Sequence[SourcingPlan], now: datetime) -> None:
    """Allocate all lines to their new stock rows and release their old allocations.

    Locks:  the stock rows in id order
    Raises: NotEnoughStockError  the caller must roll back
    """
    cause = f"backorder:{row.pk}"
    levels = {line_id: level for one in sourcing_plans for line_id, level in one.levels.items()}
    order_lines = OrderLine.objects.filter(pk__in=levels)
    allocations.release(lines=order_lines, cause=cause, now=now)
    allocations.allocate_from(levels=levels, cause=cause, now=now)


def store_plan(row: Backorder, sourcing: SourcingPlan) -> None:
    """Set the plan, decision and arrival of the backorder; does not save it."""
    row.plan = _parcel_entries(row, sourcing)
    row.decision = decision_log.record(sourcing.plan)
    row.arrives_by = sourcing.arrives_by


def _parcel_entries(row: Backorder, sourcing: SourcingPlan) -> list[dict[str, Any]]:
    """Return the parcels as they are stored; the first has the delivery price that was paid."""
    entries = []
    for index, quoted in enumerate(sourcing.quote.parcels if sourcing.quote else ()):
        amount = Decimal(0) if index else row.delivery_amount
        tax = included_tax(gross=Money(amount, row.currency), rate=_tax_rate(sourcing))
        entry = snapshot.parcel_entry(quoted, amount=amount, tax=tax.rounded().amount)
        stock_rows = {
            str(sourcing.line_of(line).order_line_id): {
                "level": line.candidate.level_id,
                "offer": line.candidate.offer_id,
                "cost": str(line.candidate.wholesale.amount),
                "currency": line.candidate.wholesale.currency,
            }
            for line in quoted.parcel.lines
        }
        entries.append(entry | {STOCK_ROWS: stock_rows})
    return entries


@requires_transaction
def create(row: Backorder, now: datetime) -> list[PurchaseOrder]:
    """Create the purchase orders of the stored plan; a worker submits them.

    The units are already allocated.
    Locks:  the caller holds the order
    """
    existing = row.order.purchase_orders
    rounds: int = existing.aggregate(last=Max("round"))["last"] or 0
    lines = OrderLine.objects.in_bulk([one.order_line_id for one in backorders.open_lines(row)])
    moments = creation.submit_times(order=row.order, entries=row.plan, promised_at=now, now=now)
    return [
        creation.create(
            order=row.order,
            entry={name: value for name, value in entry.items() if name != STOCK_ROWS},
            sourced=[
                _sourced_line(lines[int(line_id)], stock_row)
                for line_id, stock_row in entry[STOCK_ROWS].items()
            ],
            sequence=number,
            round=rounds + 1,
            submit_at=moments[entry["supplier_id"]],
            ship_to=row.purchase_order.ship_to,  # a changed delivery address applies
            now=now,
        )
        for number, entry in enumerate(row.plan, start=existing.count() + 1)
    ]


def _tax_rate(sourcing: SourcingPlan) -> Decimal:
    """Return the tax rate of the lines, which also applies to their delivery."""
    return next((row.order_line.tax_rate for row, _ in sourcing.planned), Decimal(0))


def _sourced_line(line: OrderLine, stock_row: Mapping[str, Any]) -> SourcedLine:
    return SourcedLine(
        line=line,
        offer_id=stock_row["offer"],
        level_id=stock_row["level"],
        cost=Money(Decimal(stock_row["cost"]), stock_row["currency"]),
    )
