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
from orders.models import Order, OrderLine, PurchaseOrder, Setback, SetbackLine
from orders.pricing.totals import contained_tax
from orders.purchasing import creation
from orders.purchasing.creation import Taken
from orders.routing import decision_log
from orders.routing.engine import by_variant
from shipping.rerouting.search import Found
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money

SHELVES = "shelves"  # key in a stored entry: order line to its stock row
KEPT = ("plan", "decision", "arrives_by")


@needs_transaction
def lock(setback: Setback) -> Setback:
    """Lock the order, then the backorder, and read both again.

    Locks:  the order, then the backorder
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=setback.order_id)
    row = Setback.objects.select_for_update(of=["self"]).get(pk=setback.pk)
    row.order = order
    return row


def goes_on(row: Setback) -> bool:
    """Test whether the order is in processing, neither on hold nor ended."""
    return bool(row.order.status == Order.Status.PROCESSING)


@needs_transaction
def part(found: Found) -> Found:
    """Split lines that several sources fill into one line per source.

    Locks:  the caller holds the order
    """
    parts: dict[int, SetbackLine] = {}
    for planned in by_variant(line for _, line in found.planned).values():
        row = found.wanted[planned[0].variant_id]
        for line in planned[:-1]:
            rest = line_splits.part_refused(row, keep=line.quantity)
            parts[line.candidate.level_id] = row
            row = rest
        parts[planned[-1].candidate.level_id] = row
    return replace(found, parts=parts)


@needs_transaction
def hold(row: Setback, found: Sequence[Found], now: datetime) -> None:
    """Allocate all lines to their new stock rows and release their old allocations.

    Locks:  the stock rows in id order
    Raises: NotEnoughStockError  the caller's transaction must end
    """
    cause = f"setback:{row.pk}"
    levels = {line_id: level for one in found for line_id, level in one.levels.items()}
    held = OrderLine.objects.filter(pk__in=levels)
    allocations.release(lines=held, cause=cause, now=now)
    allocations.take(levels=levels, cause=cause, now=now)


def keep(row: Setback, found: Found) -> None:
    """Set the plan, decision and arrival of the backorder; does not save it."""
    row.plan = _entries(row, found)
    row.decision = decision_log.note(found.plan)
    row.arrives_by = found.arrives_by


def _entries(row: Setback, found: Found) -> list[dict[str, Any]]:
    """Return the parcels as stored entries; the first carries the paid delivery price."""
    entries = []
    for place, quoted in enumerate(found.quote.parcels if found.quote else ()):
        amount = Decimal(0) if place else row.delivery_amount
        tax = contained_tax(gross=Money(amount, row.currency), rate=_tax_rate(found))
        entry = snapshot.entry_of(quoted, amount=amount, tax=tax.rounded().amount)
        shelves = {
            str(found.line_of(line).order_line_id): {
                "level": line.candidate.level_id,
                "offer": line.candidate.offer_id,
                "cost": str(line.candidate.wholesale.amount),
                "currency": line.candidate.wholesale.currency,
            }
            for line in quoted.parcel.lines
        }
        entries.append(entry | {SHELVES: shelves})
    return entries


@needs_transaction
def order(row: Setback, now: datetime) -> list[PurchaseOrder]:
    """Create the purchase orders of the stored plan; a worker submits them.

    Locks:  the caller holds the order, and its units
    """
    made = row.order.purchase_orders
    rounds: int = made.aggregate(last=Max("round"))["last"] or 0
    lines = OrderLine.objects.in_bulk([one.order_line_id for one in backorders.open_lines(row)])
    moments = creation.moments(order=row.order, entries=row.plan, promised_at=now, now=now)
    return [
        creation.make(
            order=row.order,
            entry={name: value for name, value in entry.items() if name != SHELVES},
            taken=[_taken(lines[int(line_id)], shelf) for line_id, shelf in entry[SHELVES].items()],
            place=place,
            round=rounds + 1,
            goes_at=moments[entry["supplier_id"]],
            ship_to=row.purchase_order.ship_to,  # a changed delivery address applies
            now=now,
        )
        for place, entry in enumerate(row.plan, start=made.count() + 1)
    ]


def _tax_rate(found: Found) -> Decimal:
    """Return the tax rate of the lines, which also applies to their delivery."""
    return next((row.order_line.tax_rate for row, _ in found.planned), Decimal(0))


def _taken(line: OrderLine, shelf: Mapping[str, Any]) -> Taken:
    return Taken(
        line=line,
        offer_id=shelf["offer"],
        level_id=shelf["level"],
        cost=Money(Decimal(shelf["cost"]), shelf["currency"]),
    )
