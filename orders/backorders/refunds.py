"""Refunds: cancel lines that no supplier ships; return units, money, promotions."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet

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
    lines: QuerySet[OrderLine],
    amount: Money,
    source: PurchaseOrder | Backorder,
    *,
    purpose: str,
    reason: str,
    now: datetime,
) -> Money:
    """Cancel lines that will not ship: release their units, refund or void ``amount``.

    The amount is refunded if a capture was requested for the purchase order, else voided. Returns
    the amount refunded or voided: less than ``amount`` if staff refunded a part before, or if a
    capture was rejected.

    Locks:  the caller holds the order; the allocations, the stock rows in id order, payments
    """
    purchase_number = source.number if isinstance(source, PurchaseOrder) else ""
    cause = f"purchase:{purchase_number}" if purchase_number else f"backorder:{source.pk}"
    allocations.release(lines=lines, cause=cause, now=now)
    lines.update(canceled_quantity=F("quantity") - F("shipped_quantity"))
    for payment in ledger.lock_authorized_payments(source.order_id)[-1:]:
        is_captured = purchase_number and ledger.is_capture_requested(
            payment, purpose=purchase_number
        )
        request = ledger.request_refund if is_captured else ledger.request_void
        max_amount = ledger.refundable_amount(payment) if is_captured else ledger.voidable(payment)
        if (returned := min(amount, max_amount)).amount > 0:
            request(payment, amount=returned, purpose=purpose, at=now, reason=reason[:200])
        return returned
    return Money.zero(amount.currency)


@requires_transaction
def cancel_backorder(  # noqa: PLR0913 - the parts of one record
    backorder: Backorder,
    *,
    only: Collection[int] | None = None,
    reason: str,
    actor: str = "",
    chosen: str = "",
    now: datetime,
    is_customer_notified: bool = True,
) -> Money:
    """Cancel backordered lines and void their money; return the amount.

    If no line of the order remains, the order is canceled too.

    Shape:  ``only``: order line ids; None: all lines
    Locks:  the caller holds the order; promotions with a limit, then as ``cancel_lines``
    """
    order = backorder.order
    lines = [
        row for row in backorders.open_lines(backorder) if only is None or row.order_line_id in only
    ]
    ids = [row.order_line_id for row in lines]
    rows = OrderLine.objects.filter(pk__in=ids)
    others = order.lines.filter(quantity__gt=F("canceled_quantity")).exclude(pk__in=ids)
    is_last = not others.exists()
    is_all = only is None or len(backorders.open_lines(backorder)) == len(lines)
    if is_last:
        redemptions.revert_if_uncharged(order=order, closing=[], ending=[backorder.pk], now=now)
    value = value_of(backorder, lines, is_all=is_all)
    part = f"backorder:{backorder.pk}" + ("" if is_all else f":{min(ids)}")
    amount = cancel_lines(rows, value, backorder, purpose=part, reason=reason, now=now)
    if is_customer_notified:
        events.lines_canceled(
            backorder.purchase_order,
            lines=rows,
            amount=amount,
            is_charged=False,
            reason=reason,
            at=now,
            part=f":{part}",
        )
    if is_all:
        backorders.close(
            backorder, Status.CANCELED, reason=reason, actor=actor, chosen=chosen, now=now
        )
    else:
        backorder.lines.filter(pk__in=[row.pk for row in lines]).update(is_open=False)
    if is_last and order.status != Order.Status.CANCELED:
        order.move(Order.Status.CANCELED, at=now, actor=actor, reason=reason)
    return amount


def value_of(backorder: Backorder, lines: Sequence[BackorderLine], *, is_all: bool = True) -> Money:
    """Return the value of these lines; ``is_all`` adds the shipping charge."""
    value = sum((row.order_line.customer_charge_amount for row in lines), Decimal(0))
    value += backorder.delivery_amount if is_all else 0
    return Money(value, backorder.currency)


@requires_transaction
def cancel_all(order: Order, *, reason: str, actor: str, now: datetime) -> list[str]:
    """Cancel all backorders of an order that is being canceled.

    Returns the numbers of their purchase orders. The customer is notified per backorder if the
    order may continue; otherwise once, by the caller.

    Locks:  the caller holds the order; then as ``cancel_backorder``
    """
    numbers = []
    for backorder in backorders.open_backorders(order).select_for_update(of=["self"]):
        backorder.order = order
        # A delayed purchase order is still with the supplier: the caller requests its cancellation.
        if backorder.kind == Backorder.Kind.LATER:
            backorders.close(backorder, Status.AWAITED, reason=reason, actor=actor, now=now)
            continue
        continues = order.purchase_orders.exclude(status=PurchaseOrder.Status.CANCELED).exists()
        cancel_backorder(
            backorder, reason=reason, actor=actor, now=now, is_customer_notified=continues
        )
        numbers.append(backorder.purchase_order.number)
    return numbers


@transaction.atomic(durable=True)
def cancel_open(*, backorder: Backorder, reason: str, actor: str, now: datetime) -> None:
    """Cancel a backorder on request of staff. Idempotent.

    Locks:  the order, then as ``cancel_backorder``
    """
    order = Order.objects.select_for_update(of=["self"]).get(pk=backorder.order_id)
    backorder = Backorder.objects.select_for_update(of=["self"]).get(pk=backorder.pk)
    backorder.order = order
    if backorder.status in backorders.OPEN_STATES:
        cancel_backorder(backorder, reason=reason, actor=actor, now=now)
