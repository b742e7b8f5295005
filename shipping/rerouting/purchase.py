"""Rerouted purchases: reserve units for lines of a paid order, then create purchase orders."""

from __future__ import annotations

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

STOCK_ROWS = "shelves"  # key in a stored entry: order line to its stock row
PLAN_FIELDS = ("plan", "decision", "arrives_by")


@requires_transaction
def lock_backorder(backorder: Backorder) -> Backorder:
    """Lock the order, then the backorder, and read both again.

    Locks:  the order, then the backorder
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=backorder.order_id)
    row = Backorder.objects.select_for_update(of=["self"]).get(pk=backorder.pk)
    row.order = order
    return row


def is_order_open(row: Backorder) -> bool:
    """Test whether the order is in processing, neither on hold nor ended."""
    return bool(row.order.status == Order.Status.PROCESSING)


@requires_transaction
def split_lines(found: SourcingPlan) -> SourcingPlan:
    """Split lines that several sources fill into one line per source.

    Locks:  the caller holds the order
    """
    parts: dict[int, BackorderLine] = {}
    for planned in by_variant(line for _, line in found.planned).values():
        row = found.wanted[planned[0].variant_id]
        for line in planned[:-1]:
            rest = line_splits.split_backorder_line(row, keep=line.quantity)
            parts[line.candidate.level_id] = row
            row = rest
        parts[planned[-1].candidate.level_id] = row
    return replace(found, parts=parts)


@requires_transaction
def allocate(row: Backorder, found: Sequence[SourcingPlan], now: datetime) -> None:
    """Allocate all lines to their new stock rows and release their old allocations.

    Locks:  the stock rows in id order
    Raises: NotEnoughStockError  the caller's transaction must end
    """
    cause = f"backorder:{row.pk}"
    levels = {line_id: level for one in found for line_id, level in one.levels.items()}
    held = OrderLine.objects.filter(pk__in=levels)
    allocations.release(lines=held, cause=cause, now=now)
    allocations.allocate_from(levels=levels, cause=cause, now=now)


def store_plan(row: Backorder, found: SourcingPlan) -> None:
    """Set the plan, decision and arrival of the backorder; does not save it."""
    row.plan = _parcel_entries(row, found)
    row.decision = decision_log.record(found.plan)
    row.arrives_by = found.arrives_by


def _parcel_entries(row: Backorder, found: SourcingPlan) -> list[dict[str, Any]]:
    """Return the parcels as stored entries; the first carries the paid delivery price."""
    entries = []
    for place, quoted in enumerate(found.quote.parcels if found.quote else ()):
        amount = Decimal(0) if place else row.delivery_amount
        tax = included_tax(gross=Money(amount, row.currency), rate=_tax_rate(found))
        entry = snapshot.parcel_entry(quoted, amount=amount, tax=tax.rounded().amount)
        shelves = {
            str(found.line_of(line).order_line_id): {
                "level": line.candidate.level_id,
                "offer": line.candidate.offer_id,
                "cost": str(line.candidate.wholesale.amount),
                "currency": line.candidate.wholesale.currency,
            }
            for line in quoted.parcel.lines
        }
        entries.append(entry | {STOCK_ROWS: shelves})
    return entries


@requires_transaction
def create(row: Backorder, now: datetime) -> list[PurchaseOrder]:
    """Create the purchase orders of the stored plan; a worker submits them.

    Locks:  the caller holds the order, and its units
    """
    made = row.order.purchase_orders
    rounds: int = made.aggregate(last=Max("round"))["last"] or 0
    lines = OrderLine.objects.in_bulk([one.order_line_id for one in backorders.open_lines(row)])
    moments = creation.submit_times(order=row.order, entries=row.plan, promised_at=now, now=now)
    return [
        creation.create(
            order=row.order,
            entry={name: value for name, value in entry.items() if name != STOCK_ROWS},
            sourced=[
                _sourced_line(lines[int(line_id)], shelf)
                for line_id, shelf in entry[STOCK_ROWS].items()
            ],
            place=place,
            round=rounds + 1,
            submit_at=moments[entry["supplier_id"]],
            ship_to=row.purchase_order.ship_to,  # a changed delivery address applies
            now=now,
        )
        for place, entry in enumerate(row.plan, start=made.count() + 1)
    ]


def _tax_rate(found: SourcingPlan) -> Decimal:
    """Return the tax rate of the lines, which also applies to their delivery."""
    return next((row.order_line.tax_rate for row, _ in found.planned), Decimal(0))


def _sourced_line(line: OrderLine, shelf: Mapping[str, Any]) -> SourcedLine:
    return SourcedLine(
        line=line,
        offer_id=shelf["offer"],
        level_id=shelf["level"],
        cost=Money(Decimal(shelf["cost"]), shelf["currency"]),
    )
