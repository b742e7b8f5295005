"""Backorder refunds: cancel lines that no supplier ships; return units, money, promotions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F

from orders import events, ledger
from orders.backorders import backorders
from orders.inventory import allocations
from orders.models import Order, OrderLine, PurchaseOrder, Setback, SetbackLine
from orders.promotions import redemptions
from storefront.lib.db.transactions import needs_transaction
from storefront.lib.money import Money

Status = Setback.Status


@needs_transaction
def give_up(  # noqa: PLR0913 - the parts of one record
    setback: Setback,
    *,
    only: Collection[int] | None = None,
    reason: str,
    actor: str = "",
    chosen: str = "",
    now: datetime,
    is_told: bool = True,
) -> Money:
    """Cancel backordered lines and void their money; return the amount.

    The order is canceled with its last line.

    Shape:  ``only``: order line ids; None: all lines
    Locks:  the caller holds the order; promotions with a limit, payments, stock rows
    """
    order = setback.order
    lines = [
        row for row in backorders.open_lines(setback) if only is None or row.order_line_id in only
    ]
    ids = [row.order_line_id for row in lines]
    rows = OrderLine.objects.filter(pk__in=ids)
    others = order.lines.filter(quantity__gt=F("canceled_quantity")).exclude(pk__in=ids)
    is_last = not others.exists()
    is_whole = only is None or len(backorders.open_lines(setback)) == len(lines)
    if is_last:
        redemptions.give_back_uncharged(order=order, closing=[], ending=[setback.pk], now=now)
    allocations.release(lines=rows, cause=f"setback:{setback.pk}", now=now)
    rows.update(canceled_quantity=F("quantity"))
    setback.lines.filter(pk__in=[row.pk for row in lines]).update(is_open=False)
    value = at_stake(setback, lines, is_whole=is_whole)
    part = "" if is_whole else f":{min(ids)}"
    amount = _let_go(setback, value, part, reason, now)
    if is_told:
        events.lines_refused(
            setback.purchase_order,
            lines=rows,
            amount=amount,
            is_charged=False,
            reason=reason,
            at=now,
            part=f":setback:{setback.pk}{part}",
        )
    if is_whole:
        setback.move(
            Status.GIVEN_UP,
            at=now,
            actor=actor,
            reason=reason,
            chosen=chosen,
            chosen_by=actor[:100],
        )
    if is_last and order.status != Order.Status.CANCELED:
        order.move(Order.Status.CANCELED, at=now, actor=actor, reason=reason)
    return amount


def at_stake(setback: Setback, lines: Sequence[SetbackLine], *, is_whole: bool = True) -> Money:
    """Return the value of these lines; if they are all, with the shipping charge."""
    value = sum((row.order_line.charge_amount for row in lines), Decimal(0))
    value += setback.delivery_amount if is_whole else 0
    return Money(value, setback.currency)


def _let_go(setback: Setback, value: Money, part: str, reason: str, now: datetime) -> Money:
    for payment in ledger.secured(setback.order_id)[-1:]:
        amount = min(value, ledger.releasable(payment))
        if amount.amount > 0:
            ledger.ask_release(
                payment,
                amount=amount,
                purpose=f"setback:{setback.pk}{part}",
                at=now,
                reason=reason[:200],
            )
        return amount
    return Money.zero(value.currency)


@needs_transaction
def end_all(order: Order, *, reason: str, actor: str, now: datetime) -> list[str]:
    """Cancel all backorders of an order that is being canceled.

    Returns the numbers of their purchase orders. The customer is notified per backorder if the
    order may go on; otherwise once, by the caller.

    Locks:  the caller holds the order; then as ``give_up``
    """
    ended = []
    for setback in backorders.waiting(order).select_for_update(of=["self"]):
        setback.order = order
        if setback.kind == Setback.Kind.LATER:  # a cancellation is requested for its purchase order
            backorders.end(setback, Status.AWAITED, reason=reason, actor=actor, now=now)
            continue
        goes_on = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED).exists()
        give_up(setback, reason=reason, actor=actor, now=now, is_told=goes_on)
        ended.append(setback.purchase_order.number)
    return ended


@transaction.atomic(durable=True)
def drop(*, setback: Setback, reason: str, actor: str, now: datetime) -> None:
    """Cancel an open backorder, for staff or because no source was found in time.

    Locks:  the order, then as ``give_up``
    Raises: IllegalMoveError  it is over
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=setback.order_id)
    setback = Setback.objects.select_for_update(of=["self"]).get(pk=setback.pk)
    setback.order = order
    if setback.status in backorders.WAITING:
        give_up(setback, reason=reason, actor=actor, now=now)
