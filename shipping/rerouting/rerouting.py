"""Rerouting: find another source for backordered lines, order it or ask the customer.

A line is rerouted only after its supplier rejected or canceled it, so two suppliers never ship one
line.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from orders.backorders import backorders, refunds
from orders.inventory import stock_outs
from orders.models import Order, Setback, SetbackLine
from shipping.rates import quotes
from shipping.rerouting import customer_choice, plans, purchase, search
from shipping.rerouting.search import Found
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.failpoints import failpoint
from suppliers.inventory.ledger import NotEnoughStockError

Status = Setback.Status
AGAIN_AFTER = timedelta(seconds=30)


def due(*, now: datetime) -> QuerySet[Setback]:
    """Return backorders to search for and those whose response time ran out."""
    rows = backorders.due(now=now).filter(order__status=Order.Status.PROCESSING)
    return rows.select_related(
        "order__channel", "purchase_order__location", "purchase_order__supplier"
    ).order_by("pk")


def look(*, setback: Setback, now: datetime) -> None:
    """Reroute a backorder, ask the customer, or refund the lines without a source.

    The search takes no locks. If another order takes the units first, it is retried.
    Raises: customer_choice.NoLongerError  the backorder was answered meanwhile
    """
    if setback.status == Status.ASKED:
        choice = Setback.Choice(setback.if_silent)
        customer_choice.answer(setback=setback, choice=choice, actor="", now=now)
        return
    if setback.kind == Setback.Kind.LATER:
        _delay(setback, now)
        return
    _heed(setback)
    failpoint("rerouting.heeded")
    found, lost = plans.ways(setback, now=now)
    instead = search.substitutes(setback, lost)
    other = None
    if instead:  # what comes has the units, and what was paid for the way
        rows = list(instead)
        other = search.find(setback, rows, instead=instead, before=found, now=now)
    try:
        _settle(setback, found, other, now)
        failpoint("rerouting.after_commit")
    except NotEnoughStockError as error:
        Setback.objects.filter(pk=setback.pk, status=Status.OPEN).update(
            try_after=now + AGAIN_AFTER, problem=str(error)[:300]
        )


def _heed(setback: Setback) -> None:
    """Set the supplier's stock of the rejected lines, so that no other order sells them."""
    refused = [row.order_line_id for row in setback.lines.filter(code__in=stock_outs.NONE_LEFT)]
    stock_outs.heed(setback.purchase_order, refused, now=setback.opened_at)


@transaction.atomic(durable=True)
def _settle(setback: Setback, found: Sequence[Found], other: Found | None, now: datetime) -> None:
    """Order what was found or ask; offer substitutes for the rest and refund what remains.

    Locks:  the order, the backorder, promotions with a limit, payments, stock rows
    Raises: NotEnoughStockError  another order took the units
    """
    row = purchase.lock(setback)
    if purchase.goes_on(row) and row.status == Status.OPEN:
        _follow(row, found, other, now)
        failpoint("rerouting.before_commit")


@needs_transaction
def _follow(row: Setback, found: Sequence[Found], other: Found | None, now: datetime) -> None:
    """Order, offer or refund each line; the caller holds the row."""
    may_ask = customer_choice.may_ask(row, now=now)
    taken = [one for one in found if one.is_in_time(row) or may_ask]
    taken.sort(key=lambda one: not one.is_in_time(row))  # on-time plans first
    replaced = other.lines if other is not None and may_ask else []
    ways = [*(one.lines for one in taken), *([replaced] if replaced else [])]
    kept = {each.order_line_id for lines in ways for each in lines}
    lost = {one.order_line_id for one in backorders.open_lines(row)} - kept
    if lost:
        refunds.give_up(row, only=lost if kept else None, reason=row.reason, now=now)
    # The first backorder keeps the paid delivery price.
    rows = [row if place == 0 else _split(row, lines, now) for place, lines in enumerate(ways)]
    parted = [purchase.part(one) for one in taken]
    purchase.hold(row, parted, now)
    for own, one in zip(rows, parted, strict=False):
        _order(own, one, now)
    if other is not None and replaced:
        customer_choice.ask_instead(rows[-1], other, now)


@needs_transaction
def _order(row: Setback, found: Found, now: datetime) -> None:
    """Order the reserved units if they arrive on time, otherwise ask the customer."""
    if not found.is_in_time(row):
        customer_choice.ask_to_wait(row, found, now)
        return
    purchase.keep(row, found)
    row.save(update_fields=list(purchase.KEPT))
    purchase.order(row, now)
    backorders.end(row, Status.REROUTED, reason="arrives in time", now=now)


@needs_transaction
def _split(row: Setback, lines: Sequence[SetbackLine], now: datetime) -> Setback:
    """Move lines of a backorder with another outcome to a new backorder."""
    other = Setback.objects.create(
        order=row.order,
        purchase_order_id=row.purchase_order_id,
        kind=row.kind,
        status_since=now,
        reason=row.reason,
        currency=row.currency,
        promised_by=row.promised_by,
        opened_at=row.opened_at,
    )
    row.lines.filter(pk__in=[one.pk for one in lines]).update(setback=other)
    for one in lines:
        one.setback = other
    return other


@transaction.atomic(durable=True)
def _delay(setback: Setback, now: datetime) -> None:
    """Ask the customer about a supplier's delay, unless it still arrives on time.

    Locks:  the order, then the backorder
    """
    row = purchase.lock(setback)
    if not purchase.goes_on(row) or row.status != Status.OPEN or row.ships_by is None:
        return
    row.arrives_by = _arrives_by(row, row.ships_by)
    if row.promised_by is None or row.arrives_by <= row.promised_by:
        row.save(update_fields=["arrives_by"])
        backorders.end(row, Status.AWAITED, reason="arrives in time", now=now)
        return
    customer_choice.ask_of_delay(row, now)


def _arrives_by(row: Setback, ships_by: date) -> date:
    """Return the arrival date; estimate the transit time if its route no longer exists."""
    purchase_order = row.purchase_order
    routes = quotes.routes_from(
        purchase_order.location_id,
        country=row.order.ship_to["country"],
        currency=row.currency,
        now=row.opened_at,
    )
    ways = [one.max_days for one in routes if one.code == purchase_order.service_code]
    if ways:
        return ships_by + timedelta(days=max(ways))
    late = ships_by - row.opened_at.date()
    return (row.promised_by or ships_by) + max(late, timedelta(0))
