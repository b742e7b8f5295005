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
from orders.models import Backorder, BackorderLine, Order, OrderLine, PurchaseOrder
from orders.promotions import redemptions
from storefront.lib.db.transactions import requires_transaction
from storefront.lib.money import Money

Status = Backorder.Status


@requires_transaction
def cancel_lines(  # noqa: PLR0913 - the parts of one record
    backorder: Backorder,
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
    order = backorder.order
    lines = [
        row for row in backorders.open_lines(backorder) if only is None or row.order_line_id in only
    ]
    ids = [row.order_line_id for row in lines]
    rows = OrderLine.objects.filter(pk__in=ids)
    others = order.lines.filter(quantity__gt=F("canceled_quantity")).exclude(pk__in=ids)
    is_last = not others.exists()
    is_whole = only is None or len(backorders.open_lines(backorder)) == len(lines)
    if is_last:
        redemptions.revert_if_uncharged(order=order, closing=[], ending=[backorder.pk], now=now)
    allocations.release(lines=rows, cause=f"backorder:{backorder.pk}", now=now)
    rows.update(canceled_quantity=F("quantity"))
    backorder.lines.filter(pk__in=[row.pk for row in lines]).update(is_open=False)
    value = value_of(backorder, lines, is_whole=is_whole)
    part = "" if is_whole else f":{min(ids)}"
    amount = _void(backorder, value, part, reason, now)
    if is_told:
        events.lines_canceled(
            backorder.purchase_order,
            lines=rows,
            amount=amount,
            is_charged=False,
            reason=reason,
            at=now,
            part=f":backorder:{backorder.pk}{part}",
        )
    if is_whole:
        backorder.move(
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


def value_of(
    backorder: Backorder, lines: Sequence[BackorderLine], *, is_whole: bool = True
) -> Money:
    """Return the value of these lines; if they are all, with the shipping charge."""
    value = sum((row.order_line.customer_charge_amount for row in lines), Decimal(0))
    value += backorder.delivery_amount if is_whole else 0
    return Money(value, backorder.currency)


def _void(backorder: Backorder, value: Money, part: str, reason: str, now: datetime) -> Money:
    for payment in ledger.lock_authorized_payments(backorder.order_id)[-1:]:
        amount = min(value, ledger.voidable(payment))
        if amount.amount > 0:
            ledger.request_void(
                payment,
                amount=amount,
                purpose=f"backorder:{backorder.pk}{part}",
                at=now,
                reason=reason[:200],
            )
        return amount
    return Money.zero(value.currency)


@requires_transaction
def cancel_all(order: Order, *, reason: str, actor: str, now: datetime) -> list[str]:
    """Cancel all backorders of an order that is being canceled.

    Returns the numbers of their purchase orders. The customer is notified per backorder if the
    order may go on; otherwise once, by the caller.

    Locks:  the caller holds the order; then as ``cancel_lines``
    """
    ended = []
    for backorder in backorders.open_backorders(order).select_for_update(of=["self"]):
        backorder.order = order
        if (
            backorder.kind == Backorder.Kind.LATER
        ):  # a cancellation is requested for its purchase order
            backorders.close(backorder, Status.AWAITED, reason=reason, actor=actor, now=now)
            continue
        goes_on = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED).exists()
        cancel_lines(backorder, reason=reason, actor=actor, now=now, is_told=goes_on)
        ended.append(backorder.purchase_order.number)
    return ended


@transaction.atomic(durable=True)
def cancel_open(*, backorder: Backorder, reason: str, actor: str, now: datetime) -> None:
    """Cancel an open backorder, for staff or because no source was found in time.

    Locks:  the order, then as ``cancel_lines``
    Raises: InvalidTransitionError  it is over
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=backorder.order_id)
    backorder = Backorder.objects.select_for_update(of=["self"]).get(pk=backorder.pk)
    backorder.order = order
    if backorder.status in backorders.OPEN_STATES:
        cancel_lines(backorder, reason=reason, actor=actor, now=now)
